//! Logins that come in the order of time and id, which need no sorting: a file that is read as it was written.

use std::cmp::Ordering;
use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read, Write};
use std::path::PathBuf;

use jiff::Timestamp;

use super::stored_login::{read, write};
use crate::observation::{Login, LoginId, SharedTexts};

/// Bytes that are written, or read, at once.
const BUFFER: usize = 256 * 1024;

/// The order in which logins are judged, to the microsecond.
pub(super) fn order(one: &Login, other: &Login) -> Ordering {
    placed(one.time, &one.id).cmp(&placed(other.time, &other.id))
}

fn placed(time: Timestamp, id: &LoginId) -> (i64, &LoginId) {
    (time.as_microsecond(), id)
}

/// Logins in order, in a file.
#[derive(Debug)]
pub(super) struct InTurn {
    path: PathBuf,
    file: File,
    /// What is not written yet.
    ahead: Vec<u8>,
    last: Option<(Timestamp, LoginId)>,
}

impl InTurn {
    pub(super) fn create(path: PathBuf) -> io::Result<Self> {
        let file = File::create_new(&path)?;
        Ok(Self { path, file, ahead: Vec::new(), last: None })
    }

    /// Takes a login that comes after all it has.
    pub(super) fn takes(&mut self, login: &Login) -> io::Result<bool> {
        let last = self.last.as_ref().map(|(time, id)| placed(*time, id));
        if last >= Some(placed(login.time, &login.id)) {
            return Ok(false);
        }
        self.last = Some((login.time, login.id.clone()));
        let begins = self.ahead.len();
        self.ahead.extend([0; 4]);
        write(login, &mut self.ahead);
        let length = (self.ahead.len() - begins - 4) as u32;
        if let Some(place) = self.ahead.get_mut(begins..begins + 4) {
            place.copy_from_slice(&length.to_le_bytes());
        }
        if self.ahead.len() >= BUFFER {
            self.file.write_all(&self.ahead)?;
            self.ahead.clear();
        }
        Ok(true)
    }

    /// All of them.
    pub(super) fn rows(&self) -> io::Result<Rows<'_>> {
        let file = BufReader::with_capacity(BUFFER, File::open(&self.path)?);
        Ok(Rows { bytes: file.chain(&self.ahead), row: Vec::new(), shared: SharedTexts::default() })
    }
}

/// Reads them one after the other.
#[derive(Debug)]
pub(super) struct Rows<'a> {
    bytes: io::Chain<BufReader<File>, &'a [u8]>,
    row: Vec<u8>,
    shared: SharedTexts,
}

impl Rows<'_> {
    pub(super) fn next(&mut self) -> io::Result<Option<Login>> {
        let mut length = [0; 4];
        match self.bytes.read_exact(&mut length) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
            outcome => outcome?,
        }
        self.row.resize(u32::from_le_bytes(length) as usize, 0);
        self.bytes.read_exact(&mut self.row)?;
        let login = read(&self.row, &mut self.shared);
        login.map(Some).ok_or_else(|| io::Error::new(ErrorKind::InvalidData, "the file has changed"))
    }
}

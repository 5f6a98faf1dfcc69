//! Sorted rows in a file, and several of them read as one.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Error, ErrorKind, Read, Result, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::observation::{Login, LoginId};

/// Where a login's id comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Naming {
    /// Salesforce's record: the same id is the same login.
    Recorded,
    /// The row's content: the same again is another login.
    Content,
}

/// One login of a file.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) login: Login,
    pub(super) naming: Naming,
}

impl Row {
    /// What rows are sorted by.
    pub(super) fn key(&self) -> (Timestamp, &LoginId) {
        (self.login.time, &self.login.id)
    }
}

/// Writes a run: each row as its length, its naming, and the login in MessagePack.
#[derive(Debug)]
pub(super) struct RunWriter {
    file: BufWriter<File>,
    row: Vec<u8>,
}

impl RunWriter {
    pub(super) fn create(path: &Path) -> Result<Self> {
        Ok(Self { file: BufWriter::new(File::create_new(path)?), row: Vec::new() })
    }

    pub(super) fn write(&mut self, row: &Row) -> Result<()> {
        self.row.clear();
        self.row.push(u8::from(row.naming == Naming::Content));
        rmp_serde::encode::write_named(&mut self.row, &row.login).map_err(Error::other)?;
        self.file.write_all(&u32::try_from(self.row.len()).map_err(Error::other)?.to_le_bytes())?;
        self.file.write_all(&self.row)
    }

    pub(super) fn finish(mut self) -> Result<()> {
        self.file.flush()
    }
}

#[derive(Debug)]
struct RunReader {
    file: BufReader<File>,
    row: Vec<u8>,
}

impl RunReader {
    fn open(path: &Path) -> Result<Self> {
        Ok(Self { file: BufReader::new(File::open(path)?), row: Vec::new() })
    }

    /// The next row; `None` at the end.
    fn next(&mut self) -> Result<Option<Row>> {
        let mut length = [0; 4];
        if self.file.fill_buf()?.is_empty() {
            return Ok(None);
        }
        self.file.read_exact(&mut length)?;
        let length = u64::from(u32::from_le_bytes(length));
        self.row.clear();
        if Read::by_ref(&mut self.file).take(length).read_to_end(&mut self.row)? as u64 != length {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let (naming, login) = self.row.split_first().ok_or_else(|| Error::other("a row is empty"))?;
        let naming = if *naming == 0 { Naming::Recorded } else { Naming::Content };
        Ok(Some(Row { login: rmp_serde::from_slice(login).map_err(Error::other)?, naming }))
    }
}

/// The rows of several runs in the order of their keys.
#[derive(Debug)]
pub(super) struct Merge {
    runs: Vec<RunReader>,
    heads: BinaryHeap<Head>,
    failed: Option<Error>,
}

#[derive(Debug)]
struct Head {
    row: Row,
    run: usize,
}

impl Merge {
    pub(super) fn of(runs: &[PathBuf]) -> Result<Self> {
        let runs = runs.iter().map(|path| RunReader::open(path)).collect::<Result<Vec<_>>>()?;
        let mut merge = Self { heads: BinaryHeap::with_capacity(runs.len()), runs, failed: None };
        (0..merge.runs.len()).for_each(|run| merge.advance(run));
        Ok(merge)
    }

    fn advance(&mut self, run: usize) {
        match self.runs.get_mut(run).map(RunReader::next) {
            Some(Ok(Some(row))) => self.heads.push(Head { row, run }),
            Some(Err(error)) => self.failed = Some(error),
            Some(Ok(None)) | None => {}
        }
    }
}

impl Iterator for Merge {
    type Item = Result<Row>;

    /// A row, or why one cannot be read; nothing follows that.
    fn next(&mut self) -> Option<Self::Item> {
        if let Some(error) = self.failed.take() {
            self.heads.clear();
            return Some(Err(error));
        }
        let Head { row, run } = self.heads.pop()?;
        self.advance(run);
        Some(Ok(row))
    }
}

/// The first in order is the greatest.
impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.row.key(), other.run).cmp(&(self.row.key(), self.run))
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Head {}

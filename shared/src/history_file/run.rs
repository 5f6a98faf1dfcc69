//! Sorted rows in a file, and several of them read as one.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Error, ErrorKind, Read, Result, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use super::likeness::Likenesses;
use super::packed::{packed_key, unpack};
use crate::observation::{Login, LoginId, Source, UserId};

/// Bytes that are read or written in one go.
const BUFFER: usize = 64 * 1024;

/// No packed row is longer: of each field 512 characters are kept at most.
const LONGEST: usize = 1024 * 1024;

/// Where a login's id comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Naming {
    /// Salesforce's record: the same id is the same login.
    Recorded,
    /// The row's content: the same again is another login.
    Content,
}

/// What is a login's own: many may be like it in all else.
#[derive(Debug, Clone)]
pub(super) struct Own {
    pub(super) id: LoginId,
    pub(super) time: Timestamp,
    pub(super) user_id: Option<UserId>,
    pub(super) source: Source,
}

impl Own {
    /// The login that is like another in all else.
    pub(super) fn of(self, like: &Login) -> Login {
        let Self { id, time, user_id, source } = self;
        Login {
            id,
            time,
            user_id,
            source,
            outcome: like.outcome,
            status: like.status.clone(),
            login_type: like.login_type.clone(),
            login_sub_type: like.login_sub_type.clone(),
            place: like.place.clone(),
            application: like.application.clone(),
            client: like.client.clone(),
            detail: like.detail.clone(),
        }
    }
}

/// One login of a file.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) login: Box<Login>,
    pub(super) naming: Naming,
}

impl Row {
    /// What rows are sorted by.
    pub(super) fn key(&self) -> (Timestamp, &LoginId) {
        (self.login.time, &self.login.id)
    }
}

/// Writes a run: each row as its length and its bytes.
#[derive(Debug)]
pub(super) struct RunWriter {
    file: BufWriter<File>,
}

impl RunWriter {
    pub(super) fn create(path: &Path) -> Result<Self> {
        Ok(Self { file: BufWriter::with_capacity(BUFFER, File::create_new(path)?) })
    }

    pub(super) fn write(&mut self, packed: &[u8]) -> Result<()> {
        self.file.write_all(&u32::try_from(packed.len()).map_err(Error::other)?.to_le_bytes())?;
        self.file.write_all(packed)
    }

    pub(super) fn finish(mut self) -> Result<()> {
        self.file.flush()
    }
}

#[derive(Debug)]
struct RunReader {
    file: BufReader<File>,
    /// The row that was read last, packed.
    row: Vec<u8>,
}

impl RunReader {
    fn open(path: &Path) -> Result<Self> {
        Ok(Self { file: BufReader::with_capacity(BUFFER, File::open(path)?), row: Vec::new() })
    }

    /// Reads the next row; false at the end.
    fn advance(&mut self) -> Result<bool> {
        let mut length = [0; 4];
        if self.file.fill_buf()?.is_empty() {
            return Ok(false);
        }
        self.file.read_exact(&mut length)?;
        let length = usize::try_from(u32::from_le_bytes(length)).map_err(Error::other)?;
        if length > LONGEST {
            return Err(ErrorKind::InvalidData.into());
        }
        self.row.resize(length, 0);
        self.file.read_exact(&mut self.row)?;
        Ok(true)
    }
}

/// The rows of several runs in the order of their keys.
#[derive(Debug)]
pub(super) struct Merge {
    runs: Vec<RunReader>,
    heads: BinaryHeap<Head>,
    /// The run whose row was given last.
    given: Option<usize>,
}

#[derive(Debug)]
struct Head {
    key: (Timestamp, LoginId),
    run: usize,
}

impl Merge {
    pub(super) fn of(runs: &[PathBuf]) -> Result<Self> {
        let runs = runs.iter().map(|path| RunReader::open(path)).collect::<Result<Vec<_>>>()?;
        let mut merge = Self { heads: BinaryHeap::with_capacity(runs.len()), runs, given: None };
        // One alone is in order.
        let several = if merge.runs.len() > 1 { merge.runs.len() } else { 0 };
        (0..several).try_for_each(|run| merge.advance(run))?;
        Ok(merge)
    }

    fn advance(&mut self, run: usize) -> Result<()> {
        if self.runs[run].advance()? {
            let key = packed_key(&self.runs[run].row)?;
            self.heads.push(Head { key, run });
        }
        Ok(())
    }

    fn end(&mut self) {
        self.runs.clear();
        self.heads.clear();
        self.given = None;
    }

    /// The next row, packed; `None` at the end.
    pub(super) fn next_packed(&mut self) -> Result<Option<&[u8]>> {
        if self.runs.len() == 1 {
            let only = &mut self.runs[0];
            return Ok(if only.advance()? { Some(&only.row) } else { None });
        }
        if let Some(run) = self.given.take() {
            self.advance(run)?;
        }
        self.given = self.heads.pop().map(|head| head.run);
        Ok(self.given.map(|run| &*self.runs[run].row))
    }
}

/// The rows of several runs as logins.
#[derive(Debug)]
pub(super) struct Rows {
    packed: Merge,
    held: Arc<Likenesses>,
}

impl Rows {
    pub(super) fn of(runs: &[PathBuf], held: Arc<Likenesses>) -> Result<Self> {
        Ok(Self { packed: Merge::of(runs)?, held })
    }
}

impl Iterator for Rows {
    type Item = Result<Row>;

    /// A row, or why one cannot be read; nothing follows that.
    fn next(&mut self) -> Option<Self::Item> {
        let row = match self.packed.next_packed() {
            Ok(packed) => packed.map(|packed| unpack(packed, &self.held))?,
            Err(error) => Err(error),
        };
        if row.is_err() {
            self.packed.end();
        }
        Some(row)
    }
}

/// The first in order is the greatest.
impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        (&other.key, other.run).cmp(&(&self.key, self.run))
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

//! Sorted rows in a file, and several of them read as one.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Error, ErrorKind, Read, Result, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::packed::{packed_key, unpack};
use crate::observation::{Login, LoginId};

/// Bytes that are read or written in one go.
const BUFFER: usize = 64 * 1024;

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
        let length = u64::from(u32::from_le_bytes(length));
        self.row.clear();
        if Read::by_ref(&mut self.file).take(length).read_to_end(&mut self.row)? as u64 != length {
            return Err(ErrorKind::UnexpectedEof.into());
        }
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
        (0..merge.runs.len()).try_for_each(|run| merge.advance(run))?;
        Ok(merge)
    }

    fn advance(&mut self, run: usize) -> Result<()> {
        if self.runs[run].advance()? {
            let key = packed_key(&self.runs[run].row)?;
            self.heads.push(Head { key, run });
        }
        Ok(())
    }

    /// The next row, packed; `None` at the end.
    pub(super) fn next_packed(&mut self) -> Result<Option<&[u8]>> {
        if let Some(run) = self.given.take() {
            self.advance(run)?;
        }
        self.given = self.heads.pop().map(|head| head.run);
        Ok(self.given.map(|run| &*self.runs[run].row))
    }
}

impl Iterator for Merge {
    type Item = Result<Row>;

    /// A row, or why one cannot be read; nothing follows that.
    fn next(&mut self) -> Option<Self::Item> {
        let row = match self.next_packed() {
            Ok(packed) => packed.map(unpack)?,
            Err(error) => Err(error),
        };
        if row.is_err() {
            self.heads.clear();
            self.given = None;
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

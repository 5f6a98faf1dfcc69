//! A file that can be read twice.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::HistoryError;

/// A file that can be read from its beginning as often as wanted. What can be read only once, such as a pipe, is
/// copied.
#[derive(Debug)]
pub(super) struct SourceFile {
    pub(super) path: PathBuf,
    file: File,
}

impl SourceFile {
    pub(super) fn open(path: &Path) -> Result<Self, HistoryError> {
        let unreadable = |source| HistoryError::Unreadable { file: path.to_owned(), source };
        let file = open(path).map_err(unreadable)?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Goes back to the beginning.
    pub(super) fn rewound(&self) -> Result<File, HistoryError> {
        let mut file = self.file.try_clone().map_err(|error| self.unreadable(error))?;
        file.seek(SeekFrom::Start(0)).map_err(|error| self.unreadable(error))?;
        Ok(file)
    }

    pub(super) fn unreadable(&self, source: io::Error) -> HistoryError {
        HistoryError::Unreadable { file: self.path.clone(), source }
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a directory"));
    }
    if metadata.is_file() {
        return Ok(file);
    }
    let mut copy = tempfile::tempfile()?;
    io::copy(&mut file, &mut copy)?;
    Ok(copy)
}

/// Counts what is read, and refuses to read on within one row without end.
#[derive(Debug)]
pub(super) struct Counted<R> {
    inner: R,
    /// Bytes read so far.
    pub(super) bytes: u64,
    left: u64,
}

/// A row of login history has about twenty fields of at most 255 characters.
const ROW_BYTES: u64 = 64 * 1024;

impl<R: Read + Seek> Counted<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, bytes: 0, left: ROW_BYTES }
    }

    /// A new row begins.
    pub(super) fn begin_row(&mut self) {
        self.left = ROW_BYTES;
    }

    /// The offset behind the first line break at or after `start`.
    pub(super) fn next_line(&mut self, start: u64) -> io::Result<u64> {
        self.inner.seek(SeekFrom::Start(start))?;
        let (mut at, mut buffer) = (start, [0; 4096]);
        loop {
            let read = self.inner.read(&mut buffer)?;
            match buffer[..read].iter().position(|byte| *byte == b'\n') {
                Some(place) => return Ok(at + place as u64 + 1),
                None if read == 0 => return Ok(at),
                None => at += read as u64,
            }
        }
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "the row has no end"));
        }
        let read = self.inner.read(buffer)?;
        self.bytes += read as u64;
        self.left = self.left.saturating_sub(read as u64);
        Ok(read)
    }
}

impl<R: Seek> Seek for Counted<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = self.inner.seek(to)?;
        self.bytes = self.bytes.max(at);
        Ok(at)
    }
}

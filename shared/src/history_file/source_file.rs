//! A file that can be read twice.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use encoding_rs::Encoding;
use encoding_rs_io::{DecodeReaderBytes, DecodeReaderBytesBuilder};
use flate2::bufread::MultiGzDecoder;

use super::HistoryError;

/// How files that gzip has packed begin. Source: RFC 1952, section 2.3.1.
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// How text in UTF-16 begins, as spreadsheet programs write it.
const UTF_16: [[u8; 2]; 2] = [[0xff, 0xfe], [0xfe, 0xff]];
/// How files begin that hold others, or no text. Source: the formats' own descriptions.
const CONTAINERS: [(&[u8], &str); 7] = [
    (b"PK\x03\x04", "a zip archive, as workbooks of Excel (.xlsx) are too"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"\xd0\xcf\x11\xe0", "a workbook of an old Excel (.xls)"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"BZh", "packed by bzip2, and only gzip is unpacked here"),
    (b"\xfd7zXZ\x00", "packed by xz, and only gzip is unpacked here"),
    (b"\x28\xb5\x2f\xfd", "packed by Zstandard, and only gzip is unpacked here"),
];

/// A file that can be read from its beginning as often as wanted. What can be read only once, such as a pipe, and
/// what is packed or in UTF-16 is copied into the directory for temporary files.
#[derive(Debug)]
pub(super) struct SourceFile {
    pub(super) path: PathBuf,
    /// Its size in bytes, unpacked.
    pub(super) size: u64,
    file: File,
}

impl SourceFile {
    pub(super) fn open(path: &Path) -> Result<Self, HistoryError> {
        let unreadable = |reason| HistoryError::Unreadable { file: path.to_owned(), reason };
        let file = open(path).map_err(unreadable)?;
        let begins = beginning::<6>(&file).map_err(unreadable)?;
        if let Some((_, what)) = CONTAINERS.into_iter().find(|(magic, _)| begins.starts_with(magic)) {
            return Err(HistoryError::Container { file: path.to_owned(), what });
        }
        Self::of(path, file).map_err(unreadable)
    }

    fn of(path: &Path, file: File) -> io::Result<Self> {
        let size = file.metadata()?.len();
        Ok(Self { path: path.to_owned(), size, file })
    }

    /// The same in UTF-8, of a text in another encoding.
    pub(super) fn decoded(self, encoding: &'static Encoding) -> Result<Self, HistoryError> {
        let mut reading = DecodeReaderBytesBuilder::new();
        let text = reading.encoding(Some(encoding)).build(self.rewound()?);
        copy(text).and_then(|file| Self::of(&self.path, file)).map_err(|error| self.unreadable(error))
    }

    /// Its first bytes, at most `most` of them.
    pub(super) fn start(&self, most: u64) -> Result<Vec<u8>, HistoryError> {
        let mut start = Vec::new();
        self.rewound()?.take(most).read_to_end(&mut start).map_err(|error| self.unreadable(error))?;
        Ok(start)
    }

    /// Goes back to the beginning.
    pub(super) fn rewound(&self) -> Result<File, HistoryError> {
        let mut file = self.file.try_clone().map_err(|error| self.unreadable(error))?;
        file.seek(SeekFrom::Start(0)).map_err(|error| self.unreadable(error))?;
        Ok(file)
    }

    pub(super) fn unreadable(&self, reason: io::Error) -> HistoryError {
        HistoryError::Unreadable { file: self.path.clone(), reason }
    }
}

fn open(path: &Path) -> io::Result<File> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a directory"));
    }
    let file = if metadata.is_file() { file } else { copy(file)? };
    let mut file = match beginning(&file)? {
        GZIP => copy(MultiGzDecoder::new(BufReader::new(file)))?,
        _ => file,
    };
    if UTF_16.contains(&beginning(&file)?) {
        file = copy(DecodeReaderBytes::new(file))?;
    }
    Ok(file)
}

fn copy(mut from: impl Read) -> io::Result<File> {
    let mut copy = tempfile::tempfile()?;
    io::copy(&mut from, &mut copy)?;
    copy.seek(SeekFrom::Start(0))?;
    Ok(copy)
}

/// The first bytes, which are read again afterwards; zeros in a shorter file.
fn beginning<const N: usize>(mut file: &File) -> io::Result<[u8; N]> {
    let mut start = Vec::new();
    file.take(N as u64).read_to_end(&mut start)?;
    file.seek(SeekFrom::Start(0))?;
    start.resize(N, 0);
    Ok(start.try_into().unwrap_or([0; N]))
}

/// Counts what is read, and refuses to read on within one row without end.
#[derive(Debug)]
pub(super) struct Counted<R> {
    inner: R,
    /// How far it has been read, in bytes.
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

    /// The bytes of a row, from one offset to another.
    pub(super) fn between(&mut self, start: u64, end: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.inner.seek(SeekFrom::Start(start))?;
        Read::by_ref(&mut self.inner).take(end.saturating_sub(start)).read_to_end(&mut bytes)?;
        Ok(bytes)
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
        self.bytes = at;
        Ok(at)
    }
}

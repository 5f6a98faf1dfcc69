//! How a CSV file is written: what separates its fields, and in which encoding.

use csv::{ByteRecord, ReaderBuilder};
use encoding_rs::{EUC_JP, Encoding, SHIFT_JIS, WINDOWS_1252};

use super::HistoryError;
use super::columns::{ColumnName, Columns};
use super::source_file::SourceFile;

/// How much of a file shows its dialect.
const START: u64 = 4096;
/// Encodings that programs save in beside UTF-8 and UTF-16, the one first in which a wrong text is least likely valid.
const ENCODINGS: [&Encoding; 3] = [SHIFT_JIS, EUC_JP, WINDOWS_1252];
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dialect {
    pub(super) delimiter: u8,
    /// Where lines end in CR LF the reader ends a row at the CR, and begins the next with the LF.
    pub(super) left_over: u64,
    /// Bytes before the header's line: a line `sep=;`, with which Excel says what it has written.
    pub(super) preamble: u64,
}

impl Dialect {
    pub(super) fn of(source: &SourceFile) -> Result<Self, HistoryError> {
        Ok(Self::shown(&source.start(START)?))
    }

    /// Spreadsheet programs save with semicolons or tabs where the comma is the decimal sign.
    fn shown(start: &[u8]) -> Self {
        let (said, preamble) = separator(start);
        let header = header(&start[preamble..]);
        let count = |delimiter: u8| header.split(|byte| *byte == delimiter).count();
        let most = [b';', b'\t', b','].into_iter().max_by_key(|delimiter| count(*delimiter));
        let left_over = u64::from(header.ends_with(b"\r"));
        Self { delimiter: said.or(most).unwrap_or(b','), left_over, preamble: preamble as u64 }
    }

    /// The line of the header, from 1.
    pub(super) fn header_line(self) -> u64 {
        1 + u64::from(self.preamble > 0)
    }
}

/// What a first line `sep=;` says, and its length.
fn separator(start: &[u8]) -> (Option<u8>, usize) {
    let marked = start.strip_prefix(BYTE_ORDER_MARK).unwrap_or(start);
    let length = start.iter().position(|byte| *byte == b'\n').map(|end| end + 1);
    let line = marked.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_end();
    let line = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
    let is_it = line.get(..4).is_some_and(|word| word.eq_ignore_ascii_case(b"sep="));
    match (is_it, line.get(4..), length) {
        (true, Some([separator]), Some(length)) => (Some(*separator), length),
        // A tab is no part of a line that was trimmed.
        (true, Some([]), Some(length)) => (Some(b'\t'), length),
        _ => (None, 0),
    }
}

/// The first line that is not blank.
fn header(start: &[u8]) -> &[u8] {
    start.split(|byte| *byte == b'\n').find(|line| !line.trim_ascii().is_empty()).unwrap_or_default()
}

/// A file whose header is not UTF-8 in UTF-8: the encoding is the first in which the header names the columns that are needed.
pub(super) fn in_utf_8(source: SourceFile, said: &[ColumnName]) -> Result<SourceFile, HistoryError> {
    let start = source.start(START)?;
    let dialect = Dialect::shown(&start);
    let header = header(&start[separator(&start).1..]);
    // A character that the end of what was read has cut is none of another encoding.
    if str::from_utf8(header).err().and_then(|error| error.error_len()).is_none() {
        return Ok(source);
    }
    let names_columns = |encoding: &&'static Encoding| {
        let text = encoding.decode_without_bom_handling_and_without_replacement(header);
        text.is_some_and(|text| Columns::of(&titles(&text, dialect.delimiter), said).missing().is_none())
    };
    match ENCODINGS.into_iter().find(names_columns) {
        Some(encoding) => source.decoded(encoding),
        None => Err(HistoryError::Encoding { file: source.path, line: dialect.header_line() }),
    }
}

fn titles(header: &str, delimiter: u8) -> ByteRecord {
    let mut builder = ReaderBuilder::new();
    let mut reader = builder.has_headers(false).delimiter(delimiter).from_reader(header.as_bytes());
    let mut titles = ByteRecord::new();
    // A header that is no row has no titles.
    let _ = reader.read_byte_record(&mut titles);
    titles
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_names_the_separator_is_no_header() {
        let shown = |text: &str| {
            let dialect = Dialect::shown(text.as_bytes());
            (char::from(dialect.delimiter), dialect.preamble, dialect.left_over)
        };
        assert_eq!(shown("sep=;\r\nA,B;C\r\n1;2\r\n"), (';', 7, 1));
        assert_eq!(shown("\u{feff}SEP=|\nA,B|C\n"), ('|', 9, 0));
        assert_eq!(shown("\"sep=,\"\nA;B,C;D\n"), (',', 8, 0));
        assert_eq!(shown("sep=\t\nA;B\n"), ('\t', 6, 0));
        assert_eq!(shown("sep=;"), (';', 0, 0), "there is no header behind it");
        assert_eq!(shown("A;B;C\n"), (';', 0, 0));
        assert_eq!(shown("separator,B\n"), (',', 0, 0));
    }
}

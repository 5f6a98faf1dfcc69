//! The rows of a CSV file, each with its line.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fs::File;
use std::io;

use csv::{ByteRecord, ErrorKind, Position, Reader, ReaderBuilder};

use super::HistoryError;
use super::columns::{Column, ColumnName, Columns};
use super::dialect::Dialect;
use super::rejected::Fault;
use super::source_file::{Counted, SourceFile};

/// The rows of a CSV file.
pub(super) struct Rows {
    reader: Reader<Counted<File>>,
    record: ByteRecord,
    dialect: Dialect,
    /// Bytes of the last line break that the reader has yet to pass.
    unread: u64,
    pub(super) columns: Columns,
}

/// One row.
pub(super) struct Row<'a> {
    /// The line on which it begins.
    pub(super) line: u64,
    /// Its fields, or why there are none.
    pub(super) fields: Result<Fields<'a>, Fault>,
}

/// The fields of one row.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    record: &'a ByteRecord,
    columns: &'a Columns,
}

impl<'a> Fields<'a> {
    /// A field without the white space around it; empty when there is no such column. What is not UTF-8 is replaced.
    pub(super) fn text(&self, column: Column) -> Cow<'a, str> {
        let bytes = self.columns.place(column).and_then(|place| self.record.get(place));
        match String::from_utf8_lossy(bytes.unwrap_or_default()) {
            Cow::Borrowed(text) => cut(text.trim()).into(),
            Cow::Owned(text) => cut(text.trim()).to_owned().into(),
        }
    }
}

fn cut(text: &str) -> &str {
    // No text of so few bytes has more characters.
    if text.len() <= FIELD_CHARACTERS {
        return text;
    }
    text.char_indices().nth(FIELD_CHARACTERS).map_or(text, |(end, _)| &text[..end])
}

/// The longest field of LoginHistory has 255 characters.
const FIELD_CHARACTERS: usize = 512;

impl Rows {
    /// Reads the header.
    pub(super) fn of(source: &SourceFile, said: &[ColumnName]) -> Result<Self, HistoryError> {
        let dialect = Dialect::of(source)?;
        let reader = Counted::new(source.rewound()?);
        let mut builder = ReaderBuilder::new();
        let mut reader =
            builder.has_headers(false).flexible(true).delimiter(dialect.delimiter).from_reader(reader);
        let line = dialect.header_line();
        let mut begin = Position::new();
        begin.set_byte(dialect.preamble).set_line(line);
        let sought = reader.seek_raw(io::SeekFrom::Start(dialect.preamble), begin);
        sought.map_err(|error| source.unreadable(error.into()))?;
        let mut header = ByteRecord::new();
        let read = reader.read_byte_record(&mut header).map_err(|error| source.unreadable(error.into()))?;
        let is_blank = header.iter().all(|title| title.trim_ascii().is_empty());
        if !read || is_blank {
            return Err(HistoryError::Empty { file: source.path.clone() });
        }
        let columns = Columns::of(&header, said);
        if let Some(reason) = columns.fault {
            let (file, found) = (source.path.clone(), columns.found);
            return Err(HistoryError::Header { file, line, reason, found });
        }
        match columns.missing() {
            Some(wanted) => {
                let (file, found) = (source.path.clone(), columns.found);
                Err(HistoryError::MissingColumn { file, line, wanted, found })
            }
            None => {
                Ok(Self { reader, record: ByteRecord::new(), unread: dialect.left_over, dialect, columns })
            }
        }
    }

    /// Bytes read so far.
    pub(super) fn bytes(&self) -> u64 {
        self.reader.get_ref().bytes
    }

    /// The next row; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Row<'_>>, io::Error> {
        self.reader.get_mut().begin_row();
        let mut start = self.reader.position().clone();
        let unread = std::mem::replace(&mut self.unread, self.dialect.left_over);
        let (byte, line) = (start.byte() + unread, start.line() + unread);
        start.set_byte(byte).set_line(line);
        match self.reader.read_byte_record(&mut self.record) {
            Ok(false) => return Ok(None),
            Ok(true) => {}
            Err(error) => return self.recover(&start, error),
        }
        let line = start.line();
        if let Some(fault) = self.fault(&start)? {
            // A quote that is not closed swallows the lines behind it: only the first of them is at fault.
            if self.spans_lines() {
                self.resume_behind(&start)?;
            }
            return Ok(Some(Row { line, fields: Err(fault) }));
        }
        let fields = Fields { record: &self.record, columns: &self.columns };
        Ok(Some(Row { line, fields: Ok(fields) }))
    }

    fn recover(&mut self, start: &Position, error: csv::Error) -> Result<Option<Row<'_>>, io::Error> {
        let is_endless =
            matches!(error.kind(), ErrorKind::Io(error) if error.kind() == io::ErrorKind::FileTooLarge);
        if !is_endless {
            return Err(error.into());
        }
        self.resume_behind(start)?;
        let fault = Fault::of_row("the row has no end; is a quotation mark missing?");
        Ok(Some(Row { line: start.line(), fields: Err(fault) }))
    }

    /// Goes on at the line behind the one on which a row began.
    fn resume_behind(&mut self, start: &Position) -> Result<(), io::Error> {
        self.reader.get_mut().begin_row();
        let next = self.reader.get_mut().next_line(start.byte())?;
        let mut position = start.clone();
        position.set_byte(next).set_line(start.line() + 1);
        self.unread = 0;
        self.reader.seek_raw(io::SeekFrom::Start(next), position).map_err(io::Error::from)
    }

    fn fault(&mut self, start: &Position) -> Result<Option<Fault>, io::Error> {
        let (found, wanted) = (self.record.len(), self.columns.width);
        let cause = match found.cmp(&wanted) {
            Ordering::Equal if self.is_well_quoted(start)? => return Ok(None),
            Ordering::Equal => return Ok(Some(Fault::of_row("a quotation mark is not closed"))),
            Ordering::Less => "the line is cut short",
            Ordering::Greater => "a comma within a field needs quotation marks around the field",
        };
        Ok(Some(Fault::of_row(format!("{found} fields instead of {wanted}: {cause}"))))
    }

    fn spans_lines(&self) -> bool {
        self.record.as_slice().iter().any(|byte| matches!(byte, b'\n' | b'\r'))
    }

    /// Two lines may look like one row where a quotation mark of the first is closed by one that opens a field of the second.
    fn is_well_quoted(&mut self, start: &Position) -> Result<bool, io::Error> {
        if !self.spans_lines() {
            return Ok(true);
        }
        let end = self.reader.position().clone();
        let raw = self.reader.get_mut().between(start.byte(), end.byte())?;
        self.reader.seek_raw(io::SeekFrom::Start(end.byte()), end)?;
        Ok(is_well_quoted(&raw, self.dialect.delimiter))
    }
}

/// Whether each quoted field ends behind its closing quotation mark. Source: RFC 4180, section 2.
fn is_well_quoted(raw: &[u8], delimiter: u8) -> bool {
    #[derive(Clone, Copy, PartialEq)]
    enum At {
        Start,
        Bare,
        Quoted,
        Closed,
    }
    let mut at = At::Start;
    for byte in raw {
        let is_end = *byte == delimiter || matches!(byte, b'\n' | b'\r');
        at = match (at, *byte) {
            (At::Quoted, b'"') => At::Closed,
            (At::Quoted, _) | (At::Start | At::Closed, b'"') => At::Quoted,
            (_, _) if is_end => At::Start,
            (At::Closed, _) => return false,
            (At::Start | At::Bare, _) => At::Bare,
        };
    }
    at != At::Quoted
}

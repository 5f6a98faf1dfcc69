//! `--jsonl`: LoginHistory records as the REST API returns them, one per line.

use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::Path;

use memchr::memchr;

use super::form::Forms;
use super::rejected::Fault;
use super::source_file::SourceFile;
use super::spill::Filling;
use super::{History, HistoryError, Naming, Progress};
use crate::observation::Login;
use crate::salesforce::login_from_json;

/// A record of LoginHistory has about thirty fields of at most 255 characters.
const LINE_BYTES: usize = 64 * 1024;
/// How often progress is told, in lines.
const PROGRESS_LINES: u64 = 1_000;

/// Reads one LoginHistory record a line; empty lines are skipped.
///
/// # Errors
///
/// The file cannot be read, or has lines of which none can be used. An empty file is a history without logins.
pub fn read_jsonl(path: &Path, progress: Progress<'_>) -> Result<History, HistoryError> {
    let source = SourceFile::open(path)?;
    let mut lines = Lines::of(source.rewound()?);
    let mut history = History::empty(Vec::new())?;
    let mut forms = Forms::none();
    while let Some(text) = lines.next().map_err(|error| source.unreadable(error))? {
        let taken = match text {
            Ok(line) => take(line, &mut forms, &mut history)?,
            Err(fault) => Err(fault),
        };
        if let Err(fault) = taken {
            history.rejected.add(fault.on_line(lines.line));
        }
        if lines.line.is_multiple_of(PROGRESS_LINES) {
            progress(lines.bytes, source.size);
        }
    }
    progress(lines.bytes, source.size);
    history.finish(path)
}

fn take(
    line: &[u8],
    forms: &mut Forms,
    history: &mut History<Filling>,
) -> Result<Result<(), Fault>, HistoryError> {
    if let Some((own, like)) = forms.read(line) {
        return history.take_like(&own, like).map(Ok);
    }
    let login = match login(line) {
        Ok(Some(login)) => login,
        nothing => return Ok(nothing.map(|_| ())),
    };
    if let Some(like) = history.take(&login, Naming::Recorded)? {
        forms.learn(line, &login, like);
    }
    Ok(Ok(()))
}

fn login(line: &[u8]) -> Result<Option<Login>, Fault> {
    if line.trim_ascii().is_empty() {
        return Ok(None);
    }
    // Looking for what is no UTF-8 costs more than seeing that there is nothing.
    let text = str::from_utf8(line).map_or_else(|_| String::from_utf8_lossy(line), Into::into);
    login_from_json(&text).map(Some).map_err(Fault::of_row)
}

struct Lines<R> {
    reader: BufReader<R>,
    /// The text of the line that was read last.
    text: Vec<u8>,
    /// The line that was read last, from 1.
    line: u64,
    bytes: u64,
}

impl<R: Read> Lines<R> {
    fn of(reader: R) -> Self {
        Self { reader: BufReader::with_capacity(LINE_BYTES, reader), text: Vec::new(), line: 0, bytes: 0 }
    }

    fn next(&mut self) -> Result<Option<Result<&[u8], Fault>>, std::io::Error> {
        let read = self.read_line()?;
        if read == 0 {
            return Ok(None);
        }
        self.line += 1;
        self.bytes += read as u64;
        if read < LINE_BYTES || self.text.ends_with(b"\n") {
            return Ok(Some(Ok(self.text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.text))));
        }
        self.bytes += self.reader.skip_until(b'\n')? as u64;
        Ok(Some(Err(Fault::of_row("is longer than 64 KiB"))))
    }

    /// Reads up to the end of a line, or what may be read of one; answers how many bytes.
    fn read_line(&mut self) -> Result<usize, std::io::Error> {
        self.text.clear();
        while self.text.len() < LINE_BYTES {
            let read = match self.reader.fill_buf() {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                read => read?,
            };
            let part = &read[..read.len().min(LINE_BYTES - self.text.len())];
            let end = memchr(b'\n', part).map(|place| place + 1);
            let part = &part[..end.unwrap_or(part.len())];
            self.text.extend_from_slice(part);
            let (taken, is_last) = (part.len(), end.is_some() || part.is_empty());
            self.reader.consume(taken);
            if is_last {
                break;
            }
        }
        Ok(self.text.len())
    }
}

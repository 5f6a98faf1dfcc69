//! `--csv`: the file that Setup > Login History downloads.

use std::path::Path;

use jiff::Timestamp;

use super::columns::{Column, ColumnName};
use super::csv_row::{CsvRow, csv_row};
use super::date_order::DateOrder;
use super::dates::{Dates, Form, NoInstant};
use super::dialect::in_utf_8;
use super::rejected::Fault;
use super::rows::{Fields, Rows};
use super::source_file::SourceFile;
use super::written_date::Order;
use super::{DateFormat, Filling, History, HistoryError, HistoryOptions, Progress};

/// How often progress is told, in rows.
const PROGRESS_ROWS: u64 = 1_000;

/// Reads a CSV file with a header, columns in any order.
///
/// # Errors
///
/// The file cannot be read, is empty, lacks a required column, leaves open how its dates are meant, or has rows of
/// which none can be used. A file with a header and no rows is a history without logins.
pub fn read_csv(
    path: &Path,
    options: &HistoryOptions,
    progress: Progress<'_>,
) -> Result<History, HistoryError> {
    let source = in_utf_8(SourceFile::open(path)?, &options.columns)?;
    let dates = Dates { form: form(&source, options)?, zone: options.time_zone.clone() };
    let mut rows = Rows::of(&source, &options.columns)?;
    let mut reading = Reading::new(&source, dates, &rows)?;
    while let Some(row) = rows.next().map_err(|error| source.unreadable(error))? {
        match row.fields {
            Ok(fields) => reading.take(row.line, fields)?,
            Err(fault) => reading.history.rejected.add(fault.on_line(row.line)),
        }
        if (reading.history.rows + reading.history.rejected.total).is_multiple_of(PROGRESS_ROWS) {
            progress(rows.bytes(), source.size);
        }
    }
    progress(rows.bytes(), source.size);
    reading.end()
}

/// The form that was asked for, or the one that the whole file decides.
fn form(source: &SourceFile, options: &HistoryOptions) -> Result<Form, HistoryError> {
    Ok(match &options.date_format {
        Some(DateFormat::MonthFirst) => Form::Ordered(Order::Mdy),
        Some(DateFormat::DayFirst) => Form::Ordered(Order::Dmy),
        Some(DateFormat::YearFirst) => Form::Ordered(Order::Ymd),
        Some(DateFormat::Iso) => Form::Iso,
        Some(DateFormat::Pattern(pattern)) => Form::Pattern(pattern.clone()),
        None => Form::Ordered(infer(source, &options.columns)?),
    })
}

fn infer(source: &SourceFile, columns: &[ColumnName]) -> Result<Order, HistoryError> {
    let (mut rows, mut order) = (Rows::of(source, columns)?, DateOrder::default());
    while let Some(row) = rows.next().map_err(|error| source.unreadable(error))? {
        if let Ok(fields) = row.fields {
            order.hear(row.line, &fields.text(Column::LoginTime));
        }
    }
    order.decide(&source.path)
}

struct Reading<'a> {
    source: &'a SourceFile,
    dates: Dates,
    /// Whether a date of this file has named its zone, so that one that does not is a damaged row.
    has_zones: bool,
    /// The first date that names none.
    without_zone: Option<HistoryError>,
    history: History<Filling>,
}

impl<'a> Reading<'a> {
    fn new(source: &'a SourceFile, dates: Dates, rows: &Rows) -> Result<Self, HistoryError> {
        let history = History::empty(rows.columns.optional_missing())?;
        Ok(Self { source, dates, has_zones: false, without_zone: None, history })
    }

    fn take(&mut self, line: u64, fields: Fields<'_>) -> Result<(), HistoryError> {
        let time = self.time(line, &fields.text(Column::LoginTime));
        match time.and_then(|time| csv_row(fields, time)) {
            Ok(row) => self.keep(row),
            Err(fault) => {
                self.history.rejected.add(fault.on_line(line));
                Ok(())
            }
        }
    }

    fn keep(&mut self, row: CsvRow) -> Result<(), HistoryError> {
        if let Some(place) = &row.place_unknown {
            self.history.places_unknown.add(place);
        }
        // Whichever spelling comes first in the file must not matter.
        let known = self.history.users.entry(row.user.id.clone()).or_insert_with(|| row.user.clone());
        if row.user.username < known.username {
            *known = row.user;
        }
        self.history.take(&row.login, row.naming).map(drop)
    }

    fn time(&mut self, line: u64, text: &str) -> Result<Timestamp, Fault> {
        let file = || self.source.path.clone();
        let (reason, error) = match self.dates.read(text) {
            Ok(time) => {
                self.has_zones = true;
                return Ok(time);
            }
            Err(NoInstant::Malformed(reason)) => (reason, None),
            Err(NoInstant::NoZone(value)) => {
                let reason =
                    format!("{value} names no time zone; --time-zone gives one to those that do not");
                (reason, Some(HistoryError::NoTimeZone { file: file(), line, value }))
            }
            Err(NoInstant::UnknownZone(zone)) => {
                let reason = format!("{zone} is no one time zone; --time-zone says what it stands for");
                (reason, Some(HistoryError::UnknownTimeZone { file: file(), line, zone }))
            }
        };
        self.without_zone = self.without_zone.take().or(error);
        Err(Fault::of_field(Column::LoginTime.name(), reason))
    }

    /// A file in which no date names its zone is asked about; one that says nothing usable must not pass for a clean one.
    fn end(self) -> Result<History, HistoryError> {
        match self.without_zone {
            Some(error) if !self.has_zones => Err(error),
            _ => self.history.finish(&self.source.path),
        }
    }
}

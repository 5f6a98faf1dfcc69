//! `--csv`: the file that Setup > Login History downloads.

use std::path::Path;

use jiff::Timestamp;

use super::columns::Column;
use super::csv_row::{CsvRow, Identity, csv_row};
use super::date_order::DateOrder;
use super::dates::{Dates, Form, NoInstant};
use super::rejected::Fault;
use super::rows::{Fields, Rows};
use super::source_file::SourceFile;
use super::written_date::Order;
use super::{DateFormat, History, HistoryError, HistoryOptions, Rejected, Spill};

/// How often progress is told, in rows.
const PROGRESS_ROWS: u64 = 1_000;

/// Reads a CSV file with a header, columns in any order. `progress` hears how many bytes of the file have been read.
///
/// # Errors
///
/// The file cannot be read, is empty, lacks a required column, leaves open how its dates are meant, or has rows of
/// which none can be used. A file with a header and no rows is a history without logins.
pub fn read_csv(
    path: &Path,
    options: &HistoryOptions,
    progress: &mut dyn FnMut(u64),
) -> Result<History, HistoryError> {
    let source = SourceFile::open(path)?;
    let dates = Dates { form: form(&source, options)?, zone: options.time_zone.clone() };
    let mut rows = Rows::of(&source)?;
    let mut reading = Reading::new(&source, dates, &rows)?;
    while let Some(row) = rows.next().map_err(|error| source.unreadable(error))? {
        match row.fields {
            Ok(fields) => reading.take(row.line, fields)?,
            Err(fault) => reading.history.rejected.add(fault.on_line(row.line)),
        }
        if (reading.history.rows + reading.history.rejected.total).is_multiple_of(PROGRESS_ROWS) {
            progress(rows.bytes());
        }
    }
    progress(rows.bytes());
    reading.history.or_nothing_usable(path)
}

/// The form that was asked for, or the one that the whole file decides.
fn form(source: &SourceFile, options: &HistoryOptions) -> Result<Form, HistoryError> {
    Ok(match &options.date_format {
        Some(DateFormat::MonthFirst) => Form::Ordered(Order::Mdy),
        Some(DateFormat::DayFirst) => Form::Ordered(Order::Dmy),
        Some(DateFormat::YearFirst) => Form::Ordered(Order::Ymd),
        Some(DateFormat::Iso) => Form::Iso,
        Some(DateFormat::Pattern(pattern)) => Form::Pattern(pattern.clone()),
        None => Form::Ordered(infer(source)?),
    })
}

fn infer(source: &SourceFile) -> Result<Order, HistoryError> {
    let (mut rows, mut order) = (Rows::of(source)?, DateOrder::default());
    while let Some(row) = rows.next().map_err(|error| source.unreadable(error))? {
        if let Ok(fields) = row.fields {
            order.hear(row.line, &fields.text(Column::LoginTime));
        }
    }
    order.decide(&source.path)
}

/// Whether a row of this file has named its zone, so that a later one that does not is a damaged row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Zones {
    Unseen,
    Seen,
}

struct Reading<'a> {
    source: &'a SourceFile,
    dates: Dates,
    zones: Zones,
    history: History,
}

impl<'a> Reading<'a> {
    fn new(source: &'a SourceFile, dates: Dates, rows: &Rows) -> Result<Self, HistoryError> {
        let columns_missing = rows.columns.optional_missing();
        let history = History {
            spill: Spill::open()?,
            rejected: Rejected::default(),
            rows: 0,
            users: std::collections::HashMap::new(),
            columns_missing,
        };
        Ok(Self { source, dates, zones: Zones::Unseen, history })
    }

    fn take(&mut self, line: u64, fields: Fields<'_>) -> Result<(), HistoryError> {
        let time = self.time(line, &fields.text(Column::LoginTime))?;
        match time.and_then(|time| csv_row(fields, time)) {
            Ok(row) => self.keep(row),
            Err(fault) => {
                self.history.rejected.add(fault.on_line(line));
                Ok(())
            }
        }
    }

    fn keep(&mut self, row: CsvRow) -> Result<(), HistoryError> {
        match row.identity {
            Identity::Recorded => self.history.spill.insert(&row.login)?,
            Identity::Content => self.history.spill.insert_repeat(&row.login)?,
        }
        self.history.users.entry(row.user.id.clone()).or_insert(row.user);
        self.history.rows += 1;
        Ok(())
    }

    fn time(&mut self, line: u64, text: &str) -> Result<Result<Timestamp, Fault>, HistoryError> {
        let fault = |reason: String| Ok(Err(Fault::of_field(Column::LoginTime.name(), reason)));
        let file = || self.source.path.clone();
        match (self.dates.read(text), self.zones) {
            (Ok(time), _) => {
                self.zones = Zones::Seen;
                Ok(Ok(time))
            }
            (Err(NoInstant::Malformed(reason)), _) => fault(reason),
            (Err(NoInstant::NoZone(value)), Zones::Unseen) => {
                Err(HistoryError::NoTimeZone { file: file(), line, value })
            }
            (Err(NoInstant::UnknownZone(zone)), Zones::Unseen) => {
                Err(HistoryError::UnknownTimeZone { file: file(), line, zone })
            }
            (Err(NoInstant::NoZone(value)), Zones::Seen) => fault(format!("{value} names no time zone")),
            (Err(NoInstant::UnknownZone(zone)), Zones::Seen) => fault(format!("{zone} is no time zone")),
        }
    }
}

impl History {
    /// A file whose every row was rejected says nothing about anyone, and must not pass for a clean one.
    pub(super) fn or_nothing_usable(self, path: &Path) -> Result<Self, HistoryError> {
        match self.rejected.first.first() {
            Some(first) if self.rows == 0 => Err(HistoryError::NothingUsable {
                file: path.to_owned(),
                first: first.clone(),
                total: self.rejected.total,
            }),
            _ => Ok(self),
        }
    }
}

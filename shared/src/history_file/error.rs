//! Why a whole file could not be used.

use std::io;
use std::path::PathBuf;

use super::RejectedRow;

/// A file that could not be used. Each error names the file and, where one is at fault, the line and the field.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HistoryError {
    /// The file cannot be opened or read.
    #[error("{}: cannot be read: {reason}", file.display())]
    Unreadable {
        /// Which file.
        file: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// The file holds others, or is no text at all.
    #[error("{}: is {what}. Take the CSV file out of it, or save the table as CSV in UTF-8", file.display())]
    Container {
        /// Which file.
        file: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// The header is in an encoding that is not known, or means nothing in those that are.
    #[error(
        "{}, line {line}: the header is not UTF-8, and names no known columns in UTF-16, Shift_JIS, EUC-JP and \
         Windows-1252 either. Save the file as CSV in UTF-8",
        file.display()
    )]
    Encoding {
        /// Which file.
        file: PathBuf,
        /// Where the header stands.
        line: u64,
    },
    /// There is not even a header.
    #[error(
        "{}: is empty. The first line must name the columns, as in the file that Setup > Login History downloads",
        file.display()
    )]
    Empty {
        /// Which file.
        file: PathBuf,
    },
    /// The header lacks a column that nothing can be judged without.
    #[error(
        "{}, line {line}: there is no column `{wanted}`. Found instead: {found}. \
         Download the file from Setup > Login History, or say which column it is: --column '{wanted}=…'",
        file.display()
    )]
    MissingColumn {
        /// Which file.
        file: PathBuf,
        /// Where the header stands.
        line: u64,
        /// The column.
        wanted: &'static str,
        /// The first columns there are.
        found: String,
    },
    /// The header does not say which column is meant.
    #[error("{}, line {line}: {reason}. Found: {found}", file.display())]
    Header {
        /// Which file.
        file: PathBuf,
        /// Where the header stands.
        line: u64,
        /// Why, as a clause.
        reason: String,
        /// The first columns there are.
        found: String,
    },
    /// An instant names no zone, and none was given.
    #[error("{}, line {line}, Login Time: {value} names no time zone. Give it with --time-zone, for example Europe/Paris", file.display())]
    NoTimeZone {
        /// Which file.
        file: PathBuf,
        /// Where.
        line: u64,
        /// What stands there.
        value: String,
    },
    /// An instant names a zone by letters that several zones share or that are not known.
    #[error(
        "{}, line {line}, Login Time: {zone} names no one time zone. Give the zone that it stands for with \
         --time-zone, for example Asia/Kolkata",
        file.display()
    )]
    UnknownTimeZone {
        /// Which file.
        file: PathBuf,
        /// Where.
        line: u64,
        /// The letters.
        zone: String,
    },
    /// No date in the whole file says whether the day, the month or a year of two digits stands first.
    #[error(
        "{}, line {line}, Login Time: {value} can be read in more than one order, and no other date in the \
         file decides it. Say which with --date-format dmy, mdy or ymd",
        file.display()
    )]
    UndecidedDates {
        /// Which file.
        file: PathBuf,
        /// The first such line.
        line: u64,
        /// What stands there.
        value: String,
    },
    /// Some dates are day-first and some month-first.
    #[error(
        "{}, Login Time: the date on line {month_first} has the month first and that on line {day_first} has the \
         day first. Say which is meant with --date-format mdy or --date-format dmy",
        file.display()
    )]
    MixedDates {
        /// Which file.
        file: PathBuf,
        /// A line whose date can only be month-first.
        month_first: u64,
        /// A line whose date can only be day-first.
        day_first: u64,
    },
    /// Every row was rejected, so nothing can be said about anyone.
    #[error("{}: none of its {total} rows can be used. The first: {first}", file.display())]
    NothingUsable {
        /// Which file.
        file: PathBuf,
        /// The first rejected row.
        first: RejectedRow,
        /// How many were rejected.
        total: u64,
    },
    /// The file is not a JSON array.
    #[error("{}: must be a JSON array of records as the REST API returns them: {reason}", file.display())]
    NotJson {
        /// Which file.
        file: PathBuf,
        /// Why, with line and column.
        reason: String,
    },
    /// The rows could not be set aside.
    #[error(
        "the rows cannot be sorted in the directory for temporary files: {reason}. Free some space there, or set TMPDIR"
    )]
    Spill {
        /// Why.
        reason: String,
    },
}

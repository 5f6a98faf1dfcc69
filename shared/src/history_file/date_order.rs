//! Day first or month first: the whole file decides.

use std::path::Path;

use super::HistoryError;
use super::rejected::quoted;
use super::written_date::{Order, Says, WrittenDate};

/// What the dates of a file said so far: the first line of each kind.
#[derive(Debug, Default)]
pub(super) struct DateOrder {
    month_first: Option<u64>,
    day_first: Option<u64>,
    either: Option<(u64, String)>,
}

impl DateOrder {
    pub(super) fn hear(&mut self, line: u64, value: &str) {
        match WrittenDate::read(value).map(|written| written.says) {
            Some(Says::Only(Order::Mdy)) => _ = self.month_first.get_or_insert(line),
            Some(Says::Only(Order::Dmy)) => _ = self.day_first.get_or_insert(line),
            Some(Says::Either) => _ = self.either.get_or_insert_with(|| (line, quoted(value))),
            Some(Says::Only(Order::Ymd) | Says::Same) | None => {}
        }
    }

    /// The order that every date of the file allows.
    pub(super) fn decide(self, file: &Path) -> Result<Order, HistoryError> {
        match (self.month_first, self.day_first, self.either) {
            (Some(month_first), Some(day_first), _) => {
                Err(HistoryError::MixedDates { file: file.to_owned(), month_first, day_first })
            }
            (None, None, Some((line, value))) => {
                Err(HistoryError::UndecidedDates { file: file.to_owned(), line, value })
            }
            (None, Some(_), _) => Ok(Order::Dmy),
            (Some(_), None, _) | (None, None, None) => Ok(Order::Mdy),
        }
    }
}

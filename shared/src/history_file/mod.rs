//! Login history from files: what an administrator downloads, or what the REST API returned.
//!
//! A file, also one that gzip has packed, is read once or twice from its beginning to its end, whatever its size; its rows go to temporary
//! files ([`Spill`]) and come back in the order of time. A row that cannot be used is kept as a [`RejectedRow`]
//! and the rest goes on.

mod column_names;
mod columns;
mod companions;
mod csv;
mod csv_row;
mod date_format;
mod date_order;
mod dates;
mod dialect;
mod error;
mod form;
mod jsonl;
mod likeness;
mod packed;
mod rejected;
mod rows;
mod run;
mod source_file;
mod spill;
mod strange;
mod written_date;
mod zone;

pub use columns::ColumnName;
pub use companions::{Companions, read_sessions, read_tokens, read_users, read_verifications};
pub use csv::read_csv;
pub use date_format::DateFormat;
pub use error::HistoryError;
pub use jsonl::read_jsonl;
pub use rejected::{Rejected, RejectedRow};
use run::{Naming, Own};
use spill::Filling;
pub use spill::{InOrder, Spill};
pub use strange::Strange;

use std::collections::HashMap;
use std::path::Path;

use foldhash::HashSet;

use crate::observation::{Login, Outcome, User, UserId};

/// How a file writes its instants, where the file itself does not say.
#[derive(Debug, Clone, Default)]
pub struct HistoryOptions {
    /// The order of day and month, or a pattern; without it the order is inferred from the whole file.
    pub date_format: Option<DateFormat>,
    /// The zone of instants that name none.
    pub time_zone: Option<jiff::tz::TimeZone>,
    /// Which column is which, where the header's name is not known.
    pub columns: Vec<ColumnName>,
}

/// A file that has been read, or with `L` that takes its logins in, one that is being read.
#[derive(Debug)]
pub struct History<L = Spill> {
    /// The logins.
    pub spill: L,
    /// What could not be used.
    pub rejected: Rejected,
    /// Rows that could be used, duplicates of a record id included.
    pub rows: u64,
    /// Accounts as far as the file names them: a login name, taken for active and for a person's.
    pub users: HashMap<UserId, User>,
    /// Everybody who has a row.
    pub people: HashSet<UserId>,
    /// How many of the rows are successes.
    pub successes: u64,
    /// Statuses that are not known; they count as failures.
    pub statuses_unknown: Strange,
    /// Places of which the country is not known.
    pub places_unknown: Strange,
    /// Optional columns that the file does not have: what is judged by them cannot be seen.
    pub columns_missing: Vec<&'static str>,
}

/// Hears how many bytes of a file have been read, and of how many.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64);

impl History<Filling> {
    fn empty(columns_missing: Vec<&'static str>) -> Result<Self, HistoryError> {
        Ok(Self {
            spill: Filling::open()?,
            rejected: Rejected::default(),
            rows: 0,
            users: HashMap::new(),
            people: HashSet::default(),
            successes: 0,
            statuses_unknown: Strange::default(),
            places_unknown: Strange::default(),
            columns_missing,
        })
    }

    /// Takes a login in, and answers the number of one that it is like, where one is held.
    fn take(&mut self, login: &Login, naming: Naming) -> Result<Option<u32>, HistoryError> {
        self.count(login.outcome, &login.status, login.user_id.as_ref());
        self.spill.insert(login, naming)
    }

    /// Takes in what is a recorded login's own that is like the one of a number.
    fn take_like(&mut self, own: &Own, like: u32) -> Result<(), HistoryError> {
        if let Some((outcome, status)) = self.spill.held(like).map(|held| (held.outcome, held.status.clone()))
        {
            self.count(outcome, &status, own.user_id.as_ref());
        }
        self.spill.insert_like(own, Naming::Recorded, like)
    }

    fn count(&mut self, outcome: Outcome, status: &str, user: Option<&UserId>) {
        self.rows += 1;
        self.successes += u64::from(outcome == Outcome::Success);
        if !Outcome::knows(status) {
            self.statuses_unknown.add(status);
        }
        if let Some(user) = user.filter(|user| !self.people.contains(*user)) {
            self.people.insert(user.clone());
        }
    }

    /// A file whose every row was rejected says nothing about anyone, and must not pass for a clean one.
    fn finish(self, path: &Path) -> Result<History, HistoryError> {
        if let Some(first) = self.rejected.first.first().filter(|_| self.rows == 0) {
            let (file, first, total) = (path.to_owned(), first.clone(), self.rejected.total);
            return Err(HistoryError::NothingUsable { file, first, total });
        }
        Ok(History {
            spill: self.spill.finish()?,
            rejected: self.rejected,
            rows: self.rows,
            users: self.users,
            people: self.people,
            successes: self.successes,
            statuses_unknown: self.statuses_unknown,
            places_unknown: self.places_unknown,
            columns_missing: self.columns_missing,
        })
    }
}

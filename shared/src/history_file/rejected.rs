//! Rows that could not be used.

use std::fmt;

/// Rejected rows that are kept for people; the rest is counted.
const KEPT: usize = 20;

/// One row that could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedRow {
    /// The line on which the row begins, from 1; in a JSON array the element, from 1.
    pub line: u64,
    /// The field at fault; `None` when it is the row as a whole.
    pub field: Option<&'static str>,
    /// Why, as a clause.
    pub reason: String,
}

impl fmt::Display for RejectedRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field {
            Some(field) => write!(f, "line {}, {field}: {}", self.line, self.reason),
            None => write!(f, "line {}: {}", self.line, self.reason),
        }
    }
}

/// Everything that could not be used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rejected {
    /// The first 20.
    pub first: Vec<RejectedRow>,
    /// How many there are.
    pub total: u64,
}

impl Rejected {
    pub(super) fn add(&mut self, row: RejectedRow) {
        self.total += 1;
        if self.first.len() < KEPT {
            self.first.push(row);
        }
    }
}

/// A row's fault, before it is known on which line the row stands.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) field: Option<&'static str>,
    pub(super) reason: String,
}

impl Fault {
    pub(super) fn of_row(reason: impl Into<String>) -> Self {
        Self { field: None, reason: reason.into() }
    }

    pub(super) fn of_field(field: &'static str, reason: impl Into<String>) -> Self {
        Self { field: Some(field), reason: reason.into() }
    }

    pub(super) fn on_line(self, line: u64) -> RejectedRow {
        RejectedRow { line, field: self.field, reason: self.reason }
    }
}

/// A value as it is repeated to people: without control characters, at most 40 characters.
pub(super) fn quoted(value: &str) -> String {
    let mut shown: String = value.trim().chars().filter(|c| !c.is_control()).take(40).collect();
    if value.trim().chars().count() > 40 {
        shown.push('…');
    }
    format!("`{shown}`")
}

//! Lists of rows, in every format, as they come.

use std::collections::VecDeque;
use std::io::{BufWriter, Stdout, Write, stdout};

use anyhow::Context;
use comfy_table::Cell;
use jiff::Timestamp;
use serde::Serialize;

use super::csv::{self, CsvRows};
use super::json::say_json_line;
use super::table::{Column, fitted};
use super::{note, say};
use crate::arguments::Output;

/// Rows that a table shows unless told otherwise: about what a person scrolls through.
const TABLE_ROWS: usize = 100;

/// A row of a list. Its JSON is its serialised form.
pub(crate) trait Listed: Serialize {
    /// The columns of the table.
    const COLUMNS: &'static [Column];
    /// The header of the CSV, of names that the JSON has too.
    const CSV: &'static [&'static str];

    /// The cells of the table.
    fn cells(&self, now: Timestamp) -> Vec<Cell>;
}

/// A list that is printed while it is read: in JSON one object a line, and in CSV, nothing is held back unless only the
/// newest rows are asked for.
pub(crate) struct List<R> {
    rows: VecDeque<R>,
    most: Option<usize>,
    total: u64,
    to: To,
}

enum To {
    Table,
    Json(BufWriter<Stdout>),
    Csv(Box<CsvRows<BufWriter<Stdout>>>),
}

impl<R: Listed> List<R> {
    /// A list of every row, or of the last `limit` ones.
    pub(crate) fn begin(format: Output, limit: Option<usize>) -> anyhow::Result<Self> {
        let out = BufWriter::new(stdout());
        let to = match format {
            Output::Table => To::Table,
            Output::Json => To::Json(out),
            Output::Csv => To::Csv(Box::new(CsvRows::begin(out, R::CSV)?)),
        };
        let most = if format == Output::Table { limit.or(Some(TABLE_ROWS)) } else { limit };
        Ok(Self { rows: VecDeque::new(), most, total: 0, to })
    }

    /// Adds a row, newer than the ones before.
    pub(crate) fn add(&mut self, row: R) -> anyhow::Result<()> {
        self.total += 1;
        let Some(most) = self.most else { return self.to.write(&row) };
        self.rows.push_back(row);
        if self.rows.len() > most {
            self.rows.pop_front();
        }
        Ok(())
    }

    /// How many rows were added.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// Hands on what was printed so far.
    pub(crate) fn flush(&mut self) -> anyhow::Result<()> {
        self.to.flush()
    }

    /// Prints what was held back, and how many rows are not listed; `lift` names the option that lists more.
    pub(crate) fn end(mut self, now: Timestamp, lift: &str) -> anyhow::Result<()> {
        let more = self.total - self.rows.len() as u64;
        match &mut self.to {
            To::Table if self.rows.is_empty() => {}
            To::Table => say_table(self.rows.make_contiguous(), now)?,
            to => self.rows.iter().try_for_each(|row| to.write(row))?,
        }
        self.to.flush()?;
        if more > 0 && self.most.is_some() {
            note(&format!("{more} earlier ones are not listed; {lift} lists more."));
        }
        Ok(())
    }
}

impl To {
    fn write<R: Listed>(&mut self, row: &R) -> anyhow::Result<()> {
        match self {
            Self::Table => Ok(()),
            Self::Json(out) => say_json_line(out, row),
            Self::Csv(rows) => rows.row(&csv::cells(R::CSV, row)?),
        }
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        match self {
            Self::Table => Ok(()),
            Self::Json(out) => out.flush().context("Failed to write to standard output"),
            Self::Csv(rows) => rows.flush(),
        }
    }
}

/// Prints rows as a table, and which columns it does not show.
pub(crate) fn say_table<R: Listed>(rows: &[R], now: Timestamp) -> anyhow::Result<()> {
    let (table, left_out) = fitted(R::COLUMNS, rows.iter().map(|row| row.cells(now)));
    say(&table.to_string())?;
    if !left_out.is_empty() {
        let columns = left_out.join(", ").to_lowercase();
        note(&format!(
            "Not shown for want of room: {columns}. A wider terminal or --output json shows them."
        ));
    }
    Ok(())
}

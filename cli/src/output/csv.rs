//! CSV for spreadsheets, in which no cell is a formula.

use std::io::Write;

use anyhow::Context;
use serde::Serialize;
use serde_json::Value;

use super::harmless::{harmless, no_formula};

/// Rows under a header.
pub(crate) struct CsvRows<W: Write>(csv::Writer<W>);

impl<W: Write> CsvRows<W> {
    /// Writes the header.
    pub(crate) fn begin(out: W, header: &[&str]) -> anyhow::Result<Self> {
        let mut rows = csv::Writer::from_writer(out);
        rows.write_record(header).context("Failed to write to standard output")?;
        Ok(Self(rows))
    }

    /// Writes a row, made harmless.
    pub(crate) fn row(&mut self, cells: &[String]) -> anyhow::Result<()> {
        let safe = cells.iter().map(|cell| no_formula(&harmless(cell)));
        self.0.write_record(safe).context("Failed to write to standard output")
    }

    /// Hands on what was written so far.
    pub(crate) fn flush(&mut self) -> anyhow::Result<()> {
        self.0.flush().context("Failed to write to standard output")
    }
}

/// Prints rows under a header, of names that their JSON has too.
pub(crate) fn say_csv_rows(header: &[&str], rows: &[impl Serialize]) -> anyhow::Result<()> {
    let mut csv = CsvRows::begin(std::io::stdout().lock(), header)?;
    rows.iter().try_for_each(|row| csv.row(&cells(header, row)?))?;
    csv.flush()
}

/// What a row's JSON holds under the header's names.
pub(super) fn cells(header: &[&str], row: &impl Serialize) -> anyhow::Result<Vec<String>> {
    let row = serde_json::to_value(row).context("Failed to write CSV")?;
    Ok(header.iter().map(|key| text(&row[*key])).collect())
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(self::text).collect::<Vec<_>>().join("; "),
        other => other.to_string(),
    }
}

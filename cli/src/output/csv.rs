//! CSV for spreadsheets, in which no cell is a formula.

use std::io::Write;

use anyhow::Context;

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

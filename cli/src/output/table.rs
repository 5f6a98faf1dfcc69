//! Tables for people.

use std::io::IsTerminal;

use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{Cell, ColumnConstraint, ContentArrangement, LineStyle, Row, Table};
use session_warden::settings::{Colour, Settings};

use super::harmless::{harmless, lines};

/// How wide a table is that goes into a file, in characters.
const WIDTH: u16 = 110;
/// Blanks around a cell and between columns.
const PADDING: u16 = 3;

/// A column of a list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    /// Its header.
    pub(crate) title: &'static str,
    /// Whether it must be there.
    pub(crate) wanted: Wanted,
}

/// Whether a column must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Always.
    Always,
    /// Where there is room.
    IfRoom,
}

impl Column {
    /// A column that is always there.
    pub(crate) const fn always(title: &'static str) -> Self {
        Self { title, wanted: Wanted::Always }
    }

    /// A column that is left out where the terminal is too narrow, the last ones first.
    pub(crate) const fn if_room(title: &'static str) -> Self {
        Self { title, wanted: Wanted::IfRoom }
    }
}

/// An empty table that fits the terminal; colour only where standard output is one.
pub(crate) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(UTF8_HORIZONTAL_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(header);
    let is_plain = Settings::of_process().colour() == Colour::Unwanted;
    if is_plain || !std::io::stdout().is_terminal() {
        table.force_no_tty().set_width(WIDTH);
    }
    table
}

/// A table of rows that leaves out what there is no room for, and the titles of what it left out.
pub(crate) fn fitted(
    columns: &[Column],
    rows: impl IntoIterator<Item = Vec<Cell>>,
) -> (Table, Vec<&'static str>) {
    let titles: Vec<_> = columns.iter().map(|column| column.title).collect();
    let mut table = table(&titles);
    table.load_style(UTF8_HORIZONTAL_ONLY.row_separator(LineStyle::none())).add_rows(rows);
    hide_empty(&mut table);
    let left_out = fit(&mut table, columns);
    (table, left_out)
}

/// Hides columns that say nothing.
fn hide_empty(table: &mut Table) {
    let has_text =
        |row: &Row, place: usize| row.cell_iter().nth(place).is_some_and(|cell| !cell.content().is_empty());
    let empty = (0..table.column_count()).filter(|place| !table.row_iter().any(|row| has_text(row, *place)));
    for place in empty.collect::<Vec<_>>() {
        if let Some(column) = table.column_mut(place) {
            column.set_constraint(ColumnConstraint::Hidden);
        }
    }
}

/// Hides columns until the others fit without a break.
fn fit(table: &mut Table, columns: &[Column]) -> Vec<&'static str> {
    let room = table.width().unwrap_or(WIDTH);
    let is_hidden = |place| table.column(place).is_some_and(comfy_table::Column::is_hidden);
    let widths = table.column_max_content_widths().into_iter().enumerate();
    let mut widths: Vec<_> =
        widths.map(|(place, width)| if is_hidden(place) { 0 } else { width + PADDING }).collect();
    let mut left_out = Vec::new();
    for (place, column) in columns.iter().enumerate().rev() {
        if widths.iter().sum::<u16>() <= room {
            break;
        }
        if column.wanted == Wanted::IfRoom
            && widths[place] > 0
            && let Some(hidden) = table.column_mut(place)
        {
            hidden.set_constraint(ColumnConstraint::Hidden);
            widths[place] = 0;
            left_out.insert(0, column.title);
        }
    }
    left_out
}

/// A cell of sentences that may hold text from outside; it is broken into lines and not cut.
pub(crate) fn sentences(text: &str) -> Cell {
    Cell::new(lines(text))
}

/// A cell of text from outside.
pub(crate) fn cell(text: impl AsRef<str>) -> Cell {
    Cell::new(harmless(text.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_no_room_for_is_left_out_and_told() {
        let columns = [Column::always("User"), Column::if_room("Client"), Column::if_room("Level")];
        let row = |client: usize, level| vec![cell("ada"), cell("x".repeat(client)), cell(level)];
        let (table, left_out) = fitted(&columns, [row(90, "LOW")]);
        assert!(
            left_out.is_empty() && table.to_string().lines().all(|line| line.chars().count() <= 110),
            "{table}"
        );
        let (table, left_out) = fitted(&columns, [row(105, "LOW")]);
        assert_eq!(left_out, ["Client", "Level"]);
        assert!(!table.to_string().contains("xxx"), "{table}");
        let (table, left_out) = fitted(&columns, [row(1, "")]);
        assert!(left_out.is_empty() && !table.to_string().contains("Level"), "{table}");
    }
}

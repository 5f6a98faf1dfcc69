//! Records as lines of CSV, as Bulk API 2.0 writes them: every value in quotes, null as the empty one.

use super::plan::Column;
use super::render::write_datetime;
use super::value::Value;
use crate::objects::login_geo::{self, LoginGeo};
use crate::objects::login_history::{self, Login};
use crate::objects::{Row, View};
use std::io::Write;
use std::sync::Arc;

/// The columns of a job's result, and how a record becomes a line.
pub(crate) struct CsvTemplate {
    header: Vec<u8>,
    columns: Vec<Column>,
    logins: Option<Vec<Cell>>,
}

/// A column of LoginHistory, resolved to its accessor.
enum Cell {
    Own(fn(&Login) -> Value<'_>),
    Geo(fn(&LoginGeo) -> Value<'_>),
}

impl CsvTemplate {
    pub(crate) fn new(columns: Vec<Column>, of_logins: bool, view: &View<'_>) -> Self {
        let names: Vec<String> = columns.iter().map(|column| format!("\"{}\"", name(column))).collect();
        let header = (names.join(",") + "\n").into_bytes();
        let cells = || columns.iter().map(cell).collect::<Option<Vec<_>>>();
        let logins = if of_logins && login_history::reads_alike(view) { cells() } else { None };
        Self { header, columns, logins }
    }

    pub(crate) fn header(&self) -> &[u8] {
        &self.header
    }

    /// Whether a record can be written from itself alone, without the org.
    pub(crate) fn stands_alone(&self) -> bool {
        self.logins.is_some()
    }

    /// A line of a login, from itself alone.
    pub(crate) fn write_login(&self, login: &Login, out: &mut Vec<u8>) {
        for cell in self.logins.iter().flatten() {
            match (cell, login.geo.as_deref()) {
                (Cell::Own(read), _) => write(&read(login), out),
                (Cell::Geo(read), Some(geo)) => write(&read(geo), out),
                (Cell::Geo(_), None) => write(&Value::Null, out),
            }
        }
        end(out);
    }

    /// A line of any record.
    pub(crate) fn write(&self, row: &Arc<dyn Row>, view: &View<'_>, out: &mut Vec<u8>) {
        for column in &self.columns {
            column.read(row, view, |value| write(&value, out));
        }
        end(out);
    }
}

/// Such as `LoginGeo.City`.
fn name(column: &Column) -> String {
    let hops = column.hops.iter().map(|hop| hop.name);
    hops.chain([column.field.name]).collect::<Vec<_>>().join(".")
}

fn cell(column: &Column) -> Option<Cell> {
    match &*column.hops {
        [] => Some(Cell::Own(login_history::accessor(column.field.name))),
        [hop] if hop.name == "LoginGeo" => Some(Cell::Geo(login_geo::accessor(column.field.name))),
        _ => None,
    }
}

/// A value and the comma behind it.
fn write(value: &Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Time(time) => {
            write_datetime(*time, out);
            // REST ends in `+0000"`.
            out.truncate(out.len() - 6);
            out.extend_from_slice(b"Z\"");
        }
        Value::Null => out.extend_from_slice(b"\"\""),
        Value::Id(id) => quoted(id, out),
        Value::Text(text) => quoted(text, out),
        // Writing to memory does not fail.
        Value::Number(number) => {
            out.push(b'"');
            _ = serde_json::to_writer(&mut *out, number);
            out.push(b'"');
        }
        other => _ = write!(out, "\"{}\"", other.json()),
    }
    out.push(b',');
}

fn quoted(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    if text.contains('"') {
        out.extend(text.replace('"', "\"\"").bytes());
    } else {
        out.extend_from_slice(text.as_bytes());
    }
    out.push(b'"');
}

fn end(out: &mut Vec<u8>) {
    out.pop();
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_stands_in_quotes() {
        let mut out = Vec::new();
        let values = [
            Value::text("O'Brien \"& Sons\", Ltd\n"),
            Value::Null,
            Value::Flag(false),
            Value::Number(-97.74),
            Value::Time("2026-11-23T18:43:07Z".parse().unwrap()),
        ];
        for value in &values {
            write(value, &mut out);
        }
        end(&mut out);
        let line =
            "\"O'Brien \"\"& Sons\"\", Ltd\n\",\"\",\"false\",\"-97.74\",\"2026-11-23T18:43:07.000Z\"\n";
        assert_eq!(String::from_utf8(out).unwrap(), line);
    }
}

//! Records as JSON text, written straight into the answer.

use super::plan::Column;
use super::value::Value;
use crate::objects::login_geo::{self, LoginGeo};
use crate::objects::login_history::{self, Login};
use crate::objects::{Object, Row, View};
use jiff::Timestamp;
use jiff::tz::Offset;
use std::io::Write;
use std::sync::Arc;

/// The shape of a query's records, resolved once.
pub(crate) struct Template {
    /// Up to the id in the record's URL.
    head: Vec<u8>,
    type_only: Vec<u8>,
    parts: Vec<Part>,
}

enum Part {
    Field { key: Vec<u8>, name: &'static str },
    Parent { key: Vec<u8>, relation: &'static str, record: Template },
}

impl Template {
    pub(crate) fn new(object: Object, columns: &[Column], version: &str) -> Self {
        let paths: Vec<_> = columns.iter().map(|column| (&*column.hops, column.field.name)).collect();
        Self::of(object, &paths, version)
    }

    fn of(
        object: Object,
        paths: &[(&[&'static crate::objects::Relation], &'static str)],
        version: &str,
    ) -> Self {
        let name = object.schema().name;
        let type_only = format!(r#"{{"attributes":{{"type":"{name}""#).into_bytes();
        let url = format!(r#","url":"/services/data/v{version}/sobjects/{name}/"#);
        let mut parts: Vec<Part> = Vec::new();
        for (place, (hops, field)) in paths.iter().enumerate() {
            let Some(hop) = hops.first() else {
                let twice = |(hops, name): &(&[_], &str)| hops.is_empty() && name == field;
                if !paths[..place].iter().any(twice) {
                    parts.push(Part::Field { key: key(field), name: field });
                }
                continue;
            };
            let same =
                |hops: &[&crate::objects::Relation]| hops.first().is_some_and(|one| one.name == hop.name);
            if !paths[..place].iter().any(|(hops, _)| same(hops)) {
                let inside = paths[place..].iter().filter(|(hops, _)| same(hops));
                let inside: Vec<_> = inside.map(|(hops, field)| (&hops[1..], *field)).collect();
                let record = Self::of(hop.target, &inside, version);
                parts.push(Part::Parent { key: key(hop.name), relation: hop.name, record });
            }
        }
        Self { head: [&*type_only, url.as_bytes()].concat(), type_only, parts }
    }

    /// Appends one record; parents become nested objects, or null where there is none.
    pub(crate) fn write(&self, row: &Arc<dyn Row>, view: &View<'_>, out: &mut Vec<u8>) {
        self.begin(&row.value("Id", view), out);
        for part in &self.parts {
            match part {
                Part::Field { key, name } => {
                    out.extend_from_slice(key);
                    worded(name, row.value(name, view), view).write(out);
                }
                Part::Parent { key, relation, record } => {
                    out.extend_from_slice(key);
                    match row.related(relation, view) {
                        Some(parent) => record.write(&parent, view, out),
                        None => out.extend_from_slice(b"null"),
                    }
                }
            }
        }
        out.push(b'}');
    }

    fn begin(&self, id: &Value<'_>, out: &mut Vec<u8>) {
        if let Value::Id(id) = id {
            out.extend_from_slice(&self.head);
            out.extend_from_slice(id.as_bytes());
            out.extend_from_slice(b"\"}");
        } else {
            out.extend_from_slice(&self.type_only);
            out.push(b'}');
        }
    }
}

/// Fields whose text is a user's, an administrator's or a client's own.
const CHOSEN: [&str; 20] = [
    "AppName",
    "Application",
    "Browser",
    "City",
    "ClientVersion",
    "DelegateUser",
    "Display",
    "Email",
    "FederationIdentifier",
    "FirstName",
    "ForwardedForIp",
    "Label",
    "LastName",
    "LoginUrl",
    "Name",
    "Platform",
    "PostalCode",
    "Remarks",
    "Section",
    "Username",
];

fn worded<'v>(field: &str, value: Value<'v>, view: &View<'_>) -> Value<'v> {
    match (&view.org.settings.hostile_text, value) {
        (Some(hostile), Value::Text(text)) if CHOSEN.contains(&field) => {
            Value::Text(format!("{hostile}{text}").into())
        }
        (_, value) => value,
    }
}

fn key(name: &str) -> Vec<u8> {
    format!(r#","{name}":"#).into_bytes()
}

/// A template for LoginHistory with every column resolved to its accessor; it needs nothing of the org.
pub(crate) struct LoginTemplate {
    template: Template,
    cells: Vec<Cell>,
}

enum Cell {
    Own(fn(&Login) -> Value<'_>),
    Geo(Vec<fn(&LoginGeo) -> Value<'_>>),
}

impl LoginTemplate {
    /// Whether the rows and their places hold everything the template shows.
    pub(crate) fn can_be(template: &Template, view: &View<'_>) -> bool {
        let foreign = |part: &Part| matches!(part, Part::Parent { relation, .. } if *relation != "LoginGeo");
        let is_plain = view.org.settings.hostile_text.is_none();
        is_plain && login_history::reads_alike(view) && !template.parts.iter().any(foreign)
    }

    pub(crate) fn new(template: Template) -> Self {
        let cell = |part: &Part| match part {
            Part::Field { name, .. } => Cell::Own(login_history::accessor(name)),
            Part::Parent { record, .. } => Cell::Geo(record.parts.iter().map(geo_accessor).collect()),
        };
        Self { cells: template.parts.iter().map(cell).collect(), template }
    }

    pub(crate) fn write(&self, login: &Login, out: &mut Vec<u8>) {
        self.template.begin(&Value::Id(login.id), out);
        for (part, cell) in self.template.parts.iter().zip(&self.cells) {
            match (part, cell) {
                (Part::Field { key, .. }, Cell::Own(read)) => {
                    out.extend_from_slice(key);
                    read(login).write(out);
                }
                (Part::Parent { key, record, .. }, Cell::Geo(cells)) => {
                    out.extend_from_slice(key);
                    record.write_geo(login.geo.as_deref(), cells, out);
                }
                _ => {}
            }
        }
        out.push(b'}');
    }
}

fn geo_accessor(part: &Part) -> fn(&LoginGeo) -> Value<'_> {
    match part {
        Part::Field { name, .. } => login_geo::accessor(name),
        Part::Parent { .. } => |_| Value::Null,
    }
}

impl Template {
    fn write_geo(&self, geo: Option<&LoginGeo>, cells: &[fn(&LoginGeo) -> Value<'_>], out: &mut Vec<u8>) {
        let Some(geo) = geo else { return out.extend_from_slice(b"null") };
        self.begin(&Value::Id(geo.id), out);
        for (part, read) in self.parts.iter().zip(cells) {
            if let Part::Field { key, .. } = part {
                out.extend_from_slice(key);
                read(geo).write(out);
            }
        }
        out.push(b'}');
    }
}

impl Value<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Value::Id(id) => quoted(id.as_bytes(), out),
            Value::Text(text) if is_plain(text) => quoted(text.as_bytes(), out),
            Value::Time(time) => write_datetime(*time, out),
            Value::Null => out.extend_from_slice(b"null"),
            // Writing to memory does not fail.
            Value::Number(number) => _ = serde_json::to_writer(out, number),
            other => _ = write!(out, "{}", other.json()),
        }
    }
}

fn quoted(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(text);
    out.push(b'"');
}

/// Whether JSON writes the text as it is.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\')
}

/// As REST writes a dateTime: `2026-11-23T18:43:00.000+0000`.
pub(super) fn write_datetime(time: Timestamp, out: &mut Vec<u8>) {
    let civil = Offset::UTC.to_datetime(time);
    let mut text = *b"\"0000-00-00T00:00:00.000+0000\"";
    let mut put = |at: usize, width: usize, number: i64| {
        let mut rest = number.unsigned_abs();
        for digit in text[at..at + width].iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
    };
    put(1, 4, civil.year().into());
    put(6, 2, civil.month().into());
    put(9, 2, civil.day().into());
    put(12, 2, civil.hour().into());
    put(15, 2, civil.minute().into());
    put(18, 2, civil.second().into());
    put(21, 3, civil.millisecond().into());
    out.extend_from_slice(&text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::soql::value::datetime;

    fn written(value: &Value<'_>) -> String {
        let mut out = Vec::new();
        value.write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_value_reads_as_its_json() {
        let texts = ["", "plain", "O'Brien \\ \"Sons\"", "tab\there", "zwei Wörter", "\u{1}\u{7f}\u{2028}"];
        let times = ["2026-11-23T18:43:07Z", "0001-01-01T00:00:00.089Z", "9999-12-30T22:00:00Z"];
        let mut values: Vec<_> = texts.map(Value::text).into();
        values.extend(times.map(|time| Value::Time(time.parse().unwrap())));
        values.extend([0.0, -97.7431, 52.52, 1e21, 13.0].map(Value::Number));
        values.extend([
            Value::Null,
            Value::Flag(true),
            Value::Count(-3),
            Value::Id(crate::id::Id::new("0Ya", 9)),
        ]);
        for value in &values {
            assert_eq!(written(value), value.json().to_string());
        }
    }

    #[test]
    fn a_datetime_has_the_form_of_the_rest_api() {
        let time = "2026-03-04T05:06:07.089Z".parse().unwrap();
        assert_eq!(written(&Value::Time(time)), "\"2026-03-04T05:06:07.089+0000\"");
        assert_eq!(datetime(time), "2026-03-04T05:06:07.089+0000");
    }
}

//! Reads an object key by key, so that an error names the field and never repeats a value.

use serde_json::{Map, Value};

use super::connection::ConnectionError;

pub(super) struct Fields {
    map: Map<String, Value>,
    at: String,
    known: Vec<&'static str>,
}

impl Fields {
    /// The fields of `value`, which stands at the dotted path `at`; the document itself stands at the empty path.
    pub(super) fn of(value: Value, at: &str) -> Result<Self, ConnectionError> {
        match value {
            Value::Object(map) => Ok(Self { map, at: at.to_owned(), known: Vec::new() }),
            _ if at.is_empty() => {
                Err(ConnectionError::NotJson { reason: "a JSON object is expected".to_owned() })
            }
            _ => Err(ConnectionError::Invalid {
                field: at.to_owned(),
                reason: "must be a JSON object".to_owned(),
            }),
        }
    }

    /// Takes a field; `null` counts as absent.
    pub(super) fn optional(&mut self, key: &'static str) -> Option<Value> {
        self.known.push(key);
        self.map.remove(key).filter(|value| !value.is_null())
    }

    pub(super) fn optional_text(&mut self, key: &'static str) -> Result<Option<String>, ConnectionError> {
        match self.optional(key) {
            None => Ok(None),
            Some(Value::String(text)) if !text.trim().is_empty() => Ok(Some(text)),
            Some(_) => Err(ConnectionError::Invalid {
                field: self.path(key),
                reason: "must be text that is not empty".to_owned(),
            }),
        }
    }

    pub(super) fn text(&mut self, key: &'static str) -> Result<String, ConnectionError> {
        self.optional_text(key)?.ok_or_else(|| ConnectionError::Missing { field: self.path(key) })
    }

    /// Nothing may be left over.
    pub(super) fn finish(self) -> Result<(), ConnectionError> {
        match self.map.keys().next() {
            None => Ok(()),
            Some(key) => {
                let shown: String = key.chars().filter(|c| !c.is_control()).take(40).collect();
                Err(ConnectionError::Unknown { field: self.path(&shown), known: self.known.join(", ") })
            }
        }
    }

    fn path(&self, key: &str) -> String {
        if self.at.is_empty() { key.to_owned() } else { format!("{}.{key}", self.at) }
    }
}

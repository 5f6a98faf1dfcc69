//! What DynamoDB would charge for the requests that were made. Source: DynamoDB Developer Guide, "Read and write operations": a write unit
//! is a kilobyte of the larger of what an item was and what it becomes, twice that in a transaction; a read unit is four kilobytes.

use std::collections::HashMap;

use serde_json::{Map, Value};

const WRITE_UNIT: usize = 1_024;
const READ_UNIT: usize = 4_096;

/// Requests, and what they cost on demand.
#[derive(Debug, Clone, Default)]
pub struct Meter {
    /// Calls of the API.
    pub requests: usize,
    /// Items put, changed or deleted.
    pub writes: usize,
    /// Write units by the room that the items lie in.
    pub written: HashMap<String, usize>,
    /// Read units by room.
    pub read: HashMap<String, usize>,
    /// The bytes of what lies at a key, and of what a wide write will put there.
    items: HashMap<String, (usize, usize)>,
}

impl Meter {
    /// All write units.
    pub fn write_units(&self) -> usize {
        self.written.values().sum()
    }

    /// All read units.
    pub fn read_units(&self) -> usize {
        self.read.values().sum()
    }

    /// Forgets what it has counted, and not what lies where.
    pub fn begin(&mut self) {
        *self = Self { items: std::mem::take(&mut self.items), ..Self::default() };
    }

    pub(crate) fn note(&mut self, operation: &str, request: &Value, answer: &Value) {
        self.requests += 1;
        match operation.rsplit('.').next().unwrap_or_default() {
            "UpdateItem" | "DeleteItem" => self.change(request, 1),
            "TransactWriteItems" => {
                let items = request["TransactItems"].as_array().into_iter().flatten();
                items
                    .filter_map(|item| item.as_object()?.values().next())
                    .for_each(|item| self.change(item, 2));
            }
            "GetItem" => self.reads(&request["Key"], [&answer["Item"]].into_iter()),
            "Query" => {
                let of = &request["ExpressionAttributeValues"][":partition"];
                let key = serde_json::json!({ "partition": of });
                self.reads(&key, answer["Items"].as_array().into_iter().flatten());
            }
            _ => {}
        }
    }

    fn change(&mut self, change: &Value, times: usize) {
        let key = &change["Key"];
        let (fixed, place) = (bytes_of(key) + 64, key.to_string());
        let (was, staged) = self.items.get(&place).copied().unwrap_or_default();
        let update = change["UpdateExpression"].as_str().unwrap_or_default();
        let assigned = |name: &str| change["ExpressionAttributeValues"].get(name).map(bytes);
        let is = if update.is_empty() {
            (0, 0)
        } else if let Some(next) = assigned(":next") {
            (was, next)
        } else if update.contains("= #next") {
            (staged, 0)
        } else {
            (assigned(":body").unwrap_or(was), 0)
        };
        let larger = (was + staged).max(is.0 + is.1) + fixed;
        *self.written.entry(room(key)).or_default() += times * larger.div_ceil(WRITE_UNIT);
        self.writes += 1;
        self.items.insert(place, is);
    }

    fn reads<'i>(&mut self, key: &Value, items: impl Iterator<Item = &'i Value>) {
        let bytes: usize = items.map(bytes_of).sum();
        *self.read.entry(room(key)).or_default() += bytes.div_ceil(READ_UNIT).max(1);
    }
}

/// What comes after the org in a partition's name.
fn room(key: &Value) -> String {
    let partition = key["partition"]["S"].as_str().unwrap_or_default();
    partition.rsplit('/').next().unwrap_or_default().to_owned()
}

fn bytes_of(item: &Value) -> usize {
    let attributes =
        |item: &Map<String, Value>| item.iter().map(|(name, value)| name.len() + bytes(value)).sum();
    item.as_object().map_or(0, attributes)
}

fn bytes(value: &Value) -> usize {
    let text = |kind: &str| value[kind].as_str().map(str::len);
    let packed = text("B").map(|encoded| encoded / 4 * 3);
    packed.or(text("S")).or(text("N")).unwrap_or_default()
}

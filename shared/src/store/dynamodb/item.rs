//! A record as an item, and back. The body is JSON text, packed where it is long: DynamoDB's own numbers are not those of
//! JSON, and every kilobyte that is written costs.

use std::collections::HashMap;
use std::io::Read;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use flate2::Compression;
use flate2::read::{DeflateDecoder, DeflateEncoder};
use serde_json::Value;

use crate::store::{Key, Record, StoreError};

pub(super) const PARTITION: &str = "partition";
pub(super) const SORT: &str = "sort";
pub(super) const VERSION: &str = "version";
pub(super) const BODY: &str = "body";
/// Which write made the item as it is: tells a repetition of our own from somebody else.
pub(super) const WRITER: &str = "writer";
/// Which wide write has the item in hand.
pub(super) const LOCK: &str = "lock";
/// The body that a wide write will put; missing where it will delete.
pub(super) const NEXT: &str = "next";
pub(super) const EXPIRES_AT: &str = "expires_at";

/// Shorter text stays readable in the console, and takes one write unit either way.
const PACK_FROM: usize = 800;
/// DynamoDB ends at 400 KB an item, and a wide write keeps the old body beside the new.
const LARGEST: usize = 190 * 1024;

/// An item's attributes.
pub(super) type Attributes = HashMap<String, AttributeValue>;

/// A body, ready to be stored.
pub(super) fn packed(key: &Key, body: &Value) -> Result<AttributeValue, StoreError> {
    let text = body.to_string();
    if text.len() < PACK_FROM {
        return Ok(AttributeValue::S(text));
    }
    let unwritable = |reason: String| StoreError::Unwritable { key: key.clone(), reason };
    let mut bytes = Vec::new();
    DeflateEncoder::new(text.as_bytes(), Compression::default())
        .read_to_end(&mut bytes)
        .map_err(|error| unwritable(error.to_string()))?;
    if bytes.len() > LARGEST {
        let reason = format!("it takes {} bytes even packed, and {LARGEST} are allowed", bytes.len());
        return Err(unwritable(reason));
    }
    Ok(AttributeValue::B(Blob::new(bytes)))
}

/// How many bytes an attribute takes.
pub(super) fn size(body: &AttributeValue) -> usize {
    match body {
        AttributeValue::S(text) => text.len(),
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        _ => 0,
    }
}

/// What lies at a key, as it was read.
#[derive(Debug, Clone)]
pub(super) struct Item {
    key: Key,
    attributes: Attributes,
}

impl Item {
    pub(super) fn new(key: Key, attributes: Attributes) -> Self {
        Self { key, attributes }
    }

    pub(super) fn key(&self) -> &Key {
        &self.key
    }

    /// The wide write that has it in hand.
    pub(super) fn lock(&self) -> Option<&str> {
        self.text(LOCK)
    }

    pub(super) fn writer(&self) -> Option<&str> {
        self.text(WRITER)
    }

    /// The record; `None` for an item that only holds a place for one.
    pub(super) fn record(&self) -> Result<Option<Record>, StoreError> {
        let Some(version) = self.version()? else { return Ok(None) };
        self.record_of(BODY, version).map(Some)
    }

    /// The record as the wide write that has it in hand makes it; `None` where it deletes.
    pub(super) fn next_record(&self) -> Result<Option<Record>, StoreError> {
        if !self.has_next() {
            return Ok(None);
        }
        self.record_of(NEXT, self.version()?.unwrap_or(0) + 1).map(Some)
    }

    /// Whether the wide write that has it in hand will put a body.
    pub(super) fn has_next(&self) -> bool {
        self.attributes.contains_key(NEXT)
    }

    /// Whether there was a record before a wide write took it in hand.
    pub(super) fn is_record(&self) -> bool {
        self.attributes.contains_key(VERSION)
    }

    fn version(&self) -> Result<Option<u64>, StoreError> {
        let Some(AttributeValue::N(number)) = self.attributes.get(VERSION) else { return Ok(None) };
        number.parse().map(Some).map_err(|_| self.unreadable("its version is no number"))
    }

    fn record_of(&self, attribute: &str, version: u64) -> Result<Record, StoreError> {
        let text = match self.attributes.get(attribute) {
            Some(AttributeValue::S(text)) => text.clone(),
            Some(AttributeValue::B(bytes)) => {
                let mut text = String::new();
                DeflateDecoder::new(bytes.as_ref())
                    .read_to_string(&mut text)
                    .map_err(|error| self.unreadable(&error.to_string()))?;
                text
            }
            _ => return Err(self.unreadable("its body is missing")),
        };
        let body = serde_json::from_str(&text).map_err(|error| self.unreadable(&error.to_string()))?;
        Ok(Record { key: self.key.clone(), version, body })
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&AttributeValue> {
        self.attributes.get(name)
    }

    fn text(&self, attribute: &str) -> Option<&str> {
        self.attribute(attribute).and_then(|value| value.as_s().ok()).map(String::as_str)
    }

    fn unreadable(&self, reason: &str) -> StoreError {
        StoreError::Unreadable { key: self.key.clone(), reason: reason.to_owned() }
    }
}

/// The key attributes of a record.
pub(super) fn key_attributes(key: &Key) -> Attributes {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    HashMap::from([(PARTITION.to_owned(), text(&key.partition)), (SORT.to_owned(), text(&key.sort))])
}

//! One change, as DynamoDB is told of it.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, Delete, TransactWriteItem, Update};
use jiff::{SignedDuration, Timestamp};

use super::item::{BODY, EXPIRES_AT, LOCK, NEXT, VERSION, WRITER, key_attributes, packed, size};
use crate::store::{Expect, Key, StoreError, Write};

/// Records that nothing needs any more after this time. All others stay until they are removed.
const EXPIRING: [(&str, SignedDuration); 3] = [
    ("/caps", SignedDuration::from_hours(8 * 24)),
    ("/quarantine", SignedDuration::from_hours(90 * 24)),
    // Salesforce shows six months of history: what was committed may be met again for as long.
    ("/seen", SignedDuration::from_hours(200 * 24)),
];

/// What an item costs besides its body: keys, version, and the names of attributes.
const OVERHEAD: usize = 256;

/// A write whose body is ready.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) key: Key,
    expect: Expect,
    /// `None` deletes.
    body: Option<AttributeValue>,
    expires_at: Option<i64>,
}

/// What DynamoDB is told: an expression with what stands for names and values in it.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) update: String,
    pub(super) condition: String,
    pub(super) names: HashMap<String, String>,
    pub(super) values: HashMap<String, AttributeValue>,
}

impl Change {
    pub(super) fn of(write: Write, now: Timestamp) -> Result<Self, StoreError> {
        match write {
            Write::Put { key, expect, body } => {
                let body = Some(packed(&key, &body)?);
                let term = EXPIRING.iter().find(|(room, _)| key.partition.ends_with(room));
                let expires_at =
                    term.and_then(|(_, term)| now.checked_add(*term).ok()).map(Timestamp::as_second);
                Ok(Self { key, expect, body, expires_at })
            }
            Write::Delete { key, expect } => Ok(Self { key, expect, body: None, expires_at: None }),
        }
    }

    /// How many bytes of a transaction it takes, at most.
    pub(super) fn bytes(&self) -> usize {
        OVERHEAD + self.key.partition.len() + self.key.sort.len() + self.body.as_ref().map_or(0, size)
    }

    pub(super) fn deletes(&self) -> bool {
        self.body.is_none()
    }

    /// Whether the same change again, after an answer that was lost, cannot be told from somebody else's.
    pub(super) fn needs_token(&self) -> bool {
        self.deletes() && self.expect != Expect::Any
    }

    /// The change itself.
    pub(super) fn told(&self, writer: &str) -> Told {
        let mut told = Told::default();
        told.expect(self.expect);
        if let Some(body) = &self.body {
            let version = told.counted();
            let assignments = [
                format!("{version} = if_not_exists({version}, {}) + {}", told.number(0), told.number(1)),
                told.assigned(BODY, body.clone()),
                told.assigned(WRITER, AttributeValue::S(writer.to_owned())),
            ];
            told.update = format!("SET {}", assignments.join(", "));
            self.expire(&mut told);
        }
        told
    }

    /// The first half of a wide write: the item is taken in hand, with what it will become beside what it is.
    pub(super) fn staged(&self, lock: &str, writer: &str) -> Told {
        let mut told = Told::default();
        told.expect(self.expect);
        // A repetition that arrives after the second half must not take the item in hand once more.
        let by = told.name(WRITER);
        let own = told.value(":writer", AttributeValue::S(writer.to_owned()));
        told.condition = format!("{} AND (attribute_not_exists({by}) OR {by} <> {own})", told.condition);
        let mut update = format!("SET {}", told.assigned(LOCK, AttributeValue::S(lock.to_owned())));
        if let Some(body) = &self.body {
            update = format!("{update}, {}", told.assigned(NEXT, body.clone()));
        }
        told.update = update;
        self.expire(&mut told);
        told
    }

    fn expire(&self, told: &mut Told) {
        if let Some(at) = self.expires_at {
            let expires = told.assigned(EXPIRES_AT, AttributeValue::N(at.to_string()));
            told.update = format!("{}, {expires}", told.update);
        }
    }

    /// The same, as one of many in a transaction.
    pub(super) fn in_transaction(
        &self,
        table: String,
        writer: &str,
    ) -> Result<TransactWriteItem, StoreError> {
        let Told { update, condition, names, values } = self.told(writer);
        let (key, values) = (Some(key_attributes(&self.key)), (!values.is_empty()).then_some(values));
        let item = TransactWriteItem::builder();
        let item = if self.deletes() {
            let delete = Delete::builder().table_name(table).set_key(key).condition_expression(condition);
            item.delete(
                delete
                    .set_expression_attribute_names(Some(names))
                    .set_expression_attribute_values(values)
                    .build()
                    .map_err(|error| self.unwritable(&error))?,
            )
        } else {
            let change = Update::builder().table_name(table).set_key(key).update_expression(update);
            item.update(
                change
                    .condition_expression(condition)
                    .set_expression_attribute_names(Some(names))
                    .set_expression_attribute_values(values)
                    .build()
                    .map_err(|error| self.unwritable(&error))?,
            )
        };
        Ok(item.build())
    }

    fn unwritable(&self, error: &dyn std::error::Error) -> StoreError {
        StoreError::Unwritable { key: self.key.clone(), reason: error.to_string() }
    }
}

/// The second half of a wide write, for an item that it has in hand and that gets a body.
pub(super) fn settled(lock: &str, writer: &str) -> Told {
    let mut told = held_by(lock);
    let (version, held, body, next) = (told.counted(), told.name(LOCK), told.name(BODY), told.name(NEXT));
    told.update = format!(
        "SET {body} = {next}, {version} = if_not_exists({version}, {}) + {}, {} REMOVE {held}, {next}",
        told.number(0),
        told.number(1),
        told.assigned(WRITER, AttributeValue::S(writer.to_owned())),
    );
    told
}

/// Lets go of an item, which stays as it was.
pub(super) fn released(lock: &str) -> Told {
    let mut told = held_by(lock);
    told.update = format!("REMOVE {}, {}", told.name(LOCK), told.name(NEXT));
    told
}

/// Only while a wide write has the item in hand.
pub(super) fn held_by(lock: &str) -> Told {
    let mut told = Told::default();
    let held = told.name(LOCK);
    let by = told.value(":lock", AttributeValue::S(lock.to_owned()));
    told.condition = format!("{held} = {by}");
    told
}

impl Told {
    fn expect(&mut self, expect: Expect) {
        let free = format!("attribute_not_exists({})", self.name(LOCK));
        self.condition = match expect {
            Expect::Any => free,
            Expect::Absent => format!("attribute_not_exists({}) AND {free}", self.counted()),
            Expect::Version(version) => {
                let is = self.value(":expected", AttributeValue::N(version.to_string()));
                format!("{} = {is} AND {free}", self.counted())
            }
        };
    }

    fn counted(&mut self) -> String {
        self.name(VERSION)
    }

    /// Names are never written as they are: DynamoDB reserves six hundred words.
    fn name(&mut self, attribute: &str) -> String {
        let name = format!("#{attribute}");
        self.names.insert(name.clone(), attribute.to_owned());
        name
    }

    fn value(&mut self, name: &str, value: AttributeValue) -> String {
        self.values.insert(name.to_owned(), value);
        name.to_owned()
    }

    fn number(&mut self, number: u8) -> String {
        self.value(&format!(":n{number}"), AttributeValue::N(number.to_string()))
    }

    fn assigned(&mut self, attribute: &str, value: AttributeValue) -> String {
        let name = self.name(attribute);
        format!("{name} = {}", self.value(&format!(":{attribute}"), value))
    }
}

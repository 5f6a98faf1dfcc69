//! Reads what people and Salesforce wrote, and knows of a mistake where it is. A section is read only from keys: a list would
//! fill it by position, in an order that nobody sees.

use std::fmt::{self, Display};

use serde::de::value::{MapAccessDeserializer, StringDeserializer};
use serde::de::{
    DeserializeSeed, Deserializer, Error, Expected, IntoDeserializer, MapAccess, SeqAccess, Unexpected,
    Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value};

/// A value in which no list stands for a section.
pub(crate) struct Sections(pub(crate) Value);

/// One step of a way into a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// To the value of a key.
    Key(String),
    /// To an entry of a list, from 0.
    Entry(usize),
}

impl Step {
    pub(crate) fn key(name: &str) -> Self {
        Self::Key(name.to_owned())
    }
}

/// What is wrong, and the way to it.
#[derive(Debug)]
pub(crate) struct Mistake {
    pub(crate) said: String,
    /// From the innermost step outwards.
    way: Vec<Step>,
}

impl Mistake {
    /// The way to it from the whole.
    pub(crate) fn path(&self) -> Vec<Step> {
        self.way.iter().rev().cloned().collect()
    }

    /// The same way in words, `a.b[0]`; empty for the whole.
    pub(crate) fn place(&self) -> String {
        let mut place = String::new();
        for step in self.way.iter().rev() {
            match step {
                Step::Key(name) if place.is_empty() => place.push_str(name),
                Step::Key(name) => place.extend([".", name]),
                Step::Entry(number) => place.push_str(&format!("[{number}]")),
            }
        }
        place
    }

    fn below(mut self, step: Step) -> Self {
        self.way.push(step);
        self
    }
}

impl Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said)
    }
}

impl std::error::Error for Mistake {}

impl Error for Mistake {
    fn custom<T: Display>(said: T) -> Self {
        Self { said: said.to_string(), way: Vec::new() }
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let found = if found == Unexpected::Unit { Unexpected::Other("null") } else { found };
        Self::custom(format_args!("invalid type: {found}, expected {expected}"))
    }
}

impl IntoDeserializer<'_, Mistake> for Sections {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Sections {
    type Error = Mistake;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(value), _) => visitor.visit_u64(value),
                (None, Some(value)) => visitor.visit_i64(value),
                (None, None) => visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN)),
            },
            Value::String(text) => visitor.visit_string(text),
            Value::Array(entries) => visitor.visit_seq(Entries { rest: entries.into_iter(), number: 0 }),
            Value::Object(keys) => visitor.visit_map(Keys::of(keys)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        match self.0 {
            Value::Array(_) => Err(Error::invalid_type(Unexpected::Seq, &visitor)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        match self.0 {
            Value::String(text) => visitor.visit_enum(StringDeserializer::new(text)),
            Value::Object(keys) if keys.len() == 1 => {
                visitor.visit_enum(MapAccessDeserializer::new(Keys::of(keys)))
            }
            Value::Object(_) => Err(Error::invalid_value(Unexpected::Map, &"map with a single key")),
            other => Err(wrong_type(&other, &"string or map")),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

fn wrong_type(found: &Value, expected: &dyn Expected) -> Mistake {
    let unexpected = match found {
        Value::Bool(value) => Unexpected::Bool(*value),
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(value), _) => Unexpected::Unsigned(value),
            (None, Some(value)) => Unexpected::Signed(value),
            (None, None) => Unexpected::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => Unexpected::Str(text),
        Value::Array(_) => Unexpected::Seq,
        Value::Object(_) => Unexpected::Map,
        Value::Null => Unexpected::Unit,
    };
    Error::invalid_type(unexpected, expected)
}

/// The entries of a list, each known by its number.
struct Entries {
    rest: std::vec::IntoIter<Value>,
    number: usize,
}

impl<'de> SeqAccess<'de> for Entries {
    type Error = Mistake;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Mistake> {
        let Some(entry) = self.rest.next() else { return Ok(None) };
        let step = Step::Entry(self.number);
        self.number += 1;
        seed.deserialize(Sections(entry)).map(Some).map_err(|mistake| mistake.below(step))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

/// The keys of a section.
struct Keys {
    rest: serde_json::map::IntoIter,
    value: Option<(String, Value)>,
}

impl Keys {
    fn of(keys: Map<String, Value>) -> Self {
        Self { rest: keys.into_iter(), value: None }
    }
}

impl<'de> MapAccess<'de> for Keys {
    type Error = Mistake;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Mistake> {
        let Some((key, value)) = self.rest.next() else { return Ok(None) };
        let read = seed.deserialize(key.as_str().into_deserializer());
        let read = read.map_err(|mistake: Mistake| mistake.below(Step::key(&key)))?;
        self.value = Some((key, value));
        Ok(Some(read))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Mistake> {
        let Some((key, value)) = self.value.take() else {
            return Err(Error::custom("a value without a key"));
        };
        seed.deserialize(Sections(value)).map_err(|mistake| mistake.below(Step::Key(key)))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Part {
        #[serde(default)]
        lists: BTreeMap<String, Vec<Kind>>,
        #[serde(default)]
        number: u8,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        Plain,
        Counted(u8),
    }

    fn mistake(value: Value) -> (String, Vec<Step>) {
        let mistake = Part::deserialize(Sections(value)).unwrap_err();
        (mistake.said.clone(), mistake.path())
    }

    #[test]
    fn what_is_written_is_read() {
        let value = json!({ "lists": { "a": ["plain", { "counted": 3 }] }, "number": 7 });
        let part = Part::deserialize(Sections(value)).unwrap();
        assert!(matches!(part.lists["a"][..], [Kind::Plain, Kind::Counted(3)]));
        assert_eq!(part.number, 7);
    }

    #[test]
    fn the_way_leads_to_the_mistake() {
        let (said, path) = mistake(json!({ "lists": { "a": ["plain", "round"] } }));
        assert_eq!(path, [Step::key("lists"), Step::key("a"), Step::Entry(1)]);
        assert!(said.starts_with("unknown variant `round`"), "{said}");
        let (said, path) = mistake(json!({ "numbr": 7 }));
        assert_eq!(path, [Step::key("numbr")]);
        assert!(said.starts_with("unknown field `numbr`"), "{said}");
        let (said, path) = mistake(json!({ "number": 300 }));
        assert_eq!(
            (said.as_str(), path),
            ("invalid value: integer `300`, expected u8", vec![Step::key("number")])
        );
        let (said, path) = mistake(json!({ "lists": { "a": [null] } }));
        assert_eq!(said, "invalid type: null, expected string or map");
        assert_eq!(path, [Step::key("lists"), Step::key("a"), Step::Entry(0)]);
    }

    #[test]
    fn a_list_is_no_section() {
        assert_eq!(mistake(json!([{}, 7])).0, "invalid type: sequence, expected struct Part");
    }
}

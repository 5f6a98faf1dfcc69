//! What the records of several objects have in common. Fields are made into what is wanted straight from the answer's
//! bytes, so that a text that is only looked at is never copied.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

use crate::observation::{CountryCode, Source};

/// The longest text that is kept of one field, in characters: what Salesforce documents as the longest string field
/// that is read here. Longer text is hostile or broken.
const LONGEST: usize = 255;

/// A text field: nillable, of any content, cut at 255 characters.
#[derive(Debug, Clone, Default)]
pub(super) struct Field<T>(pub(super) T);

/// A text field of a record that is seldom read.
pub(super) type Text = Field<String>;

impl<T: for<'t> From<&'t str>> Field<T> {
    pub(super) fn of(text: &str) -> Self {
        Self(cut(text).into())
    }
}

impl<'de, T: for<'t> From<&'t str>> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        looked_at(deserializer, Self::of)
    }
}

/// An address field: nillable text that need not be an address.
#[derive(Debug, Clone)]
pub(super) struct Address(pub(super) Source);

impl Default for Address {
    fn default() -> Self {
        Self(Source::Missing)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        looked_at(deserializer, |text| Self(Source::from(text)))
    }
}

/// A country field: nillable text; what is no country code says nothing.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Country(pub(super) Option<CountryCode>);

impl<'de> Deserialize<'de> for Country {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        looked_at(deserializer, |text| Self(CountryCode::parse(text)))
    }
}

fn cut(text: &str) -> &str {
    // No text of so few bytes has more characters.
    if text.len() <= LONGEST {
        return text;
    }
    text.char_indices().nth(LONGEST).map_or(text, |(end, _)| &text[..end])
}

/// Reads a nillable text field, whose null is the empty text, and makes of it what is wanted.
fn looked_at<'de, D: Deserializer<'de>, T>(deserializer: D, make: impl Fn(&str) -> T) -> Result<T, D::Error> {
    deserializer.deserialize_option(Looking { make, made: PhantomData })
}

struct Looking<F, T> {
    make: F,
    made: PhantomData<T>,
}

impl<'de, T, F: Fn(&str) -> T> Visitor<'de> for Looking<F, T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text or null")
    }

    fn visit_none<E: Error>(self) -> Result<T, E> {
        Ok((self.make)(""))
    }

    fn visit_unit<E: Error>(self) -> Result<T, E> {
        self.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_str(self)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        Ok((self.make)(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_between_characters() {
        let text = |json: &str| serde_json::from_str::<Text>(json).unwrap().0;
        assert_eq!((text("null"), text(r#""a\nb""#)), (String::new(), "a\nb".to_owned()));
        assert_eq!(text(&format!("\"{}\"", "é".repeat(300))), "é".repeat(255));
        assert_eq!(text(&format!("\"{}\"", "x".repeat(255))).len(), 255);
        assert!(serde_json::from_str::<Text>("7").is_err());
    }

    #[test]
    fn addresses_and_countries_may_be_anything() {
        let address = |json: &str| serde_json::from_str::<Address>(json).unwrap().0;
        assert_eq!(address("null"), Source::Missing);
        assert_eq!(address(r#""2001:db8::9""#), Source::from("2001:db8::9"));
        assert_eq!(address(r#""Salesforce.com IP""#), Source::Text("Salesforce.com IP".into()));
        let country = |json: &str| serde_json::from_str::<Country>(json).unwrap().0;
        assert_eq!((country("null"), country(r#""Atlantis""#)), (None, None));
        assert!(country(r#""FR""#).is_some());
    }
}

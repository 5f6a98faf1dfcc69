//! Texts of observations.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use smol_str::SmolStr;

/// A text of an observation. One of up to 23 bytes, as most are, lies in place: reading, copying and dropping it asks the
/// allocator for nothing. Copies of a longer one share it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text(SmolStr);

impl Text {
    /// As it is.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it has no characters.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(SmolStr::new(text))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.0.into()
    }
}

impl From<Text> for Value {
    fn from(text: Text) -> Self {
        Self::String(text.into())
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Makes texts, of which equal long ones share what they hold when they come soon after each other.
#[derive(Debug, Default)]
pub(crate) struct SharedTexts {
    long: Vec<Text>,
    /// Which of them gives way to the next.
    oldest: usize,
}

impl SharedTexts {
    /// How many are remembered.
    const MOST: usize = 16;
    /// Bytes that lie in place.
    const IN_PLACE: usize = 23;

    pub(crate) fn text(&mut self, text: &str) -> Text {
        if text.is_empty() {
            return Text::default();
        }
        if text.len() <= Self::IN_PLACE {
            return text.into();
        }
        if let Some(known) = self.long.iter().find(|known| known.as_str() == text) {
            return known.clone();
        }
        let new = Text::from(text);
        match self.long.get_mut(self.oldest) {
            Some(place) => *place = new.clone(),
            None => self.long.push(new.clone()),
        }
        self.oldest = (self.oldest + 1) % Self::MOST;
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_shared_and_few_are_remembered() {
        let mut shared = SharedTexts::default();
        for number in (0..100).chain(0..100) {
            let text = format!("a text that does not fit in place, number {number}");
            assert_eq!(shared.text(&text), text.as_str());
        }
        assert_eq!(shared.long.len(), SharedTexts::MOST);
    }

    #[test]
    fn it_is_written_and_read_as_a_text_of_any_length() {
        for text in ["", "Chrome 141", "é".repeat(200).as_str()] {
            let json = serde_json::to_string(&Text::from(text)).unwrap();
            assert_eq!(json, serde_json::to_string(text).unwrap());
            assert_eq!(serde_json::from_str::<Text>(&json).unwrap(), text);
            assert_eq!(Value::from(Text::from(text)), text);
        }
    }
}

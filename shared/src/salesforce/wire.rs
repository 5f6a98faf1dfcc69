//! What the records of several objects have in common.

use serde::{Deserialize, Deserializer};

/// The longest text that is kept of one field, in characters: what Salesforce documents as the longest string field
/// that is read here. Longer text is hostile or broken.
const LONGEST: usize = 255;

/// A text field: nillable, of any content, cut at 255 characters.
#[derive(Debug, Clone, Default)]
pub(super) struct Text(pub(super) String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?.unwrap_or_default();
        Ok(Self(match text.char_indices().nth(LONGEST) {
            Some((end, _)) => text[..end].to_owned(),
            None => text,
        }))
    }
}

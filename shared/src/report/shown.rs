//! Hostile text, made safe to look at. Escaping for HTML is the template's; this is what escaping leaves.

use std::fmt::{self, Write};

/// The longest text that is shown, in characters.
const LONGEST: usize = 300;

/// Text that may be shown: characters that steer, hide or reorder are replaced by a visible name, and it is no longer
/// than 300 characters. A template takes nothing else, so no text is forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown(String);

impl Shown {
    pub(crate) fn of(text: impl AsRef<str>) -> Self {
        Self::cut(text.as_ref(), LONGEST)
    }

    /// At most `longest` characters, the last of which tells that more was there.
    pub(super) fn cut(text: &str, longest: usize) -> Self {
        let mut shown = String::with_capacity(text.len().min(longest * 4));
        let mut characters = text.chars();
        for character in characters.by_ref().take(longest) {
            show(character, &mut shown);
        }
        if characters.next().is_some() {
            shown.push('…');
        }
        Self(shown)
    }

    /// What stands up to the first `@`, and what follows: where a username may be broken into two lines.
    pub(super) fn at_the_sign(&self) -> (&str, &str) {
        self.0.split_at(self.0.find('@').map_or(self.0.len(), |place| place + 1))
    }

    #[cfg(test)]
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn show(character: char, out: &mut String) {
    match character {
        '\t' | '\n' | '\r' => out.push(' '),
        c if c.is_control() || steers(c) => {
            let _ = write!(out, "⟨U+{:04X}⟩", u32::from(c));
        }
        c => out.push(c),
    }
}

/// Characters without a glyph that reorder, join or hide text. Source: Unicode, general category Cf, and the
/// separators of lines and paragraphs.
fn steers(character: char) -> bool {
    matches!(u32::from(character),
        0x00AD | 0x0600..=0x0605 | 0x061C | 0x06DD | 0x070F | 0x180E | 0x200B..=0x200F | 0x2028..=0x202E
        | 0x2060..=0x206F | 0xFE00..=0xFE0F | 0xFEFF | 0xFFF0..=0xFFFB | 0xE000..=0xF8FF | 0xE0000..=0xE0FFF
        | 0x0F_0000..=0x10_FFFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_is_named_and_what_is_long_is_cut() {
        assert_eq!(Shown::of("a\u{202e}b\u{0}c\nd").as_str(), "a⟨U+202E⟩b⟨U+0000⟩c d");
        assert_eq!(Shown::of("Zoë 日本 🙂").as_str(), "Zoë 日本 🙂");
        let long = Shown::of("é".repeat(9_000));
        assert_eq!(long.as_str().chars().count(), 301);
        assert_eq!(Shown::of("é".repeat(300)).as_str().chars().count(), 300);
    }
}

//! JSON for scripts, which a person may look at all the same.

use std::fmt::Write as _;
use std::io::{Write, stdout};

use anyhow::Context;
use serde::Serialize;

use super::harmless::is_hostile;
use super::say;

/// A document, in lines that a person may look at.
pub(crate) fn pretty_json(document: &impl Serialize) -> anyhow::Result<String> {
    Ok(escaped(&serde_json::to_string_pretty(document).context("Failed to write JSON")?))
}

/// Prints a document for scripts.
pub(crate) fn say_json(document: &impl Serialize) -> anyhow::Result<()> {
    say(&pretty_json(document)?)
}

/// Writes one object, on a line of its own.
pub(crate) fn say_json_line(out: &mut impl Write, object: &impl Serialize) -> anyhow::Result<()> {
    let json = escaped(&serde_json::to_string(object).context("Failed to write JSON")?);
    writeln!(out, "{json}").context("Failed to write to standard output")
}

/// Prints objects, each on a line of its own.
pub(crate) fn say_json_lines(objects: &[impl Serialize]) -> anyhow::Result<()> {
    objects.iter().try_for_each(|object| say_json_line(&mut stdout().lock(), object))
}

/// JSON may hold some characters as they are that a terminal obeys; written as escapes they are the same text.
fn escaped(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    for c in json.chars() {
        if is_hostile(c) && c != '\n' {
            // Writing into a String cannot fail, and none of these lies beyond the first plane.
            let _ = write!(safe, "\\u{:04x}", u32::from(c));
        } else {
            safe.push(c);
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_shows_no_hostile_character_and_says_the_same() {
        let text = "a\u{1b}[2J\u{9b}2J\u{202e}b\u{7f}\u{2028}\n\"é";
        let json = escaped(&serde_json::to_string_pretty(&[text]).unwrap());
        assert!(!json.chars().any(|c| is_hostile(c) && c != '\n'), "{json}");
        assert_eq!(serde_json::from_str::<[String; 1]>(&json).unwrap(), [text]);
    }
}

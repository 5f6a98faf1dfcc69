//! A copy of evidence that does not show what the policy keeps inside: names become pseudonyms, the same name always the
//! same one, and addresses become their networks. The ledger itself stays as it is.

use std::collections::BTreeSet;
use std::net::IpAddr;

use secrecy::SecretString;
use serde_json::Value;

use crate::observation::Network;
use crate::policy::Redacted;
use crate::salesforce::TokenHashKey;

/// Fields whose whole text names a person.
const NAMED: [&str; 7] =
    ["username", "name", "by", "recorded_by", "approver", "requested_by", "subject_name"];
/// Digits of a pseudonym.
const DIGITS: usize = 12;

/// Makes redacted copies.
#[derive(Debug)]
pub struct RedactedCopy<'a> {
    what: BTreeSet<Redacted>,
    key: &'a TokenHashKey,
}

impl<'a> RedactedCopy<'a> {
    /// Leaves out `what`; `key` is the org's, so that nobody outside can try names until one fits.
    pub fn of(what: &[Redacted], key: &'a TokenHashKey) -> Self {
        Self { what: what.iter().copied().collect(), key }
    }

    /// The copy of any JSON.
    pub fn value(&self, value: &Value) -> Value {
        self.at(None, value)
    }

    /// The copy of JSON that is kept as text; what is no JSON is not shown at all.
    pub fn text(&self, text: &str) -> String {
        serde_json::from_str(text).map_or_else(|_| "null".to_owned(), |value| self.value(&value).to_string())
    }

    fn at(&self, key: Option<&str>, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::from(self.string(key, text)),
            Value::Array(items) => items.iter().map(|item| self.at(key, item)).collect(),
            Value::Object(fields) => {
                let copied =
                    fields.iter().map(|(name, field)| (self.string(None, name), self.at(Some(name), field)));
                Value::Object(copied.collect())
            }
            other => other.clone(),
        }
    }

    fn string(&self, key: Option<&str>, text: &str) -> String {
        let names = self.what.contains(&Redacted::Names);
        match key.filter(|_| names) {
            // What people wrote may name anybody in any way.
            Some("note" | "reason") if !text.is_empty() => "(left out)".to_owned(),
            Some(key) if NAMED.contains(&key) && !is_a_code(text) => self.pseudonym(text),
            _ => self.words(text),
        }
    }

    /// Word by word: addresses, and what is written like an e-mail address.
    fn words(&self, text: &str) -> String {
        let is_word =
            |c: char| c.is_alphanumeric() || matches!(c, '.' | ':' | '@' | '_' | '-' | '+' | '%' | '\'');
        let (mut copied, mut rest) = (String::with_capacity(text.len()), text);
        while let Some(start) = rest.find(is_word) {
            copied.push_str(&rest[..start]);
            let word = &rest[start..];
            let end = word.find(|c| !is_word(c)).unwrap_or(word.len());
            copied.push_str(&self.word(&word[..end]));
            rest = &word[end..];
        }
        copied.push_str(rest);
        copied
    }

    fn word(&self, word: &str) -> String {
        let edges = ['.', ':', '\''];
        let (head, rest) = word.split_at(word.len() - word.trim_start_matches(edges).len());
        // `::1` begins with what else is an edge.
        let (head, rest) = if word.parse::<IpAddr>().is_ok() { ("", word) } else { (head, rest) };
        let bare = rest.trim_end_matches(edges);
        let tail = &rest[bare.len()..];
        let copied = match (bare.parse::<IpAddr>(), bare.split_once(':')) {
            (Ok(address), _) if self.what.contains(&Redacted::Addresses) => {
                Network::of(address).prefix().to_string()
            }
            // `source:203.0.113.7`, `203.0.113.7:443`
            (Err(_), Some((before, after))) => format!("{}:{}", self.word(before), self.word(after)),
            (Err(_), None) if self.what.contains(&Redacted::Names) && bare.contains('@') => {
                self.pseudonym(bare)
            }
            _ => bare.to_owned(),
        };
        format!("{head}{copied}{tail}")
    }

    fn pseudonym(&self, name: &str) -> String {
        let hash = self.key.hash(&SecretString::from(format!("name\u{1f}{}", name.to_lowercase())));
        format!("redacted-{}", &hash.to_string()[..DIGITS])
    }
}

/// `policy`, `person`, `watch`: who asked, as a kind.
fn is_a_code(text: &str) -> bool {
    matches!(text, "policy" | "person" | "watch" | "")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn copy(what: &[Redacted], value: &Value) -> Value {
        RedactedCopy::of(what, &TokenHashKey::new([7; 32])).value(value)
    }

    #[test]
    fn names_and_addresses_are_left_out_wherever_they_stand() {
        let value = json!({
            "username": "ada@acme.example",
            "note": "Ada came home",
            "port": "source:203.0.113.78, then '203.0.113.79' and 203.0.113.80:443 at 10:20:30",
            "said": "ada@acme.example came from 203.0.113.77, then from 2001:db8:1:2::3.",
            "list": [{ "address": "203.0.113.77" }, "198.51.100.0"],
            "Ada@acme.example": 1,
            "requested_by": { "by": "person", "name": "Grace" },
            "at": "2026-11-23T18:43:00Z",
            "user_id": "0055g00000AbCdEAAV"
        });
        let both = copy(&[Redacted::Names, Redacted::Addresses], &value).to_string();
        for gone in ["ada@", "Ada", "Grace", "203.0.113.7", "203.0.113.80", "2001:db8:1:2"] {
            assert!(!both.contains(gone), "{gone}: {both}");
        }
        for left in [
            "203.0.113.0/24",
            "2001:db8:1::/48",
            "2026-11-23T18:43:00Z",
            "0055g00000AbCdEAAV",
            "person",
            ":443 at 10:20:30",
        ] {
            assert!(both.contains(left), "{left}: {both}");
        }
        let same = copy(&[Redacted::Names], &json!(["ada@acme.example", "ADA@acme.example"]));
        assert_eq!(same[0], same[1], "one name is one pseudonym");
        assert_eq!(copy(&[], &value), value);
        let names = copy(&[Redacted::Names], &value).to_string();
        assert!(names.contains("203.0.113.77") && !names.contains("ada@"));
    }
}

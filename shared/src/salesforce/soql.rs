//! SOQL text. Every value that enters a query goes through [`quote`]; nothing else builds a literal from text.

use std::fmt::Write as _;

/// How many ids one `IN` list holds. Salesforce takes 16,384 bytes of URI and headers; an id costs 27 of them once
/// percent-encoded, and a JWT access token in the headers up to about 2,000. Source: REST API Developer Guide, 414.
pub(super) const IDS_PER_QUERY: usize = 300;

/// A string literal, quotes included. Source: SOQL Reference, "Quoted String Escape Sequences".
pub fn quote(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('\'');
    text.chars().for_each(|c| push_escaped(&mut literal, c));
    literal.push('\'');
    literal
}

fn push_escaped(literal: &mut String, c: char) {
    match c {
        '\'' | '"' | '\\' => literal.extend(['\\', c]),
        '\n' => literal.push_str("\\n"),
        '\r' => literal.push_str("\\r"),
        '\t' => literal.push_str("\\t"),
        c if c.is_control() => {
            // Writing into a String cannot fail.
            let _ = write!(literal, "\\u{:04X}", u32::from(c));
        }
        c => literal.push(c),
    }
}

/// A parenthesised list of literals for `IN`.
pub(super) fn list<'a>(values: impl IntoIterator<Item = &'a str>) -> String {
    let literals: Vec<_> = values.into_iter().map(quote).collect();
    format!("({})", literals.join(","))
}

/// Whether text has the form of an 18-character record id, and so can stand in a path or a list as it is.
pub(super) fn is_record_id(text: &str) -> bool {
    text.len() == 18 && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads a literal the way SOQL's grammar does: its text, and what follows its closing quote.
    fn read(literal: &str) -> Option<(String, &str)> {
        let mut rest = literal.strip_prefix('\'')?.chars();
        let mut text = String::new();
        loop {
            match rest.next()? {
                '\'' => return Some((text, rest.as_str())),
                '\\' => text.push(unescaped(&mut rest)?),
                c => text.push(c),
            }
        }
    }

    fn unescaped(rest: &mut std::str::Chars<'_>) -> Option<char> {
        match rest.next()? {
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            'u' => {
                let code: String = rest.by_ref().take(4).collect();
                char::from_u32(u32::from_str_radix(&code, 16).ok()?)
            }
            c => Some(c),
        }
    }

    #[test]
    fn hostile_text_stays_inside_its_quotes() {
        assert_eq!(quote("O'Brien"), r"'O\'Brien'");
        assert_eq!(quote(r"\' OR Id != '"), r"'\\\' OR Id != \''");
        assert_eq!(quote("a\nb\u{0}"), r"'a\nb\u0000'");
        assert_eq!(list(["005A", "x'"]), r"('005A','x\'')");
        assert_eq!(list([]), "()");
    }

    #[test]
    fn only_record_ids_stand_as_they_are() {
        assert!(is_record_id("0Ak5g00000AbCdEAAV"));
        for text in ["", "0Ak5g00000AbCdE", "0Ak5g00000AbCdEA,B", "0Ak5g00000AbCdEA/B", "0Ak5g00000AbCdEAAVA"]
        {
            assert!(!is_record_id(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_quoted_is_read_back_and_nothing_follows(text in any::<String>()) {
            let literal = quote(&text);
            let (read, rest) = read(&literal).unwrap();
            prop_assert_eq!(read, text);
            prop_assert_eq!(rest, "");
            prop_assert!(!literal.chars().any(char::is_control));
        }

        #[test]
        fn quotes_and_backslashes_in_any_order(text in r#"['"\\nrtu0-9 ]{0,40}"#) {
            let literal = quote(&text);
            prop_assert_eq!(read(&literal).unwrap(), (text, ""));
        }
    }
}

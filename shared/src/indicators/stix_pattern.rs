//! STIX patterns of the simple form: comparisons of a path with a text, joined by OR. Source: STIX 2.1, section 9.

/// One comparison.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Comparison {
    /// The object path in lower case and without quotes.
    pub(super) path: String,
    /// `=`, `ISSUBSET` …
    pub(super) operator: String,
    /// The text it is compared with.
    pub(super) value: String,
}

/// Reads a pattern; one of another form is refused, because part of a conjunction alone means something else.
pub(super) fn comparisons(pattern: &str) -> Result<Vec<Comparison>, String> {
    let mut rest = Rest(pattern.trim());
    let mut found = Vec::new();
    loop {
        rest.expect("[")?;
        loop {
            found.push(rest.comparison()?);
            if rest.take("]") {
                break;
            }
            rest.expect("OR")?;
        }
        if rest.0.is_empty() {
            return Ok(found);
        }
        rest.expect("OR")?;
    }
}

struct Rest<'a>(&'a str);

impl Rest<'_> {
    fn comparison(&mut self) -> Result<Comparison, String> {
        let mut is_quoted = false;
        let path = self.until(|c| {
            is_quoted ^= c == '\'';
            !is_quoted && (c.is_whitespace() || matches!(c, '=' | '!' | '<' | '>'))
        });
        let operator = self.until(|c| c.is_whitespace() || c == '\'');
        Ok(Comparison { path: path.to_ascii_lowercase().replace('\'', ""), operator, value: self.text()? })
    }

    /// What stands before the first character that ends it.
    fn until(&mut self, ends: impl FnMut(char) -> bool) -> String {
        let (word, rest) = self.0.split_at(self.0.find(ends).unwrap_or(self.0.len()));
        self.0 = rest.trim_start();
        word.to_owned()
    }

    /// A text in single quotes, in which a backslash takes the next character as it is.
    fn text(&mut self) -> Result<String, String> {
        self.expect("'")?;
        let (mut text, mut chars) = (String::new(), self.0.char_indices());
        while let Some((at, c)) = chars.next() {
            match c {
                '\'' => {
                    self.0 = self.0[at + 1..].trim_start();
                    return Ok(text);
                }
                '\\' => text.extend(chars.next().map(|(_, c)| c)),
                c => text.push(c),
            }
        }
        Err("a text in the pattern has no end".to_owned())
    }

    fn take(&mut self, token: &str) -> bool {
        let Some(rest) = self.0.strip_prefix(token) else { return false };
        // A quote's content begins at once; blanks between other tokens mean nothing.
        self.0 = if token == "'" { rest } else { rest.trim_start() };
        true
    }

    fn expect(&mut self, token: &str) -> Result<(), String> {
        if self.take(token) {
            return Ok(());
        }
        Err("only comparisons with a text that are joined by OR can be used".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pattern: &str) -> Result<Vec<String>, String> {
        let shown = |c: Comparison| format!("{}|{}|{}", c.path, c.operator, c.value);
        Ok(comparisons(pattern)?.into_iter().map(shown).collect())
    }

    #[test]
    fn comparisons_are_joined_inside_and_outside_of_brackets() {
        let agent =
            r"[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = ' it\'s \\ ']";
        let path = "network-traffic:extensions.http-request-ext.request_header.user-agent";
        assert_eq!(read(agent).unwrap(), [format!(r"{path}|=| it's \ ")]);
        assert_eq!(
            read("[ipv4-addr:value = 'a' OR ipv6-addr:value='b'] OR [ ipv4-addr:value ISSUBSET 'c' ]")
                .unwrap(),
            ["ipv4-addr:value|=|a", "ipv6-addr:value|=|b", "ipv4-addr:value|ISSUBSET|c"]
        );
    }

    #[test]
    fn every_other_form_is_refused() {
        for pattern in [
            "",
            "[",
            "[]",
            "[a:b = 'x'",
            "[a:b = 'x' AND c:d = 'y']",
            "[a:b = 'x'] AND [c:d = 'y']",
            "[a:b = 'x'] FOLLOWED BY [c:d = 'y']",
            "[a:b = 'x'] WITHIN 5 SECONDS",
            "[(a:b = 'x' OR c:d = 'y')]",
            "[a:b NOT = 'x']",
            "[a:b > 5]",
            "[a:b IN ('x', 'y')]",
            r"[a:b = 'x\']",
            "é'é[é",
        ] {
            assert!(read(pattern).is_err(), "{pattern}");
        }
    }
}

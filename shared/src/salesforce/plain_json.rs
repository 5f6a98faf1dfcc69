//! Reads JSON that holds no surprises, which is nearly all that Salesforce sends: texts without escapes, in a text that is
//! known to be UTF-8. Whatever else comes is left to the real parser: every function gives `None` for what it does not take.

/// Where one reads, in a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plain<'t> {
    text: &'t str,
    pub(super) at: usize,
}

/// A value that is neither a list nor an object.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Scalar<'t> {
    Null,
    Flag(bool),
    Number(&'t str),
    Text(&'t str),
}

/// How deep a value may lie that is passed over.
const DEPTH: u8 = 8;

impl<'t> Plain<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    fn next(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Passes over white space, and tells what stands there.
    fn peek(&mut self) -> Option<u8> {
        while matches!(self.next()?, b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
        }
        self.next()
    }

    /// Whether this byte comes next, which is then passed.
    pub(super) fn takes(&mut self, byte: u8) -> bool {
        let is_it = self.peek() == Some(byte);
        self.at += usize::from(is_it);
        is_it
    }

    /// Whether just these bytes come next, which are then passed.
    pub(super) fn takes_all(&mut self, bytes: &str) -> bool {
        let is_it =
            self.text.as_bytes().get(self.at..).is_some_and(|rest| rest.starts_with(bytes.as_bytes()));
        self.at += if is_it { bytes.len() } else { 0 };
        is_it
    }

    pub(super) fn is_at_end(&mut self) -> bool {
        self.peek().is_none()
    }

    /// The key of a member, behind whose colon one then reads.
    pub(super) fn key(&mut self) -> Option<&'t str> {
        let key = self.string()?;
        self.takes(b':').then_some(key)
    }

    pub(super) fn string(&mut self) -> Option<&'t str> {
        if !self.takes(b'"') {
            return None;
        }
        let begins = self.at;
        let end = begins + special(self.text.as_bytes().get(begins..)?)?;
        self.at = end + 1;
        (self.text.as_bytes()[end] == b'"').then(|| &self.text[begins..end])
    }

    pub(super) fn scalar(&mut self) -> Option<Scalar<'t>> {
        match self.peek()? {
            b'"' => self.string().map(Scalar::Text),
            b'n' => self.takes_all("null").then_some(Scalar::Null),
            b't' => self.takes_all("true").then_some(Scalar::Flag(true)),
            b'f' => self.takes_all("false").then_some(Scalar::Flag(false)),
            b'-' | b'0'..=b'9' => Some(Scalar::Number(self.number())),
            _ => None,
        }
    }

    fn number(&mut self) -> &'t str {
        let begins = self.at;
        while self.next().is_some_and(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')) {
            self.at += 1;
        }
        &self.text[begins..self.at]
    }

    /// Passes over any value.
    pub(super) fn pass(&mut self) -> Option<()> {
        self.pass_within(DEPTH)
    }

    fn pass_within(&mut self, depth: u8) -> Option<()> {
        let close = match self.peek()? {
            b'{' => b'}',
            b'[' => b']',
            _ => return self.scalar().map(drop),
        };
        let depth = depth.checked_sub(1)?;
        self.at += 1;
        if self.takes(close) {
            return Some(());
        }
        loop {
            if close == b'}' {
                self.key()?;
            }
            self.pass_within(depth)?;
            if !self.takes(b',') {
                return self.takes(close).then_some(());
            }
        }
    }
}

/// The place of the first quotation mark, backslash or control character. Eight bytes are looked at at once: in a word, what is
/// taken from a byte that is too small for it shows in its highest bit, and the lowest such bit is right.
fn special(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = ONES * 0x80;
    let zero_in = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let (words, rest) = bytes.as_chunks::<8>();
    for (place, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let quotes = zero_in(word ^ (ONES * u64::from(b'"'))) | zero_in(word ^ (ONES * u64::from(b'\\')));
        let found = quotes | (word.wrapping_sub(ONES * u64::from(b' ')) & !word & HIGH);
        if found != 0 {
            return Some(place * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let found = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..b' '))?;
    Some(words.len() * 8 + found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_holds_surprises_is_left_to_the_parser() {
        let string = |text| Plain::new(text).string();
        assert_eq!(string(r#" "a b", "c""#), Some("a b"));
        for text in ["", "\"", "\"endless", r#""a\nb""#, "\"a\nb\"", "7", "\"é"] {
            assert_eq!(string(text), None, "{text:?}");
        }
    }

    #[test]
    fn values_are_passed_over_whole() {
        let after = |text: &'static str| {
            let mut plain = Plain::new(text);
            plain.pass().map(|()| &text[plain.at..])
        };
        assert_eq!(after(r#"{"a":[1,{"b":null}],"c":"}"} ,"#), Some(" ,"));
        assert_eq!(after("[] "), Some(" "));
        for text in [r#"{"a":1"#, r#"{"a"}"#, "[1,]", "{,}", "[[[[[[[[[", "nul"] {
            assert_eq!(after(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_first_special_byte_is_found_wherever_it_is(text in "[ -~é\n]{0,40}") {
            let one_by_one = text.bytes().position(|byte| matches!(byte, b'"' | b'\\' | 0..b' '));
            prop_assert_eq!(special(text.as_bytes()), one_by_one);
        }
    }
}

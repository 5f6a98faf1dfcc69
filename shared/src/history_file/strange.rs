//! Texts that mean something, and nobody here knows what.

use std::collections::BTreeMap;
use std::fmt;

use super::rejected::quoted;

/// Different texts that are kept for people; rows with yet another are counted.
const KEPT: usize = 20;

/// Texts that are not known, each with the number of its rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Strange {
    rows: BTreeMap<String, u64>,
    others: u64,
}

impl Strange {
    /// How many rows have such a text.
    pub fn total(&self) -> u64 {
        self.rows.values().sum::<u64>() + self.others
    }

    pub(super) fn add(&mut self, text: &str) {
        let is_full = self.rows.len() >= KEPT;
        match self.rows.get_mut(text) {
            Some(rows) => *rows += 1,
            None if is_full => self.others += 1,
            None => _ = self.rows.insert(text.to_owned(), 1),
        }
    }
}

/// The most frequent first: `` `Erfolgreich` (3), `Kennwort ungültig` (1) ``.
impl fmt::Display for Strange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows: Vec<_> = self.rows.iter().collect();
        rows.sort_by_key(|(_, rows)| std::cmp::Reverse(**rows));
        let named: Vec<_> =
            rows.into_iter().map(|(text, rows)| format!("{} ({rows})", quoted(text))).collect();
        f.write_str(&named.join(", "))?;
        if self.others > 0 { write!(f, ", and {} rows with others", self.others) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_come_first_and_a_flood_is_counted() {
        let mut strange = Strange::default();
        for text in ["b", "a", "b"] {
            strange.add(text);
        }
        assert_eq!((strange.to_string().as_str(), strange.total()), ("`b` (2), `a` (1)", 3));
        (0..100).for_each(|number| strange.add(&format!("x{number}")));
        assert!(strange.to_string().ends_with(", and 82 rows with others"), "{strange}");
        assert_eq!(strange.total(), 103);
    }
}

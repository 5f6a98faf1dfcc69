//! LIKE: `%` any run, `_` one character, case ignored; a backslash takes a wildcard's meaning away.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    Run,
    One,
    Exactly(char),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern(Vec<Piece>);

impl Pattern {
    pub(crate) fn new(pattern: &str) -> Self {
        let mut characters = pattern.chars();
        let mut pieces = Vec::new();
        while let Some(c) = characters.next() {
            pieces.push(match c {
                '%' => Piece::Run,
                '_' => Piece::One,
                '\\' => Piece::Exactly(characters.next().unwrap_or('\\')),
                c => Piece::Exactly(c.to_ascii_lowercase()),
            });
        }
        Self(pieces)
    }

    /// Walks the text once, going back only to the latest `%`.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().map(|c| c.to_ascii_lowercase()).collect();
        let (mut at, mut piece) = (0, 0);
        let mut latest_run: Option<(usize, usize)> = None;
        while at < text.len() {
            match self.0.get(piece) {
                Some(Piece::Run) => {
                    latest_run = Some((piece + 1, at));
                    piece += 1;
                }
                Some(Piece::One) => (at, piece) = (at + 1, piece + 1),
                Some(Piece::Exactly(c)) if *c == text[at] => (at, piece) = (at + 1, piece + 1),
                _ => {
                    let Some((after_run, from)) = latest_run else { return false };
                    latest_run = Some((after_run, from + 1));
                    (at, piece) = (from + 1, after_run);
                }
            }
        }
        self.0[piece..].iter().all(|piece| *piece == Piece::Run)
    }
}

/// The text a literal means outside LIKE.
pub(crate) fn unescaped(text: &str) -> String {
    let mut characters = text.chars();
    let mut plain = String::with_capacity(text.len());
    while let Some(c) = characters.next() {
        plain.push(if c == '\\' { characters.next().unwrap_or('\\') } else { c });
    }
    plain
}

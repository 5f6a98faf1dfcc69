//! Text from outside, made harmless for whoever reads it.

/// Longest text shown in a cell, in characters.
const CELL: usize = 120;

/// Text from outside, made harmless for a terminal: control characters and those that reorder or break lines are replaced,
/// and what is longer than 120 characters is cut.
pub(crate) fn harmless(text: &str) -> String {
    let shown = text.chars().map(|c| if is_hostile(c) { '\u{fffd}' } else { c });
    let mut shown: String = shown.take(CELL + 1).collect();
    if shown.chars().count() > CELL {
        shown = shown.chars().take(CELL - 1).chain(['…']).collect();
    }
    shown
}

/// A sentence, made harmless and not cut.
pub(crate) fn sentence(text: &str) -> String {
    text.chars().map(|c| if is_hostile(c) { '\u{fffd}' } else { c }).collect()
}

/// Text of several lines, made harmless and not cut.
pub(crate) fn lines(text: &str) -> String {
    text.chars().map(|c| if is_hostile(c) && c != '\n' { '\u{fffd}' } else { c }).collect()
}

/// Whether a character moves the cursor, ends a line, or turns around what stands beside it.
pub(super) fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{2028}' | '\u{2029}')
}

/// A cell that a spreadsheet would take for a formula begins with an apostrophe.
pub(super) fn no_formula(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@']) { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula() {
        assert_eq!(no_formula("=HYPERLINK(1)"), "'=HYPERLINK(1)");
        assert_eq!(no_formula("ada@example.com"), "ada@example.com");
    }

    #[test]
    fn hostile_text_cannot_move_the_cursor_or_turn_the_line_around() {
        assert_eq!(harmless("a\u{1b}[2Jb\u{202e}c\r\n"), "a\u{fffd}[2Jb\u{fffd}c\u{fffd}\u{fffd}");
        assert_eq!(lines("a\nb\u{9b}2J"), "a\nb\u{fffd}2J");
        assert_eq!(harmless(&"x".repeat(1_000_000)).chars().count(), CELL);
    }
}

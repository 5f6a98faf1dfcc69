//! Refresh tokens, summed up by application.

use std::collections::{BTreeMap, HashSet};

use comfy_table::Cell;
use jiff::Timestamp;
use serde::Serialize;
use session_warden::observation::Token;
use session_warden::stages::TokensSeen;

use crate::moment::shown;
use crate::output::{Column, Listed, cell};

/// An application's tokens.
#[derive(Debug, Serialize)]
pub(super) struct ApplicationRow {
    application: String,
    tokens: usize,
    users: usize,
    uses: i64,
    /// Since the look; `None` where the store remembers none.
    uses_since_look: Option<u64>,
    first_granted: Option<Timestamp>,
    last_granted: Option<Timestamp>,
    last_used: Option<Timestamp>,
}

/// A line for each application, the one with the most tokens last.
pub(super) fn of(tokens: &[Token], seen: Option<&TokensSeen>) -> Vec<ApplicationRow> {
    let mut by_name: BTreeMap<&str, Vec<&Token>> = BTreeMap::new();
    for token in tokens {
        by_name.entry(&token.app_name).or_default().push(token);
    }
    let mut rows: Vec<_> = by_name.into_iter().map(|(name, tokens)| row(name, &tokens, seen)).collect();
    rows.sort_by_key(|row| row.tokens);
    rows
}

fn row(application: &str, tokens: &[&Token], seen: Option<&TokensSeen>) -> ApplicationRow {
    let granted = || tokens.iter().filter_map(|token| token.created);
    ApplicationRow {
        application: application.to_owned(),
        tokens: tokens.len(),
        users: tokens.iter().map(|token| &token.user_id).collect::<HashSet<_>>().len(),
        uses: tokens.iter().fold(0, |uses: i64, token| uses.saturating_add(token.use_count)),
        uses_since_look: seen.map(|seen| tokens.iter().map(|token| seen.uses_since(token)).sum()),
        first_granted: granted().min(),
        last_granted: granted().max(),
        last_used: tokens.iter().filter_map(|token| token.last_used).max(),
    }
}

impl Listed for ApplicationRow {
    const COLUMNS: &'static [Column] = &[
        Column::always("Application"),
        Column::always("Tokens"),
        Column::always("Users"),
        Column::always("Uses"),
        Column::always("Used since"),
        Column::always("Last used (UTC)"),
        Column::if_room("Last granted (UTC)"),
        Column::if_room("First granted (UTC)"),
    ];
    const CSV: &'static [&'static str] = &[
        "application",
        "tokens",
        "users",
        "uses",
        "uses_since_look",
        "first_granted",
        "last_granted",
        "last_used",
    ];

    fn cells(&self, _now: Timestamp) -> Vec<Cell> {
        let instant = |at: Option<Timestamp>| cell(at.map(shown).unwrap_or_default());
        vec![
            cell(&self.application),
            cell(self.tokens.to_string()),
            cell(self.users.to_string()),
            cell(self.uses.to_string()),
            cell(self.uses_since_look.map(|uses| uses.to_string()).unwrap_or_default()),
            cell(self.last_used.map_or_else(|| "never".to_owned(), shown)),
            instant(self.last_granted),
            instant(self.first_granted),
        ]
    }
}

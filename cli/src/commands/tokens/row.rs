//! A refresh token, as it is listed.

use comfy_table::Cell;
use jiff::Timestamp;
use serde::Serialize;
use session_warden::observation::Token;
use session_warden::stages::TokensSeen;

use crate::commands::person::Person;
use crate::moment::shown;
use crate::output::{Column, Listed, cell};
use crate::reading::People;

/// A line of the list. Holds nothing by which the token could be used or revoked.
#[derive(Debug, Serialize)]
pub(super) struct TokenRow {
    #[serde(flatten)]
    person: Person,
    application: String,
    created: Option<Timestamp>,
    last_used: Option<Timestamp>,
    use_count: i64,
    /// Since the look; `None` where the store remembers none.
    uses_since_look: Option<u64>,
    looked_at: Option<Timestamp>,
}

impl TokenRow {
    pub(super) fn of(token: &Token, people: &People, seen: Option<&TokensSeen>) -> Self {
        Self {
            person: Person::of(Some(&token.user_id), people),
            application: token.app_name.clone(),
            created: token.created,
            last_used: token.last_used,
            use_count: token.use_count,
            uses_since_look: seen.map(|seen| seen.uses_since(token)),
            looked_at: seen.map(|seen| seen.at),
        }
    }
}

impl Listed for TokenRow {
    const COLUMNS: &'static [Column] = &[
        Column::always("User"),
        Column::always("Application"),
        Column::always("Last used (UTC)"),
        Column::always("Uses"),
        Column::always("Used since"),
        Column::if_room("Granted (UTC)"),
        Column::if_room("Name"),
    ];
    const CSV: &'static [&'static str] = &[
        "user_id",
        "username",
        "name",
        "application",
        "created",
        "last_used",
        "use_count",
        "uses_since_look",
        "looked_at",
    ];

    fn cells(&self, _now: Timestamp) -> Vec<Cell> {
        vec![
            cell(self.person.shown()),
            cell(&self.application),
            cell(self.last_used.map_or_else(|| "never".to_owned(), shown)),
            cell(self.use_count.to_string()),
            cell(self.uses_since_look.map(|uses| uses.to_string()).unwrap_or_default()),
            cell(self.created.map(shown).unwrap_or_default()),
            cell(&self.person.name),
        ]
    }
}

//! A refresh token, as it is listed.

use comfy_table::Cell;
use jiff::Timestamp;
use serde::Serialize;
use session_warden::observation::{Token, UserId};

use crate::commands::cells;
use crate::moment::shown;
use crate::output::{Column, Listed, cell};
use crate::reading::People;

/// A line of the list. Holds nothing by which the token could be used or revoked.
#[derive(Debug, Serialize)]
pub(super) struct TokenRow {
    user_id: UserId,
    username: String,
    name: String,
    application: String,
    created: Option<Timestamp>,
    last_used: Option<Timestamp>,
    use_count: i64,
}

impl TokenRow {
    pub(super) fn of(token: &Token, people: &People) -> Self {
        let (username, name) = people.names(Some(&token.user_id));
        Self {
            user_id: token.user_id.clone(),
            username,
            name,
            application: token.app_name.clone(),
            created: token.created,
            last_used: token.last_used,
            use_count: token.use_count,
        }
    }
}

impl Listed for TokenRow {
    const COLUMNS: &'static [Column] = &[
        Column::always("User"),
        Column::always("Application"),
        Column::always("Last used (UTC)"),
        Column::always("Uses"),
        Column::always("Granted (UTC)"),
        Column::if_room("Name"),
    ];
    const CSV: &'static [&'static str] =
        &["user_id", "username", "name", "application", "created", "last_used", "use_count"];

    fn cells(&self, _now: Timestamp) -> Vec<Cell> {
        vec![
            cell(cells::user(Some(&self.user_id), &self.username)),
            cell(&self.application),
            cell(self.last_used.map_or_else(|| "never".to_owned(), shown)),
            cell(self.use_count.to_string()),
            cell(self.created.map(shown).unwrap_or_default()),
            cell(&self.name),
        ]
    }
}

//! Who, as several lists tell it.

use serde::Serialize;
use session_warden::observation::UserId;

use crate::reading::People;

/// A user, as far as anybody is named; in JSON the fields stand among those of the row.
#[derive(Debug, Serialize)]
pub(super) struct Person {
    pub(super) user_id: Option<UserId>,
    pub(super) username: String,
    pub(super) name: String,
}

impl Person {
    pub(super) fn of(id: Option<&UserId>, people: &People) -> Self {
        let (username, name) = people.names(id);
        Self { user_id: id.cloned(), username, name }
    }

    /// By the name that is unique, or by the id where no name is known.
    pub(super) fn shown(&self) -> &str {
        match &self.user_id {
            Some(id) if self.username.is_empty() => id.as_str(),
            _ => &self.username,
        }
    }
}

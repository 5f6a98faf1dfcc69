//! A login, as it is listed.

use comfy_table::{Cell, Color};
use jiff::Timestamp;
use serde::Serialize;
use session_warden::observation::{Login, LoginId, Outcome, Source};

use crate::commands::arrival::Arrival;
use crate::commands::person::Person;
use crate::moment::shown;
use crate::output::{Column, Listed, cell};
use crate::reading::People;

/// A line of the list.
#[derive(Debug, Serialize)]
pub(super) struct LoginRow {
    login_id: LoginId,
    time: Timestamp,
    #[serde(flatten)]
    person: Person,
    outcome: Outcome,
    status: String,
    address: Source,
    #[serde(flatten)]
    arrival: Arrival,
    login_type: String,
    login_sub_type: String,
}

impl LoginRow {
    pub(super) fn of(login: &Login, people: &People) -> Self {
        Self {
            login_id: login.id.clone(),
            time: login.time,
            person: Person::of(login.user_id.as_ref(), people),
            outcome: login.outcome,
            status: login.status.to_string(),
            address: login.source.clone(),
            arrival: Arrival::of(login),
            login_type: login.login_type.to_string(),
            login_sub_type: login.login_sub_type.to_string(),
        }
    }
}

impl Listed for LoginRow {
    const COLUMNS: &'static [Column] = &[
        Column::always("Time (UTC)"),
        Column::always("User"),
        Column::always("Status"),
        Column::always("From"),
        Column::always("Application"),
        Column::if_room("Place"),
        Column::if_room("Client"),
        Column::if_room("Login"),
        Column::if_room("Name"),
    ];
    const CSV: &'static [&'static str] = &[
        "login_id",
        "time",
        "user_id",
        "username",
        "name",
        "outcome",
        "status",
        "address",
        "country",
        "city",
        "application",
        "browser",
        "platform",
        "login_type",
        "login_sub_type",
    ];

    fn cells(&self, _now: Timestamp) -> Vec<Cell> {
        let colour = if self.outcome == Outcome::Success { Color::Reset } else { Color::Red };
        vec![
            cell(shown(self.time)),
            cell(self.person.shown()),
            cell(&self.status).fg(colour),
            cell(self.address.to_string()),
            cell(&self.arrival.application),
            cell(self.arrival.place()),
            cell(self.arrival.client()),
            cell(&self.login_type),
            cell(&self.person.name),
        ]
    }
}

//! A login, as it is listed.

use comfy_table::{Cell, Color};
use jiff::Timestamp;
use serde::Serialize;
use session_warden::observation::{Login, LoginId, Outcome, Source, UserId};

use crate::commands::cells;
use crate::moment::shown;
use crate::output::{Column, Listed, cell};
use crate::reading::People;

/// A line of the list.
#[derive(Debug, Serialize)]
pub(super) struct LoginRow {
    login_id: LoginId,
    time: Timestamp,
    user_id: Option<UserId>,
    username: String,
    name: String,
    outcome: Outcome,
    status: String,
    address: Source,
    country: Option<String>,
    city: Option<String>,
    application: String,
    browser: String,
    platform: String,
    login_type: String,
    login_sub_type: String,
}

impl LoginRow {
    pub(super) fn of(login: &Login, people: &People) -> Self {
        let (username, name) = people.names(login.user_id.as_ref());
        let place = login.place.as_ref();
        Self {
            login_id: login.id.clone(),
            time: login.time,
            user_id: login.user_id.clone(),
            username,
            name,
            outcome: login.outcome,
            status: login.status.clone(),
            address: login.source.clone(),
            country: place.and_then(|place| place.country).map(|country| country.to_string()),
            city: place.and_then(|place| place.city.clone()),
            application: login.application.clone(),
            browser: login.client.browser.clone(),
            platform: login.client.platform.clone(),
            login_type: login.login_type.clone(),
            login_sub_type: login.login_sub_type.clone(),
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
            cell(cells::user(self.user_id.as_ref(), &self.username)),
            cell(&self.status).fg(colour),
            cell(self.address.to_string()),
            cell(&self.application),
            cell(cells::place(self.city.as_deref(), self.country.as_deref())),
            cell(cells::client(&self.browser, &self.platform)),
            cell(&self.login_type),
            cell(&self.name),
        ]
    }
}

//! A row in which an indicator was seen.

use comfy_table::{Cell, Color};
use jiff::Timestamp;
use serde::Serialize;
use session_warden::observation::{Login, Outcome, Source, Token, UserId};

use super::live::LiveFamily;
use crate::commands::arrival::{Arrival, held_at};
use crate::commands::person::Person;
use crate::moment::shown;
use crate::output::{Column, Listed, cell};
use crate::reading::People;

/// A login, a live session or a refresh token.
#[derive(Debug, Serialize)]
pub(super) struct HitRow {
    /// Tells hits from the orgs' records that follow them.
    record: &'static str,
    org: String,
    kind: Kind,
    time: Option<Timestamp>,
    #[serde(flatten)]
    person: Person,
    indicators: Vec<String>,
    status: String,
    address: Option<Source>,
    #[serde(flatten)]
    arrival: Arrival,
    record_id: Option<String>,
}

/// What shows the indicator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Login,
    FailedLogin,
    LiveSession,
    RefreshToken,
}

impl HitRow {
    pub(super) fn of_login(org: &str, login: &Login, indicators: Vec<String>, people: &People) -> Self {
        let kind = if login.outcome == Outcome::Success { Kind::Login } else { Kind::FailedLogin };
        let row = Self::of_user(org, kind, login.user_id.as_ref(), indicators, people);
        Self { time: Some(login.time), record_id: Some(login.id.to_string()), ..row.with_login(login) }
    }

    pub(super) fn of_family(
        org: &str,
        family: &LiveFamily,
        indicators: Vec<String>,
        people: &People,
    ) -> Self {
        let session = &family.session;
        let row = Self::of_user(org, Kind::LiveSession, Some(&session.user_id), indicators, people);
        let row = family.login.iter().fold(row, Self::with_login);
        let place = held_at(session, family.login.as_ref());
        Self {
            time: Some(family.last_modified),
            status: session.session_type.clone(),
            address: Some(session.source.clone()),
            record_id: Some(family.root.to_string()),
            arrival: row.arrival.at(place),
            ..row
        }
    }

    pub(super) fn of_token(org: &str, token: &Token, indicators: Vec<String>, people: &People) -> Self {
        Self {
            time: token.last_used.or(token.created),
            status: format!("used {} times", token.use_count),
            arrival: Arrival::with(&token.app_name),
            ..Self::of_user(org, Kind::RefreshToken, Some(&token.user_id), indicators, people)
        }
    }

    fn of_user(
        org: &str,
        kind: Kind,
        user: Option<&UserId>,
        indicators: Vec<String>,
        people: &People,
    ) -> Self {
        Self {
            record: "hit",
            org: org.to_owned(),
            kind,
            time: None,
            person: Person::of(user, people),
            indicators,
            status: String::new(),
            address: None,
            arrival: Arrival::default(),
            record_id: None,
        }
    }

    fn with_login(self, login: &Login) -> Self {
        Self {
            status: login.status.to_string(),
            address: Some(login.source.clone()),
            arrival: Arrival::of(login),
            ..self
        }
    }
}

impl Kind {
    fn words(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::FailedLogin => "failed login",
            Self::LiveSession => "LIVE SESSION",
            Self::RefreshToken => "TOKEN",
        }
    }

    fn colour(self) -> Color {
        match self {
            Self::Login => Color::Yellow,
            Self::FailedLogin => Color::Reset,
            Self::LiveSession | Self::RefreshToken => Color::Red,
        }
    }
}

impl Listed for HitRow {
    const COLUMNS: &'static [Column] = &[
        Column::always("Time (UTC)"),
        Column::always("Seen in"),
        Column::always("User"),
        Column::always("From"),
        Column::always("Application"),
        Column::if_room("Indicator"),
        Column::if_room("Org"),
        Column::if_room("Status"),
        Column::if_room("Place"),
        Column::if_room("Client"),
        Column::if_room("Name"),
    ];
    const CSV: &'static [&'static str] = &[
        "org",
        "kind",
        "time",
        "user_id",
        "username",
        "name",
        "indicators",
        "status",
        "address",
        "country",
        "city",
        "application",
        "browser",
        "platform",
        "record_id",
    ];

    fn cells(&self, _now: Timestamp) -> Vec<Cell> {
        vec![
            cell(self.time.map(shown).unwrap_or_default()),
            cell(self.kind.words()).fg(self.kind.colour()),
            cell(self.person.shown()),
            cell(self.address.as_ref().map(ToString::to_string).unwrap_or_default()),
            cell(&self.arrival.application),
            cell(self.indicators.join(", ")),
            cell(&self.org),
            cell(&self.status),
            cell(self.arrival.place()),
            cell(self.arrival.client()),
            cell(&self.person.name),
        ]
    }
}

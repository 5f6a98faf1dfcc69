//! A session, as it is listed.

use std::collections::BTreeSet;
use std::net::IpAddr;

use comfy_table::{Cell, Color};
use jiff::Timestamp;
use serde::Serialize;
use session_warden::observation::{AccessToken, Family, LoginId, Session, SessionId, Source};

use super::Around;
use crate::commands::arrival::{Arrival, held_at};
use crate::commands::person::Person;
use crate::moment::{ago, shown};
use crate::output::{Column, Listed, cell};
use crate::reading::Reading;

/// A line of the list.
#[derive(Debug, Serialize)]
pub(super) struct SessionRow {
    session_id: SessionId,
    family_id: SessionId,
    #[serde(flatten)]
    person: Person,
    address: Source,
    /// Where the login came from, if that is elsewhere.
    login_address: Option<Source>,
    #[serde(flatten)]
    pub(super) arrival: Arrival,
    /// The earliest login that a session of the family points to: Salesforce moves the pointer to the newest.
    logged_in: Option<Timestamp>,
    login_type: String,
    session_types: Vec<String>,
    security_level: String,
    access_token: AccessToken,
    pub(super) since: Timestamp,
    last_active: Timestamp,
    /// When it ends unless used again.
    expires: Timestamp,
    /// Of a family, how many sessions were derived from its root.
    derived: usize,
    privileged: bool,
    own: bool,
    login_id: Option<LoginId>,
    #[serde(skip)]
    stands: Stands,
}

/// What a line stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stands {
    ForItsFamily,
    UnderItsFamily,
}

impl SessionRow {
    /// A family, for which its root stands.
    pub(super) fn of_family(lead: &Session, family: &Family<'_>, around: &Around, reading: &Reading) -> Self {
        let members = || family.members.iter();
        let mut seen = BTreeSet::new();
        let types = members().map(|session| session.session_type.clone());
        let row = Self::of_derived(lead, family, around, reading);
        Self {
            logged_in: members().filter_map(|session| around.login(session)).map(|login| login.time).min(),
            session_types: types.filter(|kind| seen.insert(kind.clone())).collect(),
            last_active: members().map(|session| session.last_modified).max().unwrap_or(row.last_active),
            expires: members().map(|session| session.expires()).max().unwrap_or(row.expires),
            derived: family.members.len() - 1,
            stands: Stands::ForItsFamily,
            ..row
        }
    }

    /// A single session of a family.
    pub(super) fn of_derived(
        session: &Session,
        family: &Family<'_>,
        around: &Around,
        reading: &Reading,
    ) -> Self {
        let login = around.login(session);
        let person = Person::of(Some(&session.user_id), &around.people);
        let login_address = login.map(|login| login.source.clone());
        Self {
            session_id: session.id.clone(),
            family_id: family.root.clone(),
            own: around.own.contains(&session.id) || reading.is_ours(&person.username),
            person,
            address: session.source.clone(),
            login_address: login_address.filter(|source| *source != session.source),
            arrival: login.map(Arrival::of).unwrap_or_default().at(held_at(session, login)),
            logged_in: login.map(|login| login.time),
            login_type: login.map_or(session.login_type.as_str(), |login| &login.login_type).to_owned(),
            session_types: vec![session.session_type.clone()],
            security_level: session.security_level.clone(),
            access_token: session.access_token,
            since: session.created,
            last_active: session.last_modified,
            expires: session.expires(),
            derived: 0,
            privileged: around.privileged.contains(&session.user_id),
            login_id: session.login_id().cloned(),
            stands: Stands::UnderItsFamily,
        }
    }

    /// Where it is held from, and where its login came from.
    pub(super) fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        [self.address.address(), self.login_address.as_ref().and_then(Source::address)].into_iter().flatten()
    }

    fn from(&self) -> String {
        match &self.login_address {
            Some(login) => format!("{} (login: {login})", self.address),
            None => self.address.to_string(),
        }
    }

    fn user(&self) -> String {
        match self.stands {
            Stands::ForItsFamily => self.person.shown().to_owned(),
            Stands::UnderItsFamily => format!("└ {}", self.person.shown()),
        }
    }

    fn remarks(&self, now: Timestamp) -> String {
        let remarks = [(self.own, "ours"), (self.privileged, "admin"), (self.expires <= now, "expired")];
        remarks.into_iter().filter(|(holds, _)| *holds).map(|(_, word)| word).collect::<Vec<_>>().join(", ")
    }
}

impl Listed for SessionRow {
    const COLUMNS: &'static [Column] = &[
        Column::always("User"),
        Column::always("From"),
        Column::always("Since (UTC)"),
        Column::always("Active"),
        Column::always("Application"),
        Column::always("Remarks"),
        Column::if_room("Type"),
        Column::if_room("Valid until (UTC)"),
        Column::if_room("Place"),
        Column::if_room("Derived"),
        Column::if_room("Client"),
        Column::if_room("Level"),
        Column::if_room("Logged in (UTC)"),
        Column::if_room("Login"),
        Column::if_room("Name"),
    ];
    const CSV: &'static [&'static str] = &[
        "session_id",
        "family_id",
        "user_id",
        "username",
        "name",
        "address",
        "login_address",
        "country",
        "city",
        "application",
        "browser",
        "platform",
        "logged_in",
        "login_type",
        "session_types",
        "security_level",
        "access_token",
        "since",
        "last_active",
        "expires",
        "derived",
        "privileged",
        "own",
        "login_id",
    ];

    fn cells(&self, now: Timestamp) -> Vec<Cell> {
        let from = cell(self.from());
        vec![
            cell(self.user()),
            if self.login_address.is_some() { from.fg(Color::Red) } else { from },
            cell(shown(self.since)),
            cell(ago(self.last_active, now)),
            cell(&self.arrival.application),
            cell(self.remarks(now)).fg(if self.privileged { Color::Yellow } else { Color::Reset }),
            cell(self.session_types.first().map_or("", String::as_str)),
            cell(shown(self.expires)),
            cell(self.arrival.place()),
            cell(if self.derived > 0 { self.derived.to_string() } else { String::new() }),
            cell(self.arrival.client()),
            cell(&self.security_level),
            cell(self.logged_in.map(shown).unwrap_or_default()),
            cell(&self.login_type),
            cell(&self.person.name),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::fitted;

    fn at(time: &str) -> Timestamp {
        format!("2026-11-26T{time}Z").parse().unwrap()
    }

    /// The root of a family of one more, and that one.
    fn family() -> [SessionRow; 2] {
        let row = |number: u8, kind: &str, derived, stands| SessionRow {
            session_id: SessionId::new(format!("0Ak{number}")),
            family_id: SessionId::new("0Ak1"),
            person: Person {
                user_id: Some("005A".into()),
                username: "ada@acme.example".to_owned(),
                name: "Ada\u{1b}[2J Byron".to_owned(),
            },
            address: "203.0.113.9".to_owned().into(),
            login_address: (derived > 0).then(|| "198.18.0.7".to_owned().into()),
            arrival: Arrival::with("Browser"),
            logged_in: Some(at("08:00:00")),
            login_type: "Application".to_owned(),
            session_types: vec![kind.to_owned()],
            security_level: "STANDARD".to_owned(),
            access_token: AccessToken::Opaque,
            since: at("08:00:01"),
            last_active: at("11:58:00"),
            expires: at("13:58:00"),
            derived,
            privileged: derived > 0,
            own: false,
            login_id: None,
            stands,
        };
        [row(1, "UI", 1, Stands::ForItsFamily), row(2, "Aura", 0, Stands::UnderItsFamily)]
    }

    #[test]
    fn a_person_sees_who_is_in_from_where_and_until_when() {
        let rows = family().map(|row| row.cells(at("12:00:00")));
        let (table, left_out) = fitted(SessionRow::COLUMNS, rows);
        let table: Vec<_> = table.lines().map(|line| line.trim_end().to_owned()).collect();
        insta::assert_snapshot!(format!("{}\n{left_out:?}", table.join("\n")), @r#"
        ────────────────────────────────────────────────────────────────────────────────────────────────────
         User                 From                  Since (UTC)           Active      Application   Remarks
        ════════════════════════════════════════════════════════════════════════════════════════════════════
         ada@acme.example     203.0.113.9 (login:   2026-11-26 08:00:01   2 min ago   Browser       admin
                              198.18.0.7)
         └ ada@acme.example   203.0.113.9           2026-11-26 08:00:01   2 min ago   Browser
        ────────────────────────────────────────────────────────────────────────────────────────────────────
        ["Type", "Valid until (UTC)", "Derived", "Level", "Logged in (UTC)", "Login", "Name"]
        "#);
    }
}

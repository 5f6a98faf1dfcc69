//! A session, as it is listed.

use std::collections::BTreeSet;
use std::net::IpAddr;

use comfy_table::{Cell, Color};
use jiff::Timestamp;
use serde::Serialize;
use session_warden::observation::{LoginId, SessionId, Source, UserId};
use session_warden::salesforce::{FoundSession, Owned};

use super::Around;
use super::family::Family;
use crate::commands::cells;
use crate::moment::{ago, shown};
use crate::output::{Column, Listed, cell};
use crate::reading::Reading;

/// A line of the list.
#[derive(Debug, Serialize)]
pub(super) struct SessionRow {
    pub(super) session_id: SessionId,
    pub(super) family_id: SessionId,
    pub(super) user_id: UserId,
    pub(super) username: String,
    pub(super) name: String,
    pub(super) address: Source,
    /// Where the login came from, if that is elsewhere.
    pub(super) login_address: Option<Source>,
    pub(super) country: Option<String>,
    pub(super) city: Option<String>,
    pub(super) application: String,
    pub(super) browser: String,
    pub(super) platform: String,
    pub(super) login_type: String,
    pub(super) session_types: Vec<String>,
    pub(super) security_level: String,
    pub(super) since: Timestamp,
    pub(super) last_active: Timestamp,
    pub(super) expires: Timestamp,
    pub(super) derived: usize,
    pub(super) privileged: bool,
    pub(super) own: bool,
    pub(super) login_id: Option<LoginId>,
}

impl SessionRow {
    /// A row of a family; its root stands for all of it.
    pub(super) fn of(found: &FoundSession, family: &Family, around: &Around, reading: &Reading) -> Self {
        let session = &found.session;
        let login = session.login.as_ref().and_then(|login| around.logins.get(&login.id));
        let login_address =
            login.map(|login| login.source.clone()).filter(|source| *source != session.source);
        // A login's place says nothing about a session that is held from elsewhere.
        let place = login.filter(|_| login_address.is_none()).and_then(|login| login.place.as_ref());
        let (username, name) = around.people.names(Some(&session.user_id));
        let of_login = |text: fn(&session_warden::observation::Login) -> &String| login.map(text).cloned();
        let is_lead = std::ptr::eq(found, family.lead());
        let members = if is_lead { family.rows.as_slice() } else { std::slice::from_ref(found) };
        Self {
            session_id: session.id.clone(),
            family_id: family.root.clone(),
            user_id: session.user_id.clone(),
            own: found.owned == Owned::ByUs || reading.is_ours(&username),
            username,
            name,
            address: session.source.clone(),
            country: place.and_then(|place| place.country).map(|country| country.to_string()),
            city: place.and_then(|place| place.city.clone()),
            login_address,
            application: of_login(|login| &login.application).unwrap_or_default(),
            browser: of_login(|login| &login.client.browser).unwrap_or_default(),
            platform: of_login(|login| &login.client.platform).unwrap_or_default(),
            login_type: of_login(|login| &login.login_type).unwrap_or_default(),
            session_types: types(members),
            security_level: session.security_level.clone(),
            since: session.created,
            last_active: members
                .iter()
                .map(|found| found.session.last_modified)
                .max()
                .unwrap_or(session.created),
            expires: members.iter().map(|found| found.session.expires()).max().unwrap_or(session.expires()),
            derived: members.len() - 1,
            privileged: around.privileged.contains(&session.user_id),
            login_id: session.login.as_ref().map(|login| login.id.clone()),
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

    fn remarks(&self, now: Timestamp) -> String {
        let remarks = [(self.own, "ours"), (self.privileged, "admin"), (self.expires <= now, "expired")];
        remarks.into_iter().filter(|(holds, _)| *holds).map(|(_, word)| word).collect::<Vec<_>>().join(", ")
    }
}

/// The root's type first, then the others.
fn types(members: &[FoundSession]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let types = members.iter().map(|found| found.session.session_type.clone());
    types.filter(|kind| seen.insert(kind.clone())).collect()
}

impl Listed for SessionRow {
    const COLUMNS: &'static [Column] = &[
        Column::always("User"),
        Column::always("From"),
        Column::always("Since (UTC)"),
        Column::always("Active"),
        Column::always("Application"),
        Column::always("Remarks"),
        Column::if_room("Place"),
        Column::if_room("Type"),
        Column::if_room("Client"),
        Column::if_room("Level"),
        Column::if_room("Derived"),
        Column::if_room("Expires (UTC)"),
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
        "login_type",
        "session_types",
        "security_level",
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
            cell(cells::user(Some(&self.user_id), &self.username)),
            if self.login_address.is_some() { from.fg(Color::Red) } else { from },
            cell(shown(self.since)),
            cell(ago(self.last_active, now)),
            cell(&self.application),
            cell(self.remarks(now)).fg(if self.privileged { Color::Yellow } else { Color::Reset }),
            cell(cells::place(self.city.as_deref(), self.country.as_deref())),
            cell(self.session_types.first().map_or("", String::as_str)),
            cell(cells::client(&self.browser, &self.platform)),
            cell(&self.security_level),
            cell(self.derived.to_string()),
            cell(shown(self.expires)),
            cell(&self.login_type),
            cell(&self.name),
        ]
    }
}

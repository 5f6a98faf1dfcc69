//! From where and with what somebody came, as several lists tell it.

use serde::Serialize;
use session_warden::observation::{Login, Place, Session};

/// Place and client of a login, empty where there is none; in JSON the fields stand among those of the row.
#[derive(Debug, Default, Serialize)]
pub(super) struct Arrival {
    country: Option<String>,
    city: Option<String>,
    pub(super) application: String,
    browser: String,
    platform: String,
}

impl Arrival {
    pub(super) fn of(login: &Login) -> Self {
        let arrival = Self {
            browser: login.client.browser.to_string(),
            platform: login.client.platform.to_string(),
            ..Self::with(&login.application)
        };
        arrival.at(login.place.as_ref())
    }

    /// With an application, and nothing else is known.
    pub(super) fn with(application: &str) -> Self {
        Self { application: application.to_owned(), ..Self::default() }
    }

    /// The same, at another place.
    pub(super) fn at(self, place: Option<&Place>) -> Self {
        Self {
            country: place.and_then(|place| place.country).map(|country| country.to_string()),
            city: place.and_then(|place| place.city.as_ref().map(ToString::to_string)),
            ..self
        }
    }

    /// The place as far as it is known.
    pub(super) fn place(&self) -> String {
        self.city.iter().chain(&self.country).map(String::as_str).collect::<Vec<_>>().join(", ")
    }

    /// What the client calls itself; Salesforce writes `Unknown` where it calls itself nothing.
    pub(super) fn client(&self) -> String {
        let told = [&self.browser, &self.platform].into_iter();
        let told = told.filter(|text| !text.is_empty() && *text != "Unknown").map(String::as_str);
        told.collect::<Vec<_>>().join(", ")
    }
}

/// Where a session is held: where Salesforce places its address, else where its login came from. A login's place says
/// nothing about a session that is held from elsewhere.
pub(super) fn held_at<'s>(session: &'s Session, login: Option<&'s Login>) -> Option<&'s Place> {
    let of_login =
        || login.filter(|login| login.source == session.source).and_then(|login| login.place.as_ref());
    session.place.as_ref().or_else(of_login)
}

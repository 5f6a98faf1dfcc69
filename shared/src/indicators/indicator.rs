//! One thing to look for.

use std::fmt;

use ipnet::IpNet;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::defanged;

/// Shorter text is part of almost every client's name.
const SHORTEST_AGENT: usize = 3;
/// No field that is compared holds longer text.
const LONGEST: usize = 255;

/// What can be seen of an attacker in Salesforce.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Observable {
    /// An address, or a network of them; never one that holds every address.
    Address(IpNet),
    /// Part of what a client calls itself: browser, platform or application, ASCII letters in any case.
    UserAgent(String),
    /// Part of an application's name, ASCII letters in any case.
    Application(String),
    /// A user id or a username.
    User(String),
}

/// An observable, and what is known about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Indicator {
    /// What to look for.
    pub observable: Observable,
    /// From when it was the attacker's; `None` where nobody says.
    pub valid_from: Option<Timestamp>,
    /// Until when; `None` where nobody says.
    pub valid_until: Option<Timestamp>,
    /// How sure its author is, 0 to 100.
    pub confidence: Option<u8>,
    /// Who says so, in the author's words.
    pub source: Option<String>,
    /// Every place it was read from.
    pub provenance: Vec<Provenance>,
}

/// Where an indicator was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Provenance {
    /// A person typed it.
    CommandLine,
    /// A line of a file, from 1.
    Line {
        /// Which file.
        file: String,
        /// Which line.
        line: u64,
    },
    /// An object of a STIX bundle.
    Object {
        /// Which file.
        file: String,
        /// `indicator--…`.
        id: String,
    },
}

/// Whether an indicator is still the attacker's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Validity {
    /// As far as is known.
    Current,
    /// Its author expected it to be over by now.
    Expired,
}

impl Indicator {
    /// An indicator of which nothing else is known.
    pub fn new(observable: Observable, provenance: Provenance) -> Self {
        let provenance = vec![provenance];
        Self { observable, valid_from: None, valid_until: None, confidence: None, source: None, provenance }
    }

    /// Whether its validity has ended.
    pub fn validity(&self, now: Timestamp) -> Validity {
        if self.valid_until.is_some_and(|until| until <= now) { Validity::Expired } else { Validity::Current }
    }
}

impl Observable {
    /// An address, CIDR or URL whose host is an address, also defanged: `198.51.100[.]7`, `hxxp://…`.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn address(text: &str) -> Result<Self, String> {
        let network =
            defanged::network(text).ok_or_else(|| format!("{} is no address or CIDR", quoted(text)))?;
        if network.prefix_len() == 0 {
            return Err(format!("{} holds every address", quoted(text)));
        }
        Ok(Self::Address(network))
    }

    /// Part of a client's name.
    ///
    /// # Errors
    /// It is shorter than three characters, or longer than any field.
    pub fn user_agent(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.chars().count() < SHORTEST_AGENT {
            return Err(format!("{} is too short for a user agent and would match almost any", quoted(text)));
        }
        fitting(text).map(Self::UserAgent)
    }

    /// Part of an application's name.
    ///
    /// # Errors
    /// It is empty, or longer than any field.
    pub fn application(text: &str) -> Result<Self, String> {
        fitting(text.trim()).map(Self::Application)
    }

    /// A user id or a username.
    ///
    /// # Errors
    /// It is neither.
    pub fn user(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if is_user_id(text) || text.contains('@') && !text.contains(char::is_whitespace) {
            return fitting(text).map(Self::User);
        }
        Err(format!("{} is neither a user id (005…) nor a username", quoted(text)))
    }

    /// By the name of its type, as lists of indicators and STIX write it.
    ///
    /// # Errors
    /// The type is not one that Salesforce records, or the value is not of that type.
    pub fn of_type(kind: &str, value: &str) -> Result<Self, String> {
        if kind.trim().eq_ignore_ascii_case("ip:port") {
            return Self::address(value.rsplit_once(':').map_or(value, |(address, _)| address));
        }
        match Kind::named(kind) {
            Some(Kind::Address) => Self::address(value),
            Some(Kind::UserAgent) => Self::user_agent(value),
            Some(Kind::Application) => Self::application(value),
            Some(Kind::User) => Self::user(value),
            None => Err(format!("Salesforce records nothing of the type {}", quoted(kind))),
        }
    }

    /// By what the text itself looks like; only addresses and user ids can be told so.
    ///
    /// # Errors
    /// It could be anything.
    pub fn inferred(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if is_user_id(text) {
            return Ok(Self::User(text.to_owned()));
        }
        Self::address(text).map_err(|reason| match defanged::network(text) {
            Some(_) => reason,
            None => format!(
                "{reason}; say what it is, such as `user-agent: …`, `application: …` or `user: …` (Salesforce records \
                 no domains and no hashes)",
            ),
        })
    }

    /// What kind of thing it is, in words.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Address(_) => "address",
            Self::UserAgent(_) => "user agent",
            Self::Application(_) => "application",
            Self::User(_) => "user",
        }
    }
}

impl fmt::Display for Observable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(network) if network.prefix_len() == network.max_prefix_len() => {
                network.addr().fmt(f)
            }
            Self::Address(network) => network.fmt(f),
            Self::UserAgent(text) | Self::Application(text) | Self::User(text) => f.write_str(text),
        }
    }
}

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CommandLine => f.write_str("command line"),
            Self::Line { file, line } => write!(f, "{file}, line {line}"),
            Self::Object { file, id } => write!(f, "{file}, {id}"),
        }
    }
}

/// What a type's name stands for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Address,
    UserAgent,
    Application,
    User,
}

impl Kind {
    /// Names of types in the wild: our own, STIX's and MISP's.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name.trim().to_ascii_lowercase().replace(['_', ' '], "-").as_str() {
            "ip" | "ip-address" | "address" | "ipv4" | "ipv6" | "ipv4-addr" | "ipv6-addr" | "cidr"
            | "network" | "ip-src" | "ip-dst" => Some(Self::Address),
            "user-agent" | "useragent" | "ua" | "http-user-agent" => Some(Self::UserAgent),
            "application" | "app" | "connected-app" | "app-name" => Some(Self::Application),
            "user" | "user-id" | "username" | "user-name" => Some(Self::User),
            _ => None,
        }
    }
}

/// An instant, in UTC where it names no zone; a date begins at midnight.
pub(super) fn instant(text: &str) -> Result<Timestamp, String> {
    let in_utc = || text.parse::<DateTime>().and_then(|time| TimeZone::UTC.to_timestamp(time));
    text.parse().or_else(|_| in_utc()).map_err(|_| {
        format!("{} is no instant such as 2026-10-01T08:00:00Z and no date such as 2026-10-01", quoted(text))
    })
}

fn is_user_id(text: &str) -> bool {
    matches!(text.len(), 15 | 18)
        && text.starts_with("005")
        && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

fn fitting(text: &str) -> Result<String, String> {
    match text.chars().count() {
        0 => Err("it is empty".to_owned()),
        1..=LONGEST => Ok(text.to_owned()),
        _ => Err(format!("{} is longer than the {LONGEST} characters of any field", quoted(text))),
    }
}

/// A value as it is repeated to people: without control characters, at most 60 characters.
pub(super) fn quoted(value: &str) -> String {
    let mut shown: String = value.trim().chars().filter(|c| !c.is_control()).take(60).collect();
    if value.trim().chars().count() > 60 {
        shown.push('…');
    }
    format!("`{shown}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_nothing_else_is_inferred() {
        let shown = |text: &str| Observable::inferred(text).map(|seen| format!("{} {seen}", seen.kind()));
        assert_eq!(shown("198.51.100.7"), Ok("address 198.51.100.7".to_owned()));
        assert_eq!(shown("198.51.100.9/24"), Ok("address 198.51.100.0/24".to_owned()));
        assert_eq!(shown("0055g00000AbCdEAAV"), Ok("user 0055g00000AbCdEAAV".to_owned()));
        for text in [
            "login.evil.example",
            "python-requests/2.32.4",
            "ada@acme.example",
            "d41d8cd98f00b204e9800998ecf8427e",
        ] {
            assert!(shown(text).is_err_and(|reason| reason.contains("user-agent: …")), "{text}");
        }
        assert_eq!(shown("0.0.0.0/0"), Err("`0.0.0.0/0` holds every address".to_owned()));
    }

    #[test]
    fn a_type_that_salesforce_does_not_record_is_named() {
        assert_eq!(Observable::of_type("IPv4_Addr", "198.51.100.7"), Observable::address("198.51.100.7"));
        let reason = Observable::of_type("domain-name", "evil.example").unwrap_err();
        assert_eq!(reason, "Salesforce records nothing of the type `domain-name`");
        assert!(Observable::user_agent("js").is_err());
        assert!(Observable::user_agent(&"x".repeat(256)).is_err());
    }

    #[test]
    fn a_validity_ends_at_its_instant() {
        let mut indicator =
            Indicator::new(Observable::application("Drift").unwrap(), Provenance::CommandLine);
        let until = instant("2026-10-01").unwrap();
        assert_eq!(indicator.validity(until), Validity::Current);
        indicator.valid_until = Some(until);
        assert_eq!(indicator.validity(until), Validity::Expired);
        assert_eq!(indicator.validity(instant("2026-09-30T23:59:59Z").unwrap()), Validity::Current);
        assert!(instant("1/10/2026").is_err());
        assert_eq!(instant("2026-10-01 08:00:00").unwrap().to_string(), "2026-10-01T08:00:00Z");
    }
}

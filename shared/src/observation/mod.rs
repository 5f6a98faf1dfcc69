//! What was seen in Salesforce: plain types without I/O.

mod client;
mod country;
mod country_name;
mod family;
mod ids;
mod login;
mod login_detail;
mod login_status;
mod logout;
mod origin;
mod place;
mod session;
mod source;
mod threat;
mod token;
mod token_use;
mod user;
mod verification;

pub use client::{Client, ClientFamily};
pub use country::CountryCode;
pub use family::{Family, families, simultaneous};
pub(crate) use family::{ancestors, parents};
pub use ids::{LoginId, OrgId, SessionId, TokenKey, UserId, VerificationId};
pub(crate) use login::is_same_name;
pub use login::{AccessPath, Login, Outcome};
pub use login_detail::LoginDetail;
pub use logout::Logout;
pub use origin::{ListKind, Listing, NoOrigins, Origin, Origins, ProviderKind, Validity};
pub use place::Place;
pub use session::{AccessToken, Session, SessionLogin};
/// A text of an observation. One of up to 23 bytes, as most are, lies in place: reading, copying and dropping it asks the
/// allocator for nothing. Copies of a longer one share it.
pub use smol_str::SmolStr as Text;
pub use source::{Network, Source};
pub use threat::{Threat, ThreatKind};
pub use token::{AppKind, Revocable, Token};
pub use token_use::{TokenChange, TokenUse};
pub use user::{AccountDetails, AccountKind, SignOn, User};
pub use verification::{Verification, VerificationKind};

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One thing that a sensor saw, with the instant at which Salesforce says it happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "observed")]
pub enum Observation {
    /// A row of LoginHistory.
    Login(Box<Login>),
    /// A user has logged out.
    Logout(Box<Logout>),
    /// A row of AuthSession that is new, whose address or login has changed since the last snapshot, or that is still used.
    Session(Box<Session>),
    /// A row of VerificationHistory.
    Verification(Box<Verification>),
    /// A refresh token that is new, was used, or is gone since the last look.
    TokenUse(Box<TokenUse>),
    /// What Salesforce itself takes for hostile.
    Threat(Box<Threat>),
}

/// The order in which observations are judged: by time, then by kind and id, so that equal instants have one order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// When it happened.
    pub time: Timestamp,
    /// What kind of thing was seen.
    pub kind: Kind,
    /// What makes it unique among those: the record's id, and of what may change also what may change about it.
    pub id: Text,
}

/// A kind of observation, in the order of their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An identity verification.
    Check,
    /// A login.
    Login,
    /// A logout.
    Logout,
    /// A session.
    Session,
    /// What Salesforce itself takes for hostile.
    Threat,
    /// A refresh token.
    Token,
}

impl Kind {
    /// Its name, as it begins that of a position.
    pub fn name(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Login => "login",
            Self::Logout => "logout",
            Self::Session => "session",
            Self::Threat => "threat",
            Self::Token => "token",
        }
    }
}

/// What was seen, without the time: `login/0Ya…`.
impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind.name(), self.id)
    }
}

impl Observation {
    /// When it happened, as Salesforce says.
    pub fn time(&self) -> Timestamp {
        match self {
            Self::Login(login) => login.time,
            Self::Logout(logout) => logout.time,
            Self::Session(session) => session.last_modified,
            Self::Verification(check) => check.time,
            Self::TokenUse(seen) => seen.time(),
            Self::Threat(threat) => threat.time,
        }
    }

    /// Where this observation stands in the order of judging; equal positions are the same observation.
    pub fn position(&self) -> Position {
        let (kind, id) = match self {
            Self::Login(login) => (Kind::Login, (&login.id).into()),
            Self::Logout(logout) => (Kind::Logout, logout.id.as_str().into()),
            Self::Session(session) => (Kind::Session, session.revision().into()),
            Self::Verification(check) => (Kind::Check, (&check.id).into()),
            Self::TokenUse(seen) => (Kind::Token, seen.revision().into()),
            Self::Threat(threat) => (Kind::Threat, threat.id.as_str().into()),
        };
        Position { time: self.time(), kind, id }
    }

    /// The user it is about; `None` for an attempt that Salesforce could not attribute.
    pub fn user(&self) -> Option<&UserId> {
        match self {
            Self::Login(login) => login.user_id.as_ref(),
            Self::Logout(logout) => Some(&logout.user_id),
            Self::Session(session) => Some(&session.user_id),
            Self::Verification(v) => Some(&v.user_id),
            Self::TokenUse(seen) => Some(&seen.token.user_id),
            Self::Threat(threat) => Some(&threat.user_id),
        }
    }

    /// The network it came from, where it came from an address.
    pub fn network(&self) -> Option<Network> {
        self.source()?.network()
    }

    /// Where it came from; `None` for what has no origin.
    pub fn source(&self) -> Option<&Source> {
        match self {
            Self::Login(login) => Some(&login.source),
            Self::Session(session) => Some(&session.source),
            Self::Verification(check) => Some(&check.source),
            Self::Threat(threat) => Some(&threat.source),
            Self::Logout(_) | Self::TokenUse(_) => None,
        }
    }

    /// The application it is about, where it names one.
    pub fn application(&self) -> Option<&str> {
        let name = match self {
            Self::Login(login) => &*login.application,
            Self::TokenUse(seen) => &*seen.token.app_name,
            Self::Logout(_) | Self::Session(_) | Self::Verification(_) | Self::Threat(_) => "",
        };
        (!name.is_empty()).then_some(name)
    }
}

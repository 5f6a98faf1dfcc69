//! What was seen in Salesforce: plain types without I/O.

mod client;
mod country;
mod family;
mod ids;
mod login;
mod login_detail;
mod place;
mod session;
mod source;
mod text;
mod token;
mod token_use;
mod user;
mod verification;

pub use client::{Client, ClientFamily};
pub use country::CountryCode;
pub use family::{Family, families, simultaneous};
pub(crate) use family::{ancestors, parents};
pub use ids::{LoginId, OrgId, SessionId, TokenKey, UserId, VerificationId};
pub use login::{AccessPath, Login, Outcome};
pub use login_detail::LoginDetail;
pub use place::Place;
pub use session::{AccessToken, Session, SessionLogin};
pub use source::{Network, Source};
pub(crate) use text::SharedTexts;
pub use text::Text;
pub use token::{AppKind, Revocable, Token};
pub use token_use::{TokenChange, TokenUse};
pub use user::{AccountDetails, AccountKind, SignOn, User};
pub use verification::{Verification, VerificationKind};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One thing that a sensor saw, with the instant at which Salesforce says it happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "observed")]
pub enum Observation {
    /// A row of LoginHistory.
    Login(Box<Login>),
    /// A row of AuthSession that is new, or whose address or login has changed since the last snapshot.
    Session(Box<Session>),
    /// A row of VerificationHistory.
    Verification(Box<Verification>),
    /// A refresh token that is new, was used, or is gone since the last look.
    TokenUse(Box<TokenUse>),
}

/// The order in which observations are judged: by time, then by kind and id, so that equal instants have one order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// When it happened.
    pub time: Timestamp,
    /// Of what kind it is.
    kind: Kind,
    /// What makes it unique among those of its kind: the record's id, and for a session also what may change about it.
    id: Text,
}

/// Kinds of observations, in the order in which those of one instant are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Kind {
    Check,
    Login,
    Session,
    Token,
}

impl Position {
    /// What tells it from every other of its instant, in two parts.
    pub(crate) fn parts(&self) -> [&str; 2] {
        let kind = match self.kind {
            Kind::Check => "check/",
            Kind::Login => "login/",
            // A revision says itself of what it is one.
            Kind::Session | Kind::Token => "",
        };
        [kind, &self.id]
    }

    /// What tells it from every other of its instant.
    pub(crate) fn name(&self) -> String {
        self.parts().concat()
    }
}

impl Observation {
    /// Where this observation stands in the order of judging; equal positions are the same observation.
    pub fn position(&self) -> Position {
        let (time, kind, id) = match self {
            Self::Login(login) => (login.time, Kind::Login, login.id.text()),
            Self::Session(session) => (session.last_modified, Kind::Session, session.revision().into()),
            Self::Verification(check) => (check.time, Kind::Check, check.id.text()),
            Self::TokenUse(seen) => (seen.time(), Kind::Token, seen.revision().into()),
        };
        Position { time, kind, id }
    }

    /// The user it is about; `None` for an attempt that Salesforce could not attribute.
    pub fn user(&self) -> Option<&UserId> {
        match self {
            Self::Login(login) => login.user_id.as_ref(),
            Self::Session(session) => Some(&session.user_id),
            Self::Verification(v) => Some(&v.user_id),
            Self::TokenUse(seen) => Some(&seen.token.user_id),
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
            Self::TokenUse(_) => None,
        }
    }

    /// The application it is about, where it names one.
    pub fn application(&self) -> Option<&str> {
        match self {
            Self::Login(login) => Some(&login.application),
            Self::TokenUse(seen) => Some(&seen.token.app_name),
            Self::Session(_) | Self::Verification(_) => None,
        }
    }
}

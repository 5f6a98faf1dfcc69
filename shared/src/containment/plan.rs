//! What would be done, and what that means for the user. Pure.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::{Holdings, Impact, Readable, StepKind};
use crate::observation::{Session, SessionId, User, ancestors, families, parents};
use crate::policy::FreezeMode;
use crate::salesforce::{FoundSession, FoundToken, Frozen, Owned};

/// A row counts as expired only this long after its expiry: this machine's clock may be ahead of Salesforce's, and
/// deleting a session that has just ended does no harm.
const SKEW: SignedDuration = SignedDuration::from_mins(5);
/// Application names that an impact lists.
const LISTED: usize = 50;

/// Whether the account is to be frozen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freezing {
    /// It is.
    Wanted,
    /// It is so already, or the policy does not want it.
    NotWanted,
}

/// The acts that end a user's access, in their order: freeze, so that nothing new begins; refresh tokens, so that no
/// session is made anew; sessions, roots before the children that go with them.
#[derive(Debug)]
pub struct Plan {
    /// Whether the account is to be frozen.
    pub freeze: Freezing,
    /// The refresh tokens to revoke.
    pub tokens: Readable<Vec<FoundToken>>,
    /// The sessions to delete, in this order; neither expired nor this client's own.
    pub sessions: Readable<Vec<Session>>,
}

impl Plan {
    /// Everything a user holds. Freezing is planned also for an account that is frozen already: it costs no write.
    pub fn of(holdings: &Holdings, freeze: FreezeMode, now: Timestamp) -> Self {
        Self {
            freeze: match freeze {
                FreezeMode::Hold => Freezing::Wanted,
                FreezeMode::Never => Freezing::NotWanted,
            },
            tokens: holdings.tokens.clone(),
            sessions: holdings.sessions.as_ref().map(|found| to_delete(found, now)).map_err(Clone::clone),
        }
    }

    /// What of it is still there to do.
    pub fn left(holdings: &Holdings, freeze: FreezeMode, now: Timestamp) -> Self {
        let is_frozen = matches!(&holdings.freeze, Ok(Some(state)) if state.frozen == Frozen::Yes);
        let plan = Self::of(holdings, freeze, now);
        if is_frozen { Self { freeze: Freezing::NotWanted, ..plan } } else { plan }
    }

    /// Nothing, until a re-read has seen something.
    pub(super) fn nothing() -> Self {
        Self { freeze: Freezing::NotWanted, tokens: Ok(Vec::new()), sessions: Ok(Vec::new()) }
    }

    /// Whether everything could be read and nothing is to be done.
    pub fn is_empty(&self) -> bool {
        self.freeze == Freezing::NotWanted
            && self.tokens.as_ref().is_ok_and(Vec::is_empty)
            && self.sessions.as_ref().is_ok_and(Vec::is_empty)
    }

    /// The steps in their order, each with how many things it is aimed at. What could not be read is a step all the
    /// same, for it may hold something.
    pub fn steps(&self) -> Vec<(StepKind, usize)> {
        let freeze = (self.freeze == Freezing::Wanted).then_some((StepKind::Freeze, 1));
        let tokens = wanted(StepKind::RevokeTokens, self.tokens.as_ref().map(Vec::len));
        let sessions = wanted(StepKind::DeleteSessions, self.sessions.as_ref().map(Vec::len));
        [freeze, tokens, sessions, Some((StepKind::Reread, 1))].into_iter().flatten().collect()
    }

    /// Whether a JWT access token may be out that no session row and no revocation ends at once: Salesforce gives
    /// them to OAuth clients. Where something could not be read, it may.
    pub fn may_leave_jwt(&self) -> bool {
        let is_oauth = |session: &Session| {
            let kind = session.session_type.to_ascii_lowercase();
            kind.contains("oauth") || kind.contains("jwt")
        };
        self.sessions.as_ref().map_or(true, |sessions| sessions.iter().any(is_oauth))
            || self.tokens.as_ref().map_or(true, |tokens| !tokens.is_empty())
    }

    /// What carrying it out means.
    pub fn impact(&self, user: Option<&User>, unread: Vec<String>) -> Impact {
        let empty = (Vec::new(), Vec::new());
        let sessions = self.sessions.as_ref().unwrap_or(&empty.0);
        let tokens = self.tokens.as_ref().unwrap_or(&empty.1);
        let applications: BTreeSet<_> = tokens.iter().map(|found| found.token.app_name.clone()).collect();
        Impact {
            username: user.map_or_else(String::new, |user| user.username.clone()),
            sessions: sessions.len(),
            session_families: families(sessions).len(),
            tokens: tokens.len(),
            warnings: self.warnings(user, &applications),
            applications: applications.into_iter().take(LISTED).collect(),
            freezes: self.freeze == Freezing::Wanted,
            unread,
        }
    }

    fn warnings(&self, user: Option<&User>, applications: &BTreeSet<String>) -> Vec<String> {
        let mut warnings = Vec::new();
        let mut warn = |applies: bool, sentence: &str| {
            if applies {
                warnings.push(sentence.to_owned());
            }
        };
        warn(
            user.is_some_and(|user| !user.is_active),
            "The account is inactive; what it still holds is ended all the same.",
        );
        warn(
            !self.is_empty(),
            "Deleted sessions and revoked tokens cannot be brought back: the user logs in again.",
        );
        warn(
            !applications.is_empty(),
            "Mobile and desktop applications lose data that they have not sent yet.",
        );
        warn(
            !applications.is_empty(),
            "Integrations that work through this user stop until somebody authorises them again.",
        );
        warn(
            self.may_leave_jwt(),
            "A JWT access token that is already out may go on working for up to 30 minutes.",
        );
        warn(
            self.freeze == Freezing::NotWanted,
            "The account is not frozen: whoever knows its password can log in again.",
        );
        warnings
    }
}

fn wanted(kind: StepKind, count: Result<usize, &String>) -> Option<(StepKind, usize)> {
    match count {
        Ok(0) => None,
        Ok(count) => Some((kind, count)),
        Err(_) => Some((kind, 0)),
    }
}

fn to_delete(found: &[FoundSession], now: Timestamp) -> Vec<Session> {
    let is_live = |session: &Session| session.expires().checked_add(SKEW).map_or(true, |end| end > now);
    let others = found.iter().filter(|found| found.owned == Owned::ByOthers).map(|found| &found.session);
    let mut sessions: Vec<_> = others.filter(|session| is_live(session)).cloned().collect();
    let parents = parents(sessions.iter());
    sessions.sort_by_cached_key(|session| (depth(&session.id, &parents), session.id.clone()));
    sessions
}

/// How many of the rows that are there stand above one.
fn depth(id: &SessionId, parents: &BTreeMap<SessionId, SessionId>) -> usize {
    ancestors(id, parents).count()
}

#[cfg(test)]
mod tests;

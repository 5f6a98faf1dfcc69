//! What would be done, and what that means for the user. Pure.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{Holdings, Reach, Readable, StepKind, Target};
use crate::observation::{Session, SessionId, ancestors, parents};
use crate::policy::FreezeMode;
use crate::salesforce::{FoundToken, Frozen, KnownAddress, Revocation};

/// A row counts as expired only this long after its expiry by Salesforce's clock, which is known to seconds and is not this
/// machine's: deleting a session that has just ended does no harm.
pub(super) const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// Whether the account is to be frozen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freezing {
    /// It is.
    Wanted,
    /// It is, until nothing is left.
    Meanwhile,
    /// It is so already, or the policy does not want it.
    NotWanted,
}

/// Whether the password is to be made invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resetting {
    /// It is.
    Wanted,
    /// It is so already, or nobody asked.
    NotWanted,
}

/// The acts that end a user's access, in their order: freeze and password, so that nothing new begins; refresh tokens, so
/// that no session is made anew; sessions, roots before the children that go with them; and known addresses.
#[derive(Debug)]
pub struct Plan {
    /// Whether the account is to be frozen.
    pub freeze: Freezing,
    /// Whether the password is to be made invalid.
    pub password: Resetting,
    /// The refresh tokens to revoke.
    pub tokens: Readable<Vec<FoundToken>>,
    /// The sessions to delete, in this order; neither expired nor this client's own.
    pub sessions: Readable<Vec<Session>>,
    /// The known addresses to forget.
    pub addresses: Readable<Vec<KnownAddress>>,
}

impl Plan {
    /// Everything that is reached of what is held at `now`, by Salesforce's clock. Freezing is planned also for an account that is frozen already: it
    /// costs no write.
    pub(crate) fn of(holdings: &Holdings, reach: &Reach, freeze: FreezeMode, now: Timestamp) -> Self {
        Self {
            freeze: match (freeze, &reach.target) {
                (FreezeMode::Hold, Target::User { .. }) => Freezing::Wanted,
                (FreezeMode::UntilVerified, Target::User { .. }) => Freezing::Meanwhile,
                _ => Freezing::NotWanted,
            },
            tokens: holdings.tokens.as_ref().map(|found| to_revoke(found, reach)).map_err(Clone::clone),
            sessions: holdings
                .sessions
                .as_ref()
                .map(|found| to_delete(reach.sessions(found), now))
                .map_err(Clone::clone),
            password: if reach.has_old_password(holdings) { Resetting::Wanted } else { Resetting::NotWanted },
            addresses: holdings.addresses.clone(),
        }
    }

    /// What of it is still there to do.
    pub(crate) fn left(holdings: &Holdings, reach: &Reach, freeze: FreezeMode, now: Timestamp) -> Self {
        let is_frozen = matches!(&holdings.freeze, Ok(Some(state)) if state.frozen == Frozen::Yes);
        let plan = Self::of(holdings, reach, freeze, now);
        if is_frozen { Self { freeze: Freezing::NotWanted, ..plan } } else { plan }
    }

    /// Nothing, until a re-read has seen something.
    pub(super) fn nothing() -> Self {
        Self {
            freeze: Freezing::NotWanted,
            password: Resetting::NotWanted,
            tokens: Ok(Vec::new()),
            sessions: Ok(Vec::new()),
            addresses: Ok(Vec::new()),
        }
    }

    /// Whether everything could be read and nothing is to be done.
    pub fn is_empty(&self) -> bool {
        self.freeze == Freezing::NotWanted
            && self.password == Resetting::NotWanted
            && self.addresses.as_ref().is_ok_and(Vec::is_empty)
            && self.tokens.as_ref().is_ok_and(Vec::is_empty)
            && self.sessions.as_ref().is_ok_and(Vec::is_empty)
    }

    /// The steps in their order, each with how many things it is aimed at. What could not be read is a step all the
    /// same, for it may hold something.
    pub fn steps(&self) -> Vec<(StepKind, usize)> {
        let freeze = (self.freeze != Freezing::NotWanted).then_some((StepKind::Freeze, 1));
        let password = (self.password == Resetting::Wanted).then_some((StepKind::ResetPassword, 1));
        let addresses = wanted(StepKind::ForgetAddresses, self.addresses.as_ref().map(Vec::len));
        let tokens = wanted(StepKind::RevokeTokens, self.tokens.as_ref().map(Vec::len));
        let sessions = wanted(StepKind::DeleteSessions, self.sessions.as_ref().map(Vec::len));
        let reread = Some((StepKind::Reread, 1));
        [freeze, password, tokens, sessions, addresses, reread].into_iter().flatten().collect()
    }

    /// Whether a JWT access token may be out that no session row and no revocation ends at once: Salesforce gives
    /// them to OAuth clients. Where something could not be read, it may.
    pub fn may_leave_jwt(&self) -> bool {
        self.sessions.as_ref().map_or(true, |sessions| sessions.iter().any(is_oauth))
            || self.tokens.as_ref().map_or(true, |tokens| !tokens.is_empty())
    }
}

fn wanted(kind: StepKind, count: Result<usize, &String>) -> Option<(StepKind, usize)> {
    match count {
        Ok(0) => None,
        Ok(count) => Some((kind, count)),
        Err(_) => Some((kind, 0)),
    }
}

/// One call ends all tokens of an external client app, where nobody's are to be left.
fn to_revoke(found: &[FoundToken], reach: &Reach) -> Vec<FoundToken> {
    let reached = reach.tokens(found);
    let is_whole = matches!(reach.target, Target::App { .. }) && reached.len() == found.len();
    let mut tokens: Vec<_> = reached.into_iter().cloned().collect();
    for token in tokens.iter_mut().filter(|_| is_whole) {
        if let Revocation::ByClientApp { app, .. } = &token.revocation {
            token.revocation = Revocation::ByWholeClientApp { app: app.clone() };
        }
    }
    tokens
}

fn to_delete(reached: Vec<&Session>, now: Timestamp) -> Vec<Session> {
    let is_live = |session: &Session| session.expires().checked_add(SKEW).map_or(true, |end| end > now);
    let mut sessions: Vec<_> = reached.into_iter().filter(|session| is_live(session)).cloned().collect();
    let parents = parents(sessions.iter());
    sessions.sort_by_cached_key(|session| (depth(&session.id, &parents), session.id.clone()));
    sessions
}

/// Whether a client made it that holds tokens, and not a browser.
pub(super) fn is_oauth(session: &Session) -> bool {
    let kind = session.session_type.to_ascii_lowercase();
    kind.contains("oauth") || kind.contains("jwt")
}

/// How many of the rows that are there stand above one.
pub(super) fn depth(id: &SessionId, parents: &BTreeMap<SessionId, SessionId>) -> usize {
    ancestors(id, parents).count()
}

#[cfg(test)]
mod tests;

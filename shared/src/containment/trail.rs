//! What a user did before anything is done about him. It is evidence: nothing is decided by it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::holdings::bounded;
use super::residual::is_in_jwt_life;
use super::{Readable, Target};
use crate::observation::{AccessPath, Login, Verification};
use crate::salesforce::{Ability, Salesforce, Sight, Visibility};

/// How far back it goes.
const BACK: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Rows of each kind, the newest.
const ROWS: usize = 100;

/// The user's newest logins and verifications; nothing of either where it is not about one user.
#[derive(Debug)]
pub(crate) struct Trail {
    pub(super) logins: Readable<Vec<Login>>,
    pub(super) verifications: Readable<Vec<Verification>>,
}

impl Trail {
    /// Reads both at once; `within` bounds each reading.
    pub(super) async fn read(
        salesforce: &Salesforce,
        target: &Target,
        now: Timestamp,
        within: Option<Duration>,
    ) -> Self {
        let Some(user) = target.user() else {
            return Self { logins: Ok(Vec::new()), verifications: Ok(Vec::new()) };
        };
        let since = now.checked_sub(BACK).unwrap_or(Timestamp::MIN);
        let (logins, verifications) = tokio::join!(
            Box::pin(bounded(within, salesforce.newest_logins(user, since, ROWS))),
            Box::pin(bounded(within, salesforce.newest_verifications(user, since, ROWS))),
        );
        Self { logins, verifications }
    }

    /// Who sees only his own rows has not seen the user's, whatever came.
    pub(super) fn proven_by(self, visibility: &Readable<Visibility>) -> Self {
        Self {
            logins: self.logins.and_then(|rows| proven(visibility, Ability::Logins).map(|()| rows)),
            verifications: self
                .verifications
                .and_then(|rows| proven(visibility, Ability::Verifications).map(|()| rows)),
        }
    }

    /// Whether somebody may have come in within the life of a JWT access token by a way on which Salesforce gives one; `now`
    /// is by Salesforce's clock. Where the newest logins do not reach so far back, nobody knows.
    pub(super) fn may_leave_jwt(&self, now: Timestamp) -> bool {
        let Ok(logins) = &self.logins else { return true };
        let is_cut = logins.len() >= ROWS && logins.iter().all(|login| is_in_jwt_life(login.time, now));
        let is_oauth = |login: &Login| {
            matches!(login.path(), AccessPath::OauthInteractive | AccessPath::OauthUnattended)
        };
        let leaves = |login: &Login| login.succeeded() && is_oauth(login) && is_in_jwt_life(login.time, now);
        is_cut || logins.iter().any(leaves)
    }

    /// What could not be read, as sentences.
    pub(super) fn unread(&self) -> Vec<String> {
        let missing = |what: &str, reason: &String| format!("{what} could not be read: {reason}");
        let logins = self.logins.as_ref().err().map(|reason| missing("logins", reason));
        let verifications = self.verifications.as_ref().err().map(|reason| missing("verifications", reason));
        logins.into_iter().chain(verifications).collect()
    }
}

fn proven(visibility: &Readable<Visibility>, ability: Ability) -> Readable<()> {
    match visibility.as_ref().map_err(Clone::clone)?.of(ability) {
        Sight::Seeing => Ok(()),
        Sight::Blind { missing } => Err(format!("the acting identity lacks {missing}")),
        Sight::Off => Err("the acting identity does not look at them".to_owned()),
    }
}

//! What must be known before anything is done.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::timeout;

use crate::observation::{AccountKind, User, UserId};
use crate::salesforce::{
    FoundSession, FoundToken, FreezeState, Salesforce, SalesforceError, TokenHashKey, Visibility, Whose,
};

/// Something that was read, or why it could not be.
pub type Readable<T> = Result<T, String>;

/// How long the evidence before the act may take; what has not come by then is recorded as missing.
const EVIDENCE: Duration = Duration::from_secs(2);

/// What a user holds.
#[derive(Debug)]
pub struct Holdings {
    /// Rows of AuthSession, expired ones too.
    pub sessions: Readable<Vec<FoundSession>>,
    /// Refresh tokens.
    pub tokens: Readable<Vec<FoundToken>>,
    /// Whether the account is frozen; `None` where Salesforce keeps no record.
    pub freeze: Readable<Option<FreezeState>>,
}

/// What the guard judges and the plan is made of.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) user: Readable<Option<User>>,
    pub(crate) own_users: Vec<UserId>,
    pub(crate) visibility: Readable<Visibility>,
    pub(crate) administrators: Readable<Vec<UserId>>,
    pub(crate) active_users: Readable<u64>,
    pub(crate) holdings: Holdings,
    pub(crate) read_at: Timestamp,
}

impl Facts {
    /// Reads everything at once. The evidence takes at most six calls and two
    /// seconds; the first time, also what each object shows, and with external client apps a call for each in use.
    ///
    /// # Errors
    /// A failure that may pass, in something the guard needs: nothing is decided, ask again later.
    pub(crate) async fn gather(
        salesforce: &Salesforce,
        user: &UserId,
        token_key: &TokenHashKey,
        own_users: &[UserId],
        now: Timestamp,
    ) -> Result<Self, SalesforceError> {
        let own = salesforce.own_user().await?;
        let (users, visibility, administrators, active_users, holdings) = tokio::join!(
            Box::pin(salesforce.users(std::slice::from_ref(user))),
            Box::pin(salesforce.visibility()),
            Box::pin(administrators(salesforce, user)),
            Box::pin(salesforce.active_user_count()),
            Holdings::read(salesforce, user, token_key, Some(EVIDENCE)),
        );
        Ok(Self {
            user: settled(users)?.map(|users| users.into_iter().find(|found| found.id == *user)),
            own_users: own_users.iter().cloned().chain([own]).collect(),
            visibility: settled(visibility)?,
            administrators: settled(administrators)?,
            active_users: settled(active_users)?,
            holdings,
            read_at: now,
        })
    }

    pub(crate) fn found_user(&self) -> Option<&User> {
        self.user.as_ref().ok().and_then(Option::as_ref)
    }
}

/// Who can let others in again. Programs cannot: where the user in question is one of them, only people count.
async fn administrators(salesforce: &Salesforce, user: &UserId) -> Result<Vec<UserId>, SalesforceError> {
    let holders = salesforce.administrators().await?;
    if !holders.contains(user) {
        return Ok(holders);
    }
    let people = salesforce.users(&holders).await?.into_iter();
    let people = people.filter(|found| found.kind == AccountKind::Human || found.id == *user);
    Ok(people.map(|found| found.id).collect())
}

/// A failure that passes by itself ends the attempt; one that stays is a fact.
fn settled<T>(read: Result<T, SalesforceError>) -> Result<Readable<T>, SalesforceError> {
    match read {
        Err(error) if error.retryable() => Err(error),
        other => Ok(other.map_err(|error| error.to_string())),
    }
}

impl Holdings {
    /// Reads what a user holds, at once; `within` bounds each reading.
    pub(crate) async fn read(
        salesforce: &Salesforce,
        user: &UserId,
        token_key: &TokenHashKey,
        within: Option<Duration>,
    ) -> Self {
        let (sessions, tokens, freeze) = tokio::join!(
            Box::pin(bounded(within, salesforce.sessions(Whose::User(user)))),
            Box::pin(bounded(within, salesforce.tokens(Whose::User(user), token_key))),
            Box::pin(bounded(within, salesforce.freeze_state(user))),
        );
        Self { sessions, tokens, freeze }
    }

    /// What could not be read, as sentences.
    pub(crate) fn unread(&self) -> Vec<String> {
        let missing = |what: &str, reason: &String| format!("{what} could not be read: {reason}");
        let sessions = self.sessions.as_ref().err().map(|reason| missing("sessions", reason));
        let tokens = self.tokens.as_ref().err().map(|reason| missing("refresh tokens", reason));
        let freeze = self.freeze.as_ref().err().map(|reason| missing("the freeze state", reason));
        [sessions, tokens, freeze].into_iter().flatten().collect()
    }
}

async fn bounded<T>(
    within: Option<Duration>,
    reading: impl Future<Output = Result<T, SalesforceError>>,
) -> Readable<T> {
    let Some(within) = within else { return reading.await.map_err(|error| error.to_string()) };
    match timeout(within, reading).await {
        Ok(read) => read.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer within {} seconds", within.as_secs())),
    }
}

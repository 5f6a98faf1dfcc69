//! What a target holds.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::timeout;

use super::{Reach, Readable, Target};
use crate::observation::{LoginId, UserId};
use crate::policy::Also;
use crate::salesforce::{
    Ability, FoundSession, FoundToken, FreezeState, KnownAddress, Salesforce, SalesforceError, Sight,
    TokenHashKey, Visibility, Whose,
};

/// The user's own OAuth sessions about which is asked beside hostile ones; of more it is not told where they came from.
const OWN: usize = 100;

/// What a target holds.
#[derive(Debug)]
pub struct Holdings {
    /// Rows of AuthSession, expired ones too; of a user all, also those that live on.
    pub sessions: Readable<Vec<FoundSession>>,
    /// Refresh tokens.
    pub tokens: Readable<Vec<FoundToken>>,
    /// Whether the account is frozen; `None` where Salesforce keeps no record, or nobody is to be frozen.
    pub freeze: Readable<Option<FreezeState>>,
    /// Addresses from which the user need not confirm who he is, where they are to be forgotten.
    pub addresses: Readable<Vec<KnownAddress>>,
    /// When the password was last changed, the epoch for never; `None` where it is not asked.
    pub password_changed: Readable<Option<Timestamp>>,
    /// Which application the logins of hostile OAuth sessions name, and of the user's other ones beside them, as far as it
    /// can be told.
    pub applications: HashMap<LoginId, String>,
}

impl Holdings {
    /// Reads what a target holds, at once; `within` bounds each reading.
    pub(crate) async fn read(
        salesforce: &Salesforce,
        reach: &Reach,
        key: &TokenHashKey,
        within: Option<Duration>,
    ) -> Self {
        match &reach.target {
            Target::User { user_id } => {
                let (sessions, tokens, freeze, addresses, password_changed) = tokio::join!(
                    Box::pin(bounded(within, salesforce.sessions(Whose::User(user_id)))),
                    Box::pin(bounded(within, salesforce.tokens(Whose::User(user_id), key))),
                    Box::pin(bounded(within, salesforce.freeze_state(user_id))),
                    Box::pin(bounded(within, addresses(salesforce, reach, user_id))),
                    Box::pin(bounded(within, password_changed(salesforce, reach, user_id))),
                );
                Self { sessions, tokens, freeze, addresses, password_changed, ..Self::nothing() }
            }
            Target::Session { user_id, .. } => {
                let (sessions, tokens) = tokio::join!(
                    Box::pin(bounded(within, salesforce.sessions(Whose::User(user_id)))),
                    Box::pin(bounded(within, salesforce.tokens(Whose::User(user_id), key))),
                );
                let applications = Box::pin(applications(salesforce, reach, &sessions, within)).await;
                Self { sessions, tokens, applications, ..Self::nothing() }
            }
            Target::App { app_name } => Box::pin(Self::of_app(salesforce, reach, app_name, key)).await,
            Target::Org => {
                let sessions = Box::pin(bounded(None, salesforce.every_session())).await;
                Self { sessions, ..Self::nothing() }
            }
        }
    }

    /// Nothing of anything, all of it read.
    pub(super) fn nothing() -> Self {
        Self {
            sessions: Ok(Vec::new()),
            tokens: Ok(Vec::new()),
            freeze: Ok(None),
            addresses: Ok(Vec::new()),
            password_changed: Ok(None),
            applications: HashMap::new(),
        }
    }

    async fn of_app(salesforce: &Salesforce, reach: &Reach, app_name: &str, key: &TokenHashKey) -> Self {
        let tokens = bounded(None, salesforce.app_tokens(app_name, key)).await;
        let mut holders = reach.holders.clone();
        holders.extend(tokens.iter().flatten().map(|found| found.token.user_id.clone()));
        let sessions = bounded(None, salesforce.app_sessions(app_name, &holders, &reach.made)).await;
        Self { sessions, tokens, ..Self::nothing() }
    }

    /// What could not be read, as sentences.
    pub(crate) fn unread(&self) -> Vec<String> {
        let missing = |what: &str, reason: &String| format!("{what} could not be read: {reason}");
        let sessions = self.sessions.as_ref().err().map(|reason| missing("sessions", reason));
        let tokens = self.tokens.as_ref().err().map(|reason| missing("refresh tokens", reason));
        let freeze = self.freeze.as_ref().err().map(|reason| missing("the freeze state", reason));
        let addresses = self.addresses.as_ref().err().map(|reason| missing("known addresses", reason));
        let password =
            self.password_changed.as_ref().err().map(|reason| missing("the password's age", reason));
        [sessions, tokens, freeze, addresses, password].into_iter().flatten().collect()
    }

    /// Whether everything could be read, and is nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.sessions.as_ref().is_ok_and(Vec::is_empty) && self.tokens.as_ref().is_ok_and(Vec::is_empty)
    }
}

impl Target {
    /// What must be seen of others before anything is done and anything is called ended.
    pub(super) fn senses(&self) -> &'static [(&'static str, Ability)] {
        const SESSIONS: (&str, Ability) = ("sessions", Ability::Sessions);
        const TOKENS: (&str, Ability) = ("refresh tokens", Ability::Tokens);
        const LOGINS: (&str, Ability) = ("logins", Ability::Logins);
        const FREEZE: (&str, Ability) = ("the freeze state", Ability::UserLogins);
        match self {
            Self::User { .. } => &[SESSIONS, TOKENS, FREEZE],
            Self::Session { .. } => &[SESSIONS, TOKENS, LOGINS],
            Self::App { .. } => &[SESSIONS, TOKENS],
            Self::Org => &[SESSIONS],
        }
    }

    /// What the acting identity cannot see of it, as clauses.
    pub(crate) fn unseen(&self, visibility: &Visibility) -> Vec<String> {
        let clause = |(what, ability): &(&str, Ability)| match visibility.of(*ability) {
            Sight::Seeing => None,
            Sight::Blind { missing } => {
                Some(format!("the acting identity cannot see {what} of others; it lacks {missing}"))
            }
            Sight::Off => Some(format!("the acting identity does not look at {what}")),
        };
        self.senses().iter().filter_map(clause).collect()
    }
}

/// Which applications hostile OAuth sessions came through, and where there are any, the user's other ones, which may go with
/// the tokens of the same: what cannot be told is not there.
async fn applications(
    salesforce: &Salesforce,
    reach: &Reach,
    sessions: &Readable<Vec<FoundSession>>,
    within: Option<Duration>,
) -> HashMap<LoginId, String> {
    let Ok(found) = sessions else { return HashMap::new() };
    let hostile = reach.sessions(found);
    let oauth = found.iter().filter(|found| super::plan::is_oauth(&found.session)).cloned();
    let (mut oauth, own): (Vec<_>, Vec<_>) =
        oauth.partition(|found| hostile.iter().any(|session| session.id == found.session.id));
    if !oauth.is_empty() {
        oauth.extend(own.into_iter().take(OWN));
    }
    match bounded(within, salesforce.applications_of(&oauth)).await {
        Ok(applications) => applications,
        Err(reason) => {
            tracing::warn!(reason, "the applications behind hostile sessions cannot be told");
            HashMap::new()
        }
    }
}

async fn addresses(
    salesforce: &Salesforce,
    reach: &Reach,
    user: &UserId,
) -> Result<Vec<KnownAddress>, SalesforceError> {
    if !reach.also.contains(&Also::ForgetAddresses) {
        return Ok(Vec::new());
    }
    salesforce.known_addresses(Whose::User(user)).await
}

async fn password_changed(
    salesforce: &Salesforce,
    reach: &Reach,
    user: &UserId,
) -> Result<Option<Timestamp>, SalesforceError> {
    if !reach.also.contains(&Also::ResetPassword) {
        return Ok(None);
    }
    let known = salesforce.users(std::slice::from_ref(user)).await?.pop();
    Ok(known.map(|user| user.details.last_password_change.unwrap_or(Timestamp::UNIX_EPOCH)))
}

pub(super) async fn bounded<T>(
    within: Option<Duration>,
    reading: impl Future<Output = Result<T, SalesforceError>>,
) -> Readable<T> {
    let Some(within) = within else { return reading.await.map_err(|error| error.to_string()) };
    match timeout(within, reading).await {
        Ok(read) => read.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer within {} seconds", within.as_secs())),
    }
}

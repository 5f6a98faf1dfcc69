//! What a target holds.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::timeout;

use super::{Reach, Readable, Target};
use crate::observation::LoginId;
use crate::salesforce::{
    Ability, FoundSession, FoundToken, FreezeState, Salesforce, SalesforceError, TokenHashKey, Whose,
};

/// What a target holds.
#[derive(Debug)]
pub struct Holdings {
    /// Rows of AuthSession, expired ones too; of a user all, also those that live on.
    pub sessions: Readable<Vec<FoundSession>>,
    /// Refresh tokens.
    pub tokens: Readable<Vec<FoundToken>>,
    /// Whether the account is frozen; `None` where Salesforce keeps no record, or nobody is to be frozen.
    pub freeze: Readable<Option<FreezeState>>,
    /// Which application the logins of hostile OAuth sessions name, as far as it can be told.
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
                let (sessions, tokens, freeze) = tokio::join!(
                    Box::pin(bounded(within, salesforce.sessions(Whose::User(user_id)))),
                    Box::pin(bounded(within, salesforce.tokens(Whose::User(user_id), key))),
                    Box::pin(bounded(within, salesforce.freeze_state(user_id))),
                );
                Self { sessions, tokens, freeze, applications: HashMap::new() }
            }
            Target::Session { user_id, .. } => {
                let (sessions, tokens) = tokio::join!(
                    Box::pin(bounded(within, salesforce.sessions(Whose::User(user_id)))),
                    Box::pin(bounded(within, salesforce.tokens(Whose::User(user_id), key))),
                );
                let applications = Box::pin(applications(salesforce, reach, &sessions, within)).await;
                Self { sessions, tokens, freeze: Ok(None), applications }
            }
            Target::App { app_name } => Box::pin(Self::of_app(salesforce, reach, app_name, key)).await,
            Target::Org => {
                let sessions = Box::pin(bounded(None, salesforce.every_session())).await;
                Self { sessions, tokens: Ok(Vec::new()), freeze: Ok(None), applications: HashMap::new() }
            }
        }
    }

    async fn of_app(salesforce: &Salesforce, reach: &Reach, app_name: &str, key: &TokenHashKey) -> Self {
        let tokens = bounded(None, salesforce.app_tokens(app_name, key)).await;
        let mut holders = reach.holders.clone();
        holders.extend(tokens.iter().flatten().map(|found| found.token.user_id.clone()));
        let sessions = bounded(None, salesforce.app_sessions(app_name, &holders)).await;
        Self { sessions, tokens, freeze: Ok(None), applications: HashMap::new() }
    }

    /// What could not be read, as sentences.
    pub(crate) fn unread(&self) -> Vec<String> {
        let missing = |what: &str, reason: &String| format!("{what} could not be read: {reason}");
        let sessions = self.sessions.as_ref().err().map(|reason| missing("sessions", reason));
        let tokens = self.tokens.as_ref().err().map(|reason| missing("refresh tokens", reason));
        let freeze = self.freeze.as_ref().err().map(|reason| missing("the freeze state", reason));
        [sessions, tokens, freeze].into_iter().flatten().collect()
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
}

/// Which applications hostile OAuth sessions came through: what cannot be told is not there.
async fn applications(
    salesforce: &Salesforce,
    reach: &Reach,
    sessions: &Readable<Vec<FoundSession>>,
    within: Option<Duration>,
) -> HashMap<LoginId, String> {
    let Ok(found) = sessions else { return HashMap::new() };
    let hostile = reach.sessions(found);
    let is_oauth = |found: &&FoundSession| {
        hostile.iter().any(|session| session.id == found.session.id && super::plan::is_oauth(session))
    };
    let oauth: Vec<_> = found.iter().filter(is_oauth).cloned().collect();
    match bounded(within, salesforce.applications_of(&oauth)).await {
        Ok(applications) => applications,
        Err(reason) => {
            tracing::warn!(reason, "the applications behind hostile sessions cannot be told");
            HashMap::new()
        }
    }
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

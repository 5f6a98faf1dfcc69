//! What is read about one identity.

use jiff::{SignedDuration, Timestamp};

use crate::clock::Clock;
use crate::observation::{User, UserId};
use crate::salesforce::{
    Ability, ApiBudget, Connection, FreezeState, LastLogin, MissingField, Role, Salesforce, SalesforceError,
    SeenRows, Sight, Visibility,
};

/// Long histories are counted over this time: it needs only to be clear whether others are there.
const HISTORY: SignedDuration = SignedDuration::from_hours(24);
/// Who logged in within this time still has a session, unless it was ended.
const FRESH: SignedDuration = SignedDuration::from_mins(15);
/// Salesforce's clock may be behind ours, and its login row is older than the answer.
const SLACK: SignedDuration = SignedDuration::from_mins(5);

/// What one identity is and sees.
#[derive(Debug)]
pub struct Facts {
    /// What it is for.
    pub role: Role,
    /// As the connection document names it; with client credentials the app decides.
    pub username: Option<String>,
    /// Who it is, or why it was not let in.
    pub login: Result<UserId, SalesforceError>,
    /// How far Salesforce's clock is ahead; `None` without an answer.
    pub skew: Option<SignedDuration>,
    /// The API version that the connection document asks for.
    pub api_version: String,
    /// What it saw once it was in, or what ended its looking.
    pub looked: Option<Result<Looked, SalesforceError>>,
    /// What the other identity knows about one that was not let in.
    pub word_of_other: Option<WordOfOther>,
}

/// What an identity saw.
#[derive(Debug)]
pub struct Looked {
    /// The API versions that the org serves.
    pub versions: Result<Vec<String>, SalesforceError>,
    /// What it may see and do.
    pub visibility: Visibility,
    /// What it really gets, of each ability that its permissions promise.
    pub rows: Vec<(Ability, Result<Option<SeenRows>, SalesforceError>)>,
    /// Users other than itself who have just logged in.
    pub others_just_in: Result<u64, SalesforceError>,
    /// Its own account.
    pub account: Result<Option<User>, SalesforceError>,
    /// Whether it is frozen.
    pub freeze: Result<Option<FreezeState>, SalesforceError>,
    /// Its login just now, as Salesforce saw it.
    pub last_login: Result<Option<LastLogin>, SalesforceError>,
    /// The org's daily API calls.
    pub budget: Option<ApiBudget>,
    /// Objects and fields that it does not see of what is read.
    pub lacking: Result<Vec<MissingField>, SalesforceError>,
}

/// What the other identity sees of one that was not let in.
#[derive(Debug, Default)]
pub struct WordOfOther {
    /// Its account.
    pub account: Option<User>,
    /// Whether it is frozen.
    pub freeze: Option<FreezeState>,
    /// How its last attempt ended.
    pub last_login: Option<LastLogin>,
}

impl Facts {
    /// Logs in and looks around; about 40 calls.
    pub async fn read(
        salesforce: &Salesforce,
        connection: &Connection,
        role: Role,
        clock: &dyn Clock,
    ) -> Self {
        let began = clock.now();
        let login = salesforce.own_user().await;
        let looked = match &login {
            Ok(own) => Some(Looked::read(salesforce, role, own, began).await),
            Err(_) => None,
        };
        Self {
            username: connection.identity(role).and_then(|identity| identity.username.clone()),
            api_version: connection.api_version.clone(),
            skew: salesforce.server_clock_skew(),
            word_of_other: None,
            role,
            login,
            looked,
        }
    }

    /// Of an identity whose credential cannot even be tried.
    pub fn refused(connection: &Connection, role: Role, error: SalesforceError) -> Self {
        Self {
            username: connection.identity(role).and_then(|identity| identity.username.clone()),
            api_version: connection.api_version.clone(),
            login: Err(error),
            skew: None,
            looked: None,
            word_of_other: None,
            role,
        }
    }
}

impl Looked {
    async fn read(
        salesforce: &Salesforce,
        role: Role,
        own: &UserId,
        began: Timestamp,
    ) -> Result<Self, SalesforceError> {
        let ago = |time| began.saturating_sub(time).unwrap_or(Timestamp::MIN);
        let versions = salesforce.api_versions().await;
        let visibility = salesforce.visibility().await?;
        let mut rows = Vec::new();
        for ability in Ability::ALL {
            if ability.weight(role).is_some() && visibility.of(ability) == Sight::Seeing {
                rows.push((ability, salesforce.seen_rows(ability, own, ago(HISTORY)).await));
            }
        }
        Ok(Self {
            others_just_in: salesforce.others_logged_in(own, ago(FRESH)).await,
            account: salesforce.users(std::slice::from_ref(own)).await.map(|mut users| users.pop()),
            freeze: salesforce.freeze_state(own).await,
            last_login: salesforce.last_login(own, ago(SLACK)).await,
            lacking: salesforce.missing_fields(role).await,
            budget: salesforce.budget(),
            versions,
            visibility,
            rows,
        })
    }
}

impl WordOfOther {
    /// Asks an identity that is in about one that is not; what it does not see stays unsaid.
    pub async fn read(salesforce: &Salesforce, username: &str, now: Timestamp) -> Self {
        let Ok(Some(account)) = salesforce.user_named(username).await else { return Self::default() };
        let since = now.saturating_sub(HISTORY).unwrap_or(Timestamp::MIN);
        Self {
            freeze: salesforce.freeze_state(&account.id).await.ok().flatten(),
            last_login: salesforce.last_login(&account.id, since).await.ok().flatten(),
            account: Some(account),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::observation::AccountKind;
    use crate::salesforce::Permission;

    pub(in crate::self_test) fn user() -> User {
        User {
            id: UserId::new("0055g00000AbCdEAAV"),
            username: "scanner@acme.example".to_owned(),
            name: "Scanner".to_owned(),
            is_active: true,
            kind: AccountKind::Integration,
            profile: "Minimum Access".to_owned(),
            details: crate::observation::AccountDetails::default(),
        }
    }

    /// Everything is as it should be.
    pub(in crate::self_test) fn looked() -> Looked {
        Looked {
            versions: Ok(vec!["67.0".to_owned()]),
            visibility: Visibility::of_permissions(Permission::ALL.iter().copied()),
            rows: Vec::new(),
            others_just_in: Ok(5),
            account: Ok(Some(user())),
            freeze: Ok(None),
            last_login: Ok(None),
            budget: None,
            lacking: Ok(Vec::new()),
        }
    }

    pub(in crate::self_test) fn facts() -> Facts {
        Facts {
            role: Role::Scanner,
            username: Some(user().username),
            login: Ok(user().id),
            skew: Some(SignedDuration::ZERO),
            api_version: "67.0".to_owned(),
            looked: Some(Ok(looked())),
            word_of_other: None,
        }
    }
}

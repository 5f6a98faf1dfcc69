//! UserLogin: freezing. Source: Object Reference, UserLogin.

use std::collections::{BTreeSet, HashSet};

use jiff::Timestamp;
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::Applied;
use super::client::{Call, Salesforce};
use super::datetime::{Instant, literal};
use super::error::SalesforceError;
use super::query::record;
use super::soql::{list, quote};
use crate::observation::UserId;

const OBJECT: &str = "UserLogin";

/// Whether a user is kept from logging in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frozen {
    /// Logins are refused; live sessions may go on until they are deleted.
    Yes,
    /// Logins are taken.
    No,
}

/// What UserLogin says of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreezeState {
    /// The record, `0Yw…`.
    pub user_login_id: String,
    /// The state; Salesforce and other administrators freeze users too.
    pub frozen: Frozen,
    /// When the record last changed.
    pub last_modified: Timestamp,
    /// Who changed it last, where that is told.
    pub last_modified_by: Option<UserId>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Record {
    id: String,
    is_frozen: bool,
    last_modified_date: Instant,
    last_modified_by_id: Option<UserId>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Holder {
    user_id: UserId,
}

/// A user's record, with whose it is.
#[derive(Deserialize)]
struct Held {
    #[serde(flatten)]
    holder: Holder,
    #[serde(flatten)]
    record: Record,
}

impl Salesforce {
    /// Whether a user is frozen; `None` without a record, as for users who never logged in.
    pub async fn freeze_state(&self, user: &UserId) -> Result<Option<FreezeState>, SalesforceError> {
        let soql = format!(
            "SELECT Id, IsFrozen, LastModifiedDate, LastModifiedById FROM UserLogin WHERE UserId = {}",
            quote(user.as_str())
        );
        let rows = self.every_row(OBJECT, soql, record::<Record>).await?;
        Ok(rows.into_iter().next().map(FreezeState::from))
    }

    /// Freezes or thaws a user, unless they are so already. Thawed is only who was frozen by this identity, as the record
    /// says right before.
    ///
    /// # Errors
    /// [`SalesforceError::NoUserLogin`] when the user has no record to change, [`SalesforceError::FrozenByOthers`] when
    /// somebody else has frozen whom this is to thaw.
    pub async fn set_frozen(&self, user: &UserId, frozen: Frozen) -> Result<Applied, SalesforceError> {
        let state = self.freeze_state(user).await?;
        let state = state.ok_or_else(|| SalesforceError::NoUserLogin { user: user.clone() })?;
        if state.frozen == frozen {
            return Ok(Applied::AlreadySo);
        }
        if frozen == Frozen::No && state.last_modified_by != Some(self.own_user().await?) {
            let by =
                state.last_modified_by.map_or_else(|| "Salesforce".to_owned(), |by| format!("user {by}"));
            return Err(SalesforceError::FrozenByOthers { user: user.clone(), by });
        }
        let call = Call {
            method: Method::PATCH,
            body: Some(json!({ "IsFrozen": frozen == Frozen::Yes })),
            ..Call::get(OBJECT, self.path(&format!("sobjects/UserLogin/{}", state.user_login_id)))
        };
        self.send(&call).await.map(|_| Applied::Done)
    }

    /// Everybody who is frozen.
    pub async fn frozen_users(&self) -> Result<BTreeSet<UserId>, SalesforceError> {
        let soql = "SELECT UserId FROM UserLogin WHERE IsFrozen = true".to_owned();
        let rows = self.every_row(OBJECT, soql, record::<Holder>).await?;
        Ok(rows.into_iter().map(|row| row.user_id).collect())
    }

    /// Who is frozen by a record that has changed last from `since` on and before `until`, by Salesforce's clock.
    pub(crate) async fn frozen_between(
        &self,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<(UserId, FreezeState)>, SalesforceError> {
        let soql = format!(
            "SELECT Id, UserId, IsFrozen, LastModifiedDate, LastModifiedById FROM UserLogin WHERE IsFrozen = true AND \
             LastModifiedDate >= {} AND LastModifiedDate < {}",
            literal(since),
            literal(until)
        );
        let rows = self.rows(OBJECT, soql, record::<Held>).await?;
        Ok(rows.into_iter().map(|row| (row.holder.user_id, FreezeState::from(row.record))).collect())
    }

    /// Which of these users are frozen.
    pub(super) async fn frozen_among(&self, users: &[UserId]) -> Result<HashSet<UserId>, SalesforceError> {
        let users = list(users.iter().map(UserId::as_str));
        let soql = format!("SELECT UserId FROM UserLogin WHERE IsFrozen = true AND UserId IN {users}");
        let rows = self.every_row(OBJECT, soql, record::<Holder>).await?;
        Ok(rows.into_iter().map(|row| row.user_id).collect())
    }
}

impl From<Record> for FreezeState {
    fn from(record: Record) -> Self {
        Self {
            user_login_id: record.id,
            frozen: if record.is_frozen { Frozen::Yes } else { Frozen::No },
            last_modified: record.last_modified_date.0,
            last_modified_by: record.last_modified_by_id,
        }
    }
}

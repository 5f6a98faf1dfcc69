//! How many rows this identity really gets of an object: what its permissions promise is held against this.

use jiff::Timestamp;

use super::ability::Ability;
use super::client::{Call, Salesforce};
use super::datetime::literal;
use super::error::SalesforceError;
use super::soql::quote;
use crate::observation::UserId;

/// Rows as Salesforce counts them for this identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeenRows {
    /// About the identity itself.
    pub own: u64,
    /// About anybody else.
    pub others: u64,
}

/// Where the rows of an ability stand.
struct Rows {
    user: &'static str,
    /// The field of time by which a long history is cut.
    time: Option<&'static str>,
}

impl Salesforce {
    /// Counts the rows that show an ability at work, of long histories those since `since`; two calls. `None` where
    /// there are no rows of users: it can be looked at, and that is all.
    pub async fn seen_rows(
        &self,
        ability: Ability,
        own: &UserId,
        since: Timestamp,
    ) -> Result<Option<SeenRows>, SalesforceError> {
        let Some(rows) = rows(ability) else { return self.looked_at(ability, since).await.map(|()| None) };
        let since = rows.time.map(|time| format!("{time} >= {}", literal(since)));
        let own_only = Some(format!("{} = {}", rows.user, quote(own.as_str())));
        let all = self.count(ability.object(), &counting(ability, [since.clone(), None])).await?;
        let own = self.count(ability.object(), &counting(ability, [since, own_only])).await?;
        Ok(Some(SeenRows { own, others: all.saturating_sub(own) }))
    }

    async fn looked_at(&self, ability: Ability, since: Timestamp) -> Result<(), SalesforceError> {
        match ability {
            Ability::Limits => self.send(&Call::get("limits", self.path("limits"))).await.map(drop),
            Ability::Apps => self.connected_apps().await.map(drop),
            Ability::OrgSettings => self.security_settings().await.map(drop),
            Ability::Places => {
                let since = Some(format!("LoginTime >= {}", literal(since)));
                self.count(ability.object(), &counting(ability, [since, None])).await.map(drop)
            }
            _ => Ok(()),
        }
    }

    /// How many users other than `own` have logged in since then.
    pub async fn others_logged_in(&self, own: &UserId, since: Timestamp) -> Result<u64, SalesforceError> {
        let (own, since) = (quote(own.as_str()), literal(since));
        let soql = format!("SELECT COUNT() FROM User WHERE Id != {own} AND LastLoginDate >= {since}");
        self.count("User", &soql).await
    }
}

fn counting(ability: Ability, conditions: [Option<String>; 2]) -> String {
    let conditions: Vec<_> = conditions.into_iter().flatten().collect();
    let condition =
        if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) };
    format!("SELECT COUNT() FROM {}{condition}", ability.object())
}

/// `None` where no row names a user, and for what is done and not seen.
fn rows(ability: Ability) -> Option<Rows> {
    let rows = |user, time| Some(Rows { user, time });
    match ability {
        Ability::Logins => rows("UserId", Some("LoginTime")),
        Ability::Sessions => rows("UsersId", None),
        Ability::Tokens | Ability::UserLogins | Ability::MfaMethods => rows("UserId", None),
        Ability::Verifications => rows("UserId", Some("VerificationTime")),
        Ability::Users => rows("Id", None),
        Ability::Privileges => rows("AssigneeId", None),
        Ability::SetupTrail => rows("CreatedById", Some("CreatedDate")),
        Ability::Places
        | Ability::Apps
        | Ability::OrgSettings
        | Ability::Limits
        | Ability::DeleteSessions
        | Ability::RevokeTokens
        | Ability::FreezeUsers
        | Ability::ResetPasswords => None,
    }
}

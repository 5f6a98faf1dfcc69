//! OauthToken: the refresh tokens. Source: Object Reference, OauthToken. Its Id is always null and its AccessToken is
//! never asked for; DeleteToken is what a token is told apart and revoked by.

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;

use super::Whose;
use super::client::Salesforce;
use super::datetime::Instant;
use super::error::SalesforceError;
use super::query::{Page, record};
use super::soql::{IDS_PER_QUERY, list, quote};
use super::token_hash::TokenHashKey;
use super::wire::Text;
use crate::observation::{Token, UserId};

const OBJECT: &str = "OauthToken";
const SELECT: &str =
    "SELECT UserId, AppName, DeleteToken, UseCount, LastUsedDate, CreatedDate FROM OauthToken";
/// The rows at which Salesforce stops giving out more, without saying so.
const MOST: u64 = 2_500;

/// A token, and what revokes it.
#[derive(Debug, Clone)]
pub struct FoundToken {
    /// The token.
    pub token: Token,
    /// For [`Salesforce::revoke_token`].
    pub delete_token: SecretString,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Record {
    user_id: UserId,
    #[serde(default)]
    app_name: Text,
    delete_token: SecretString,
    use_count: Option<i64>,
    last_used_date: Option<Instant>,
    created_date: Option<Instant>,
}

/// Reads an OauthToken record as the REST API writes it.
///
/// # Errors
/// Says what keeps the record from being read, without repeating its content.
pub fn token_from_record(value: Value, key: &TokenHashKey) -> Result<FoundToken, String> {
    record(value).map(|record| found(record, key))
}

fn found(record: Record, key: &TokenHashKey) -> FoundToken {
    let token = Token {
        key: key.hash(&record.delete_token),
        user_id: record.user_id,
        app_name: record.app_name.0,
        use_count: record.use_count.unwrap_or_default(),
        created: record.created_date.map(|instant| instant.0),
        last_used: record.last_used_date.map(|instant| instant.0),
    };
    FoundToken { token, delete_token: record.delete_token }
}

impl Salesforce {
    /// The refresh tokens. For everyone the count is compared, and past 2,500 rows the query is cut by user.
    ///
    /// # Errors
    /// [`SalesforceError::Incomplete`] when fewer rows came than Salesforce counted before and after,
    /// [`SalesforceError::TooManyRows`] when one user alone has too many, and [`SalesforceError::UnreadableRow`] when
    /// one of a single user's rows cannot be read; among everyone's, such a row is told to the log.
    pub async fn tokens(
        &self,
        whose: Whose<'_>,
        key: &TokenHashKey,
    ) -> Result<Vec<FoundToken>, SalesforceError> {
        let rows = match whose {
            Whose::User(user) => self.tokens_of(std::slice::from_ref(user)).await?.into_every_row(OBJECT)?,
            Whose::Everyone => self.all_tokens().await?.into_rows(OBJECT),
        };
        Ok(rows.into_iter().map(|record| found(record, key)).collect())
    }

    async fn all_tokens(&self) -> Result<Page<Record>, SalesforceError> {
        let before = self.token_count().await?;
        let page = if before < MOST {
            self.query(OBJECT, SELECT.to_owned(), record).await?
        } else {
            self.tokens_of_each().await?
        };
        self.check_count(before, page.came()).await?;
        Ok(page)
    }

    /// A token granted or revoked meanwhile is no shortfall: what both counts know of must be there.
    async fn check_count(&self, before: u64, read: u64) -> Result<(), SalesforceError> {
        if read >= before {
            return Ok(());
        }
        let expected = before.min(self.token_count().await?);
        if read >= expected {
            return Ok(());
        }
        Err(SalesforceError::Incomplete { object: OBJECT.to_owned(), expected, read })
    }

    async fn token_count(&self) -> Result<u64, SalesforceError> {
        self.count(OBJECT, "SELECT COUNT() FROM OauthToken").await
    }

    async fn tokens_of_each(&self) -> Result<Page<Record>, SalesforceError> {
        let mut all = self.query(OBJECT, format!("{SELECT} WHERE UserId = null"), record).await?;
        for chunk in self.every_user_id().await?.chunks(IDS_PER_QUERY) {
            all.append(self.tokens_of(chunk).await?);
        }
        Ok(all)
    }

    /// The tokens of these users; as long as they reach the limit together, each half is asked for alone.
    async fn tokens_of(&self, users: &[UserId]) -> Result<Page<Record>, SalesforceError> {
        let mut waiting = vec![users];
        let mut all = Page::default();
        while let Some(users) = waiting.pop() {
            match self.tokens_if_few(users).await? {
                Some(page) => all.append(page),
                None if users.len() > 1 => waiting.extend(<[_; 2]>::from(users.split_at(users.len() / 2))),
                None => return Err(too_many(users)),
            }
        }
        Ok(all)
    }

    /// `None` when the limit may have cut the answer.
    async fn tokens_if_few(&self, users: &[UserId]) -> Result<Option<Page<Record>>, SalesforceError> {
        let condition = match users {
            [user] => format!("= {}", quote(user.as_str())),
            users => format!("IN {}", list(users.iter().map(UserId::as_str))),
        };
        match self.query(OBJECT, format!("{SELECT} WHERE UserId {condition}"), record).await {
            Ok(page) => Ok(Some(page).filter(|page| page.came() < MOST)),
            Err(SalesforceError::Incomplete { read, .. }) if read >= MOST => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn too_many(users: &[UserId]) -> SalesforceError {
    let user = users.first().cloned().unwrap_or_else(|| UserId::new(""));
    SalesforceError::TooManyRows { object: OBJECT.to_owned(), user, limit: MOST }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_row_is_known_by_a_hash_and_shows_no_secret() {
        let key = TokenHashKey::new([7; 32]);
        let row = json!({ "Id": null, "UserId": "0055g00000AbCdEAAV", "AppName": "Data Loader",
            "DeleteToken": "VERY-SECRET", "UseCount": 3, "LastUsedDate": null,
            "CreatedDate": "2026-11-23T18:43:00.000+0000" });
        let found = token_from_record(row, &key).unwrap();
        assert_eq!(found.token.key, key.hash(&"VERY-SECRET".into()));
        assert_eq!((found.token.use_count, found.token.last_used), (3, None));
        assert!(!format!("{found:?}").contains("VERY-SECRET"));
    }

    #[test]
    fn a_token_that_cannot_be_told_apart_is_refused_without_its_content() {
        let key = TokenHashKey::new([7; 32]);
        let row = |delete_token: Value| {
            token_from_record(json!({ "UserId": "005", "DeleteToken": delete_token }), &key).unwrap_err()
        };
        row(Value::Null);
        assert!(!row(json!(["VERY-SECRET"])).contains("VERY-SECRET"));
    }
}

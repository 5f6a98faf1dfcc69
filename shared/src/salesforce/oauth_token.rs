//! OauthToken: the refresh tokens. Source: Object Reference, OauthToken. Its Id is always null and its AccessToken is
//! never asked for; DeleteToken is what a token is told apart and revoked by.

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;

use super::Whose;
use super::client::Salesforce;
use super::datetime::Instant;
use super::error::SalesforceError;
use super::query::record;
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
    /// [`SalesforceError::Incomplete`] when fewer rows came than Salesforce counted before and after, and
    /// [`SalesforceError::TooManyRows`] when one user alone has too many.
    pub async fn tokens(
        &self,
        whose: Whose<'_>,
        key: &TokenHashKey,
    ) -> Result<Vec<FoundToken>, SalesforceError> {
        let records = match whose {
            Whose::User(user) => self.tokens_of(std::slice::from_ref(user)).await?,
            Whose::Everyone => self.all_tokens().await?,
        };
        Ok(records.into_iter().map(|record| found(record, key)).collect())
    }

    async fn all_tokens(&self) -> Result<Vec<Record>, SalesforceError> {
        let before = self.token_count().await?;
        let records = if before < MOST {
            self.rows(OBJECT, SELECT.to_owned(), record).await?
        } else {
            self.tokens_of_each().await?
        };
        let read = records.len() as u64;
        // A token granted or revoked meanwhile is no shortfall: only what both counts know of must be there.
        if read < before {
            let expected = before.min(self.token_count().await?);
            if read < expected {
                return Err(SalesforceError::Incomplete { object: OBJECT.to_owned(), expected, read });
            }
        }
        Ok(records)
    }

    async fn token_count(&self) -> Result<u64, SalesforceError> {
        self.count(OBJECT, "SELECT COUNT() FROM OauthToken").await
    }

    async fn tokens_of_each(&self) -> Result<Vec<Record>, SalesforceError> {
        let users = self.every_user_id().await?;
        let mut records = Vec::new();
        for chunk in users.chunks(IDS_PER_QUERY) {
            records.extend(self.tokens_of(chunk).await?);
        }
        Ok(records)
    }

    /// The tokens of these users; as long as they reach the limit together, each half is asked for alone.
    async fn tokens_of(&self, users: &[UserId]) -> Result<Vec<Record>, SalesforceError> {
        let mut waiting = vec![users];
        let mut records = Vec::new();
        while let Some(users) = waiting.pop() {
            match self.tokens_if_few(users).await? {
                Some(read) => records.extend(read),
                None if users.len() > 1 => waiting.extend(<[_; 2]>::from(users.split_at(users.len() / 2))),
                None => return Err(too_many(users)),
            }
        }
        Ok(records)
    }

    /// `None` when the limit may have cut the answer.
    async fn tokens_if_few(&self, users: &[UserId]) -> Result<Option<Vec<Record>>, SalesforceError> {
        let condition = match users {
            [] => return Ok(Some(Vec::new())),
            [user] => format!("= {}", quote(user.as_str())),
            users => format!("IN {}", list(users.iter().map(UserId::as_str))),
        };
        let soql = format!("{SELECT} WHERE UserId {condition}");
        match self.rows(OBJECT, soql, record).await {
            Ok(records) if (records.len() as u64) < MOST => Ok(Some(records)),
            Ok(_) => Ok(None),
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

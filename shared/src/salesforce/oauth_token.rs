//! OauthToken: the refresh tokens. Source: Object Reference, OauthToken. Its Id is always null and its AccessToken is
//! never asked for; DeleteToken is what a token is told apart and revoked by.

use std::collections::HashMap;

use futures::{StreamExt, TryStreamExt, stream};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;

use super::Whose;
use super::client::Salesforce;
use super::client_app_token::unknown;
use super::datetime::Instant;
use super::describe::Wanted;
use super::error::SalesforceError;
use super::query::{Page, record};
use super::soql::quote;
use super::token_hash::TokenHashKey;
use super::token_partition::{MOST, Part};
use super::token_revoke::Revocation;
use super::wire::Text;
use crate::observation::{AppKind, Revocable, Token, TokenKey, UserId};

pub(super) const OBJECT: &str = "OauthToken";
pub(super) const WANTED: Wanted = Wanted {
    object: OBJECT,
    required: &["UserId", "AppName"],
    optional: &["DeleteToken", "UseCount", "LastUsedDate", "CreatedDate"],
};
/// Parts read at once.
const AT_ONCE: usize = 4;
/// How often a part is read before it counts as short.
const READINGS: u32 = 2;

/// A token, and what revokes it.
#[derive(Debug, Clone)]
pub struct FoundToken {
    /// The token.
    pub token: Token,
    /// For [`Salesforce::revoke`].
    pub revocation: Revocation,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Record {
    user_id: UserId,
    #[serde(default)]
    app_name: Text,
    delete_token: Option<SecretString>,
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

pub(super) fn found(record: Record, key: &TokenHashKey) -> FoundToken {
    let created = record.created_date.map(|instant| instant.0);
    let delete_token = record.delete_token.filter(|secret| !secret.expose_secret().is_empty());
    let (name, revocable) = match &delete_token {
        Some(secret) => (key.hash(secret), Revocable::Yes),
        None => (key.hash_nameless(&record.user_id, &record.app_name.0, created), Revocable::No),
    };
    let token = Token {
        key: name,
        user_id: record.user_id,
        app_name: record.app_name.0,
        use_count: record.use_count.unwrap_or_default(),
        created,
        last_used: record.last_used_date.map(|instant| instant.0),
        app: AppKind::Connected,
        revocable,
    };
    FoundToken { token, revocation: delete_token.map_or(Revocation::Impossible, Revocation::ByToken) }
}

/// Tells apart tokens of one user, one application and one instant that have no DeleteToken: the most used is the
/// first. Should their order change between two looks, a use is told of the other.
pub(super) fn number<'a>(tokens: impl Iterator<Item = &'a mut Token>) {
    let mut nameless: Vec<_> = tokens.filter(|token| token.revocable == Revocable::No).collect();
    nameless.sort_by_key(|token| (std::cmp::Reverse(token.use_count), token.last_used));
    let mut seen: HashMap<TokenKey, u32> = HashMap::new();
    for token in nameless {
        let before = seen.entry(token.key.clone()).or_default();
        *before += 1;
        if *before > 1 {
            token.key = TokenKey::new(format!("{}-{before}", token.key));
        }
    }
}

impl Salesforce {
    /// The refresh tokens of connected apps and external client apps, every one of them: what Salesforce counts is
    /// compared with what came.
    ///
    /// # Errors
    /// [`SalesforceError::Incomplete`] when fewer rows came than Salesforce counted before and after,
    /// [`SalesforceError::TooManyRows`] when one user holds more of one application than can be told apart, and
    /// [`SalesforceError::UnreadableRow`] when one of a single user's rows cannot be read; among everyone's, such a row
    /// is told to the log.
    pub async fn tokens(
        &self,
        whose: Whose<'_>,
        key: &TokenHashKey,
    ) -> Result<Vec<FoundToken>, SalesforceError> {
        let all = self.token_rows(whose, key).await?;
        match whose {
            Whose::Everyone => Ok(all.into_rows(OBJECT)),
            Whose::User(_) => all.into_every_row(OBJECT),
        }
    }

    /// As [`tokens`](Self::tokens), with the rows that could not be read beside them.
    ///
    /// # Errors
    /// As for [`tokens`](Self::tokens), but for such rows.
    pub async fn token_rows(
        &self,
        whose: Whose<'_>,
        key: &TokenHashKey,
    ) -> Result<Page<FoundToken>, SalesforceError> {
        let (mut all, external) = match whose {
            Whose::User(user) => {
                let (page, external) =
                    futures::try_join!(self.tokens_of(user), self.client_app_tokens_of(user, key))?;
                (page.map(|record| found(record, key)), external)
            }
            Whose::Everyone => {
                let grants = self.client_app_grants().await?;
                let external = self.granted_tokens(grants, key).await?;
                (self.all_tokens(|record| found(record, key)).await?, external)
            }
        };
        number(all.rows.iter_mut().map(|found| &mut found.token));
        let new = unknown(all.rows.iter_mut().map(|found| &mut found.token).collect(), external);
        all.rows.extend(new);
        Ok(all)
    }

    /// For n tokens of u users this takes 1 call to count, past 2,500 tokens u/2,000 to count by user, and n/500 to
    /// read, each rounded up, plus at most one unfilled page for each part of up to 2,000 tokens or 300 users.
    pub(super) async fn all_tokens<T: Send>(
        &self,
        keep: impl Fn(Record) -> T + Sync,
    ) -> Result<Page<T>, SalesforceError> {
        let select = self.seen(&WANTED).await?.select();
        let before = self.token_count("").await?;
        let parts = if before < MOST { vec![Part::whole(before)] } else { self.token_parts().await? };
        let read = |part: Part| {
            let (select, keep) = (&select, &keep);
            async move { Ok::<_, SalesforceError>(self.token_part(select, &part).await?.map(keep)) }
        };
        let parts: Vec<_> = stream::iter(parts).map(read).buffered(AT_ONCE).try_collect().await?;
        let mut all = Page::default();
        for part in parts {
            all.append(part);
        }
        if all.came() < before {
            // What was revoked meanwhile is no shortfall.
            complete(before.min(self.token_count("").await?), all.came())?;
        }
        Ok(all)
    }

    /// One user's rows; no count is needed as long as they stay below what Salesforce gives out.
    async fn tokens_of(&self, user: &UserId) -> Result<Page<Record>, SalesforceError> {
        let select = self.seen(&WANTED).await?.select();
        let condition = format!("UserId = {}", quote(user.as_str()));
        match self.query(OBJECT, format!("{select} WHERE {condition}"), Ok::<Record, String>).await {
            Ok(page) if page.came() < MOST => return Ok(page),
            Err(SalesforceError::Incomplete { read, .. }) if read < MOST => {
                return self.token_part(&select, &Part { condition, counted: read }).await;
            }
            Ok(_) | Err(SalesforceError::Incomplete { .. }) => {}
            Err(error) => return Err(error),
        }
        let mut all = Page::default();
        for part in self.token_parts_of(user).await? {
            all.append(self.token_part(&select, &part).await?);
        }
        Ok(all)
    }

    /// A part's rows: as many as were counted, or as a count says that there are now.
    pub(super) async fn token_part(
        &self,
        select: &str,
        part: &Part,
    ) -> Result<Page<Record>, SalesforceError> {
        let soql = format!("{select}{}", part.filter());
        let mut expected = part.counted;
        for _ in 1..READINGS {
            let page = self.query(OBJECT, soql.clone(), Ok::<Record, String>).await?;
            if page.came() == expected && expected < MOST {
                return Ok(page);
            }
            let now = self.token_count(&part.condition).await?;
            if page.came() < MOST && page.came() >= expected.min(now) {
                return Ok(page);
            }
            expected = now;
        }
        let page = self.query(OBJECT, soql, Ok::<Record, String>).await?;
        complete(expected, page.came())?;
        Ok(page)
    }

    pub(super) async fn token_select(&self) -> Result<String, SalesforceError> {
        Ok(self.seen(&WANTED).await?.select())
    }

    /// How many tokens there are, or those for which a condition holds.
    pub(super) async fn token_count(&self, condition: &str) -> Result<u64, SalesforceError> {
        let filter = Part { condition: condition.to_owned(), counted: 0 }.filter();
        self.count(OBJECT, &format!("SELECT COUNT() FROM OauthToken{filter}")).await
    }
}

fn complete(expected: u64, read: u64) -> Result<(), SalesforceError> {
    if read < expected || read >= MOST && expected < read {
        return Err(SalesforceError::Incomplete { object: OBJECT.to_owned(), expected, read });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(delete_token: &Value) -> Value {
        json!({ "Id": null, "UserId": "0055g00000AbCdEAAV", "AppName": "Data Loader", "DeleteToken": delete_token,
            "UseCount": 3, "LastUsedDate": null, "CreatedDate": "2026-11-23T18:43:00.000+0000" })
    }

    #[test]
    fn the_row_is_known_by_a_hash_and_shows_no_secret() {
        let key = TokenHashKey::new([7; 32]);
        let found = token_from_record(row(&json!("VERY-SECRET")), &key).unwrap();
        assert_eq!(found.token.key, key.hash(&"VERY-SECRET".into()));
        assert_eq!((found.token.use_count, found.token.last_used), (3, None));
        assert_eq!(found.token.revocable, Revocable::Yes);
        assert!(!format!("{found:?}").contains("VERY-SECRET"));
    }

    #[test]
    fn a_token_that_cannot_be_revoked_is_there_all_the_same() {
        let key = TokenHashKey::new([7; 32]);
        for absent in [json!(null), json!("")] {
            let found = token_from_record(row(&absent), &key).unwrap();
            assert_eq!(found.token.revocable, Revocable::No);
            assert!(matches!(found.revocation, Revocation::Impossible));
        }
        let mut tokens: Vec<_> =
            (0..3).map(|_| token_from_record(row(&json!(null)), &key).unwrap().token).collect();
        tokens[1].use_count = 9;
        let first = tokens[1].key.clone();
        number(tokens.iter_mut());
        let keys: std::collections::BTreeSet<_> = tokens.iter().map(|token| &token.key).collect();
        assert_eq!((keys.len(), &tokens[1].key), (3, &first));
    }

    #[test]
    fn a_row_that_is_not_as_documented_is_refused_without_its_content() {
        let key = TokenHashKey::new([7; 32]);
        let error = token_from_record(row(&json!(["VERY-SECRET"])), &key).unwrap_err();
        assert!(!error.contains("VERY-SECRET"));
    }
}

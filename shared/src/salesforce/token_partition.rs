//! How more tokens than Salesforce gives out are read: in parts that are counted beforehand, cut by user, inside a user
//! by application, and only inside both by the instant of the grant. Source: Object Reference, OauthToken: `UserId` and
//! `AppName` can be grouped; a query ends without a word at 2,500 rows, in pages of 500.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::client::Salesforce;
use super::datetime::{literal, parse};
use super::error::SalesforceError;
use super::oauth_token::OBJECT;
use super::soql::{IDS_PER_QUERY, list, quote};
use crate::observation::UserId;

/// The rows at which Salesforce stops giving out more.
pub(super) const MOST: u64 = 2_500;
/// Rows that are planned for one part: four whole pages, and room for what is granted meanwhile.
const PLANNED: u64 = 2_000;
/// Bytes that the values of one part may take in a URL, percent-encoded.
const PLANNED_BYTES: usize = 27 * IDS_PER_QUERY;
/// The most groups that an aggregate query answers with. Source: SOQL Reference, "GROUP BY".
const GROUPS: usize = 2_000;

/// Some of the tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// What tells them apart; empty for all.
    pub(super) condition: String,
    /// How many Salesforce counted.
    pub(super) counted: u64,
}

/// A value of a grouped field, `None` for null, and its rows.
type Group = (Option<String>, u64);

impl Part {
    /// All tokens.
    pub(super) fn whole(counted: u64) -> Self {
        Self { condition: String::new(), counted }
    }

    /// The condition as it follows FROM.
    pub(super) fn filter(&self) -> String {
        if self.condition.is_empty() { String::new() } else { format!(" WHERE {}", self.condition) }
    }
}

impl Salesforce {
    /// Everyone's tokens in parts. Where this org does not group tokens, users are counted in lists.
    pub(super) async fn token_parts(&self) -> Result<Vec<Part>, SalesforceError> {
        match self.groups("UserId", "").await {
            Ok(holders) => self.parts_of_holders(holders).await,
            Err(error @ SalesforceError::Api { .. }) if !error.retryable() => {
                tracing::warn!(error = %error, "tokens cannot be counted by user in one query");
                self.parts_of_lists().await
            }
            Err(error) => Err(error),
        }
    }

    async fn parts_of_holders(&self, holders: Vec<Group>) -> Result<Vec<Part>, SalesforceError> {
        let (large, small): (Vec<_>, Vec<_>) = holders.into_iter().partition(|(_, rows)| *rows >= MOST);
        let mut parts = packed("UserId", "", small);
        for user in large.into_iter().filter_map(|(user, _)| user) {
            parts.extend(self.token_parts_of(&UserId::new(user)).await?);
        }
        Ok(parts)
    }

    async fn parts_of_lists(&self) -> Result<Vec<Part>, SalesforceError> {
        let everyone = self.every_user_id().await?;
        let mut waiting: VecDeque<&[UserId]> = everyone.chunks(IDS_PER_QUERY).collect();
        let condition = "UserId = null".to_owned();
        let mut parts = vec![Part { counted: self.token_count(&condition).await?, condition }];
        while let Some(users) = waiting.pop_front() {
            let condition = format!("UserId IN {}", list(users.iter().map(UserId::as_str)));
            match self.token_count(&condition).await? {
                0 => {}
                counted if counted < MOST => parts.push(Part { condition, counted }),
                _ if users.len() > 1 => waiting.extend(<[_; 2]>::from(users.split_at(users.len() / 2))),
                _ => parts.extend(self.token_parts_of(&users[0]).await?),
            }
        }
        parts.retain(|part| part.counted > 0);
        Ok(parts)
    }

    /// One user's tokens in parts.
    pub(super) async fn token_parts_of(&self, user: &UserId) -> Result<Vec<Part>, SalesforceError> {
        let of_user = format!("UserId = {}", quote(user.as_str()));
        let apps = self.groups("AppName", &of_user).await?;
        if apps.len() >= GROUPS {
            return Err(too_many(user, None));
        }
        let (large, small): (Vec<_>, Vec<_>) = apps.into_iter().partition(|(_, rows)| *rows >= MOST);
        let mut parts = packed("AppName", &of_user, small);
        for (app, _) in large {
            parts.extend(self.parts_of_app(user, app).await?);
        }
        Ok(parts)
    }

    /// One application's tokens in parts, by user.
    pub(super) async fn token_parts_of_app(&self, app: &str) -> Result<Vec<Part>, SalesforceError> {
        let of_app = format!("AppName = {}", quote(app));
        let holders = self.groups("UserId", &of_app).await?;
        let (large, small): (Vec<_>, Vec<_>) = holders.into_iter().partition(|(_, rows)| *rows >= MOST);
        let mut parts = packed("UserId", &of_app, small);
        for user in large.into_iter().filter_map(|(user, _)| user) {
            parts.extend(self.parts_of_app(&UserId::new(user), Some(app.to_owned())).await?);
        }
        Ok(parts)
    }

    /// How many tokens there are for each value of a field; those without one are left out.
    pub(super) async fn token_groups(
        &self,
        field: &'static str,
    ) -> Result<Vec<(String, u64)>, SalesforceError> {
        let groups = self.groups(field, "").await?;
        Ok(groups.into_iter().filter_map(|(value, rows)| Some((value?, rows))).collect())
    }

    /// The tokens of one user and one application, by the second in which they were granted.
    async fn parts_of_app(&self, user: &UserId, app: Option<String>) -> Result<Vec<Part>, SalesforceError> {
        let name = app.as_deref().map_or("null".to_owned(), quote);
        let of_app = format!("UserId = {} AND AppName = {name}", quote(user.as_str()));
        let undated = format!("{of_app} AND CreatedDate = null");
        let mut parts = vec![Part { counted: self.token_count(&undated).await?, condition: undated }];
        let mut waiting: Vec<_> = self.granted_within(&of_app).await?.into_iter().collect();
        while let Some((from, until)) = waiting.pop() {
            let window = format!("CreatedDate >= {} AND CreatedDate < {}", literal(from), literal(until));
            let condition = format!("{of_app} AND {window}");
            let counted = self.token_count(&condition).await?;
            let half = SignedDuration::from_secs(until.duration_since(from).as_secs() / 2);
            match counted {
                counted if counted < MOST => parts.push(Part { condition, counted }),
                _ if half.is_zero() => return Err(too_many(user, app)),
                _ => waiting.extend([(from, from + half), (from + half, until)]),
            }
        }
        parts.retain(|part| part.counted > 0);
        parts.iter().all(|part| part.counted < MOST).then_some(parts).ok_or_else(|| too_many(user, app))
    }

    /// When the first and the last were granted, the last's second included; `None` where no date is told.
    async fn granted_within(
        &self,
        condition: &str,
    ) -> Result<Option<(Timestamp, Timestamp)>, SalesforceError> {
        let soql = format!("SELECT MIN(CreatedDate), MAX(CreatedDate) FROM OauthToken WHERE {condition}");
        let rows = self.rows(OBJECT, soql, Ok::<Value, String>).await?;
        let at = |name: &str| parse(rows.first()?.get(name)?.as_str()?).ok();
        Ok(at("expr0").zip(at("expr1")).map(|(first, last)| (first, last + SignedDuration::from_secs(1))))
    }

    /// How many tokens there are for each value of a field. They are counted by their dates, for user ids cannot be
    /// aggregated; a token without one makes its part's count disagree, and be taken again. A next page begins after the last value, which only user
    /// ids need: nobody uses 2,000 applications.
    async fn groups(&self, field: &'static str, condition: &str) -> Result<Vec<Group>, SalesforceError> {
        let mut groups: Vec<Group> = Vec::new();
        loop {
            let after = groups.last().and_then(|(value, _)| value.as_deref());
            let after = after.map(|last| format!("{field} > {}", quote(last)));
            let conditions: Vec<_> = [condition, after.as_deref().unwrap_or_default()].into();
            let conditions: Vec<_> = conditions.into_iter().filter(|one| !one.is_empty()).collect();
            let filter = Part { condition: conditions.join(" AND "), counted: 0 }.filter();
            let soql = format!(
                "SELECT {field}, COUNT(CreatedDate) FROM OauthToken{filter} GROUP BY {field} ORDER BY {field} LIMIT {GROUPS}"
            );
            let rows = self.rows(OBJECT, soql, Ok::<Value, String>).await?;
            let is_last = rows.len() < GROUPS || field != "UserId";
            groups.extend(rows.iter().map(|row| group(row, field)));
            if is_last {
                return Ok(groups);
            }
        }
    }
}

fn group(row: &Value, field: &str) -> Group {
    let value = row.get(field).and_then(Value::as_str).map(str::to_owned);
    (value, row.get("expr0").and_then(Value::as_u64).unwrap_or_default())
}

/// Groups joined into as few parts as a simple rule gives: the largest first, each into the first part with room.
fn packed(field: &str, also: &str, mut groups: Vec<Group>) -> Vec<Part> {
    groups.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let mut bins: Vec<(u64, usize, Vec<String>)> = Vec::new();
    let mut parts = Vec::new();
    let and = if also.is_empty() { String::new() } else { format!("{also} AND ") };
    for (value, rows) in groups {
        let Some(value) = value else {
            parts.push(Part { condition: format!("{and}{field} = null"), counted: rows });
            continue;
        };
        let bytes = encoded_bytes(&value);
        let has_room =
            |bin: &&mut (u64, usize, Vec<String>)| bin.0 + rows <= PLANNED && bin.1 + bytes <= PLANNED_BYTES;
        match bins.iter_mut().find(has_room) {
            Some(bin) => {
                (bin.0, bin.1) = (bin.0 + rows, bin.1 + bytes);
                bin.2.push(value);
            }
            None => bins.push((rows, bytes, vec![value])),
        }
    }
    let part = |(counted, _, values): (u64, usize, Vec<String>)| {
        let condition = format!("{and}{field} IN {}", list(values.iter().map(String::as_str)));
        Part { condition, counted }
    };
    parts.extend(bins.into_iter().map(part));
    parts
}

/// What a literal takes in a URL at most, quotes and comma included: 27 bytes for a record id.
fn encoded_bytes(value: &str) -> usize {
    let escaped = |b: u8| if b.is_ascii_alphanumeric() { 1 } else { 6 };
    9 + value.bytes().map(escaped).sum::<usize>()
}

fn too_many(user: &UserId, app: Option<String>) -> SalesforceError {
    SalesforceError::TooManyRows { object: OBJECT.to_owned(), user: user.clone(), app, limit: MOST }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn small_groups_share_a_part_and_null_stands_alone() {
        let groups = vec![(Some("005A".to_owned()), 3), (None, 2), (Some("x'".to_owned()), 4)];
        let parts = packed("AppName", "UserId = '005'", groups);
        let conditions: Vec<_> = parts.iter().map(|part| (part.condition.as_str(), part.counted)).collect();
        assert_eq!(
            conditions,
            [("UserId = '005' AND AppName = null", 2), (r"UserId = '005' AND AppName IN ('x\'','005A')", 7)]
        );
        assert_eq!(encoded_bytes("0055g00000AbCdEAAV"), 27);
    }

    #[test]
    fn three_hundred_users_with_forty_tokens_each_take_twenty_four_pages() {
        let groups = (0..300).map(|n| (Some(format!("0055g0000{n:03}CdEAAV")), 40)).collect();
        let pages: u64 = packed("UserId", "", groups).iter().map(|part| part.counted.div_ceil(500)).sum();
        assert_eq!(pages, 24);
    }

    proptest! {
        #[test]
        fn every_group_is_in_one_part_and_every_part_can_be_read(sizes in prop::collection::vec(1..MOST, 0..400)) {
            let groups: Vec<_> = sizes.iter().enumerate().map(|(n, rows)| (Some(format!("v{n}")), *rows)).collect();
            let parts = packed("UserId", "", groups);
            prop_assert_eq!(parts.iter().map(|part| part.counted).sum::<u64>(), sizes.iter().sum::<u64>());
            prop_assert!(parts.iter().all(|part| part.counted < MOST && part.condition.len() <= PLANNED_BYTES));
            let named: usize = parts.iter().map(|part| part.condition.matches("'v").count()).sum();
            prop_assert_eq!(named, sizes.len());
        }
    }
}

//! External client apps and who uses them, through the Connect REST API: SOQL does not list their usage. Every path holds
//! record ids alone, which open nothing by themselves and stand in Salesforce's own pages. Source: Connect REST API
//! Developer Guide, "OAuth Usage Resources" (since 59.0).

use std::collections::HashSet;

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Applied;
use super::client::{Call, Salesforce};
use super::error::SalesforceError;
use super::query::{parse, record};
use super::session_delete::unless_gone;
use super::soql::is_record_id;
use super::wire::Text;
use crate::observation::UserId;

pub(super) const OBJECT: &str = "the usage of external client apps";
const USAGE: &str = "apps/oauth/usage";
/// Entries asked for in one page: what Salesforce gives when nothing is asked for.
const PAGE: usize = 100;
/// Answers of an org that has no external client apps. Connection documents name no API version before them.
const ABSENT: [&str; 2] = ["NOT_FOUND", "FUNCTIONALITY_NOT_ENABLED"];

/// An external client app, `0xI…`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientAppId(String);

/// An external client app that somebody uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientApp {
    /// The app.
    pub id: ClientAppId,
    /// Its label, as people see it.
    pub label: String,
    /// Its name in the API.
    pub developer_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    identifier: String,
    #[serde(default)]
    label: Text,
    #[serde(default)]
    developer_name: Text,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AppUser {
    user_identifier: UserId,
}

impl ClientAppId {
    /// Takes a record id of 15 or 18 characters; anything else could lead a path elsewhere.
    pub fn parse(text: &str) -> Option<Self> {
        let id = UserId::new(text);
        is_record_id(id.as_str()).then(|| Self(id.as_str().to_owned()))
    }

    /// All 18 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn app_from_record(value: Value) -> Result<ClientApp, String> {
    let record: Record = record(value)?;
    let id = ClientAppId::parse(&record.identifier).ok_or("`identifier` is no record id")?;
    let developer_name = record.developer_name.0;
    let label = if record.label.0.is_empty() { developer_name.clone() } else { record.label.0 };
    Ok(ClientApp { id, label, developer_name })
}

fn user_from_record(value: Value) -> Result<UserId, String> {
    let user = record::<AppUser>(value)?.user_identifier;
    if is_record_id(user.as_str()) { Ok(user) } else { Err("`userIdentifier` is no record id".to_owned()) }
}

impl Salesforce {
    /// The external client apps that have tokens; none where the org does not have such apps, which is told to the log.
    pub async fn client_apps(&self) -> Result<Vec<ClientApp>, SalesforceError> {
        let apps = self.usage_pages(USAGE.to_owned(), "apps", app_from_record).await?;
        if apps.is_none() {
            self.descriptions.tell_once(OBJECT, "this org does not have external client apps");
        }
        Ok(apps.unwrap_or_default())
    }

    /// Who has tokens of an app.
    pub(super) async fn client_app_users(&self, app: &ClientAppId) -> Result<Vec<UserId>, SalesforceError> {
        let path = format!("{USAGE}/{}/users", app.as_str());
        Ok(self.usage_pages(path, "users", user_from_record).await?.unwrap_or_default())
    }

    /// What Salesforce tells of a user's tokens of an app.
    pub(super) async fn client_app_usage(
        &self,
        app: &ClientAppId,
        user: &UserId,
    ) -> Result<Vec<Value>, SalesforceError> {
        let call = Call::get(OBJECT, self.path(&tokens(app, user)?));
        Ok(unless_absent(self.usage_page(&call, "tokens").await)?.unwrap_or_default())
    }

    /// Ends every token that a user granted to an app; none being there counts as done.
    pub async fn revoke_client_app_of(
        &self,
        app: &ClientAppId,
        user: &UserId,
    ) -> Result<Applied, SalesforceError> {
        self.delete_usage(tokens(app, user)?).await
    }

    /// Ends every token of an app, whoever granted it; none being there counts as done.
    pub async fn revoke_client_app(&self, app: &ClientAppId) -> Result<Applied, SalesforceError> {
        self.delete_usage(format!("{USAGE}/{}/tokens", app.as_str())).await
    }

    async fn delete_usage(&self, path: String) -> Result<Applied, SalesforceError> {
        let call = Call { method: Method::DELETE, ..Call::get("the revocation of tokens", self.path(&path)) };
        unless_gone(self.send(&call).await)
    }

    /// Reads on until a page holds nothing: every page names a next one, the last too. An answer that repeats the page
    /// before would never end and is an error. `None` where there is no such resource, which the first page tells; later
    /// the list has broken off.
    async fn usage_pages<T>(
        &self,
        path: String,
        list: &str,
        read: fn(Value) -> Result<T, String>,
    ) -> Result<Option<Vec<T>>, SalesforceError> {
        let (mut all, mut seen) = (Vec::new(), HashSet::new());
        for page in 0.. {
            let query = vec![("page", page.to_string()), ("pageSize", PAGE.to_string())];
            let call = Call { query, ..Call::get(OBJECT, self.path(&path)) };
            let answer = self.usage_page(&call, list).await;
            let rows = if page == 0 { unless_absent(answer)? } else { Some(answer?) };
            let Some(rows) = rows else { return Ok(None) };
            let Some(first) = rows.first() else { break };
            if !seen.insert(first.to_string()) {
                return Err(unexpected("a page that repeats an earlier one"));
            }
            for row in rows {
                all.push(read(row).map_err(|reason| unexpected(&reason))?);
            }
        }
        Ok(Some(all))
    }

    async fn usage_page(&self, call: &Call, list: &str) -> Result<Vec<Value>, SalesforceError> {
        let body = self.send(call).await?;
        let mut answer: Map<String, Value> = parse(OBJECT, &body)?;
        match answer.remove(list) {
            Some(Value::Array(rows)) => Ok(rows),
            _ => Err(unexpected(&format!("it holds no list `{list}`"))),
        }
    }
}

fn unless_absent<T>(answer: Result<T, SalesforceError>) -> Result<Option<T>, SalesforceError> {
    match answer {
        Err(error) if error.code().is_some_and(|code| ABSENT.contains(&code)) => Ok(None),
        answer => answer.map(Some),
    }
}

fn tokens(app: &ClientAppId, user: &UserId) -> Result<String, SalesforceError> {
    if !is_record_id(user.as_str()) {
        return Err(unexpected("a user whose id is no record id"));
    }
    Ok(format!("{USAGE}/{}/{user}/tokens", app.as_str()))
}

pub(super) fn unexpected(reason: &str) -> SalesforceError {
    SalesforceError::UnexpectedAnswer { object: OBJECT.to_owned(), status: 200, reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_record_ids_become_part_of_a_path() {
        for id in ["", "../../oauth2/revoke", "0xI5g000000AbCd/tokens", "0xI5g000000AbCdEAA?x"] {
            assert!(app_from_record(json!({ "identifier": id, "label": "x" })).is_err(), "{id}");
            assert!(user_from_record(json!({ "userIdentifier": id })).is_err(), "{id}");
        }
        let app =
            app_from_record(json!({ "identifier": "0xI5g000000AbCd", "developerName": "Portal" })).unwrap();
        assert_eq!((app.id.as_str().len(), app.label.as_str()), (18, "Portal"));
    }
}

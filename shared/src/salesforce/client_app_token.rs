//! Refresh tokens of external client apps. Source: Connect REST API Developer Guide, "App OAuth Usage Token".
//!
//! It is not documented whether OauthToken lists them too, nor whether the identifier in `revocationUrl` is the
//! DeleteToken. A token from here is one that OauthToken has shown when both hash to the same key; else when user,
//! application (label or name in the API, without case) and the second of the grant agree, one against one.

use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;

use super::client::Salesforce;
use super::client_app::{ClientApp, unexpected};
use super::datetime::parse;
use super::error::SalesforceError;
use super::oauth_token::FoundToken;
use super::query::record;
use super::token_hash::TokenHashKey;
use super::token_revoke::Revocation;
use crate::observation::{AppKind, Revocable, Token, UserId};

/// Requests under way at once.
const AT_ONCE: usize = 4;

/// A token as the Connect REST API tells it.
#[derive(Debug, Clone)]
pub(super) struct ExternalToken {
    pub(super) found: FoundToken,
    developer_name: String,
}

/// Dates are text of a form that is not documented: one that cannot be read is left out.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    user_identifier: UserId,
    initial_connection_at: Option<String>,
    last_used_at: Option<String>,
    use_count: Option<i64>,
    revocation_url: Option<String>,
}

fn token_from_record(value: Value, app: &ClientApp, key: &TokenHashKey) -> Result<ExternalToken, String> {
    let record: Record = record(value)?;
    let date = |text: Option<String>| text.and_then(|text| parse(&text).ok());
    let (created, user) = (date(record.initial_connection_at), record.user_identifier);
    let name = record.revocation_url.as_deref().and_then(|url| url.rsplit('/').find(|part| !part.is_empty()));
    let token = Token {
        key: match name {
            Some(name) => key.hash(&SecretString::from(name)),
            None => key.hash_nameless(&user, &app.developer_name, created),
        },
        user_id: user.clone(),
        app_name: app.label.clone(),
        use_count: record.use_count.unwrap_or_default(),
        created,
        last_used: date(record.last_used_at),
        app: AppKind::ExternalClient,
        revocable: Revocable::Yes,
    };
    let revocation = Revocation::ByClientApp { app: app.id.clone(), user };
    Ok(ExternalToken { found: FoundToken { token, revocation }, developer_name: app.developer_name.clone() })
}

impl Salesforce {
    /// Who uses which external client app.
    pub(super) async fn client_app_grants(&self) -> Result<Vec<(ClientApp, UserId)>, SalesforceError> {
        let users = |app: ClientApp| async move {
            let users = self.client_app_users(&app.id).await?;
            Ok::<_, SalesforceError>(users.into_iter().map(|user| (app.clone(), user)).collect::<Vec<_>>())
        };
        let apps = self.client_apps().await?;
        let grants: Vec<_> = stream::iter(apps).map(users).buffered(AT_ONCE).try_collect().await?;
        Ok(grants.into_iter().flatten().collect())
    }

    /// The tokens of external client apps that one user granted: a call for each app in use.
    pub(super) async fn client_app_tokens_of(
        &self,
        user: &UserId,
        key: &TokenHashKey,
    ) -> Result<Vec<ExternalToken>, SalesforceError> {
        let apps = self.client_apps().await?;
        self.granted_tokens(apps.into_iter().map(|app| (app, user.clone())).collect(), key).await
    }

    /// The tokens behind these grants: a call for each.
    pub(super) async fn granted_tokens(
        &self,
        grants: Vec<(ClientApp, UserId)>,
        key: &TokenHashKey,
    ) -> Result<Vec<ExternalToken>, SalesforceError> {
        let read = |(app, user): (ClientApp, UserId)| async move {
            let rows = self.client_app_usage(&app.id, &user).await?;
            let tokens = rows.into_iter().map(|row| token_from_record(row, &app, key));
            tokens.collect::<Result<Vec<_>, _>>().map_err(|reason| unexpected(&reason))
        };
        let tokens: Vec<_> = stream::iter(grants).map(read).buffered(AT_ONCE).try_collect().await?;
        Ok(tokens.into_iter().flatten().collect())
    }
}

/// Those of `external` that are not among `known` already; known ones are marked as what they are.
pub(super) fn unknown(known: Vec<&mut Token>, mut external: Vec<ExternalToken>) -> Vec<FoundToken> {
    let mut waiting = Vec::new();
    for token in known {
        match external.iter().position(|other| other.found.token.key == token.key) {
            Some(same) => {
                external.swap_remove(same);
                token.app = AppKind::ExternalClient;
            }
            None => waiting.push(token),
        }
    }
    for token in waiting {
        if let Some(same) = external.iter().position(|other| other.is_like(token)) {
            external.swap_remove(same);
            token.app = AppKind::ExternalClient;
        }
    }
    external.into_iter().map(|external| external.found).collect()
}

impl ExternalToken {
    fn is_like(&self, known: &Token) -> bool {
        let own = &self.found.token;
        let names = [&own.app_name, &self.developer_name];
        own.user_id == known.user_id
            && own.created.is_some()
            && own.created.map(Timestamp::as_second) == known.created.map(Timestamp::as_second)
            && names.into_iter().any(|name| name.to_lowercase() == known.app_name.to_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::salesforce::ClientAppId;

    fn app() -> ClientApp {
        let id = ClientAppId::parse("0xI5g000000AbCd").unwrap();
        ClientApp { id, label: "Ticket Portal".to_owned(), developer_name: "Ticket_Portal".to_owned() }
    }

    fn external(identifier: &str, created: &str) -> ExternalToken {
        let row = json!({ "userIdentifier": "0055g00000AbCdEAAV", "initialConnectionAt": created, "useCount": 3,
            "lastUsedAt": "last Tuesday", "username": "ada@acme.example",
            "revocationUrl": format!("/services/data/v67.0/apps/oauth/usage/tokens/{identifier}") });
        token_from_record(row, &app(), &TokenHashKey::new([7; 32])).unwrap()
    }

    const CREATED: &str = "2026-11-23T18:43:00.000Z";

    #[test]
    fn neither_url_nor_identifier_is_kept() {
        let token = external("VERY-SECRET", CREATED);
        assert!(!format!("{token:?}").contains("VERY-SECRET"));
        assert_eq!((token.found.token.use_count, token.found.token.last_used), (3, None));
        assert!(token.found.token.created.is_some());
    }

    #[test]
    fn one_token_from_two_sources_is_one() {
        let key = TokenHashKey::new([7; 32]);
        let same_name = external("A", CREATED);
        let mut known = same_name.found.token.clone();
        known.app = AppKind::Connected;
        assert!(unknown(vec![&mut known], vec![same_name]).is_empty());
        assert_eq!(known.app, AppKind::ExternalClient);

        let mut known =
            Token { key: key.hash(&"else".into()), app_name: "TICKET_PORTAL".to_owned(), ..known };
        let two = vec![external("A", CREATED), external("B", CREATED)];
        assert_eq!(unknown(vec![&mut known], two.clone()).len(), 1, "one against one");
        let other_second = vec![external("A", "2026-11-23T18:43:01.000Z")];
        assert_eq!(unknown(vec![&mut known], other_second).len(), 1);
        known.app_name = "Another".to_owned();
        assert_eq!(unknown(vec![&mut known], two).len(), 2);
    }
}

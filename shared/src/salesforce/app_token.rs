//! The refresh tokens of one application, whoever granted them. Source: Object Reference, OauthToken; Connect REST API
//! Developer Guide, "App OAuth Usage".

use futures::{StreamExt, TryStreamExt, stream};

use super::client::Salesforce;
use super::client_app::ClientApp;
use super::error::SalesforceError;
use super::oauth_token::{FoundToken, OBJECT, found};
use super::soql::quote;
use super::token_hash::TokenHashKey;
use super::token_partition::{MOST, Part};
use super::token_revoke::Revocation;
use crate::observation::{AppKind, Revocable, Token, UserId};

/// Parts read at once.
const AT_ONCE: usize = 4;

impl Salesforce {
    /// The tokens of the application of exactly this name, connected or external client app: every one of them, as
    /// [`Self::tokens`] counts. Of an external client app there is one row a user, which stands for all that he
    /// granted: one call ends them, and reading them would take one for each user.
    ///
    /// # Errors
    /// As for [`Self::tokens`].
    pub async fn app_tokens(
        &self,
        app_name: &str,
        key: &TokenHashKey,
    ) -> Result<Vec<FoundToken>, SalesforceError> {
        let (mut tokens, external) =
            futures::try_join!(self.connected_app_tokens(app_name, key), self.client_app_holders(app_name))?;
        for (app, user) in external {
            tokens.push(of_client_app(&app, user, key));
        }
        Ok(tokens)
    }

    /// The names of the applications that hold tokens, each with how many users or tokens it has.
    pub async fn token_applications(&self) -> Result<Vec<(String, u64)>, SalesforceError> {
        let mut names: Vec<_> = self.token_groups("AppName").await?;
        let known: Vec<_> = names.iter().map(|(name, _)| name.clone()).collect();
        for app in self.client_apps().await?.into_iter().filter(|app| !known.contains(&app.label)) {
            let users = self.client_app_users(&app.id).await?.len() as u64;
            names.push((app.label, users));
        }
        Ok(names)
    }

    async fn connected_app_tokens(
        &self,
        app_name: &str,
        key: &TokenHashKey,
    ) -> Result<Vec<FoundToken>, SalesforceError> {
        let condition = format!("AppName = {}", quote(app_name));
        let counted = self.token_count(&condition).await?;
        let parts = match counted {
            0 => Vec::new(),
            counted if counted < MOST => vec![Part { condition, counted }],
            _ => self.token_parts_of_app(app_name).await?,
        };
        let select = self.token_select().await?;
        let read = |part: Part| {
            let select = &select;
            async move { self.token_part(select, &part).await?.into_every_row(OBJECT) }
        };
        let parts: Vec<_> = stream::iter(parts).map(read).buffered(AT_ONCE).try_collect().await?;
        let tokens = parts.into_iter().flatten().map(|record| found(record, key));
        // SOQL compares without case, and a look-alike's name may differ in nothing else.
        Ok(tokens.filter(|found| found.token.app_name == app_name).collect())
    }

    async fn client_app_holders(&self, app_name: &str) -> Result<Vec<(ClientApp, UserId)>, SalesforceError> {
        let mut holders = Vec::new();
        for app in self.client_apps().await?.into_iter().filter(|app| app.label == app_name) {
            let users = self.client_app_users(&app.id).await?;
            holders.extend(users.into_iter().map(|user| (app.clone(), user)));
        }
        Ok(holders)
    }
}

fn of_client_app(app: &ClientApp, user_id: UserId, key: &TokenHashKey) -> FoundToken {
    let token = Token {
        key: key.hash_nameless(&user_id, &app.developer_name, None),
        user_id: user_id.clone(),
        app_name: app.label.clone(),
        use_count: 0,
        created: None,
        last_used: None,
        app: AppKind::ExternalClient,
        revocable: Revocable::Yes,
    };
    FoundToken { token, revocation: Revocation::ByClientApp { app: app.id.clone(), user: user_id } }
}

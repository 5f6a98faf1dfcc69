//! External client apps: made, approved by users, and their tokens revoked.

use crate::id::Id;
use crate::journal::Write;
use crate::objects::client_app::ClientApp;
use crate::objects::oauth_token::Token;
use crate::org::Org;
use std::sync::Arc;

impl Org {
    /// Installs an external client app.
    pub fn add_client_app(&mut self, label: &str) -> Arc<ClientApp> {
        let id = self.client_apps.next_id();
        let developer_name = label.replace(' ', "_");
        self.client_apps.push(ClientApp { id, label: label.to_owned(), developer_name })
    }

    /// A user approves an external client app: a new refresh token, not used yet.
    pub fn approve_client_app(&mut self, user_id: Id, app: &ClientApp) -> Option<Arc<Token>> {
        self.approve(user_id, &app.label)?;
        let token = self.tokens.last_mut()?;
        Arc::make_mut(token).client_app = Some(app.id);
        Some(Arc::clone(token))
    }

    /// Revokes the tokens of external client apps that `goes` picks; answers whether there was one.
    pub(crate) fn revoke_client_app_tokens(&mut self, goes: impl Fn(&Token) -> bool) -> bool {
        let leaving = self.tokens.iter().filter(|token| token.client_app.is_some() && goes(token));
        let leaving: Vec<_> = leaving.cloned().collect();
        for token in &leaving {
            let (app, user_id) = (token.app.clone(), token.user_id.into());
            self.journal.writes.push(Write::Revoked { app, user_id });
            self.revoke_token(token);
        }
        !leaving.is_empty()
    }
}

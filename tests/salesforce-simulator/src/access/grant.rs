//! The grants of the token endpoint: each checks the user, writes its login row and opens a session.

use super::error::OauthError;
use super::jwt::verified;
use crate::arrival::{Arrival, Client, Method, SUCCESS, Source};
use crate::id::Id;
use crate::objects::oauth_token::Token;
use crate::objects::user::User;
use crate::org::Org;
use crate::switches::RefreshRows;
use std::sync::Arc;

/// Seconds an OAuth session lives without use: the default session policy.
const SESSION_SECONDS: i64 = 7_200;

/// What a successful grant answers.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) user: Arc<User>,
    pub(crate) access_token: String,
    pub(crate) session_id: Id,
    pub(crate) login_id: Option<Id>,
}

impl Org {
    pub(crate) fn grant_jwt(&mut self, assertion: &str, own_url: &str) -> Result<Grant, OauthError> {
        let identity = verified(assertion, &self.identities, own_url, self.now())?.clone();
        let user = self.user_by_name(&identity.username).cloned();
        let user = user.ok_or(OauthError::grant("user hasn't approved this consumer"))?;
        let source = self.client_source();
        self.enter(&user, Method::JWT, source, Client::app(identity.app), None)
    }

    pub(crate) fn grant_refresh(&mut self, refresh_token: &str, source: Source) -> Result<Grant, OauthError> {
        let place = self.tokens.iter().position(|token| token.refresh_token == refresh_token);
        let place = place.ok_or(OauthError::grant("expired access/refresh token"))?;
        let token = Arc::clone(&self.tokens[place]);
        let user = self.users.get(&token.user_id).cloned().ok_or(OauthError::grant("inactive user"))?;
        let grant = self.enter(&user, Method::REFRESH, source, Client::app(&token.app), Some(&token))?;
        let now = self.now();
        let used = Arc::make_mut(&mut self.tokens[place]);
        (used.use_count, used.last_used) = (used.use_count + 1, Some(now));
        Ok(grant)
    }

    pub(crate) fn grant_password(&mut self, username: &str, password: &str, source: Source) -> Result<Grant, OauthError> {
        let user = self.user_by_name(username).cloned().ok_or(OauthError::grant("authentication failure"))?;
        let client = Client::app("Browser");
        if user.password != password || password.is_empty() {
            self.turned_away(&user, Method::PASSWORD, source, client, "Invalid Password");
            return Err(OauthError::grant("authentication failure"));
        }
        self.enter(&user, Method::PASSWORD, source, client, None)
    }

    /// The place HTTP callers appear to come from.
    pub(crate) fn client_source(&self) -> Source {
        Source { ip: self.client_address.clone().into(), city: None }
    }

    fn enter(
        &mut self,
        user: &Arc<User>,
        method: Method,
        source: Source,
        client: Client,
        token: Option<&Token>,
    ) -> Result<Grant, OauthError> {
        if let Some((status, error)) = self.closed_to(user) {
            self.turned_away(user, method, source, client, status);
            return Err(error);
        }
        let now = self.now();
        let arrival = arrival(self, user, method, source, client, "Success");
        let login_id = self.record(arrival);
        let opened = self.open_oauth_session(login_id, now, SESSION_SECONDS, token.map(|token| token.serial));
        let session = opened.ok_or(OauthError::new("server_error", "no session"))?;
        let access_token = session.access_token.clone().unwrap_or_default();
        let login_id = self.unless_unwritten(login_id, session.id, token);
        Ok(Grant { user: Arc::clone(user), access_token, session_id: session.id, login_id })
    }

    fn unless_unwritten(&mut self, login_id: Id, session_id: Id, token: Option<&Token>) -> Option<Id> {
        if token.is_none() || self.switches.refresh_rows == RefreshRows::Written {
            return Some(login_id);
        }
        self.logins.retain(|login| login.id != login_id);
        self.sessions.get_mut(&session_id)?.login_id = None;
        None
    }

    fn closed_to(&self, user: &User) -> Option<(&'static str, OauthError)> {
        if !user.is_active() {
            return Some(("User is inactive", OauthError::grant("inactive user")));
        }
        self.is_frozen(&user.id).then_some(("User is frozen", OauthError::grant("authentication failure")))
    }

    fn turned_away(&mut self, user: &User, method: Method, source: Source, client: Client, status: &'static str) {
        let arrival = arrival(self, user, method, source, client, status);
        self.record(arrival);
    }
}

fn arrival(org: &Org, user: &User, method: Method, source: Source, client: Client, status: &'static str) -> Arrival {
    let status = if status == "Success" { SUCCESS } else { status.into() };
    Arrival { user_id: user.id, time: org.now(), method, source, client, status, challenge: None }
}

//! The grants of the token endpoint: each checks the user, writes its login row and opens a session.

use super::error::OauthError;
use super::jwt::verified;
use crate::arrival::{Arrival, Client, Method, SUCCESS, Source};
use crate::clock::shifted;
use crate::id::Id;
use crate::objects::auth_session::Session;
use crate::objects::oauth_token::Token;
use crate::objects::user::User;
use crate::org::Org;
use crate::switches::{OwnAudience, RefreshRows};
use std::sync::Arc;

/// Seconds an OAuth session lives without use: the default session policy.
const SESSION_SECONDS: i64 = 7_200;

/// The audience that is accepted everywhere.
pub(crate) const LOGIN_HOST: &str = "https://login.salesforce.com";

const CLIENT_CREDENTIALS: Method =
    Method { login_type: "Remote Access 2.0", sub_type: Some("OauthClientCredentials"), service: None };

/// What a successful grant answers.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) user: Arc<User>,
    pub(crate) access_token: String,
}

impl Org {
    pub(crate) fn grant_jwt(&mut self, assertion: &str, own_url: &str) -> Result<Grant, OauthError> {
        let mut audiences = vec![LOGIN_HOST, "https://test.salesforce.com"];
        if self.switches.own_audience == OwnAudience::Accepted {
            audiences.push(own_url);
        }
        let identity = verified(assertion, &self.identities, &audiences, self.now())?.clone();
        identity.approved()?;
        let user = self.user_by_name(&identity.username);
        let user = user.ok_or(OauthError::grant("user hasn't approved this consumer"))?;
        let source = self.client_source();
        self.enter(&user, Method::JWT, source, Client::app(identity.app), None)
    }

    /// The app enters with its own secret, as the user its policy names.
    pub(crate) fn grant_client(&mut self, client_id: &str, secret: &str) -> Result<Grant, OauthError> {
        let identity = self.identity_of(client_id, secret)?.clone();
        identity.approved()?;
        let user = identity.run_as.and_then(|username| self.user_by_name(&username));
        let user = user.ok_or(OauthError::grant("no client credentials user enabled"))?;
        let source = self.client_source();
        self.enter(&user, CLIENT_CREDENTIALS, source, Client::app(identity.app), None)
    }

    pub(crate) fn grant_refresh(&mut self, refresh_token: &str, source: Source) -> Result<Grant, OauthError> {
        let place = self.tokens.iter().position(|token| token.refresh_token == refresh_token);
        let place = place.ok_or(OauthError::grant("expired access/refresh token"))?;
        let token = Arc::clone(&self.tokens[place]);
        let user = self.users.get(&token.user_id).ok_or(OauthError::grant("inactive user"))?;
        let grant = self.enter(&user, Method::REFRESH, source, Client::app(&token.app), Some(&token))?;
        let now = self.now();
        let token = Arc::make_mut(&mut self.tokens[place]);
        (token.use_count, token.last_used) = (token.use_count + 1, Some(now));
        Ok(grant)
    }

    pub(crate) fn grant_password(
        &mut self,
        username: &str,
        password: &str,
        source: Source,
    ) -> Result<Grant, OauthError> {
        let user = self.user_by_name(username).ok_or(OauthError::grant("authentication failure"))?;
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
        if let Some((status, error)) = self.closed_to(user, &source) {
            self.turned_away(user, method, source, client, status);
            return Err(error);
        }
        let arrival = arrival(self, user, method, source, client, "Success");
        let login_id = self.record(arrival);
        let session = self.opened(login_id, token).ok_or(OauthError::new("server_error", "no session"))?;
        let access_token = session.access_token.clone().unwrap_or_default();
        if token.is_some() {
            self.unwrite_refresh(login_id, session.id);
        }
        Ok(Grant { user: Arc::clone(user), access_token })
    }

    /// A login to the user interface opens a family, any other one session.
    fn opened(&mut self, login_id: Id, token: Option<&Token>) -> Option<Arc<Session>> {
        let now = self.now();
        if self.logins.get(&login_id)?.login_type == Method::PASSWORD.login_type {
            let family = self.open_ui_family(login_id, now, SESSION_SECONDS);
            return self.sessions.get(family.first()?);
        }
        self.open_oauth_session(login_id, now, SESSION_SECONDS, token.map(|token| token.serial))
    }

    /// Takes the row of a refresh back, where this org writes none; whether it did.
    pub(crate) fn unwrite_refresh(&mut self, login_id: Id, session_id: Id) -> bool {
        let is_unwritten = self.switches.refresh_rows == RefreshRows::NotWritten;
        if is_unwritten {
            self.logins.take_back(&login_id);
            if let Some(session) = self.sessions.get_mut(&session_id) {
                session.login_id = None;
            }
        }
        is_unwritten
    }

    fn closed_to(&self, user: &User, source: &Source) -> Option<(&'static str, OauthError)> {
        if !user.is_active() {
            return Some(("User is inactive", OauthError::grant("inactive user")));
        }
        if self.settings.closed_addresses.contains(&*source.ip) {
            return Some(("Restricted IP", OauthError::grant("ip restricted")));
        }
        if self.settings.logins_an_hour.is_some_and(|most| self.logins_this_hour(user) >= most) {
            return Some(("Login rate exceeded", OauthError::grant("login rate exceeded")));
        }
        self.is_frozen(&user.id).then_some(("User is frozen", OauthError::grant("authentication failure")))
    }

    fn logins_this_hour(&self, user: &User) -> usize {
        let since = shifted(self.now(), -3_600);
        let recent = self.logins().iter().rev().take_while(|login| login.login_time > since);
        recent.filter(|login| login.user_id == user.id).count()
    }

    fn turned_away(
        &mut self,
        user: &User,
        method: Method,
        source: Source,
        client: Client,
        status: &'static str,
    ) {
        let arrival = arrival(self, user, method, source, client, status);
        self.record(arrival);
    }
}

fn arrival(
    org: &Org,
    user: &User,
    method: Method,
    source: Source,
    client: Client,
    status: &'static str,
) -> Arrival {
    let status = if status == "Success" { SUCCESS } else { status.into() };
    Arrival { user_id: user.id, time: org.now(), method, source, client, status, challenge: None }
}

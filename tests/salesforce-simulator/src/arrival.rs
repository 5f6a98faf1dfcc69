//! Logins on their way into the org: generated ones, campaigns' and those of the token endpoint are all recorded here.

use crate::generate::City;
use crate::id::Id;
use crate::objects::auth_session::Session;
use crate::objects::login_geo::LoginGeo;
use crate::objects::login_history::{Login, Text};
use crate::objects::verification_history::Verification;
use crate::org::Org;
use crate::switches::Visualforce;
use crate::table::Keyed;
use jiff::Timestamp;
use std::sync::Arc;

/// By which door a login comes.
#[derive(Clone, Debug)]
pub(crate) struct Method {
    pub(crate) login_type: &'static str,
    pub(crate) sub_type: Option<&'static str>,
    pub(crate) service: Option<Id>,
}

impl Method {
    pub(crate) const PASSWORD: Self =
        Self { login_type: "Application", sub_type: Some("UsernamePasswordUiLogin"), service: None };
    pub(crate) const REFRESH: Self =
        Self { login_type: "Remote Access 2.0", sub_type: Some("OauthRefreshToken"), service: None };
    pub(crate) const JWT: Self = Self { login_type: "Remote Access 2.0", sub_type: None, service: None };

    pub(crate) fn saml() -> Self {
        Self { login_type: "SAML Sfdc Initiated SSO", sub_type: None, service: Some(Id::new("0LE", 1)) }
    }
}

/// From where a login comes.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) ip: Text,
    /// None where Salesforce knows no place for the address.
    pub(crate) city: Option<&'static City>,
}

/// What nearly everybody's TLS 1.3 agrees on.
pub(crate) const CIPHER: &str = "TLS_AES_256_GCM_SHA384";

/// With what a login comes.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) application: Text,
    pub(crate) browser: Text,
    pub(crate) platform: Text,
    pub(crate) api: Option<(Text, Text)>,
    pub(crate) cipher: &'static str,
}

impl Client {
    pub(crate) fn app(name: &str) -> Self {
        Self {
            application: name.to_owned().into(),
            browser: "Unknown".into(),
            platform: "Unknown".into(),
            api: None,
            cipher: CIPHER,
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    pub(crate) user_id: Id,
    pub(crate) time: Timestamp,
    pub(crate) method: Method,
    pub(crate) source: Source,
    pub(crate) client: Client,
    pub(crate) status: Text,
    pub(crate) challenge: Option<Challenge>,
}

/// An MFA event that belongs to a login.
#[derive(Clone, Debug)]
pub(crate) struct Challenge {
    pub(crate) activity: &'static str,
    pub(crate) status: &'static str,
    pub(crate) policy: &'static str,
    pub(crate) method: &'static str,
}

impl Challenge {
    pub(crate) const PASSED: Self = Self {
        activity: "Login",
        status: "Succeeded",
        policy: "TwoFactorAuthentication",
        method: "SalesforceAuthenticator",
    };
}

pub(crate) const SUCCESS: Text = Text::Borrowed("Success");

impl Org {
    pub(crate) fn record(&mut self, arrival: Arrival) -> Id {
        let geo = self.geo(&arrival.source, arrival.time);
        let id = self.logins.next_id();
        let login = Login {
            id,
            user_id: arrival.user_id,
            login_time: arrival.time,
            login_type: arrival.method.login_type.into(),
            login_sub_type: arrival.method.sub_type.map(Into::into),
            status: arrival.status,
            source_ip: arrival.source.ip,
            forwarded_for_ip: None,
            country_iso: arrival.source.city.map(|city| city.country_iso.into()),
            geo,
            application: arrival.client.application,
            browser: arrival.client.browser,
            platform: arrival.client.platform,
            login_url: "simulated.my.salesforce.com".into(),
            authentication_service_id: arrival.method.service,
            api: arrival.client.api,
            cipher_suite: arrival.client.cipher.into(),
        };
        let login = self.logins.push(login);
        if let Some(user) = self.users.get_mut(&login.user_id).filter(|_| login.succeeded()) {
            user.last_login = user.last_login.max(Some(login.login_time));
        }
        if let Some(challenge) = arrival.challenge {
            self.challenge(&login, login.login_time, &challenge);
        }
        id
    }

    fn geo(&mut self, source: &Source, time: Timestamp) -> Option<Arc<LoginGeo>> {
        let city = source.city?;
        self.geo_count += 1;
        Some(Arc::new(LoginGeo::of(Id::new(LoginGeo::PREFIX, self.geo_count), time, city)))
    }

    pub(crate) fn challenge(&mut self, login: &Login, time: Timestamp, challenge: &Challenge) {
        let id = self.verifications.next_id();
        self.challenge_count += 1;
        self.verifications.push(Verification {
            id,
            event_group: self.challenge_count,
            time,
            user_id: login.user_id,
            login_id: login.id,
            source_ip: login.source_ip.clone(),
            geo: login.geo.clone(),
            activity: challenge.activity.into(),
            status: challenge.status.into(),
            policy: challenge.policy.into(),
            method: Some(challenge.method.into()),
        });
    }

    /// The family a UI login opens; `used` is its last renewal. Answers the root first.
    pub(crate) fn open_ui_family(&mut self, login_id: Id, used: Timestamp, valid: i64) -> Vec<Id> {
        let Some(root) = self.root_for(login_id, "UI", used, valid) else { return Vec::new() };
        let mut ids = vec![root.id];
        let pages: &[&str] = match self.switches.visualforce {
            Visualforce::Unused => &[],
            Visualforce::Used => &["Visualforce", "TempVisualforceExchange"],
        };
        for session_type in ["Aura", "Content", "API", "TempUIFrontdoor"].iter().chain(pages).copied() {
            let id = self.sessions.next_id();
            let temporary = session_type.starts_with("Temp");
            let login_type = if session_type == "API" { "Unknown".into() } else { root.login_type.clone() };
            let last_modified = if temporary { root.created } else { root.last_modified };
            let num_seconds_valid = if temporary { 600 } else { valid };
            self.sessions.push(Session {
                id,
                session_type: session_type.into(),
                login_type,
                last_modified,
                num_seconds_valid,
                access_token: None,
                ..root.as_ref().clone()
            });
            ids.push(id);
        }
        ids
    }

    /// The one session an OAuth grant opens.
    pub(crate) fn open_oauth_session(
        &mut self,
        login_id: Id,
        used: Timestamp,
        valid: i64,
        made_by: Option<u64>,
    ) -> Option<Arc<Session>> {
        let session = self.root_for(login_id, "Oauth2", used, valid)?;
        self.sessions.get_mut(&session.id)?.made_by = made_by;
        self.sessions.get(&session.id)
    }

    fn root_for(
        &mut self,
        login_id: Id,
        kind: &'static str,
        used: Timestamp,
        valid: i64,
    ) -> Option<Arc<Session>> {
        let login = self.logins.get(&login_id)?;
        let id = self.sessions.next_id();
        let access_token = Some(self.new_access_token(kind));
        Some(self.sessions.push(Session {
            id,
            parent_id: id,
            user_id: login.user_id,
            source_ip: login.source_ip.clone(),
            login_type: login.login_type.clone(),
            session_type: kind.into(),
            security_level: "STANDARD".into(),
            login_id: Some(login.id),
            geo: login.geo.clone(),
            created: login.login_time,
            last_modified: used.max(login.login_time),
            num_seconds_valid: valid,
            access_token,
            made_by: None,
        }))
    }
}

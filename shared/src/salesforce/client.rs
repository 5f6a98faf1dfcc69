//! One identity on one org: its token, its requests, its repetitions.

use std::fmt;
use std::sync::{Arc, OnceLock};

use reqwest::{Client, Method};
use serde_json::Value;
use tokio::sync::Mutex;

use super::connection::{Connection, Role};
use super::error::SalesforceError;
use super::http::{Answer, exchange};
use super::refusal;
use super::retry::persist;
use super::token_request::{Grant, OBJECT, TokenRequest};
use super::usage::{ApiUsage, Meter};
use crate::clock::Clock;
use crate::observation::{OrgId, UserId};

/// One identity on one org. Keeps its access token, and is shared by reference: many callers mint one token.
pub struct Salesforce {
    http: Client,
    clock: Arc<dyn Clock>,
    request: TokenRequest,
    api_version: String,
    grant: Mutex<Option<Arc<Grant>>>,
    meter: Meter,
    /// Set once this identity turned out not to see LoginGeo.
    pub(super) no_places: OnceLock<()>,
}

/// A REST request on the instance.
pub(super) struct Call {
    /// What it is about, for people.
    pub(super) object: &'static str,
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Option<Value>,
}

impl Salesforce {
    /// Takes up a role; nothing is sent yet.
    ///
    /// # Errors
    /// [`SalesforceError::Configuration`] when the document does not hold the role's identity, or its key is no key.
    pub fn new(
        connection: &Connection,
        role: Role,
        http: Client,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SalesforceError> {
        let refused = |reason: String| SalesforceError::Configuration {
            org_alias: connection.org_alias.clone(),
            role,
            reason,
        };
        let identity = connection.identity(role).ok_or_else(|| refused(absent(role)))?;
        Ok(Self {
            http,
            clock,
            request: TokenRequest::new(connection, identity).map_err(refused)?,
            api_version: connection.api_version.clone(),
            grant: Mutex::new(None),
            meter: Meter::default(),
            no_places: OnceLock::new(),
        })
    }

    /// The org, from the token answer.
    pub async fn org_id(&self) -> Result<OrgId, SalesforceError> {
        Ok(self.grant().await?.org.clone())
    }

    /// The user this identity is, from the token answer.
    pub async fn own_user(&self) -> Result<UserId, SalesforceError> {
        Ok(self.grant().await?.user.clone())
    }

    /// What this client has cost so far.
    pub fn usage(&self) -> ApiUsage {
        self.meter.usage()
    }

    /// A path under this API version.
    pub(super) fn path(&self, rest: &str) -> String {
        format!("/services/data/v{}/{rest}", self.api_version)
    }

    /// Sends a call and returns the body of its success. A session that has ended is replaced once.
    pub(super) async fn send(&self, call: &Call) -> Result<Vec<u8>, SalesforceError> {
        let grant = self.grant().await?;
        match persist(|| self.attempt(call, &grant)).await {
            Err(error) if error.session_has_ended() => {
                let grant = self.renewed(&grant).await?;
                persist(|| self.attempt(call, &grant)).await
            }
            outcome => outcome,
        }
    }

    async fn attempt(&self, call: &Call, grant: &Grant) -> Result<Vec<u8>, SalesforceError> {
        let answer = self.metered(call.build(&self.http, grant), call.object).await?;
        if (200..300).contains(&answer.status) {
            return Ok(answer.body);
        }
        Err(refusal::read(call.object, answer.status, &answer.body))
    }

    /// Sends a form to an OAuth endpoint of the instance, without the access token.
    pub(super) async fn post_form(
        &self,
        path: &str,
        form: &[(&str, &str)],
        object: &str,
    ) -> Result<Answer, SalesforceError> {
        let grant = self.grant().await?;
        persist(|| async {
            let request = self.http.post(grant.instance.at(path)).form(form);
            let answer = self.metered(request, object).await?;
            if answer.status >= 420 {
                return Err(refusal::read(object, answer.status, &answer.body));
            }
            Ok(answer)
        })
        .await
    }

    async fn metered(
        &self,
        request: reqwest::RequestBuilder,
        object: &str,
    ) -> Result<Answer, SalesforceError> {
        self.meter.count_call();
        let answer = exchange(request, object).await?;
        answer.limit_info.as_deref().into_iter().for_each(|info| self.meter.note(info));
        Ok(answer)
    }

    async fn grant(&self) -> Result<Arc<Grant>, SalesforceError> {
        let mut held = self.grant.lock().await;
        if let Some(grant) = held.as_ref() {
            return Ok(Arc::clone(grant));
        }
        let grant = Arc::new(self.mint().await?);
        *held = Some(Arc::clone(&grant));
        Ok(grant)
    }

    /// Replaces a grant whose session has ended, unless another caller already did.
    async fn renewed(&self, ended: &Arc<Grant>) -> Result<Arc<Grant>, SalesforceError> {
        self.grant.lock().await.take_if(|held| Arc::ptr_eq(held, ended));
        self.grant().await
    }

    async fn mint(&self) -> Result<Grant, SalesforceError> {
        persist(|| async {
            self.meter.count_token_request();
            let request = self.request.build(&self.http, self.clock.now())?;
            let answer = self.metered(request, OBJECT).await?;
            self.request.read(&answer)
        })
        .await
    }
}

impl Call {
    pub(super) fn get(object: &'static str, path: String) -> Self {
        Self { object, method: Method::GET, path, query: Vec::new(), body: None }
    }

    fn build(&self, http: &Client, grant: &Grant) -> reqwest::RequestBuilder {
        use secrecy::ExposeSecret as _;
        let mut request = http.request(self.method.clone(), grant.instance.at(&self.path));
        request = request.bearer_auth(grant.token.expose_secret()).header("Accept", "application/json");
        request = request.query(&self.query);
        match &self.body {
            Some(body) => request.json(body),
            None => request,
        }
    }
}

fn absent(role: Role) -> String {
    match role {
        Role::Scanner => "the document has no `scanner`; add the identity that reads".to_owned(),
        Role::Revoker => {
            "the document has no `revoker`, so nothing can be contained; add the identity that may end sessions"
                .to_owned()
        }
    }
}

impl fmt::Debug for Salesforce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Salesforce").field("usage", &self.usage()).finish_non_exhaustive()
    }
}

//! Asks Salesforce for an access token.

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::{Client, RequestBuilder};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::connection::{Connection, Credential, Identity};
use super::error::SalesforceError;
use super::http::Answer;
use super::origin::Origin;
use super::refusal;
use crate::observation::{OrgId, UserId};

/// What errors call the token endpoint.
pub(super) const OBJECT: &str = "the token endpoint";
const PATH: &str = "/services/oauth2/token";
/// How long an assertion is good for, in seconds. Source: Salesforce Help, "OAuth 2.0 JWT Bearer Flow".
const ASSERTION_SECONDS: i64 = 180;

/// How one identity proves itself at one org.
pub(super) struct TokenRequest {
    login: Origin,
    audience: String,
    client_id: String,
    proof: Proof,
}

enum Proof {
    Assertion { key: EncodingKey, username: String },
    Secret(SecretString),
}

/// What Salesforce granted.
pub(super) struct Grant {
    pub(super) token: SecretString,
    pub(super) instance: Origin,
    pub(super) org: OrgId,
    pub(super) user: UserId,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    exp: i64,
}

#[derive(Deserialize)]
struct Granted {
    access_token: SecretString,
    instance_url: String,
    id: String,
}

impl TokenRequest {
    /// # Errors
    /// Says what is wrong with the credential, without showing it.
    pub(super) fn new(connection: &Connection, identity: &Identity) -> Result<Self, String> {
        Ok(Self {
            login: connection.login_url.clone(),
            audience: connection.audience.clone(),
            client_id: identity.client_id.clone(),
            proof: Proof::of(identity)?,
        })
    }

    /// The request for a new token.
    pub(super) fn build(&self, http: &Client, now: Timestamp) -> Result<RequestBuilder, SalesforceError> {
        let request = http.post(self.login.at(PATH)).header("Accept", "application/json");
        match &self.proof {
            Proof::Secret(secret) => Ok(request
                .basic_auth(&self.client_id, Some(secret.expose_secret()))
                .form(&[("grant_type", "client_credentials")])),
            Proof::Assertion { key, username } => {
                let assertion = self.assertion(key, username, now)?;
                let grant_type = "urn:ietf:params:oauth:grant-type:jwt-bearer";
                Ok(request.form(&[("grant_type", grant_type), ("assertion", assertion.expose_secret())]))
            }
        }
    }

    fn assertion(
        &self,
        key: &EncodingKey,
        username: &str,
        now: Timestamp,
    ) -> Result<SecretString, SalesforceError> {
        let exp = now.as_second().saturating_add(ASSERTION_SECONDS);
        let claims = Claims { iss: &self.client_id, sub: username, aud: &self.audience, exp };
        let signed = jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, key);
        signed.map(SecretString::from).map_err(|_| SalesforceError::NotAuthorised {
            error: "invalid_key".to_owned(),
            description: "the login assertion could not be signed".to_owned(),
            hint: "Check that `private_key` is an RSA key of at least 2048 bits".to_owned(),
        })
    }

    /// Reads the answer. The instance must be Salesforce's; only a login on the loopback may lead to the loopback.
    pub(super) fn read(&self, answer: &Answer) -> Result<Grant, SalesforceError> {
        if !(200..300).contains(&answer.status) {
            return Err(refusal::read_oauth(OBJECT, answer.status, &answer.body));
        }
        let unexpected = |reason: &str| SalesforceError::UnexpectedAnswer {
            object: OBJECT.to_owned(),
            status: answer.status,
            reason: reason.to_owned(),
        };
        let granted: Granted =
            serde_json::from_slice(&answer.body).map_err(|_| unexpected("it holds no access token"))?;
        let instance = Origin::parse(&granted.instance_url)
            .map_err(|reason| unexpected(&format!("`instance_url` {reason}")))?;
        if instance.is_loopback() && !self.login.is_loopback() {
            return Err(unexpected("`instance_url` leads to this machine"));
        }
        let (org, user) = whose(&granted.id).ok_or_else(|| unexpected("`id` names no org and user"))?;
        Ok(Grant { token: granted.access_token, instance, org, user })
    }
}

impl Proof {
    fn of(identity: &Identity) -> Result<Self, String> {
        match &identity.credential {
            Credential::ClientSecret(secret) => Ok(Self::Secret(secret.clone())),
            Credential::PrivateKey(pem) => Ok(Self::Assertion {
                key: signing_key(pem)?,
                username: identity.username.clone().ok_or("`username` is missing")?,
            }),
        }
    }
}

fn signing_key(pem: &SecretString) -> Result<EncodingKey, String> {
    // With another provider installed by an earlier client this has nothing to do.
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
    EncodingKey::from_rsa_pem(pem.expose_secret().trim().as_bytes()).map_err(|_| {
        "`private_key` is not an RSA private key in PEM; give the whole of it, with its BEGIN and END lines, and keep \
         its line breaks as \\n"
            .to_owned()
    })
}

/// `https://login.salesforce.com/id/<org>/<user>`; the URL is read and never called.
fn whose(id_url: &str) -> Option<(OrgId, UserId)> {
    let (_, ids) = id_url.split_once("/id/")?;
    let (org, user) = ids.split_once('/')?;
    let is_id = |id: &str, prefix: &str| {
        id.starts_with(prefix) && matches!(id.len(), 15 | 18) && id.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    (is_id(org, "00D") && is_id(user, "005")).then(|| (OrgId::new(org), UserId::new(user)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request(login_url: &str) -> TokenRequest {
        TokenRequest {
            login: Origin::parse(login_url).unwrap(),
            audience: login_url.to_owned(),
            client_id: "3MVG9".to_owned(),
            proof: Proof::Secret("s".into()),
        }
    }

    fn read(login_url: &str, instance_url: &str, id: &str) -> Result<Grant, SalesforceError> {
        let body = json!({ "access_token": "00Dx!secret", "instance_url": instance_url, "id": id });
        let answer = Answer { status: 200, body: body.to_string().into_bytes(), ..Answer::default() };
        request(login_url).read(&answer)
    }

    const LOGIN: &str = "https://login.salesforce.com";
    const INSTANCE: &str = "https://acme.my.salesforce.com";
    const ID: &str = "https://login.salesforce.com/id/00D5g000004abcDEAQ/0055g00000AbCdEAAV";

    #[test]
    fn the_grant_names_org_and_user() {
        let grant = read(LOGIN, INSTANCE, ID).unwrap();
        assert_eq!(grant.org.as_str(), "00D5g000004abcDEAQ");
        assert_eq!(grant.user.as_str(), "0055g00000AbCdEAAV");
    }

    #[test]
    fn a_token_is_never_carried_to_another_host() {
        for instance in ["https://evil.example", "http://acme.my.salesforce.com", "http://127.0.0.1:1", ""] {
            let error = read(LOGIN, instance, ID).err().unwrap().to_string();
            assert!(error.contains("instance_url") && !error.contains("secret"), "{error}");
        }
        assert!(read("http://127.0.0.1:1", "http://127.0.0.1:2", ID).is_ok());
    }

    #[test]
    fn an_answer_without_its_parts_is_refused() {
        assert!(read(LOGIN, INSTANCE, "https://login.salesforce.com/id/x/y").is_err());
        let empty = Answer { status: 200, body: b"{}".to_vec(), ..Answer::default() };
        assert!(request(LOGIN).read(&empty).is_err());
    }

    #[test]
    fn a_client_secret_travels_in_a_header_that_is_not_shown() {
        let http = super::super::http_client().unwrap();
        let sent = request(LOGIN).build(&http, Timestamp::UNIX_EPOCH).unwrap().build().unwrap();
        assert_eq!(sent.url().as_str(), "https://login.salesforce.com/services/oauth2/token");
        assert!(sent.headers()["authorization"].is_sensitive());
        assert_eq!(sent.body().unwrap().as_bytes(), Some(b"grant_type=client_credentials".as_slice()));
    }

    #[test]
    fn a_key_that_is_none_is_refused_without_being_shown() {
        let error = signing_key(&"NOT-A-KEY".into()).err().unwrap();
        assert!(error.contains("`private_key`") && !error.contains("NOT-A-KEY"));
    }
}

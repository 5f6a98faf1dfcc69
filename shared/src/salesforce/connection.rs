//! The connection document: which org, and as whom.

use std::collections::BTreeSet;
use std::fmt;

use secrecy::SecretString;
use serde_json::Value;

use super::ability::Ability;
use super::budget::{DEFAULT_RESERVE_PERCENT, LARGEST_RESERVE_PERCENT};
use super::fields::Fields;
use super::origin::Origin;

/// Summer '26, the newest version whose documentation this room was written against.
const API_VERSION: &str = "67.0";
/// The first in which the usage of external client apps can be read.
const OLDEST_API_VERSION: u16 = 59;
const PRODUCTION: &str = "https://login.salesforce.com";
const SANDBOX: &str = "https://test.salesforce.com";

/// One org and the identities that work on it. Locally one document holds both identities; in AWS each secret holds
/// one. Debug shows no secret.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The operator's name for the org.
    pub org_alias: String,
    /// Where tokens are minted.
    pub login_url: Origin,
    /// `aud` of the JWT bearer flow.
    pub audience: String,
    /// For example `67.0`.
    pub api_version: String,
    /// The percentage of the org's daily API calls, 0 to 90, that scanning leaves to containment; 20 unless given.
    pub api_reserve_percent: u8,
    /// What the scanner does without: not looked at, and told as off by choice.
    pub off: BTreeSet<Ability>,
    /// Reads.
    pub scanner: Option<Identity>,
    /// Freezes, deletes and revokes; without it nothing can be contained.
    pub revoker: Option<Identity>,
}

/// Whom the client logs in as.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The consumer key of the connected or external client app.
    pub client_id: String,
    /// The user; the JWT bearer flow needs it, with client credentials the app's run-as user decides.
    pub username: Option<String>,
    /// What proves it.
    pub credential: Credential,
}

/// What proves an identity, and by that the OAuth flow. Debug shows no secret.
#[derive(Debug, Clone)]
pub enum Credential {
    /// An RSA private key in PEM: JWT bearer.
    PrivateKey(SecretString),
    /// Client credentials, My Domain hosts only.
    ClientSecret(SecretString),
}

/// Which of the two identities of a [`Connection`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// The one that reads.
    Scanner,
    /// The one that ends sessions, tokens and logins.
    Revoker,
}

/// What is wrong with a connection document. Names the field, never shows a value that could be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectionError {
    /// Not JSON.
    #[error("the connection document is not JSON: {reason}")]
    NotJson {
        /// What the parser says, with line and column.
        reason: String,
    },
    /// A field that must be there is not.
    #[error("the connection document lacks `{field}`")]
    Missing {
        /// Dotted path of the field.
        field: String,
    },
    /// A field that is not known: most often a typing error.
    #[error("the connection document has an unknown key `{field}`; known here are {known}")]
    Unknown {
        /// Dotted path of the field.
        field: String,
        /// The keys that may stand there.
        known: String,
    },
    /// A field whose value cannot be used.
    #[error("`{field}` in the connection document {reason}")]
    Invalid {
        /// Dotted path of the field.
        field: String,
        /// A predicate, for example `must be https`.
        reason: String,
    },
}

impl Connection {
    /// Reads a connection document and fills in its defaults.
    ///
    /// # Errors
    /// A [`ConnectionError`] that names the field.
    pub fn parse(json: &str) -> Result<Self, ConnectionError> {
        let document: Value = serde_json::from_str(json)
            .map_err(|error| ConnectionError::NotJson { reason: error.to_string() })?;
        let mut fields = Fields::of(document, "")?;
        let org_alias = fields.text("org_alias")?;
        let login_url = origin(&fields.text("login_url")?)?;
        let audience = fields.optional_text("audience")?.unwrap_or_else(|| default_audience(&login_url));
        let api_version = api_version(fields.optional_text("api_version")?)?;
        let api_reserve_percent = reserve(fields.optional("api_reserve_percent"))?;
        let off = off(fields.optional("off"))?;
        let scanner = identity(fields.optional("scanner"), "scanner", &login_url)?;
        let revoker = identity(fields.optional("revoker"), "revoker", &login_url)?;
        fields.finish()?;
        if scanner.is_none() && revoker.is_none() {
            return Err(ConnectionError::Missing { field: "scanner".to_owned() });
        }
        Ok(Self { org_alias, login_url, audience, api_version, api_reserve_percent, off, scanner, revoker })
    }

    /// The usernames of both identities, as far as the document holds them.
    pub fn usernames(&self) -> Vec<String> {
        [&self.scanner, &self.revoker]
            .into_iter()
            .flatten()
            .filter_map(|identity| identity.username.clone())
            .collect()
    }

    /// The identity of a role, if the document holds it.
    pub fn identity(&self, role: Role) -> Option<&Identity> {
        match role {
            Role::Scanner => self.scanner.as_ref(),
            Role::Revoker => self.revoker.as_ref(),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scanner => "scanner",
            Self::Revoker => "revoker",
        })
    }
}

fn origin(text: &str) -> Result<Origin, ConnectionError> {
    Origin::parse(text).map_err(|reason| invalid("login_url", reason))
}

fn invalid(field: &str, reason: impl Into<String>) -> ConnectionError {
    ConnectionError::Invalid { field: field.to_owned(), reason: reason.into() }
}

fn default_audience(login_url: &Origin) -> String {
    match login_url {
        url if url.is_loopback() => url.as_str().to_owned(),
        url if url.is_sandbox() => SANDBOX.to_owned(),
        _ => PRODUCTION.to_owned(),
    }
}

fn api_version(given: Option<String>) -> Result<String, ConnectionError> {
    let version = given.unwrap_or_else(|| API_VERSION.to_owned());
    let is_number = |text: &&str| (2..=3).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    let number = version.strip_suffix(".0").filter(is_number).and_then(|number| number.parse::<u16>().ok());
    match number {
        Some(number) if number >= OLDEST_API_VERSION => Ok(version),
        Some(_) => {
            let reason =
                format!("must be {OLDEST_API_VERSION}.0 or newer: older ones hide external client apps");
            Err(invalid("api_version", reason))
        }
        None => Err(invalid("api_version", format!("must look like {API_VERSION}"))),
    }
}

fn reserve(given: Option<Value>) -> Result<u8, ConnectionError> {
    let Some(value) = given else { return Ok(DEFAULT_RESERVE_PERCENT) };
    let percent = value.as_u64().and_then(|percent| u8::try_from(percent).ok());
    percent.filter(|percent| *percent <= LARGEST_RESERVE_PERCENT).ok_or_else(|| {
        invalid("api_reserve_percent", format!("must be a whole number from 0 to {LARGEST_RESERVE_PERCENT}"))
    })
}

fn off(value: Option<Value>) -> Result<BTreeSet<Ability>, ConnectionError> {
    let optional = || Ability::ALL.into_iter().filter(|ability| ability.is_optional());
    let wrong = || {
        let names: Vec<_> = optional().map(Ability::id).collect();
        invalid("off", format!("must be a list of some of {}", names.join(", ")))
    };
    let Some(value) = value else { return Ok(BTreeSet::new()) };
    let named = |name: &Value| optional().find(|ability| name.as_str() == Some(ability.id()));
    value.as_array().and_then(|names| names.iter().map(named).collect()).ok_or_else(wrong)
}

fn identity(value: Option<Value>, at: &str, login_url: &Origin) -> Result<Option<Identity>, ConnectionError> {
    let Some(value) = value else { return Ok(None) };
    let mut fields = Fields::of(value, at)?;
    let client_id = fields.text("client_id")?;
    let username = fields.optional_text("username")?;
    let private_key = fields.optional_text("private_key")?.map(SecretString::from);
    let client_secret = fields.optional_text("client_secret")?.map(SecretString::from);
    fields.finish()?;
    let credential = credential(private_key, client_secret, at)?;
    let identity = Identity { client_id, username, credential };
    check_flow(&identity, at, login_url)?;
    Ok(Some(identity))
}

fn credential(
    private_key: Option<SecretString>,
    client_secret: Option<SecretString>,
    at: &str,
) -> Result<Credential, ConnectionError> {
    match (private_key, client_secret) {
        (Some(key), None) => Ok(Credential::PrivateKey(key)),
        (None, Some(secret)) => Ok(Credential::ClientSecret(secret)),
        (Some(_), Some(_)) => {
            Err(invalid(&format!("{at}.client_secret"), "stands beside `private_key`; keep one of the two"))
        }
        (None, None) => Err(ConnectionError::Missing { field: format!("{at}.private_key") }),
    }
}

fn check_flow(identity: &Identity, at: &str, login_url: &Origin) -> Result<(), ConnectionError> {
    match &identity.credential {
        Credential::PrivateKey(_) if identity.username.is_none() => {
            Err(ConnectionError::Missing { field: format!("{at}.username") })
        }
        Credential::ClientSecret(_) if !login_url.is_my_domain() && !login_url.is_loopback() => Err(invalid(
            "login_url",
            format!("must be the org's My Domain, because `{at}.client_secret` selects client credentials"),
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document() -> Value {
        json!({
            "org_alias": "production",
            "login_url": "https://login.salesforce.com",
            "scanner": { "client_id": "3MVG9", "username": "scan@acme.example", "private_key": "PEM-SECRET" },
        })
    }

    fn with(pointer: &str, value: Value) -> String {
        let mut document = document();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        document.pointer_mut(parent).unwrap()[key] = value;
        document.to_string()
    }

    fn refused(json: &str) -> String {
        Connection::parse(json).unwrap_err().to_string()
    }

    #[test]
    fn defaults_follow_the_login_url() {
        let audience = |url: &str| Connection::parse(&with("/login_url", json!(url))).unwrap().audience;
        assert_eq!(audience("https://login.salesforce.com/"), PRODUCTION);
        assert_eq!(audience("https://acme.my.salesforce.com"), PRODUCTION);
        assert_eq!(audience("https://acme--uat.sandbox.my.salesforce.com"), SANDBOX);
        assert_eq!(audience("http://127.0.0.1:8080/"), "http://127.0.0.1:8080");
        let connection = Connection::parse(&document().to_string()).unwrap();
        assert_eq!((connection.api_version.as_str(), connection.api_reserve_percent), ("67.0", 20));
        let all = Connection::parse(&with("/api_reserve_percent", json!(0))).unwrap();
        assert_eq!(all.api_reserve_percent, 0);
    }

    #[test]
    fn errors_name_the_field() {
        assert!(refused(&with("/scaner", json!({}))).contains("`scaner`"));
        assert!(refused(&with("/scanner/pasword", json!("x"))).contains("`scanner.pasword`"));
        assert!(refused(&with("/scanner/client_id", json!(""))).contains("`scanner.client_id`"));
        assert!(refused(&with("/scanner/username", json!(null))).contains("`scanner.username`"));
        assert!(refused(&with("/login_url", json!("http://login.salesforce.com"))).contains("`login_url`"));
        assert!(refused(&with("/api_version", json!("67"))).contains("`api_version`"));
        assert!(refused(&with("/api_version", json!("58.0"))).contains("must be 59.0 or newer"));
        assert!(Connection::parse(&with("/api_version", json!("59.0"))).is_ok());
        assert!(refused(&with("/scanner", json!(null))).contains("`scanner`"));
        for percent in [json!(91), json!(-1), json!("20"), json!(2.5)] {
            assert!(refused(&with("/api_reserve_percent", percent)).contains("`api_reserve_percent`"));
        }
        for off in [json!("places"), json!(["logins"]), json!(["freeze-users"]), json!([1])] {
            let error = refused(&with("/off", off));
            assert!(error.contains("`off`") && error.contains("places, sessions"), "{error}");
        }
        assert!(refused("{").contains("line 1"));
        assert!(refused("[]").contains("object"));
    }

    #[test]
    fn exactly_one_credential() {
        assert!(refused(&with("/scanner/client_secret", json!("s"))).contains("`scanner.client_secret`"));
        assert!(refused(&with("/scanner/private_key", json!(null))).contains("`scanner.private_key`"));
    }

    #[test]
    fn client_credentials_need_my_domain() {
        let on = |url: &str| {
            let mut document = document();
            document["login_url"] = json!(url);
            document["scanner"] = json!({ "client_id": "3MVG9", "client_secret": "s" });
            Connection::parse(&document.to_string())
        };
        assert!(on("https://acme.my.salesforce.com").is_ok());
        assert!(on("http://localhost:9").is_ok());
        assert!(on("https://login.salesforce.com").unwrap_err().to_string().contains("My Domain"));
    }

    #[test]
    fn a_secret_of_one_identity_alone_is_a_document_too() {
        let mut document = document();
        document["revoker"] = document["scanner"].take();
        let connection = Connection::parse(&document.to_string()).unwrap();
        assert!(connection.identity(Role::Scanner).is_none());
        assert!(connection.identity(Role::Revoker).is_some());
    }

    #[test]
    fn no_secret_is_shown() {
        let connection = Connection::parse(&document().to_string()).unwrap();
        assert!(!format!("{connection:?}").contains("PEM-SECRET"));
        assert!(!refused(&with("/scanner", json!("PEM-SECRET"))).contains("PEM-SECRET"));
        assert!(!refused(&with("/scanner/private_key", json!(["PEM-SECRET"]))).contains("PEM-SECRET"));
    }
}

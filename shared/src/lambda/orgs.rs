//! The orgs that a function serves, each connected once and kept over invocations.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::SignedDuration;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use super::Failure;
use crate::clock::{Clock, SystemClock};
use crate::observation::OrgId;
use crate::salesforce::{Connection, Role, Salesforce, SalesforceError, http_client};
use crate::secrets::{ConnectionSource, Secrets, SecretsError};

/// An org, as one identity sees it.
pub struct Org {
    /// How the operator calls it.
    pub alias: String,
    /// The usernames of this tool's own identities, as far as they are known here.
    pub own: Vec<String>,
    /// Speaks to it.
    pub salesforce: Salesforce,
}

/// The orgs that a function serves.
pub struct Orgs {
    source: ConnectionSource,
    secrets: Arc<dyn Secrets>,
    role: Role,
    http: reqwest::Client,
    clock: Arc<dyn Clock>,
    connected: Mutex<HashMap<OrgId, Connected>>,
}

/// A client, and the document it was made from: a rotated secret makes a new client.
struct Connected {
    document: SecretString,
    org: Arc<Org>,
}

/// Why no org can be served.
#[derive(Debug, thiserror::Error)]
pub enum OrgsError {
    /// The adapter for secrets cannot be opened.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// There can be no HTTP client.
    #[error(transparent)]
    Http(#[from] SalesforceError),
}

impl Orgs {
    /// Prepares to connect orgs; nothing is sent to them yet. A connection document is not asked for again for `fresh_for`.
    pub async fn open(
        source: ConnectionSource,
        role: Role,
        fresh_for: SignedDuration,
    ) -> Result<Self, OrgsError> {
        let secrets = source.open(fresh_for).await?;
        let clock = Arc::new(SystemClock);
        Ok(Self { source, secrets, role, http: http_client()?, clock, connected: Mutex::default() })
    }

    /// An org by its id, connected; its connection document must lead to that very org.
    pub async fn org(&self, id: &OrgId) -> Result<Arc<Org>, Failure> {
        check(id)?;
        let document = self.secrets.connection(&self.source.name_for(id)).await?;
        let mut connected = self.connected.lock().await;
        if let Some(known) = connected.get(id).filter(|known| same(&known.document, &document)) {
            return Ok(known.org.clone());
        }
        let org = Arc::new(self.connect(id, &document).await?);
        connected.insert(id.clone(), Connected { document, org: org.clone() });
        Ok(org)
    }

    /// Works with an org. Where its identity is not let in, the connection document may have been replaced since it was read: then
    /// the work is done again with the new one, so it must be of the kind that may be repeated.
    pub async fn with<T>(
        &self,
        id: &OrgId,
        work: impl AsyncFn(Arc<Org>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        check(id)?;
        let attempt = async || work(self.org(id).await?).await;
        let name = self.source.name_for(id);
        let before = self.secrets.connection(&name).await.ok();
        match attempt().await {
            Err(failure) if failure.is_not_let_in() => {
                self.secrets.doubt(&name).await;
                let after = self.secrets.connection(&name).await?;
                if before.is_some_and(|before| same(&before, &after)) {
                    return Err(failure);
                }
                attempt().await
            }
            outcome => outcome,
        }
    }

    async fn connect(&self, id: &OrgId, document: &SecretString) -> Result<Org, Failure> {
        let connection = Connection::parse(document.expose_secret())?;
        let salesforce = Salesforce::new(&connection, self.role, self.http.clone(), self.clock.clone())?;
        let found = salesforce.org_id().await?;
        if found != *id {
            return Err(Failure::OtherOrg { asked: id.clone(), found });
        }
        Ok(Org { own: connection.usernames(), alias: connection.org_alias, salesforce })
    }
}

/// The id becomes part of a secret's name, or of a path.
fn check(id: &OrgId) -> Result<(), Failure> {
    let text = id.as_str();
    if text.len() == 18 && text.starts_with("00D") && text.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Ok(());
    }
    Err(Failure::InvalidPayload("an org's id is 00D and 12 or 15 more letters and digits".to_owned()))
}

fn same(one: &SecretString, other: &SecretString) -> bool {
    one.expose_secret() == other.expose_secret()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use salesforce_simulator::{Seed, Simulator, generate};

    use super::*;

    fn file(document: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(document.as_bytes()).unwrap();
        file
    }

    async fn orgs(file: &tempfile::NamedTempFile) -> Orgs {
        let source = ConnectionSource::File(file.path().to_owned());
        Orgs::open(source, Role::Scanner, SignedDuration::ZERO).await.unwrap()
    }

    async fn simulator() -> Simulator {
        Simulator::start(generate(&Seed { users: 10, days: 2, ..Seed::default() })).await.unwrap()
    }

    #[tokio::test]
    async fn an_org_is_connected_once_until_its_document_changes() {
        let simulator = simulator().await;
        let id = OrgId::new(simulator.org().id().as_str());
        let file = file(&simulator.connection_document().to_string());
        let orgs = orgs(&file).await;
        let first = orgs.org(&id).await.unwrap();
        assert!(Arc::ptr_eq(&first, &orgs.org(&id).await.unwrap()));
        writeln!(file.as_file()).unwrap();
        assert!(!Arc::ptr_eq(&first, &orgs.org(&id).await.unwrap()));
    }

    /// Has another document each time it is doubted.
    struct Rotated(std::sync::Mutex<Vec<String>>);

    #[async_trait::async_trait]
    impl Secrets for Rotated {
        async fn connection(&self, _: &str) -> Result<SecretString, SecretsError> {
            Ok(SecretString::from(self.0.lock().unwrap().last().unwrap().clone()))
        }

        async fn doubt(&self, _: &str) {
            let mut documents = self.0.lock().unwrap();
            let left = documents.len() - 1;
            documents.truncate(left.max(1));
        }
    }

    #[tokio::test]
    async fn a_document_that_was_replaced_is_read_anew_where_the_old_one_opens_nothing() {
        let simulator = simulator().await;
        let id = OrgId::new(simulator.org().id().as_str());
        let document = simulator.connection_document();
        let mut old = document.clone();
        old["scanner"]["client_id"] = "gone".into();
        for (documents, is_let_in) in [(vec![&document, &old], true), (vec![&old, &old], false)] {
            let documents = documents.into_iter().map(ToString::to_string).collect();
            let mut orgs = orgs(&file("{}")).await;
            orgs.secrets = Arc::new(Rotated(std::sync::Mutex::new(documents)));
            let outcome = orgs.with(&id, async |org| Ok(org.salesforce.org_id().await?)).await;
            assert_eq!(outcome.is_ok(), is_let_in, "{outcome:?}");
            simulator.org().forgive_unmatched();
        }
    }

    #[tokio::test]
    async fn a_connection_to_another_org_is_refused() {
        let simulator = simulator().await;
        let file = file(&simulator.connection_document().to_string());
        let failure = orgs(&file).await.org(&OrgId::new("00D000000000001EAA")).await.err().unwrap();
        assert!(matches!(failure, Failure::OtherOrg { .. }), "{failure}");
    }

    /// Is not to be asked for anything.
    struct Untouched;

    #[async_trait::async_trait]
    impl Secrets for Untouched {
        async fn connection(&self, name: &str) -> Result<SecretString, SecretsError> {
            panic!("{name} was asked for")
        }
    }

    #[tokio::test]
    async fn an_id_that_could_lead_elsewhere_is_refused_before_anything_is_read() {
        let mut orgs = orgs(&file("{}")).await;
        orgs.secrets = Arc::new(Untouched);
        for id in ["", "../../etc/passwd", "00D00000000000/..", "005000000000001AAA"] {
            let id = OrgId::new(id);
            for outcome in [orgs.org(&id).await.map(|_| ()), orgs.with(&id, async |_| Ok(())).await] {
                assert_eq!(outcome.unwrap_err().error_type(), "InvalidPayload", "{id}");
            }
        }
    }
}

//! The API versions that an org serves. Source: REST API Developer Guide, "Versions".

use serde::Deserialize;

use super::client::{Call, Salesforce};
use super::error::SalesforceError;
use super::query::parse;

#[derive(Deserialize)]
struct Served {
    version: String,
}

impl Salesforce {
    /// The versions that the org serves, such as `67.0`, the oldest first. Costs no API call of the org's budget.
    pub async fn api_versions(&self) -> Result<Vec<String>, SalesforceError> {
        let call = Call::get("the API versions", "/services/data/".to_owned());
        let served: Vec<Served> = parse(call.object, &self.send(&call).await?)?;
        Ok(served.into_iter().map(|served| served.version).collect())
    }
}

//! Queries of the Tooling API, which alone shows an org's settings as records. Source: Tooling API, "REST Resources".

use serde::de::DeserializeOwned;

use super::client::{Call, Salesforce};
use super::error::SalesforceError;
use super::query::read_page;

impl Salesforce {
    /// Every row of a query.
    ///
    /// # Errors
    /// Among others [`SalesforceError::UnreadableRow`]: a setting that cannot be read is not one in order.
    pub(super) async fn tooling_rows<R: DeserializeOwned, T>(
        &self,
        object: &'static str,
        soql: String,
        read: impl Fn(R) -> Result<T, String>,
    ) -> Result<Vec<T>, SalesforceError> {
        let first = Call { query: vec![("q", soql)], ..Call::get(object, self.path("tooling/query")) };
        let (mut all, mut cursor) =
            self.send_and_read(&first, |body| read_page(object, &body, 0, &read)).await?;
        while let Some((page, next)) = self.page(object, cursor, &read).await? {
            all.append(page);
            cursor = next;
        }
        all.into_every_row(object)
    }
}

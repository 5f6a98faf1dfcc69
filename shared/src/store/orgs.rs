//! Which orgs a store knows.

use super::{Expect, Key, Store, StoreError, Table, Write};
use crate::observation::OrgId;

/// An operator has tens of orgs, a consultancy hundreds.
const ORGS: usize = 10_000;

fn key(org: &str) -> Key {
    Key { table: Table::Scan, partition: "orgs".to_owned(), sort: org.to_owned() }
}

/// Every org that was ever scanned or contained in, by id.
pub async fn orgs(store: &dyn Store) -> Result<Vec<OrgId>, StoreError> {
    let start = key("");
    let records = store.list(start.table, &start.partition, "", ORGS).await?;
    Ok(records.into_iter().map(|record| OrgId::new(record.key.sort)).collect())
}

/// Makes the store know an org.
pub fn register(org: &OrgId, alias: &str) -> Write {
    Write::Put { key: key(org.as_str()), expect: Expect::Any, body: serde_json::json!({ "alias": alias }) }
}

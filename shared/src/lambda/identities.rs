//! Which users this tool itself is. Each function holds the key of one identity and must know the others, because none
//! of them is ever contained.

use crate::observation::{OrgId, UserId};
use crate::store::{Expect, Room, Store, StoreError, Table};

/// By the scan, which is the only one that writes there; the containment knows who it is itself.
const SCANNER: &str = "scanner";

fn room(org: &OrgId) -> Room<UserId> {
    Room::new(Table::Scan, org, "identities")
}

/// Makes the store know as whom the scan reads an org.
pub async fn remember_own_user(store: &dyn Store, org: &OrgId, user: &UserId) -> Result<(), StoreError> {
    let key = room(org).key(SCANNER);
    store.write(vec![crate::store::Write::put(key, Expect::Any, user)?]).await
}

/// As whom this tool reads an org, as far as it has.
pub async fn own_users(store: &dyn Store, org: &OrgId) -> Result<Vec<UserId>, StoreError> {
    let known = room(org).get(store, SCANNER).await?;
    Ok(known.map(|kept| kept.value).into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;

    #[tokio::test]
    async fn who_scans_is_known_to_who_contains() {
        let (store, org) = (MemoryStore::new(), OrgId::new("00D000000000001EAA"));
        assert!(own_users(&store, &org).await.unwrap().is_empty());
        let scanner = UserId::new("005000000000001AAA");
        remember_own_user(&store, &org, &scanner).await.unwrap();
        remember_own_user(&store, &org, &scanner).await.unwrap();
        assert_eq!(own_users(&store, &org).await.unwrap(), [scanner]);
    }
}

//! Which users this tool itself is. Each function holds the key of one identity and must know the others, because none
//! of them is ever contained.

use crate::observation::{OrgId, UserId};
use crate::store::{Expect, Room, Store, StoreError, Table};

/// By the scan, which is the only one that writes there; the containment knows who it is itself.
const SCANNER: &str = "scanner";
/// By the containment, which is the only one that writes there.
const REVOKER: &str = "revoker";

fn room(org: &OrgId) -> Room<UserId> {
    Room::new(Table::Scan, org, "identities")
}

/// Makes the store know as whom the scan reads an org.
pub async fn remember_own_user(store: &dyn Store, org: &OrgId, user: &UserId) -> Result<(), StoreError> {
    let key = room(org).key(SCANNER);
    store.write(vec![crate::store::Write::put(key, Expect::Any, user)?]).await
}

fn usernames(org: &OrgId) -> Room<Vec<String>> {
    Room::new(Table::Contain, org, "identities")
}

/// Makes the store know by which usernames the containment works on an org, as far as its connection document says.
pub async fn remember_own_usernames(
    store: &dyn Store,
    org: &OrgId,
    own: &[String],
) -> Result<(), StoreError> {
    let key = usernames(org).key(REVOKER);
    store.write(vec![crate::store::Write::put(key, Expect::Any, &own)?]).await
}

/// The usernames of this tool's own identities: those that the scan's connection document names, and those that the
/// containment has made known.
pub async fn own_usernames(
    store: &dyn Store,
    org: &OrgId,
    named: &[String],
) -> Result<Vec<String>, StoreError> {
    let known = usernames(org).get(store, REVOKER).await?.map(|kept| kept.value).unwrap_or_default();
    let more = known.into_iter().filter(|username| !named.contains(username));
    Ok(named.iter().cloned().chain(more).collect())
}

/// As whom this tool reads an org, as far as it has: nobody before its first scan, and then nobody is contained.
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

    #[tokio::test]
    async fn who_contains_is_known_to_who_scans() {
        let (store, org) = (MemoryStore::new(), OrgId::new("00D000000000001EAA"));
        let scanner = ["scanner@acme.example".to_owned()];
        assert_eq!(own_usernames(&store, &org, &scanner).await.unwrap(), scanner);
        let both = [scanner[0].clone(), "revoker@acme.example".to_owned()];
        for own in [&both[1..], &both] {
            remember_own_usernames(&store, &org, own).await.unwrap();
            assert_eq!(own_usernames(&store, &org, &scanner).await.unwrap(), both);
        }
    }
}

//! The key under which an org's tokens are named, made once.

use secrecy::ExposeSecret;
use serde_json::Value;

use crate::observation::OrgId;
use crate::salesforce::TokenHashKey;
use crate::store::{Expect, Key, Store, StoreError, Table, Write};

/// The org's key; the first who asks makes it.
pub async fn token_key(store: &dyn Store, org: &OrgId) -> Result<TokenHashKey, StoreError> {
    let key = key_of(org);
    if let Some(kept) = kept_token_key(store, org).await? {
        return Ok(kept);
    }
    match store.write(vec![first(&key)?]).await {
        Ok(()) | Err(StoreError::Conflict(_)) => {}
        Err(error) => return Err(error),
    }
    read(store, &key).await?.ok_or_else(|| unreadable(&key, "it has vanished"))
}

/// The org's key, if one was made.
pub async fn kept_token_key(store: &dyn Store, org: &OrgId) -> Result<Option<TokenHashKey>, StoreError> {
    match read(store, &key_of(org)).await? {
        // Where stores written before kept it.
        None => read(store, &Key { table: Table::Contain, ..key_of(org) }).await,
        kept => Ok(kept),
    }
}

/// The scan is the first who needs it; the containment only reads it.
fn key_of(org: &OrgId) -> Key {
    Key::new(Table::Scan, org, "keys", "token-hash")
}

async fn read(store: &dyn Store, key: &Key) -> Result<Option<TokenHashKey>, StoreError> {
    let Some(record) = store.get(key).await? else { return Ok(None) };
    let hex: String = record.decode()?;
    TokenHashKey::from_hex(&hex.into()).map(Some).ok_or_else(|| unreadable(key, "it is no key"))
}

fn first(key: &Key) -> Result<Write, StoreError> {
    let made = TokenHashKey::generate().ok_or_else(|| StoreError::Unwritable {
        key: key.clone(),
        reason: "this machine gives no randomness".to_owned(),
    })?;
    let body = Value::from(made.to_hex().expose_secret());
    Ok(Write::Put { key: key.clone(), expect: Expect::Absent, body })
}

fn unreadable(key: &Key, reason: &str) -> StoreError {
    StoreError::Unreadable { key: key.clone(), reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;

    #[tokio::test]
    async fn it_is_made_once_for_each_org() {
        let store = MemoryStore::new();
        let (one, two) = (OrgId::new("00D000000000001EAA"), OrgId::new("00D000000000002EAA"));
        let hex = async |org| token_key(&store, org).await.unwrap().to_hex().expose_secret().to_owned();
        let first = hex(&one).await;
        assert_eq!(hex(&one).await, first);
        assert!(kept_token_key(&store, &one).await.unwrap().is_some());
        assert!(kept_token_key(&store, &two).await.unwrap().is_none(), "looking makes none");
        assert_ne!(hex(&two).await, first);
    }
}

//! The policy in force, and every one before it. Only people write here.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Expect, Key, Store, StoreError, Table, Write};

/// A policy as it was pushed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyRecord {
    /// Counts the policies, from 1.
    pub number: u64,
    /// Its hash, which stands in every decision made under it.
    pub hash: String,
    /// The YAML, to the letter.
    pub text: String,
    /// Who pushed it, as he called himself.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

fn in_force() -> Key {
    Key { table: Table::People, partition: "policy".to_owned(), sort: "in-force".to_owned() }
}

fn numbered(number: u64) -> Key {
    Key { table: Table::People, partition: "policy-history".to_owned(), sort: format!("{number:012}") }
}

/// The policy in force; `None` before the first.
pub async fn policy_in_force(store: &dyn Store) -> Result<Option<PolicyRecord>, StoreError> {
    store.get(&in_force()).await?.map(|record| record.decode()).transpose()
}

/// Puts a policy in force and keeps it among all others; its number is given here. One that is in force already is left.
///
/// # Errors
/// [`StoreError::Conflict`] when somebody else pushed at the same time; nothing has happened then.
pub async fn push_policy(store: &dyn Store, mut policy: PolicyRecord) -> Result<PolicyRecord, StoreError> {
    let kept = store.get(&in_force()).await?;
    let before: Option<PolicyRecord> = kept.as_ref().map(super::Record::decode).transpose()?;
    if let Some(before) = before.as_ref().filter(|before| before.text == policy.text) {
        return Ok(before.clone());
    }
    policy.number = before.map_or(0, |before| before.number) + 1;
    let expect = kept.map_or(Expect::Absent, |kept| Expect::Version(kept.version));
    let writes = vec![
        Write::put(in_force(), expect, &policy)?,
        Write::put(numbered(policy.number), Expect::Absent, &policy)?,
    ];
    store.write(writes).await?;
    Ok(policy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;

    fn policy(text: &str) -> PolicyRecord {
        let at = "2026-11-26T12:00:00Z".parse().unwrap();
        PolicyRecord { number: 0, hash: "h".to_owned(), text: text.to_owned(), by: "ada".to_owned(), at }
    }

    #[tokio::test]
    async fn every_policy_is_kept_and_the_last_is_in_force() {
        let store = MemoryStore::new();
        assert_eq!(policy_in_force(&store).await.unwrap(), None);
        for (text, number) in [("mode: ask\n", 1), ("mode: contain\n", 2), ("mode: contain\n", 2)] {
            assert_eq!(push_policy(&store, policy(text)).await.unwrap().number, number);
        }
        let now = policy_in_force(&store).await.unwrap().unwrap();
        assert_eq!((now.number, now.text.as_str()), (2, "mode: contain\n"));
        let all = store.list(Table::People, "policy-history", "", 9).await.unwrap();
        let texts: Vec<_> = all.iter().map(|record| record.body["text"].as_str().unwrap()).collect();
        assert_eq!(texts, ["mode: ask\n", "mode: contain\n"]);
    }
}

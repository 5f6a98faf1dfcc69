//! The policy in force, read anew only where it has changed.

use std::sync::Arc;

use tokio::sync::Mutex;

use super::Failure;
use crate::policy::{Policy, PolicyError};
use crate::settings::Settings;
use crate::store::{Store, StoreError, policy_in_force};

/// Where the policy comes from, and what was made of the one in force.
pub struct Policies<T> {
    fixed: Option<Result<Arc<T>, String>>,
    prepare: fn(Policy) -> T,
    known: Mutex<Option<(u64, Arc<T>)>>,
}

impl<T> Policies<T> {
    /// The policy of the file that the settings name, else the one that people have pushed to the store.
    pub fn of(settings: &Settings, prepare: fn(Policy) -> T) -> Self {
        let fixed = match settings.policy() {
            Ok(policy) => policy.map(|policy| Ok(Arc::new(prepare(policy)))),
            Err(error) => Some(Err(error.to_string())),
        };
        Self { fixed, prepare, known: Mutex::default() }
    }

    /// What was made of the policy in force.
    ///
    /// # Errors
    /// [`Failure::Policy`] when there is none, or it cannot be read.
    pub async fn in_force(&self, store: &dyn Store) -> Result<Arc<T>, Failure> {
        if let Some(fixed) = &self.fixed {
            return fixed.clone().map_err(Failure::Policy);
        }
        let kept = policy_in_force(store).await.map_err(|error| match error {
            StoreError::Unreadable { .. } => Failure::Policy(error.to_string()),
            error => error.into(),
        })?;
        let Some(record) = kept else {
            return Err(Failure::Policy("the store holds no policy".to_owned()));
        };
        let mut known = self.known.lock().await;
        if let Some((_, made)) = known.as_ref().filter(|(number, _)| *number == record.number) {
            return Ok(made.clone());
        }
        let unreadable =
            |error: PolicyError| Failure::Policy(format!("policy {} cannot be read: {error}", record.number));
        let made = Arc::new((self.prepare)(Policy::parse(&record.text).map_err(unreadable)?));
        *known = Some((record.number, made.clone()));
        Ok(made)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Mode;
    use crate::store::{MemoryStore, PolicyRecord, push_policy};

    async fn push(store: &MemoryStore, text: &str) {
        let at = "2026-11-26T12:00:00Z".parse().unwrap();
        let (hash, text) = (String::new(), text.to_owned());
        push_policy(store, PolicyRecord { number: 0, hash, text, by: "ada".to_owned(), at }).await.unwrap();
    }

    #[tokio::test]
    async fn what_people_push_is_in_force_at_once() {
        let store = MemoryStore::new();
        let policies = Policies::of(&Settings::default(), |policy| policy.mode);
        let refused = policies.in_force(&store).await.unwrap_err();
        assert_eq!(refused.error_type(), "PolicyUnreadable");
        for (text, mode) in [("mode: ask\n", Mode::Ask), ("mode: contain\n", Mode::Contain)] {
            push(&store, text).await;
            assert_eq!(*policies.in_force(&store).await.unwrap(), mode);
        }
        let (one, two) = (policies.in_force(&store).await.unwrap(), policies.in_force(&store).await.unwrap());
        assert!(Arc::ptr_eq(&one, &two), "the same policy is read once");
        push(&store, "mode: loud\n").await;
        let refused = policies.in_force(&store).await.unwrap_err().to_string();
        assert!(refused.contains("policy 3 cannot be read"), "{refused}");
    }
}

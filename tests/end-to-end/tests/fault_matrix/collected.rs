//! An outbox that remembers what was sent, how often.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use session_warden::messages::ObservationBatch;
use session_warden::observation::Observation;
use session_warden::store::{Outbox, Outgoing, Store, StoreError, Write};

pub(crate) struct Collected {
    store: Arc<dyn Store>,
    times: Mutex<BTreeMap<String, u32>>,
}

impl Collected {
    pub(crate) fn into(store: Arc<dyn Store>) -> Self {
        Self { store, times: Mutex::default() }
    }

    /// Every observation that was sent, and how often.
    pub(crate) fn times(&self) -> BTreeMap<String, u32> {
        self.times.lock().unwrap().clone()
    }
}

#[async_trait]
impl Outbox for Collected {
    async fn send(&self, messages: Vec<Outgoing>, then: Vec<Write>) -> Result<(), StoreError> {
        self.store.write(then).await?;
        for message in messages {
            let batch: ObservationBatch = serde_json::from_value(message.body).unwrap();
            let counted = batch.observations.iter().filter_map(name);
            for name in counted {
                *self.times.lock().unwrap().entry(name).or_default() += 1;
            }
        }
        Ok(())
    }
}

fn name(seen: &Observation) -> Option<String> {
    match seen {
        Observation::Login(login) => Some(format!("login {}", login.id)),
        Observation::Session(session) => Some(format!("session {}", session.id)),
        Observation::Verification(check) => Some(format!("verification {}", check.id)),
        Observation::TokenUse(seen) => Some(format!("token {}", seen.revision())),
        Observation::Logout(_) | Observation::Threat(_) => None,
    }
}

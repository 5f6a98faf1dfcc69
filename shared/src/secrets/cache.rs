//! Secrets kept for a while, because each call to their service costs time and money.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use tokio::sync::Mutex;

use super::{Secrets, SecretsError};
use crate::clock::Clock;

/// A rotated secret is noticed within this, where nothing else is set; a scan every minute asks twelve times an hour instead of sixty.
pub const FRESH: SignedDuration = SignedDuration::from_mins(5);
/// While the service fails, an old secret is used for this long after it was read.
const STALE: SignedDuration = SignedDuration::from_hours(1);

/// Keeps what another adapter has read.
pub struct Cached<S> {
    inner: S,
    clock: Arc<dyn Clock>,
    fresh_for: SignedDuration,
    kept: Mutex<HashMap<String, Kept>>,
}

#[derive(Clone)]
struct Kept {
    document: SecretString,
    read_at: Timestamp,
}

impl<S: Secrets> Cached<S> {
    /// Keeps what `inner` reads, and does not ask again for that long.
    pub fn new(inner: S, clock: Arc<dyn Clock>, fresh_for: SignedDuration) -> Self {
        Self { inner, clock, fresh_for, kept: Mutex::default() }
    }
}

#[async_trait]
impl<S: Secrets> Secrets for Cached<S> {
    async fn connection(&self, name: &str) -> Result<SecretString, SecretsError> {
        // Held while the service is asked, so that callers at the same time ask it once.
        let mut kept = self.kept.lock().await;
        let now = self.clock.now();
        let known = kept.get(name).map(|kept| (kept.document.clone(), now.duration_since(kept.read_at)));
        match known {
            Some((document, age)) if age < self.fresh_for => Ok(document),
            known => match (self.inner.connection(name).await, known) {
                (Ok(document), _) => {
                    kept.insert(name.to_owned(), Kept { document: document.clone(), read_at: now });
                    Ok(document)
                }
                (Err(error @ SecretsError::Unavailable { .. }), Some((document, age))) if age < STALE => {
                    tracing::warn!(%error, age_seconds = age.as_secs(), "The connection document of before is used");
                    Ok(document)
                }
                (Err(error), _) => Err(error),
            },
        }
    }

    async fn doubt(&self, name: &str) {
        let old = self.clock.now() - self.fresh_for;
        if let Some(kept) = self.kept.lock().await.get_mut(name) {
            kept.read_at = kept.read_at.min(old);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex as SyncMutex;

    use secrecy::ExposeSecret;

    use super::*;

    struct Hand(SyncMutex<Timestamp>);

    impl Clock for Hand {
        fn now(&self) -> Timestamp {
            *self.0.lock().unwrap()
        }
    }

    /// Answers with what it is given, and counts.
    #[derive(Default)]
    struct Service {
        answers: SyncMutex<Vec<Result<&'static str, SecretsError>>>,
    }

    #[async_trait]
    impl Secrets for Service {
        async fn connection(&self, _: &str) -> Result<SecretString, SecretsError> {
            self.answers.lock().unwrap().remove(0).map(SecretString::from)
        }
    }

    struct World {
        cached: Cached<Service>,
        hand: Arc<Hand>,
    }

    impl World {
        fn answering(answers: Vec<Result<&'static str, SecretsError>>) -> Self {
            Self::fresh_for(FRESH, answers)
        }

        fn fresh_for(fresh_for: SignedDuration, answers: Vec<Result<&'static str, SecretsError>>) -> Self {
            let hand = Arc::new(Hand(SyncMutex::new("2026-11-02T09:00:00Z".parse().unwrap())));
            let service = Service { answers: SyncMutex::new(answers) };
            Self { cached: Cached::new(service, hand.clone(), fresh_for), hand }
        }

        async fn after(&self, minutes: i64) -> Result<String, SecretsError> {
            *self.hand.0.lock().unwrap() += SignedDuration::from_mins(minutes);
            self.cached.connection("c").await.map(|document| document.expose_secret().to_owned())
        }
    }

    fn unavailable() -> SecretsError {
        SecretsError::Unavailable { name: "c".to_owned(), reason: "busy".to_owned() }
    }

    fn refused() -> SecretsError {
        SecretsError::Refused { name: "c".to_owned(), reason: "gone".to_owned() }
    }

    #[tokio::test]
    async fn the_service_is_asked_once_while_its_answer_is_fresh() {
        let world = World::answering(vec![Ok("one"), Ok("two")]);
        assert_eq!(world.after(0).await.unwrap(), "one");
        assert_eq!(world.after(4).await.unwrap(), "one");
        assert_eq!(world.after(1).await.unwrap(), "two");
    }

    #[tokio::test]
    async fn an_old_answer_bridges_an_outage_but_not_for_ever() {
        let world = World::answering(vec![Ok("one"), Err(unavailable()), Err(unavailable())]);
        assert_eq!(world.after(0).await.unwrap(), "one");
        assert_eq!(world.after(59).await.unwrap(), "one");
        assert_eq!(world.after(1).await.unwrap_err(), unavailable());
    }

    #[tokio::test]
    async fn what_is_never_fresh_is_asked_for_each_time_and_bridges_an_outage_all_the_same() {
        let answers = vec![Ok("one"), Err(unavailable()), Ok("two")];
        let world = World::fresh_for(SignedDuration::ZERO, answers);
        for expected in ["one", "one", "two"] {
            assert_eq!(world.after(0).await.unwrap(), expected);
        }
    }

    #[tokio::test]
    async fn what_is_doubted_is_asked_for_anew() {
        let world = World::answering(vec![Ok("one"), Err(unavailable()), Ok("two")]);
        assert_eq!(world.after(0).await.unwrap(), "one");
        world.cached.doubt("c").await;
        assert_eq!(world.after(0).await.unwrap(), "one", "there is no better");
        assert_eq!(world.after(0).await.unwrap(), "two");
    }

    #[tokio::test]
    async fn a_refusal_is_told_at_once() {
        let world = World::answering(vec![Ok("one"), Err(refused())]);
        assert_eq!(world.after(0).await.unwrap(), "one");
        assert_eq!(world.after(6).await.unwrap_err(), refused());
    }
}

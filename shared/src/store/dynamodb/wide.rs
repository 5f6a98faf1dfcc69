//! Writes of more records than DynamoDB has a transaction for, all together or not at all.
//!
//! As in Percolator (Peng and Dabek, OSDI 2010): a note says that the write is *begun*; every record is taken in hand,
//! with its next body beside the present one; then the note says *committed*, which is the one instant at which all of it
//! becomes true; and last every record takes on its next body and the note goes. Whoever meets a record in hand asks the
//! note: if it is committed the next body counts, else the present one. A worker that dies before the commit has done
//! nothing, one that dies after it has done everything: the next who writes there tidies up.

use aws_sdk_dynamodb::types::AttributeValue;
use futures::{StreamExt, TryStreamExt, stream};
use jiff::{SignedDuration, Timestamp};

use super::DynamoDbStore;
use super::change::{Change, Told, held_by, released, settled};
use super::failure::Failure;
use super::item::{Item, key_attributes};
use crate::clock::{Clock, SystemClock};
use crate::store::{Key, StoreError, Table};

/// The partition of the notes, in the table of the first record.
const NOTES: &str = "transactions";
const STATE: &str = "state";
const BEGUN_AT: &str = "begun_at";
/// Requests under way at once.
pub(super) const LANES: usize = 16;
/// A write that has been under way for longer is taken for dead. It never comes to harm by that: it can no longer commit.
const DEAD_AFTER: SignedDuration = SignedDuration::from_secs(60);

/// How far a wide write has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Records are being taken in hand.
    Begun,
    /// It has happened.
    Committed,
    /// It never will.
    GivenUp,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Committed => "committed",
            Self::GivenUp => "given up",
        }
    }

    fn of(name: &str) -> Option<Self> {
        [Self::Begun, Self::Committed, Self::GivenUp].into_iter().find(|state| state.name() == name)
    }
}

/// Something that nobody else has.
pub(super) fn new_id(key: &Key) -> Result<String, StoreError> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| StoreError::Unwritable {
        key: key.clone(),
        reason: "this machine gives no randomness".to_owned(),
    })?;
    Ok(hex::encode(bytes))
}

/// A note's place, by the name that locks call it.
fn note(lock: &str) -> Option<Key> {
    let (table, id) = lock.split_once('/')?;
    let tables = [Table::Scan, Table::Evaluate, Table::Contain, Table::People];
    let table = tables.into_iter().find(|known| known.name() == table)?;
    Some(Key { table, partition: NOTES.to_owned(), sort: id.to_owned() })
}

impl DynamoDbStore {
    pub(super) async fn write_wide(&self, changes: &[Change]) -> Result<(), Failure> {
        let Some(first) = changes.first() else { return Ok(()) };
        let id = new_id(&first.key)?;
        let lock = format!("{}/{id}", first.key.table.name());
        self.begin(&lock).await?;
        let take: Vec<_> = changes.iter().map(|change| self.take(change, &lock, &id)).collect();
        let taken = stream::iter(take).buffer_unordered(LANES).collect::<Vec<_>>().await;
        let committed = match taken.into_iter().collect::<Result<Vec<()>, _>>() {
            Ok(_) => self.decide(&lock, State::Committed).await,
            Err(failure) => Err(failure),
        };
        if let Err(failure) = committed {
            self.give_up(changes, &lock).await;
            return Err(failure);
        }
        self.tidy(changes, &lock).await;
        Ok(())
    }

    async fn take(&self, change: &Change, lock: &str, id: &str) -> Result<(), Failure> {
        match self.update(&change.key, change.staged(lock, id)).await {
            // Our own answer may have been lost.
            Err(Failure::Conflict(key)) => match self.why(&key, id).await {
                Err(Failure::Held { lock: by, .. }) if by == lock => Ok(()),
                why => why,
            },
            outcome => outcome,
        }
    }

    /// Makes every record what the committed write says. Whatever fails is left to those who meet it.
    async fn tidy(&self, changes: &[Change], lock: &str) {
        let settle = changes.iter().map(|change| self.settle(&change.key, lock, !change.deletes()));
        let settle: Vec<_> = settle.collect();
        let tidied = stream::iter(settle).buffer_unordered(LANES).try_collect::<Vec<()>>().await;
        let tidied = match tidied {
            Ok(_) => self.forget(lock).await,
            Err(failure) => Err(failure),
        };
        if let Err(failure) = tidied {
            tracing::warn!(error = %failure.into_error(), "a wide write has happened, and was not tidied up");
        }
    }

    /// Lets go of every record; the note stays where that fails, and says to all what to think of it.
    async fn give_up(&self, changes: &[Change], lock: &str) {
        let released = async {
            self.decide(lock, State::GivenUp).await?;
            let release: Vec<_> = changes.iter().map(|change| self.free(&change.key, lock)).collect();
            stream::iter(release).buffer_unordered(LANES).try_collect::<Vec<()>>().await?;
            self.forget(lock).await
        };
        if let Err(failure) = released.await {
            tracing::warn!(error = %failure.into_error(), "a wide write was given up, and not tidied up");
        }
    }

    async fn free(&self, key: &Key, lock: &str) -> Result<(), Failure> {
        match self.item(key).await? {
            Some(item) if item.lock() == Some(lock) => self.release(&item, lock).await,
            _ => Ok(()),
        }
    }

    /// Frees a record that another wide write has in hand, once that is over or dead.
    pub(super) async fn let_go(&self, key: &Key, lock: &str) -> Result<(), StoreError> {
        let Some(item) = self.item(key).await?.filter(|item| item.lock() == Some(lock)) else {
            return Ok(());
        };
        let outcome = match self.standing_of(lock).await? {
            Some((State::Committed, _)) => self.settle(key, lock, item.has_next()).await,
            Some((State::Begun, since)) if SystemClock.now().duration_since(since) < DEAD_AFTER => Ok(()),
            // It may have been forgotten after the item was read, and then the item is free.
            None if !self.is_held(key, lock).await? => Ok(()),
            None => self.release(&item, lock).await,
            Some(_) => match self.decide(lock, State::GivenUp).await {
                Ok(()) => self.release(&item, lock).await,
                // It was committed in the last moment.
                Err(Failure::Conflict(_)) => Ok(()),
                failure => failure,
            },
        };
        outcome.map_err(Failure::into_error)
    }

    pub(super) async fn state_of(&self, lock: &str) -> Result<Option<State>, StoreError> {
        Ok(self.standing_of(lock).await?.map(|(state, _)| state))
    }

    async fn standing_of(&self, lock: &str) -> Result<Option<(State, Timestamp)>, StoreError> {
        let Some(key) = note(lock) else { return Ok(None) };
        let Some(item) = self.item(&key).await? else { return Ok(None) };
        let state =
            item.attribute(STATE).and_then(|value| value.as_s().ok()).and_then(|name| State::of(name));
        let begun = item.attribute(BEGUN_AT).and_then(|value| value.as_n().ok()?.parse().ok());
        let begun = begun.and_then(|second| Timestamp::from_second(second).ok());
        Ok(Some((state.unwrap_or(State::GivenUp), begun.unwrap_or(Timestamp::MIN))))
    }

    async fn is_held(&self, key: &Key, lock: &str) -> Result<bool, StoreError> {
        Ok(self.item(key).await?.is_some_and(|item| item.lock() == Some(lock)))
    }

    async fn begin(&self, lock: &str) -> Result<(), Failure> {
        let Some(key) = note(lock) else { return Ok(()) };
        let mut told = state(State::Begun);
        let at = AttributeValue::N(SystemClock.now().as_second().to_string());
        told.names.insert("#begun".to_owned(), BEGUN_AT.to_owned());
        told.values.insert(":begun".to_owned(), at);
        told.update.push_str(", #begun = :begun");
        // A first attempt that arrives after the second must not undo what was decided since.
        "attribute_not_exists(#state)".clone_into(&mut told.condition);
        done_by_others(self.update(&key, told).await)
    }

    /// Says for good how a write ends; what was decided otherwise before is a conflict.
    async fn decide(&self, lock: &str, to: State) -> Result<(), Failure> {
        let Some(key) = note(lock) else { return Ok(()) };
        let mut told = state(to);
        told.values.insert(":begun".to_owned(), AttributeValue::S(State::Begun.name().to_owned()));
        "#state = :begun OR #state = :state".clone_into(&mut told.condition);
        self.update(&key, told).await
    }

    async fn forget(&self, lock: &str) -> Result<(), Failure> {
        let Some(key) = note(lock) else { return Ok(()) };
        let sent = self.client.delete_item().table_name(self.table(key.table));
        let sent = sent.set_key(Some(key_attributes(&key))).send().await;
        sent.map(|_| ()).map_err(|error| Failure::Store(self.unavailable(&error)))
    }

    async fn settle(&self, key: &Key, lock: &str, has_next: bool) -> Result<(), Failure> {
        let id = lock.rsplit('/').next().unwrap_or(lock);
        done_by_others(if has_next {
            self.update(key, settled(lock, id)).await
        } else {
            self.delete(key, held_by(lock)).await
        })
    }

    async fn release(&self, item: &Item, lock: &str) -> Result<(), Failure> {
        done_by_others(if item.is_record() {
            self.update(item.key(), released(lock)).await
        } else {
            self.delete(item.key(), held_by(lock)).await
        })
    }
}

fn state(state: State) -> Told {
    let mut told = Told { update: "SET #state = :state".to_owned(), ..Told::default() };
    told.names.insert("#state".to_owned(), STATE.to_owned());
    told.values.insert(":state".to_owned(), AttributeValue::S(state.name().to_owned()));
    told
}

/// Somebody else has tidied up there.
fn done_by_others(outcome: Result<(), Failure>) -> Result<(), Failure> {
    match outcome {
        Err(Failure::Conflict(_)) => Ok(()),
        outcome => outcome,
    }
}

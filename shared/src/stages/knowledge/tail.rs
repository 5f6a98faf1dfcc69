//! The tail in the store: pieces, each of which a batch has brought. A piece whose observations are all committed is written over,
//! so that nothing is deleted, which would cost as much as to write it.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Knowledge;
use super::reading::LANES;
use crate::detection::TailEntry;
use crate::store::{Expect, Store, StoreError, Write};

/// Entries in one piece: below 400 KB even with the longest rows.
const ENTRIES: usize = 250;
/// Pieces beyond what the tail would fill, before it is written anew: many small batches would leave as many of them.
const SPARE: usize = 32;

/// A piece of the tail, as the org's own record names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Piece {
    slot: u32,
    /// In which evaluation it arrived.
    arrived: u64,
    newest: Timestamp,
}

impl Piece {
    fn sort(self) -> String {
        format!("{:06}", self.slot)
    }
}

impl Knowledge {
    /// Reads what is not committed, and what the last fold was about where that was not finished.
    pub(super) async fn read_tail(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        let is_finished = self.fold.is_finished(store, &self.rooms).await?;
        let until = self.state.committed_until.unwrap_or(Timestamp::MIN);
        let mut folded = BTreeMap::new();
        for (piece, entry) in self.entries(store).await? {
            let at = entry.observation.position();
            if at.time >= until {
                self.state.tail.insert(at, entry);
            } else if !is_finished && self.fold.took(piece.arrived, &at) {
                folded.insert(at, entry);
            }
        }
        self.unfolded = (!is_finished).then_some(folded);
        Ok(())
    }

    /// Every entry of every piece, less the logins that were relayed and then scanned.
    async fn entries(&self, store: &dyn Store) -> Result<Vec<(Piece, TailEntry)>, StoreError> {
        let room = &self.rooms.tail;
        let read = self.tail.iter().map(async |piece| {
            let missing = || StoreError::Unreadable {
                key: room.key(&piece.sort()),
                reason: "it is missing".to_owned(),
            };
            let kept = room.get(store, &piece.sort()).await?.ok_or_else(missing)?;
            Ok::<_, StoreError>(kept.value.into_iter().map(|entry| (*piece, entry)))
        });
        let read: Vec<_> = read.collect();
        let pieces: Vec<_> = stream::iter(read).buffered(LANES).try_collect().await?;
        let mut entries: Vec<_> = pieces.into_iter().flatten().collect();
        let scanned: BTreeSet<_> = entries.iter().filter_map(|(_, entry)| entry.scanned()).cloned().collect();
        entries.retain(|(_, entry)| entry.relayed().is_none_or(|id| !scanned.contains(id)));
        Ok(entries)
    }

    /// What has to be kept of this evaluation, taken before it judges: what has arrived, and everything where the tail lies in too
    /// many pieces.
    pub(in crate::stages) fn begin_fold(&mut self, before: Option<Timestamp>, arrived: Vec<TailEntry>) {
        self.fold = self.fold.next(before);
        self.tail.retain(|piece| before.is_none_or(|before| piece.newest >= before));
        let is_scattered = self.tail.len() > SPARE + 2 * self.state.tail.len() / ENTRIES;
        self.arrived = if is_scattered {
            self.tail.clear();
            self.state.tail.values().cloned().collect()
        } else {
            arrived
        };
    }

    /// The pieces that are new, in slots that are free.
    pub(super) fn tail_writes(&mut self) -> Result<Vec<Write>, StoreError> {
        let taken: BTreeSet<_> = self.tail.iter().map(|piece| piece.slot).collect();
        let mut free = (0..).filter(|slot| !taken.contains(slot));
        let mut writes = Vec::new();
        for entries in std::mem::take(&mut self.arrived).chunks(ENTRIES) {
            let newest = entries.iter().map(|entry| entry.observation.position().time).max();
            let (Some(slot), Some(newest)) = (free.next(), newest) else { continue };
            let piece = Piece { slot, arrived: self.fold.number, newest };
            writes.push(Write::put(self.rooms.tail.key(&piece.sort()), Expect::Any, &entries)?);
            self.tail.push(piece);
        }
        Ok(writes)
    }
}

//! What evaluation remembers of an org between two batches: read before, written after.
//!
//! What a batch brings is appended to the tail, and everything that must be true together is one small write. The profiles that
//! a stride changes are written after that, each by itself ([`folding`]): a transaction would cost twice as much, and they are most
//! of what is written.

mod folding;
mod memory;
mod reading;
mod rooms;
mod tail;

pub(super) use folding::AT_ONCE;
pub use memory::Memory;
pub use rooms::{accounts, dismissals, findings};

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::detection::{Absorbed, Episode, OrgProfile, OrgState, TailEntry};
use crate::observation::{OrgId, Position, User};
use crate::store::{Expect, Store, StoreError, Write};
use folding::Fold;
use reading::Asked;
use rooms::{ORG, Rooms};
use tail::Piece;

/// An episode that was last added to so long before what is committed is not looked for any more: it reaches a day past its last
/// observation, and a row is found up to a day late.
const EPISODE_MEMORY: SignedDuration = SignedDuration::from_hours(4 * 24);
/// Subjects named in the org's own record, which must stay small.
const SUBJECTS: usize = 2_000;

/// The org's own record; its version makes one writer at a time.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Standing {
    profile: OrgProfile,
    committed_until: Option<Timestamp>,
    #[serde(default)]
    tail: Vec<Piece>,
    #[serde(default)]
    fold: Fold,
    #[serde(default)]
    subjects: Subjects,
}

/// The subjects that have an episode which may still be added to, and when that was last done; `None` where they are not known.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
struct Subjects(Option<BTreeMap<String, Timestamp>>);

impl Subjects {
    /// Whether there may be an episode. Where too many had one at once each is asked for.
    fn may_have(&self, key: &str) -> bool {
        self.0.as_ref().is_none_or(|known| known.contains_key(key))
    }

    fn note(&mut self, episode: &Episode, key: &str, until: Option<Timestamp>) {
        let Some(known) = &mut self.0 else { return };
        known.insert(key.to_owned(), episode.last_active());
        let oldest = until.and_then(|until| until.checked_sub(EPISODE_MEMORY).ok());
        known.retain(|_, last| oldest.is_none_or(|oldest| *last >= oldest));
        if known.len() > SUBJECTS {
            self.0 = None;
        }
    }
}

/// The part of an org's knowledge that the tail and a batch touch, with the versions under which it was read.
pub(super) struct Knowledge {
    pub(super) state: OrgState,
    rooms: Rooms,
    standing_version: Option<u64>,
    tail: Vec<Piece>,
    /// What the tail has in no piece yet.
    arrived: Vec<TailEntry>,
    fold: Fold,
    subjects: Subjects,
    asked: Asked,
    /// What the last fold was about, where it was not finished.
    unfolded: Option<BTreeMap<Position, TailEntry>>,
}

/// What makes a store know what is known now.
pub(super) struct Writes {
    /// All of them hold or none does.
    pub(super) together: Vec<Write>,
    /// After what was folded.
    pub(super) last: Write,
}

impl Knowledge {
    /// Reads the org's own record, the tail, and what judging the tail needs.
    pub(super) async fn read(store: &dyn Store, org: &OrgId) -> Result<Self, StoreError> {
        let rooms = Rooms::of(org);
        let kept = rooms.standing.get(store, ORG).await?;
        let standing_version = kept.as_ref().map(|kept| kept.version);
        let none = || Standing { subjects: Subjects(Some(BTreeMap::new())), ..Standing::default() };
        let standing = kept.map_or_else(none, |kept| kept.value);
        let state = OrgState { committed_until: standing.committed_until, ..OrgState::default() };
        let Standing { profile, tail, fold, subjects, .. } = standing;
        let (asked, arrived, unfolded) = (Asked::default(), Vec::new(), None);
        let mut knowledge =
            Self { state, rooms, standing_version, tail, arrived, fold, subjects, asked, unfolded };
        knowledge.state.profiles.org = profile;
        knowledge.read_tail(store).await?;
        knowledge.meet_tail(store).await?;
        Ok(knowledge)
    }

    /// Takes in accounts that came with the batch; those that changed are written back.
    pub(super) fn learn_accounts(&mut self, accounts: Vec<User>) -> Result<Vec<Write>, StoreError> {
        let mut writes = Vec::new();
        let newest: BTreeMap<_, _> =
            accounts.into_iter().map(|account| (account.id.clone(), account)).collect();
        for (id, account) in newest {
            let write = Write::put(self.rooms.accounts.key(id.as_str()), Expect::Any, &account)?;
            if self.state.users.get(&id) != Some(&account) {
                writes.push(write);
                self.state.users.insert(id, account);
            }
        }
        Ok(writes)
    }

    /// The writes that make the store know what the state knows now.
    pub(super) fn writes(&mut self, absorbed: &Absorbed) -> Result<Writes, StoreError> {
        let mut together = self.tail_writes()?;
        // A subject may have had two episodes in one batch; only the open one is kept as such.
        let subjects: BTreeSet<_> = absorbed.changed.iter().map(|finding| finding.subject.key()).collect();
        for key in &subjects {
            let Some(episode) = self.state.episodes.get(key) else { continue };
            together.push(Write::put(self.rooms.episodes.key(key), Expect::Any, episode)?);
            self.subjects.note(episode, key, self.state.committed_until);
        }
        for finding in &absorbed.changed {
            let key = self.rooms.findings.key(finding.finding_id.as_str());
            together.push(Write::put(key, Expect::Any, finding)?);
        }
        together.push(self.rooms.standing.put(ORG, self.standing_version, &self.standing())?);
        Ok(Writes { together, last: self.fold.finished(&self.rooms)? })
    }

    fn standing(&self) -> Standing {
        Standing {
            profile: self.state.profiles.org.clone(),
            committed_until: self.state.committed_until,
            tail: self.tail.clone(),
            fold: self.fold,
            subjects: self.subjects.clone(),
        }
    }
}

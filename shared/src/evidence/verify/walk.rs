//! One walk along a chain: what was passed, and what must come next.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Damage, LedgerError, Verified};
use crate::evidence::encoding::Digest;
use crate::evidence::entry::{Entry, EntryKind, Head, Kept, Redaction, Retention, before_the_first};
use crate::evidence::ledger::sort;
use crate::observation::OrgId;
use crate::store::Record;

pub(super) struct Walk<'a> {
    org: OrgId,
    anchor: Option<&'a Head>,
    /// The last entry that was passed.
    last: Option<Head>,
    /// Payloads that are not there, by entry, with the redaction that they name.
    taken: BTreeMap<u64, u64>,
    /// What the redactions passed so far have taken: (entry, redaction).
    redactions: BTreeSet<(u64, u64)>,
}

impl<'a> Walk<'a> {
    pub(super) fn begin(org: OrgId, anchor: Option<&'a Head>) -> Result<Self, LedgerError> {
        if let Some(head) = anchor.filter(|head| head.org != org) {
            return Err(LedgerError::OtherOrg { org, found: head.org.clone() });
        }
        Ok(Self { org, anchor, last: None, taken: BTreeMap::new(), redactions: BTreeSet::new() })
    }

    /// The number of the last entry that was passed, 0 before the first.
    pub(super) fn seq(&self) -> u64 {
        self.last.as_ref().map_or(0, |head| head.seq)
    }

    /// Passes an entry and what lies beside it.
    pub(super) fn step(&mut self, record: &Record, beside: Option<&Record>) -> Result<(), LedgerError> {
        let seq = self.seq().saturating_add(1);
        let entry = self.entry(seq, record).map_err(|damage| self.broken(seq, damage))?;
        let kept = beside_of(&entry, beside).map_err(|damage| self.broken(seq, damage))?;
        self.remember(&entry, &kept);
        self.last = Some(entry.head(&self.org));
        match self.anchor.filter(|anchor| anchor.seq == seq) {
            Some(anchor) if self.last.as_ref() != Some(anchor) => Err(self.broken(seq, Damage::OtherChain)),
            _ => Ok(()),
        }
    }

    fn entry(&self, seq: u64, record: &Record) -> Result<Entry, Damage> {
        is_at(seq, record)?;
        let entry: Entry = exact(record).ok_or(Damage::Changed)?;
        let previous = self.last.as_ref().map_or_else(|| before_the_first(&self.org), |head| head.hash);
        let follows = entry.seq == seq && entry.previous == previous;
        if follows && entry.hash == entry.computed_hash() { Ok(entry) } else { Err(Damage::Changed) }
    }

    fn remember(&mut self, entry: &Entry, kept: &Kept) {
        match kept {
            Kept::RedactedBy(redaction) => {
                self.taken.insert(entry.seq, *redaction);
            }
            Kept::Payload(text) if entry.kind == EntryKind::Redaction => {
                let redaction = serde_json::from_str(text);
                self.redactions.extend(redaction.map(|redaction: Redaction| (redaction.seq, entry.seq)));
            }
            Kept::Payload(text) if entry.kind == EntryKind::Retention => {
                let retention = serde_json::from_str::<Retention>(text).into_iter();
                let taken = retention.flat_map(|retention| retention.entries);
                self.redactions.extend(taken.map(|seq| (seq, entry.seq)));
            }
            Kept::Payload(_) => {}
        }
    }

    /// Compares where the walk ended with where the chain should end.
    pub(super) fn end(self, stray: Option<&Record>, head: Option<&Record>) -> Result<Verified, LedgerError> {
        let unexplained = self.taken.iter().find(|(seq, by)| !self.redactions.contains(&(**seq, **by)));
        if let Some((seq, _)) = unexplained {
            return Err(self.broken(*seq, Damage::PayloadMissing));
        }
        self.compare(head).map_err(|(seq, damage)| self.broken(seq, damage))?;
        if stray.is_some() {
            return Err(self.broken(self.seq().saturating_add(1), Damage::Inserted));
        }
        Ok(Verified { entries: self.seq(), redacted: self.taken.len() as u64, head: self.last })
    }

    fn compare(&self, record: Option<&Record>) -> Result<(), (u64, Damage)> {
        let (seq, following) = (self.seq(), self.seq().saturating_add(1));
        if self.anchor.is_some_and(|anchor| anchor.seq > seq) {
            return Err((following, Damage::Missing));
        }
        match record.map(exact::<Head>) {
            None if self.last.is_none() => Ok(()),
            Some(Some(head)) if Some(&head) == self.last.as_ref() => Ok(()),
            Some(Some(head)) if head.seq > seq => Err((following, Damage::Missing)),
            Some(Some(head)) if head.seq < seq => Err((head.seq.saturating_add(1), Damage::Inserted)),
            _ => Err((seq.max(1), Damage::Head)),
        }
    }

    fn broken(&self, seq: u64, damage: Damage) -> LedgerError {
        LedgerError::Broken { org: self.org.clone(), seq, damage }
    }
}

/// Whether a record lies where the number belongs: a greater number means that this one is missing.
fn is_at(seq: u64, record: &Record) -> Result<(), Damage> {
    let place = &record.key.sort;
    match place.parse() {
        Ok(found) if *place != sort(found) => Err(Damage::Inserted),
        Ok(found) if found == seq => Ok(()),
        Ok(found) if found > seq => Err(Damage::Missing),
        _ => Err(Damage::Inserted),
    }
}

fn beside_of(entry: &Entry, record: Option<&Record>) -> Result<Kept, Damage> {
    let record = record.ok_or(Damage::PayloadMissing)?;
    is_at(entry.seq, record).map_err(|damage| match damage {
        Damage::Missing => Damage::PayloadMissing,
        other => other,
    })?;
    match exact(record).ok_or(Damage::PayloadChanged)? {
        Kept::Payload(text) if Digest::of(text.as_bytes()) != entry.payload_hash => {
            Err(Damage::PayloadChanged)
        }
        Kept::RedactedBy(_) if matches!(entry.kind, EntryKind::Redaction | EntryKind::Retention) => {
            Err(Damage::PayloadMissing)
        }
        kept => Ok(kept),
    }
}

/// The content, if the record says nothing else: what is not hashed must not be there either.
fn exact<T: Serialize + DeserializeOwned>(record: &Record) -> Option<T> {
    let content: T = record.decode().ok()?;
    serde_json::to_value(&content).is_ok_and(|body| body == record.body).then_some(content)
}

//! One link of the chain, and what lies beside it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::encoding::{Digest, Encoding};
use crate::observation::OrgId;

/// What an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// Somebody or something asked for a containment.
    Request,
    /// What was there before the act.
    Snapshot,
    /// What was decided, and why.
    Decision,
    /// A person agreed.
    Approval,
    /// Why nothing was done.
    Refusal,
    /// A call that changes something, with its answer.
    Act,
    /// What was there after the act.
    Reread,
    /// How the containment ended.
    Outcome,
    /// A containment was taken back.
    Release,
    /// A person stopped every containment, or let them go on.
    Switch,
    /// What a user said to the question whether it was him.
    Answer,
    /// The review of a week: what was found and done, and whether the monitor ran.
    Review,
    /// The payload of an earlier entry was taken away.
    Redaction,
    /// Payloads that are older than the policy keeps were taken away.
    Retention,
}

impl EntryKind {
    /// The name as it is hashed and stored; never changed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Snapshot => "snapshot",
            Self::Decision => "decision",
            Self::Approval => "approval",
            Self::Refusal => "refusal",
            Self::Act => "act",
            Self::Reread => "reread",
            Self::Outcome => "outcome",
            Self::Release => "release",
            Self::Switch => "switch",
            Self::Answer => "answer",
            Self::Review => "review",
            Self::Redaction => "redaction",
            Self::Retention => "retention",
        }
    }
}

/// A link of an org's chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place in the chain, from 1.
    pub seq: u64,
    /// The hash of the entry before; of the first, a hash of the org's id.
    pub previous: Digest,
    /// When, as the writer's clock says; not necessarily in the order of the chain.
    pub at: Timestamp,
    /// What it is about.
    pub kind: EntryKind,
    /// The containment it belongs to.
    pub containment: Option<String>,
    /// The hash of the payload's text.
    pub payload_hash: Digest,
    /// The hash of all of the above.
    pub hash: Digest,
}

/// The last entry of a chain, which stands for all of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Whose chain.
    pub org: OrgId,
    /// How many entries.
    pub seq: u64,
    /// The last entry's hash.
    pub hash: Digest,
    /// The last entry's time.
    pub at: Timestamp,
}

/// What lies beside an entry.
#[derive(Debug, Clone, PartialEq)]
pub enum Payload {
    /// What was recorded.
    Kept(Value),
    /// Taken away; the entry with this number says why.
    Redacted {
        /// The number of the redaction.
        by: u64,
    },
    /// Not there, or not what was recorded: [`super::Ledger::verify`] says which.
    Unreadable,
}

/// An entry with its payload.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// The link of the chain.
    pub entry: Entry,
    /// What it speaks of.
    pub payload: Payload,
}

/// The payload of an [`EntryKind::Redaction`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redaction {
    /// Which entry's payload was taken away.
    pub seq: u64,
    /// The hash of what was taken away.
    pub payload_hash: Digest,
    /// Why. This text cannot be redacted.
    pub reason: String,
}

/// The payload of an [`EntryKind::Retention`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// What is older than this was taken away.
    pub before: Timestamp,
    /// The entries whose payloads were taken away by this one.
    pub entries: Vec<u64>,
}

/// A payload as it is stored. The text is stored as it was hashed, because another release may write the same
/// number in another way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Kept {
    Payload(String),
    RedactedBy(u64),
}

/// What becomes an entry once its place is known.
pub(super) struct Draft {
    pub(super) kind: EntryKind,
    pub(super) containment: Option<String>,
    pub(super) at: Timestamp,
    pub(super) payload: String,
}

impl Draft {
    /// The entry that follows `head`, or the first one.
    pub(super) fn following(&self, head: Option<&Head>, org: &OrgId) -> Entry {
        let mut entry = Entry {
            seq: head.map_or(1, |head| head.seq.saturating_add(1)),
            previous: head.map_or_else(|| before_the_first(org), |head| head.hash),
            at: self.at,
            kind: self.kind,
            containment: self.containment.clone(),
            payload_hash: Digest::of(self.payload.as_bytes()),
            hash: Digest::of(&[]),
        };
        entry.hash = entry.computed_hash();
        entry
    }
}

/// So that the chain of one org cannot stand in for another's.
pub(super) fn before_the_first(org: &OrgId) -> Digest {
    Encoding::of("session-warden ledger").text(org.as_str()).hash()
}

impl Entry {
    /// What the hash must be.
    pub(super) fn computed_hash(&self) -> Digest {
        Encoding::of("session-warden ledger entry")
            .number(self.seq)
            .digest(&self.previous)
            .instant(self.at)
            .text(self.kind.name())
            .optional_text(self.containment.as_deref())
            .digest(&self.payload_hash)
            .hash()
    }

    pub(super) fn head(&self, org: &OrgId) -> Head {
        Head { org: org.clone(), seq: self.seq, hash: self.hash, at: self.at }
    }
}

impl Kept {
    pub(super) fn into_payload(self) -> Payload {
        match self {
            Self::Payload(text) => serde_json::from_str(&text).map_or(Payload::Unreadable, Payload::Kept),
            Self::RedactedBy(by) => Payload::Redacted { by },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_an_entry_never_changes_between_releases() {
        let draft = Draft {
            kind: EntryKind::Act,
            containment: Some("c-1".to_owned()),
            at: "2026-01-02T03:04:05.000000006Z".parse().unwrap(),
            payload: r#"{"freeze":"005000000000001AAA"}"#.to_owned(),
        };
        let entry = draft.following(None, &OrgId::new("00D000000000001AAA"));
        let computed_by_hand = "11e464121681a1c9481592351b02e7221742fc3a02c2cbf1382044e4e821f47b";
        assert_eq!(entry.hash.to_string(), computed_by_hand);
    }

    #[test]
    fn names_are_the_stored_names() {
        for kind in [EntryKind::Request, EntryKind::Reread, EntryKind::Redaction] {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
    }
}

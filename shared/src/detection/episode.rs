//! Many observations of one attack, joined.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Containable, FindingId, Hit, Severity, Subject};
use crate::observation::{OrgId, Position, UserId};

/// Hits closer than this to an episode belong to it.
const GAP: SignedDuration = SignedDuration::from_hours(24);
/// Hits kept in full; an attacker who is seen more often than this is described well enough by these.
const HITS: usize = 400;

/// One subject's open episode.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Episode {
    /// The finding it is told as.
    pub finding_id: FindingId,
    /// Whom or what it is about.
    pub subject: Subject,
    /// The first and last observation that spoke against it.
    pub first_seen: Timestamp,
    /// The last.
    pub last_seen: Timestamp,
    /// Counts the escalations, from 1.
    pub version: u64,
    /// Every hit, by detection and observation, so that judging an observation again adds nothing.
    pub hits: BTreeMap<String, Hit>,
    /// Hits that no longer fitted.
    pub more_hits: u64,
}

/// What an escalation is measured by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Weight {
    severity: Severity,
    detections: BTreeSet<String>,
    containable: BTreeSet<UserId>,
}

impl Episode {
    /// Opens an episode. Its id is a hash of the org, the subject and the first evidence, so a replay gives the
    /// same one.
    pub(super) fn open(org: &OrgId, at: &Position, hit: Hit) -> Self {
        let mut hash = Sha256::new();
        for part in [org.as_str(), &hit.subject.key(), &at.id] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let finding_id = FindingId::new(hex::encode(&hash.finalize()[..16]));
        let mut episode = Self {
            finding_id,
            subject: hit.subject.clone(),
            first_seen: at.time,
            last_seen: at.time,
            version: 1,
            hits: BTreeMap::new(),
            more_hits: 0,
        };
        episode.add(at, hit);
        episode
    }

    /// Whether an observation at `time` belongs to this episode.
    pub(super) fn covers(&self, time: Timestamp) -> bool {
        time >= self.first_seen - GAP && time <= self.last_seen + GAP
    }

    /// Adds a hit; the same hit again changes nothing.
    pub(super) fn add(&mut self, at: &Position, hit: Hit) {
        self.first_seen = self.first_seen.min(at.time);
        self.last_seen = self.last_seen.max(at.time);
        let key = format!("{}@{}", hit.detection, at.id);
        if self.hits.contains_key(&key) {
            return;
        }
        if self.hits.len() >= HITS {
            self.more_hits += 1;
            return;
        }
        self.hits.insert(key, hit);
    }

    /// Counts an escalation.
    pub(super) fn escalate(&mut self) {
        self.version += 1;
    }

    pub(super) fn weight(&self) -> Weight {
        Weight {
            severity: self.severity(),
            detections: self.hits.values().map(|hit| hit.detection.clone()).collect(),
            containable: self.containable_users(),
        }
    }

    /// 0 to 100: the chance that at least one detection is right, were they independent; each detection counts
    /// once, at its strongest.
    pub fn score(&self) -> f64 {
        let miss: f64 = self.strongest().values().map(|hit| 1.0 - hit.severity.weight()).product();
        ((1.0 - miss) * 1000.0).round() / 10.0
    }

    /// The severity of that score.
    pub fn severity(&self) -> Severity {
        Severity::of_score(self.score())
    }

    /// The strongest hit of each detection.
    pub fn strongest(&self) -> BTreeMap<&str, &Hit> {
        let mut strongest: BTreeMap<&str, &Hit> = BTreeMap::new();
        for hit in self.hits.values() {
            let known = strongest.entry(&hit.detection).or_insert(hit);
            if hit.severity > known.severity {
                *known = hit;
            }
        }
        strongest
    }

    /// Users whose access was seen, by a hit of at least medium severity.
    pub fn containable_users(&self) -> BTreeSet<UserId> {
        let hits = self.hits.values();
        hits.filter(|hit| hit.containable == Containable::Yes && hit.severity >= Severity::Medium)
            .filter_map(|hit| hit.user_id.clone())
            .collect()
    }
}

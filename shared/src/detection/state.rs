//! The org as the engine knows it: committed profiles, the tail of recent observations, open episodes.
//!
//! A verdict is a pure function of the committed profiles and the sorted tail, so duplicates and reordering inside
//! the overlap change nothing. What is older than the overlap is folded into the committed profiles, once.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::profile::Teaches;
use super::{Detection, Episode, Finding, FindingId, Hit, Profiles, Severity, Subject, View};
use crate::observation::{Network, Observation, OrgId, Position, User, UserId};
use crate::policy::{Egress, Policy};

/// How long an observation stays in the tail after a newer one was seen: later rows than this are judged, flagged
/// as late, and folded once. It is at least the overlap with which the scan reads again.
pub const OVERLAP: SignedDuration = SignedDuration::from_mins(10);
/// Width of a bucket of seen observations: at ten million logins a day one bucket stays below 400 KB.
const BUCKET_SECONDS: i64 = 300;

/// Whether an observation may raise a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// History: it teaches and raises nothing.
    Teach,
    /// It is judged.
    Live,
}

/// An observation that is not committed yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TailEntry {
    /// What was seen.
    pub observation: Observation,
    /// Whether it may raise a finding.
    pub lane: Lane,
}

/// Observations of one five-minute bucket that were committed, each as the first eight bytes of a hash.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SeenBucket(BTreeSet<u64>);

impl SeenBucket {
    /// The bucket an instant falls into, sortable as text.
    pub fn name(time: Timestamp) -> String {
        format!("{:012}", time.as_second().div_euclid(BUCKET_SECONDS).max(0))
    }

    fn insert(&mut self, at: &Position) {
        self.0.insert(Self::mark(at));
    }

    fn contains(&self, at: &Position) -> bool {
        self.0.contains(&Self::mark(at))
    }

    fn mark(at: &Position) -> u64 {
        let hash: [u8; 32] = Sha256::digest(&at.id).into();
        hash.iter().take(8).fold(0, |mark, byte| mark << 8 | u64::from(*byte))
    }
}

/// What the engine knows of an org, or the part of it that a batch touches.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OrgState {
    /// Folded up to `committed_until`.
    pub profiles: Profiles,
    /// Observations at or after `committed_until`, in the order of judging.
    pub tail: BTreeMap<Position, TailEntry>,
    /// Everything before this is committed; `None` before the first observation.
    pub committed_until: Option<Timestamp>,
    /// Open episodes by subject.
    pub episodes: HashMap<String, Episode>,
    /// Which observations were committed, by bucket, where the batch needs to know.
    pub seen: BTreeMap<String, SeenBucket>,
    /// Accounts, as context.
    pub users: HashMap<UserId, User>,
}

/// What absorbing a batch changed.
#[derive(Debug, Default)]
pub struct Absorbed {
    /// Findings that are new or have escalated, with action and level decided.
    pub raised: Vec<Finding>,
    /// Every finding whose episode changed, the raised ones included.
    pub changed: Vec<Finding>,
    /// Observations that were not seen before.
    pub new: usize,
    /// Observations that were seen before.
    pub duplicates: usize,
    /// Observations that came after their time was committed.
    pub late: usize,
    /// Committed user profiles that changed.
    pub users: HashSet<UserId>,
    /// Committed network profiles that changed.
    pub networks: HashSet<Network>,
    /// Committed application profiles that changed.
    pub applications: HashSet<String>,
    /// Buckets of seen observations that changed.
    pub buckets: BTreeSet<String>,
}

impl OrgState {
    /// Takes in a batch in any order: judges every observation of the tail anew, raises what escalates, and commits
    /// what is older than the overlap.
    pub fn absorb(
        &mut self,
        org: &OrgId,
        policy: &Policy,
        detections: &[Box<dyn Detection>],
        batch: impl IntoIterator<Item = TailEntry>,
        present: Present,
    ) -> Absorbed {
        let mut absorbed = Absorbed::default();
        for entry in batch {
            self.receive(entry, &mut absorbed);
        }
        let (hits, teaches) = self.judge(&policy.egress, detections);
        self.join(&Judging { org, policy, present }, hits, &mut absorbed);
        self.commit(&teaches, &mut absorbed);
        absorbed
    }

    fn receive(&mut self, entry: TailEntry, absorbed: &mut Absorbed) {
        let at = entry.observation.position();
        let is_late = self.committed_until.is_some_and(|until| at.time < until);
        let was_seen = self.tail.contains_key(&at)
            || is_late
                && self.seen.get(&SeenBucket::name(at.time)).is_some_and(|bucket| bucket.contains(&at));
        if was_seen {
            absorbed.duplicates += 1;
            return;
        }
        absorbed.new += 1;
        absorbed.late += usize::from(is_late);
        self.tail.insert(at, entry);
    }

    /// Judges the tail in order, each observation by what was learned before it. Returns the hits of the live lane
    /// and whether each observation may teach.
    fn judge(
        &self,
        egress: &Egress,
        detections: &[Box<dyn Detection>],
    ) -> (Vec<(Position, Hit)>, Vec<Teaches>) {
        let mut ahead = Profiles::default();
        let (mut hits, mut teaches) = (Vec::new(), Vec::new());
        for (at, entry) in &self.tail {
            let view = self.view(&ahead, &entry.observation, egress);
            let found =
                if view.is_warden() { Vec::new() } else { judge_one(detections, &view, &entry.observation) };
            let is_hostile = found.iter().any(|hit| hit.severity >= Severity::High);
            let teach = if is_hostile { Teaches::No } else { Teaches::Yes };
            ahead.copy_touched(&self.profiles, &entry.observation);
            ahead.fold(&entry.observation, teach);
            teaches.push(teach);
            if entry.lane == Lane::Live {
                hits.extend(found.into_iter().map(|hit| (at.clone(), hit)));
            }
        }
        (hits, teaches)
    }

    fn view<'a>(&'a self, ahead: &'a Profiles, seen: &'a Observation, egress: &'a Egress) -> View<'a> {
        let user = seen.user();
        let account = user.and_then(|id| self.users.get(id));
        View { committed: &self.profiles, ahead, user, account, egress }
    }

    /// Joins hits into episodes and tells those that changed.
    fn join(&mut self, judging: &Judging<'_>, hits: Vec<(Position, Hit)>, out: &mut Absorbed) {
        let mut touched = Touched::default();
        for (at, hit) in hits {
            self.join_one(judging.org, &at, hit, &mut touched);
        }
        for (finding_id, before) in std::mem::take(&mut touched.before) {
            let open = self.episodes.values_mut().find(|episode| episode.finding_id == finding_id);
            let Some(episode) =
                open.or_else(|| touched.closed.iter_mut().find(|e| e.finding_id == finding_id))
            else {
                continue;
            };
            if before.as_ref() == Some(&*episode) {
                continue;
            }
            let escalates = before.as_ref().is_some_and(|before| episode.escalate_from(before));
            let finding = judging.tell(episode, &self.users);
            out.raised.extend((before.is_none() || escalates).then(|| finding.clone()));
            out.changed.push(finding);
        }
    }

    /// A hit belongs to the subject's open episode where that covers it. A later one closes it and opens another; an
    /// earlier one, which came very late, is an episode of its own beside it.
    fn join_one(&mut self, org: &OrgId, at: &Position, hit: Hit, touched: &mut Touched) {
        let key = hit.subject.key();
        let open = self.episodes.get_mut(&key);
        let is_earlier = open.as_ref().is_some_and(|open| at.time < open.first_seen);
        let closed = touched.closed.iter_mut().filter(|episode| episode.subject.key() == key);
        if let Some(episode) = open.into_iter().chain(closed).find(|episode| episode.covers(at.time)) {
            touched.before.entry(episode.finding_id.clone()).or_insert_with(|| Some(episode.clone()));
            episode.add(at, hit);
            return;
        }
        let episode = Episode::open(org, at, hit);
        touched.before.insert(episode.finding_id.clone(), None);
        let closed = if is_earlier { Some(episode) } else { self.episodes.insert(key, episode) };
        touched.closed.extend(closed);
    }

    /// Folds what is older than the overlap into the committed profiles.
    fn commit(&mut self, teaches: &[Teaches], out: &mut Absorbed) {
        let Some(newest) = self.tail.keys().next_back().map(|at| at.time) else { return };
        let until = self.committed_until.map_or(newest - OVERLAP, |until| until.max(newest - OVERLAP));
        self.committed_until = Some(until);
        let mut teaches = teaches.iter();
        while let Some(entry) = self.tail.first_entry()
            && entry.key().time < until
        {
            let (at, entry) = entry.remove_entry();
            let teach = teaches.next().copied().unwrap_or(Teaches::Yes);
            self.profiles.fold(&entry.observation, teach);
            note_touched(&entry.observation, out);
            let bucket = SeenBucket::name(at.time);
            self.seen.entry(bucket.clone()).or_default().insert(&at);
            out.buckets.insert(bucket);
        }
    }
}

/// When a finding is judged to have been made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Present {
    /// Now: a finding may be too old to act on.
    At(Timestamp),
    /// At its last observation, as if the history were live.
    AsItHappened,
}

/// What telling an episode needs.
struct Judging<'a> {
    org: &'a OrgId,
    policy: &'a Policy,
    present: Present,
}

/// Episodes that a batch has touched.
#[derive(Default)]
struct Touched {
    /// As they were before; `None` for those that did not exist.
    before: BTreeMap<FindingId, Option<Episode>>,
    /// Those that are no longer, or never were, their subject's open one.
    closed: Vec<Episode>,
}

impl Judging<'_> {
    fn tell(&self, episode: &Episode, users: &HashMap<UserId, User>) -> Finding {
        let now = match self.present {
            Present::At(now) => now,
            Present::AsItHappened => episode.last_seen,
        };
        let username = |id: &UserId| users.get(id).map(|user| user.username.clone());
        let mut finding = Finding::of(episode, self.org, now, username);
        let user = finding.user_id.as_ref().and_then(|id| users.get(id));
        let decision = self.policy.decide(&finding, user, now);
        (finding.action, finding.level) = (decision.action, decision.level);
        finding.policy_hash = self.policy.hash();
        if !decision.because.is_empty() {
            finding.explanation.push(format!("Nothing more is done because {}.", decision.because));
        }
        finding
    }
}

fn note_touched(observation: &Observation, out: &mut Absorbed) {
    out.users.extend(observation.user().cloned());
    if let Observation::Login(login) = observation {
        out.networks.extend(login.source.network());
        out.applications.insert(login.application.clone());
    }
}

fn judge_one(detections: &[Box<dyn Detection>], view: &View<'_>, observation: &Observation) -> Vec<Hit> {
    let judge = |detection: &dyn Detection| match observation {
        Observation::Login(login) => detection.on_login(view, login),
        Observation::Session(session) => detection.on_session(view, session),
        Observation::Verification(check) => detection.on_verification(view, check),
    };
    detections.iter().filter_map(|detection| judge(detection.as_ref())).collect()
}

impl OrgState {
    /// The subjects whose open episodes a batch may add to: those named here are loaded before it is absorbed.
    pub fn subjects_of(observation: &Observation) -> impl Iterator<Item = Subject> {
        let application = match observation {
            Observation::Login(login) => Some(Subject::application(&login.application)),
            Observation::Session(_) | Observation::Verification(_) => None,
        };
        observation.user().map(Subject::user).into_iter().chain(application)
    }
}

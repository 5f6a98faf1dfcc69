//! The org as the engine knows it: committed profiles, the tail of recent observations, open episodes.
//!
//! A verdict is a pure function of the committed profiles and the sorted tail, so duplicates and reordering inside
//! the overlap change nothing. What is older than the overlap is folded into the committed profiles, once.

use std::cell::OnceCell;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use foldhash::{HashMap, HashSet};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::facts::Facts;
use super::joining::Judging;
use super::profile::{Lesson, Teaches};
use super::{
    Detection, Episode, Exemption, Finding, Hit, Profiles, SeenBucket, Shown, Subject, SubjectKind, View,
};
use crate::observation::{Login, LoginId, Network, Observation, OrgId, Position, User, UserId};
use crate::policy::Policy;

/// How long an observation stays in the tail after a newer one was seen: later rows than this are judged, flagged
/// as late, and folded once. It is at least the overlap with which the scan reads again.
pub const OVERLAP: SignedDuration = SignedDuration::from_mins(10);

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

impl TailEntry {
    /// The login, where it was relayed.
    fn relayed(&self) -> Option<&LoginId> {
        match &self.observation {
            Observation::Login(login) if login.detail.relayed => Some(&login.id),
            _ => None,
        }
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
    pub seen: BTreeMap<i64, SeenBucket>,
    /// Whether it is noted what was committed.
    pub remembers: Remembers,
    /// Accounts, as context.
    pub users: HashMap<UserId, User>,
    /// What the dismissed findings taught.
    pub dismissed: Vec<Exemption>,
}

/// What is noted of observations once they are committed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Remembers {
    /// Which they were and which profiles they changed.
    #[default]
    Committed,
    /// Nothing: they come in order and once, and nobody stores what they change.
    Nothing,
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
    pub buckets: BTreeSet<i64>,
}

/// When a finding is judged to have been made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Present {
    /// Now: a finding may be too old to act on.
    At(Timestamp),
    /// At its last observation, as if the history were live.
    AsItHappened,
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
        let mut relayed = self.relayed();
        for entry in batch {
            self.receive(entry, &mut relayed, &mut absorbed);
        }
        let hits = self.judge(policy, detections, &mut absorbed);
        if !hits.is_empty() || !self.episodes.is_empty() {
            let judging = Judging { org, policy, policy_hash: policy.hash(), present };
            self.join(&judging, hits, &mut absorbed);
        }
        absorbed
    }

    /// The logins of the tail that were relayed before a scan has read them.
    pub(super) fn relayed(&self) -> HashSet<LoginId> {
        self.tail.values().filter_map(TailEntry::relayed).cloned().collect()
    }

    pub(super) fn receive(
        &mut self,
        entry: TailEntry,
        relayed: &mut HashSet<LoginId>,
        absorbed: &mut Absorbed,
    ) {
        let at = entry.observation.position();
        let is_late = self.committed_until.is_some_and(|until| at.time < until);
        let was_seen = self.is_known_otherwise(&entry, &at, relayed)
            || is_late
                && self.seen.get(&SeenBucket::number(at.time)).is_some_and(|bucket| bucket.contains(&at));
        match self.tail.entry(at) {
            Entry::Vacant(place) if !was_seen => {
                relayed.extend(entry.relayed().cloned());
                absorbed.new += 1;
                absorbed.late += usize::from(is_late);
                place.insert(entry);
            }
            Entry::Vacant(_) | Entry::Occupied(_) => absorbed.duplicates += 1,
        }
    }

    /// Whether the login has come by the other way, whose clock may be a second off.
    fn is_known_otherwise(&self, entry: &TailEntry, at: &Position, relayed: &HashSet<LoginId>) -> bool {
        let Observation::Login(login) = &entry.observation else { return false };
        let near = |seconds| Position { time: at.time + SignedDuration::from_secs(seconds), ..at.clone() };
        relayed.contains(&login.id)
            || login.detail.relayed && [-1, 1].into_iter().any(|off| self.tail.contains_key(&near(off)))
    }

    /// Judges the tail in order, each observation by what was learned before it, and folds what is older than the
    /// overlap into the committed profiles. Returns the hits of the live lane.
    pub(super) fn judge(
        &mut self,
        policy: &Policy,
        detections: &[Box<dyn Detection>],
        out: &mut Absorbed,
    ) -> Vec<(Position, Hit)> {
        let Some(newest) = self.tail.keys().next_back().map(|at| at.time) else { return Vec::new() };
        let until = self.committed_until.map_or(newest - OVERLAP, |until| until.max(newest - OVERLAP));
        self.committed_until = Some(until);
        let mut hits = Vec::new();
        let exemptions = policy.exemptions.iter().chain(&self.dismissed).cloned().collect();
        let detections = detections.iter().map(|one| (one.about().shown, one.as_ref())).collect();
        let mut bench = Bench { policy, exemptions, detections, scratch: String::new() };
        let none = Profiles::default();
        while let Some(entry) = self.tail.first_entry()
            && entry.key().time < until
        {
            let (at, entry) = entry.remove_entry();
            let (found, lesson) = bench.judge(&self.profiles, &none, &self.users, &entry.observation);
            self.profiles.fold(&entry.observation, &lesson);
            if self.remembers == Remembers::Committed {
                self.note_committed(&at, &entry.observation, out);
            }
            keep(&mut hits, &at, &entry, found);
        }
        let mut ahead = Profiles::default();
        for (at, entry) in &self.tail {
            ahead.copy_touched(&self.profiles, &entry.observation);
            let (found, lesson) = bench.judge(&self.profiles, &ahead, &self.users, &entry.observation);
            ahead.fold(&entry.observation, &lesson);
            keep(&mut hits, at, entry, found);
        }
        hits
    }

    fn note_committed(&mut self, at: &Position, observation: &Observation, out: &mut Absorbed) {
        let bucket = SeenBucket::number(at.time);
        self.seen.entry(bucket).or_default().insert(at);
        out.buckets.insert(bucket);
        if let Some(user) = observation.user().filter(|user| !out.users.contains(*user)) {
            out.users.insert(user.clone());
        }
        out.networks.extend(observation.network());
        if let Some(name) = observation.application().filter(|name| !out.applications.contains(*name)) {
            out.applications.insert(name.to_owned());
        }
    }

    /// The networks whose profiles judging an observation may look at: its own, and of a session that has moved the whole pool.
    pub fn networks_of(observation: &Observation) -> impl Iterator<Item = Network> {
        let network = observation.network();
        let has_moved = matches!(observation, Observation::Session(session) if session.has_moved());
        let around = network.filter(|_| has_moved).into_iter().flat_map(Network::pool_members);
        network.into_iter().chain(around)
    }

    /// The subjects whose open episodes a batch may add to: those named here are loaded before it is absorbed.
    pub fn subjects_of(observation: &Observation) -> impl Iterator<Item = Subject> {
        let application = match observation {
            Observation::Login(login) => Some(Subject::application(&login.application)),
            Observation::Session(_)
            | Observation::Verification(_)
            | Observation::TokenUse(_)
            | Observation::Threat(_) => None,
        };
        let user = observation.user().map(Subject::user);
        let network = observation.network().map(Subject::network);
        user.into_iter().chain(application).chain(network).chain([Subject::org()])
    }
}

fn keep(hits: &mut Vec<(Position, Hit)>, at: &Position, entry: &TailEntry, found: Vec<Hit>) {
    if entry.lane == Lane::Live {
        hits.extend(found.into_iter().map(|hit| (at.clone(), hit)));
    }
}

/// Where observations are judged one after the other.
struct Bench<'a> {
    policy: &'a Policy,
    exemptions: Vec<Exemption>,
    detections: Vec<(Shown, &'a dyn Detection)>,
    scratch: String,
}

impl Bench<'_> {
    /// What the detections say of one observation, and what may be learned from it.
    fn judge<'s: 'v, 'v>(
        &'s mut self,
        committed: &'v Profiles,
        ahead: &'v Profiles,
        users: &'s HashMap<UserId, User>,
        observation: &'v Observation,
    ) -> (Vec<Hit>, Lesson<'s>) {
        let account = observation.user().and_then(|id| users.get(id));
        let event = OnceCell::new();
        let mut view = View::of([committed, ahead], self.policy, observation, account, &event);
        let facts = match observation {
            Observation::Login(login) => Facts::of(&view, login, &mut self.scratch),
            Observation::Session(_)
            | Observation::Verification(_)
            | Observation::TokenUse(_)
            | Observation::Threat(_) => Facts::none(),
        };
        view.facts = facts;
        let mut found =
            if view.is_warden() { Vec::new() } else { judge_one(&self.detections, &view, observation) };
        for hit in &mut found {
            let covers = |exemption: &&Exemption| exemption.covers(hit, observation, &facts, account);
            if let Some(exemption) = self.exemptions.iter().find(covers) {
                hit.excuse(exemption);
            }
        }
        let is_hostile = found.iter().any(Hit::is_accusation);
        let teaches = if is_hostile { Teaches::No } else { Teaches::Yes };
        let is_access = matches!(observation, Observation::Login(login) if login.succeeded());
        let attacks = |hit: &Hit| !is_access && hit.subject.kind == SubjectKind::Network;
        let hostile = observation.network().filter(|_| found.iter().any(attacks));
        (found, Lesson { teaches, hostile, facts, account })
    }
}

fn judge_one(detections: &[(Shown, &dyn Detection)], view: &View<'_>, observation: &Observation) -> Vec<Hit> {
    let all = detections.iter().map(|(_, detection)| *detection);
    match observation {
        Observation::Login(login) => judge_login(detections, view, login),
        Observation::Session(session) => all.filter_map(|one| one.on_session(view, session)).collect(),
        Observation::Verification(check) => all.filter_map(|one| one.on_verification(view, check)).collect(),
        Observation::TokenUse(seen) => all.filter_map(|one| one.on_token(view, seen)).collect(),
        Observation::Threat(threat) => all.filter_map(|one| one.on_threat(view, threat)).collect(),
    }
}

/// An ordinary login, a success with nothing new about it, is shown to a third of the detections.
fn judge_login(detections: &[(Shown, &dyn Detection)], view: &View<'_>, login: &Login) -> Vec<Hit> {
    let traits = Shown::by(login, view.facts());
    let judge = |(shown, detection): &(Shown, &dyn Detection)| {
        if shown.is_met_by(traits) {
            return detection.on_login(view, login);
        }
        debug_assert!(detection.on_login(view, login).is_none(), "{} is not shown it", detection.about().id);
        None
    };
    detections.iter().filter_map(judge).collect()
}

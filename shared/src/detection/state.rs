//! The org as the engine knows it: committed profiles, the tail of recent observations, open episodes.
//!
//! A verdict is a pure function of the committed profiles and the sorted tail, so duplicates and reordering inside
//! the overlap change nothing. What is older than the overlap is folded into the committed profiles, once, and where these are
//! stored in strides.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use foldhash::{HashMap, HashSet};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::facts::Facts;
use super::joining::Judging;
use super::profile::{Lesson, Teaches};
use super::reading::Readings;
use super::{
    Detection, Episode, Exemption, Finding, Hit, Profiles, SeenBucket, Shown, Subject, SubjectKind, View,
};
use crate::observation::{Login, LoginId, Network, Observation, OrgId, Position, User, UserId};
use crate::policy::Policy;

/// How long an observation stays in the tail after a newer one was seen: later rows than this are judged, flagged
/// as late, and folded once. It is at least the overlap with which the scan reads again.
pub const OVERLAP: SignedDuration = SignedDuration::from_mins(10);

/// How much longer it may wait there: what waits is committed in one stride, so that a profile which much of it changed is written
/// once.
pub const STRIDE: SignedDuration = SignedDuration::from_mins(30);

/// So many that wait are a stride already, because each batch judges them again.
pub const MOST_WAITING: usize = 20_000;

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
    pub(crate) fn relayed(&self) -> Option<&LoginId> {
        self.login().filter(|login| login.detail.relayed).map(|login| &login.id)
    }

    /// The login, where a scan has read it.
    pub(crate) fn scanned(&self) -> Option<&LoginId> {
        self.login().filter(|login| !login.detail.relayed).map(|login| &login.id)
    }

    /// The record that a scan reads has no key, and alarms name the login by that of its event.
    fn keep_key_of(&mut self, event: Option<&Self>) {
        if let (Observation::Login(login), Some(event)) = (&mut self.observation, event.and_then(Self::login))
        {
            login.detail.login_key.clone_from(&event.detail.login_key);
        }
    }

    fn login(&self) -> Option<&Login> {
        match &self.observation {
            Observation::Login(login) => Some(login),
            _ => None,
        }
    }
}

/// Where the tail has logins that were relayed, and that no scan has read yet.
type RelayedLogins = HashMap<LoginId, Position>;

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
    /// Takes in a batch in any order: judges every observation of the tail anew, raises what escalates, and where it is time
    /// commits what is older than the overlap.
    pub fn absorb(
        &mut self,
        org: &OrgId,
        policy: &Policy,
        detections: &[Box<dyn Detection>],
        batch: impl IntoIterator<Item = TailEntry>,
        present: Present,
    ) -> Absorbed {
        let absorbed = self.admit(batch, |_| {});
        self.conclude(org, policy, detections, present, absorbed)
    }

    /// The first half of [`Self::absorb`]: puts a batch into the tail, and shows what was not there before.
    pub fn admit(
        &mut self,
        batch: impl IntoIterator<Item = TailEntry>,
        mut arrives: impl FnMut(&TailEntry),
    ) -> Absorbed {
        let mut absorbed = Absorbed::default();
        let mut relayed = self.relayed();
        for entry in batch {
            self.receive(entry, &mut relayed, &mut absorbed, &mut arrives);
        }
        absorbed
    }

    /// [`Self::absorb`] of a batch in the order of judging, of which nothing was seen before and nothing belongs before what was:
    /// of a history that was sorted. What will be folded at once need not be put into the tail.
    pub fn absorb_in_order(
        &mut self,
        org: &OrgId,
        policy: &Policy,
        detections: &[Box<dyn Detection>],
        batch: Vec<TailEntry>,
        present: Present,
    ) -> Absorbed {
        debug_assert_eq!(self.remembers, Remembers::Nothing, "what is stored is absorbed by way of the tail");
        let absorbed = Absorbed { new: batch.len(), ..Absorbed::default() };
        self.judge_and_join(org, policy, detections, batch, present, absorbed)
    }

    /// The second half of [`Self::absorb`]: judges the tail.
    pub fn conclude(
        &mut self,
        org: &OrgId,
        policy: &Policy,
        detections: &[Box<dyn Detection>],
        present: Present,
        absorbed: Absorbed,
    ) -> Absorbed {
        self.judge_and_join(org, policy, detections, Vec::new(), present, absorbed)
    }

    fn judge_and_join(
        &mut self,
        org: &OrgId,
        policy: &Policy,
        detections: &[Box<dyn Detection>],
        behind: Vec<TailEntry>,
        present: Present,
        mut absorbed: Absorbed,
    ) -> Absorbed {
        let hits = self.judge(policy, detections, behind, &mut absorbed);
        if !hits.is_empty() || !self.episodes.is_empty() {
            let judging = Judging { org, policy, policy_hash: policy.hash(), present };
            self.join(&judging, hits, &mut absorbed);
        }
        absorbed
    }

    /// The logins of the tail that were relayed before a scan has read them.
    fn relayed(&self) -> RelayedLogins {
        let relayed = |(at, entry): (&Position, &TailEntry)| Some((entry.relayed()?.clone(), at.clone()));
        self.tail.iter().filter_map(relayed).collect()
    }

    fn receive(
        &mut self,
        mut entry: TailEntry,
        relayed: &mut RelayedLogins,
        absorbed: &mut Absorbed,
        arrives: &mut impl FnMut(&TailEntry),
    ) {
        let at = entry.observation.position();
        // The row that a scan reads says more: it is judged in the place of the event, whose hits the episode keeps.
        let likeness = entry.scanned().and_then(|id| relayed.remove(id));
        if let Some(likeness) = likeness {
            let event = self.tail.remove(&likeness);
            entry.keep_key_of(event.as_ref());
            absorbed.duplicates += 1;
        } else if self.was_seen(&entry, &at, relayed) {
            absorbed.duplicates += 1;
            return;
        } else {
            absorbed.new += 1;
            absorbed.late += usize::from(self.is_late(&at));
        }
        relayed.extend(entry.relayed().map(|id| (id.clone(), at.clone())));
        arrives(&entry);
        self.tail.insert(at, entry);
    }

    fn is_late(&self, at: &Position) -> bool {
        self.committed_until.is_some_and(|until| at.time < until)
    }

    fn was_seen(&self, entry: &TailEntry, at: &Position, relayed: &RelayedLogins) -> bool {
        let committed =
            || self.seen.get(&SeenBucket::number(at.time)).is_some_and(|bucket| bucket.contains(at));
        self.tail.contains_key(at)
            || entry.relayed().is_some_and(|id| relayed.contains_key(id) || self.is_known_nearby(at))
            || self.is_late(at) && committed()
    }

    /// Whether a relayed login was scanned before: the event's clock may be a second off.
    fn is_known_nearby(&self, at: &Position) -> bool {
        let near = |seconds| Position { time: at.time + SignedDuration::from_secs(seconds), ..at.clone() };
        [-1, 1].into_iter().any(|off| self.tail.contains_key(&near(off)))
    }

    /// Folds once more what was folded before, of which not everything was kept. What it led to was told then, and the org's
    /// own profile was kept; so this changes the profiles of users, networks and applications, and the buckets, that the answer names.
    pub fn fold_again(
        &mut self,
        policy: &Policy,
        detections: &[Box<dyn Detection>],
        entries: &BTreeMap<Position, TailEntry>,
    ) -> Absorbed {
        let (org, none) = (self.profiles.org.clone(), Profiles::default());
        let mut out = Absorbed::default();
        let mut bench = Bench::of(policy, detections, &self.dismissed);
        for (at, entry) in entries {
            let (_, lesson) = bench.judge(&self.profiles, &none, &self.users, &entry.observation);
            self.profiles.fold(&entry.observation, &lesson);
            self.note_committed(at, &entry.observation, &mut out);
        }
        self.profiles.org = org;
        out
    }

    /// Judges the tail and what comes `behind` it in order, each observation by what was learned before it, and folds what is
    /// to be committed into the profiles. Returns the hits of the live lane.
    pub(super) fn judge(
        &mut self,
        policy: &Policy,
        detections: &[Box<dyn Detection>],
        behind: Vec<TailEntry>,
        out: &mut Absorbed,
    ) -> Vec<(Position, Hit)> {
        let last = behind.last().or_else(|| self.tail.values().next_back());
        let Some(newest) = last.map(|entry| entry.observation.time()) else { return Vec::new() };
        let until = self.commits_until(newest - OVERLAP);
        self.committed_until = Some(until);
        let mut hits = Vec::new();
        let mut bench = Bench::of(policy, detections, &self.dismissed);
        let none = Profiles::default();
        let mut entries = std::mem::take(&mut self.tail).into_values().chain(behind).peekable();
        while let Some(entry) = entries.next_if(|entry| entry.observation.time() < until) {
            let (found, lesson) = bench.judge(&self.profiles, &none, &self.users, &entry.observation);
            self.profiles.fold(&entry.observation, &lesson);
            if self.remembers == Remembers::Committed {
                self.note_committed(&entry.observation.position(), &entry.observation, out);
            }
            keep(&mut hits, &entry, found);
        }
        self.tail = entries.map(|entry| (entry.observation.position(), entry)).collect();
        let mut ahead = Profiles::default();
        for entry in self.tail.values() {
            ahead.copy_touched(&self.profiles, &entry.observation);
            let (found, lesson) = bench.judge(&self.profiles, &ahead, &self.users, &entry.observation);
            ahead.fold(&entry.observation, &lesson);
            keep(&mut hits, entry, found);
        }
        hits
    }

    /// Everything that is older than the overlap, or nothing but what came late. Which of the two changes no verdict.
    fn commits_until(&self, overlap: Timestamp) -> Timestamp {
        let Some(until) = self.committed_until else { return overlap };
        let is_due = self.remembers == Remembers::Nothing || self.is_stride(until, overlap);
        if is_due { until.max(overlap) } else { until }
    }

    /// Whether what waits has waited for long enough or is enough. History never waits: all of it would.
    fn is_stride(&self, until: Timestamp, overlap: Timestamp) -> bool {
        let waits = |at: &Position| at.time < overlap;
        let mut waiting =
            self.tail.iter().skip_while(|(at, _)| at.time < until).take_while(|(at, _)| waits(at));
        let Some((first, entry)) = waiting.next() else { return false };
        entry.lane == Lane::Teach || first.time < overlap - STRIDE || 1 + waiting.count() >= MOST_WAITING
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
            Observation::Logout(_)
            | Observation::Session(_)
            | Observation::Verification(_)
            | Observation::TokenUse(_)
            | Observation::Threat(_) => None,
        };
        let user = observation.user().map(Subject::user);
        let network = observation.network().map(Subject::network);
        user.into_iter().chain(application).chain(network).chain([Subject::org()])
    }
}

fn keep(hits: &mut Vec<(Position, Hit)>, entry: &TailEntry, found: Vec<Hit>) {
    if entry.lane == Lane::Live && !found.is_empty() {
        hits.extend(found.into_iter().map(|hit| (entry.observation.position(), hit)));
    }
}

/// Where observations are judged one after the other.
struct Bench<'a> {
    policy: &'a Policy,
    exemptions: Vec<Exemption>,
    detections: &'a [Box<dyn Detection>],
    /// The detections that logins with these traits are shown to.
    shown: HashMap<Shown, Vec<&'a dyn Detection>>,
    readings: Readings,
}

impl<'a> Bench<'a> {
    fn of(policy: &'a Policy, detections: &'a [Box<dyn Detection>], dismissed: &[Exemption]) -> Self {
        let exemptions = policy.exemptions.iter().chain(dismissed).cloned().collect();
        Self { policy, exemptions, detections, shown: HashMap::default(), readings: Readings::default() }
    }
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
            Observation::Login(login) => Facts::of(&view, login, self.readings.of(login)),
            Observation::Logout(_)
            | Observation::Session(_)
            | Observation::Verification(_)
            | Observation::TokenUse(_)
            | Observation::Threat(_) => Facts::none(),
        };
        view.facts = facts;
        let places = view.places;
        let mut found = if view.is_warden() {
            Vec::new()
        } else {
            judge_one(self.detections, &mut self.shown, &view, observation)
        };
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
        (found, Lesson { teaches, hostile, facts, places, account })
    }
}

fn judge_one<'a>(
    detections: &'a [Box<dyn Detection>],
    shown: &mut HashMap<Shown, Vec<&'a dyn Detection>>,
    view: &View<'_>,
    observation: &Observation,
) -> Vec<Hit> {
    let all = detections.iter();
    match observation {
        Observation::Login(login) => {
            let traits = Shown::by(login, view);
            let shown = shown.entry(traits).or_insert_with(|| shown_to(detections, traits));
            let others = || detections.iter().filter(|one| !one.about().shown.is_met_by(traits));
            let speaks = || others().find(|one| one.on_login(view, login).is_some());
            debug_assert_eq!(speaks().map(|one| one.about().id), None, "it is not shown this");
            shown.iter().filter_map(|one| one.on_login(view, login)).collect()
        }
        Observation::Logout(_) => Vec::new(),
        Observation::Session(session) => all.filter_map(|one| one.on_session(view, session)).collect(),
        Observation::Verification(check) => all.filter_map(|one| one.on_verification(view, check)).collect(),
        Observation::TokenUse(seen) => all.filter_map(|one| one.on_token(view, seen)).collect(),
        Observation::Threat(threat) => all.filter_map(|one| one.on_threat(view, threat)).collect(),
    }
}

/// An ordinary login, a success with nothing new about it, is shown to a fifth of the detections.
fn shown_to(detections: &[Box<dyn Detection>], traits: Shown) -> Vec<&dyn Detection> {
    let all = detections.iter().map(AsRef::as_ref);
    all.filter(|one| one.about().shown.is_met_by(traits)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn login(time: &str, more: &Value) -> TailEntry {
        let mut login = json!({ "id": "login-1", "time": time, "user_id": "ada", "outcome": "success", "status": "Success",
            "login_type": "Application", "source": "198.51.100.7" });
        login.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let observation = Observation::Login(Box::new(serde_json::from_value(login).unwrap()));
        TailEntry { observation, lane: Lane::Live }
    }

    /// One login a minute, each in a batch of its own: how many batches have committed anything, and the longest tail.
    fn strides(lane: Lane, remembers: Remembers, minutes: i64) -> (usize, usize) {
        let (org, policy, mut state) = (OrgId::new("org"), Policy::default(), OrgState::default());
        state.remembers = remembers;
        let (mut strides, mut longest, mut before) = (0, 0, 0);
        for minute in 0..minutes {
            let time = Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute);
            let entry = login(&time.to_string(), &json!({ "id": format!("login-{minute}") }));
            state.absorb(&org, &policy, &[], [TailEntry { lane, ..entry }], Present::AsItHappened);
            let logins = state.profiles.org.logins;
            strides += usize::from(logins > before);
            (longest, before) = (state.tail.len().max(longest), logins);
        }
        assert_eq!(state.profiles.org.logins as usize + state.tail.len(), minutes as usize);
        (strides, longest)
    }

    #[test]
    fn what_is_live_is_committed_in_strides_and_history_as_it_comes() {
        let minutes = 200;
        assert_eq!(strides(Lane::Live, Remembers::Committed, minutes), (6, 41));
        assert_eq!(strides(Lane::Teach, Remembers::Committed, minutes), (189, 11));
        assert_eq!(strides(Lane::Live, Remembers::Nothing, minutes), (189, 11));
    }

    #[test]
    fn what_comes_late_waits_for_no_stride_and_too_many_are_one() {
        let (org, policy) = (OrgId::new("org"), Policy::default());
        let mut state = OrgState::default();
        let mut take = |entries: Vec<TailEntry>| {
            let absorbed = state.absorb(&org, &policy, &[], entries, Present::AsItHappened);
            (absorbed.late, state.profiles.org.logins as usize, state.tail.len())
        };
        let at = |minute: i64, number: usize| {
            let time = Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute);
            login(&time.to_string(), &json!({ "id": format!("{minute}-{number}") }))
        };
        assert_eq!(take(vec![at(100, 0)]), (0, 0, 1));
        assert_eq!(take(vec![at(120, 0)]), (0, 0, 2));
        assert_eq!(take(vec![at(80, 0)]), (1, 1, 2), "its time is committed");
        assert_eq!(take(vec![at(95, 0)]), (0, 1, 3), "its time is not");
        assert_eq!(take((3..MOST_WAITING).map(|number| at(105, number)).collect()), (0, 1, MOST_WAITING));
        assert_eq!(take(vec![at(106, 0)]), (0, 1 + MOST_WAITING, 1));
    }

    #[test]
    fn a_scanned_login_takes_the_place_of_its_relayed_likeness_and_is_learned_once() {
        let mut relayed = login("2026-11-25T09:00:01Z", &json!({}));
        let Observation::Login(event) = &mut relayed.observation else { unreachable!() };
        event.detail.relayed = true;
        let scanned = login("2026-11-25T09:00:00Z", &json!({ "application": "Data Loader" }));
        let later = login("2026-11-25T10:00:00Z", &json!({ "id": "login-2" }));
        let (org, policy) = (OrgId::new("org"), Policy::default());
        let mut state = OrgState::default();
        let mut take = |entry: &TailEntry| {
            let absorbed = state.absorb(&org, &policy, &[], [entry.clone()], Present::AsItHappened);
            (absorbed.new, absorbed.duplicates, state.tail.values().cloned().collect::<Vec<_>>())
        };
        assert_eq!(take(&relayed), (1, 0, vec![relayed.clone()]));
        assert_eq!(take(&scanned), (0, 1, vec![scanned.clone()]));
        for again in [&relayed, &scanned] {
            assert_eq!(take(again), (0, 1, vec![scanned.clone()]));
        }
        assert_eq!(take(&later), (1, 0, vec![later]));
        let ada = &state.profiles.users[&UserId::new("ada")];
        assert_eq!((ada.logins, ada.applications.of("Data Loader").is_some()), (1, true));
    }
}

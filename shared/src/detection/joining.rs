//! From hits to episodes, and from episodes to findings.

use std::collections::BTreeMap;

use foldhash::HashMap;
use jiff::Timestamp;

use super::{Absorbed, Episode, Finding, FindingId, Hit, Lane, OrgState, Present, Severity, Subject};
use crate::observation::{Observation, OrgId, Position, User, UserId};
use crate::policy::Policy;

/// What telling an episode needs.
pub(super) struct Judging<'a> {
    pub(super) org: &'a OrgId,
    pub(super) policy: &'a Policy,
    pub(super) policy_hash: String,
    pub(super) present: Present,
}

/// Episodes that a batch has touched.
#[derive(Default)]
struct Touched {
    /// As they were before; `None` for those that did not exist.
    before: BTreeMap<FindingId, Option<Episode>>,
    /// Those that are no longer, or never were, their subject's open one.
    closed: Vec<Episode>,
}

impl OrgState {
    /// Joins hits into episodes and tells those that changed.
    pub(super) fn join(&mut self, judging: &Judging<'_>, hits: Vec<(Position, Hit)>, out: &mut Absorbed) {
        let mut touched = Touched::default();
        let mut hits = hits.into_iter().peekable();
        while let Some((at, hit)) = hits.next() {
            let mut together = vec![hit];
            while let Some((_, more)) = hits.next_if(|(next, _)| *next == at) {
                together.push(more);
            }
            for of_one in by_subject(together) {
                self.join_one(judging.org, &at, of_one, &mut touched);
            }
        }
        self.note_access(&mut touched);
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

    /// A token that is used shows that its user's access goes on: that of a user whose access an episode has seen stays
    /// recent. It opens nothing and makes nobody containable, for most used tokens are their owners'.
    fn note_access(&mut self, touched: &mut Touched) {
        let live = self.tail.iter().filter(|(_, entry)| entry.lane == Lane::Live);
        for (at, entry) in live {
            let Observation::TokenUse(seen) = &entry.observation else { continue };
            let Some(episode) = self.episodes.get_mut(&Subject::user(&seen.token.user_id).key()) else {
                continue;
            };
            let before = episode.clone();
            if seen.shows_use() && episode.goes_on(at.time) {
                touched.before.entry(episode.finding_id.clone()).or_insert(Some(before));
            }
        }
    }

    /// What one observation says of one subject belongs to the subject's open episode where that covers it. A later
    /// one closes it and opens another; an earlier one, which came very late, is an episode of its own beside it.
    /// What is mere context together opens nothing, and belongs only to an episode that began before it: when it is
    /// judged again, the episode of an observation in the same second is open already.
    fn join_one(&mut self, org: &OrgId, at: &Position, hits: Vec<Hit>, touched: &mut Touched) {
        let Some(key) = hits.first().map(|hit| hit.subject.key()) else { return };
        let said = hits.iter().map(|hit| (hit.detection.as_str(), hit.severity));
        let is_context = Severity::joined(said) == Severity::Info;
        let open = self.episodes.get_mut(&key);
        let is_earlier = open.as_ref().is_some_and(|open| at.time < open.first_seen);
        let closed = touched.closed.iter_mut().filter(|episode| episode.subject.key() == key);
        let covers = |episode: &&mut Episode| {
            episode.covers(at.time) && !(is_context && at.time <= episode.first_seen)
        };
        if let Some(episode) = open.into_iter().chain(closed).find(covers) {
            touched.before.entry(episode.finding_id.clone()).or_insert_with(|| Some(episode.clone()));
            if !is_context {
                episode.extend_to(at.time);
            }
            for hit in hits {
                episode.add(at, hit);
            }
            return;
        }
        let opened = (!is_context).then(|| Episode::open(org, at, hits)).flatten();
        let Some(episode) = opened else { return };
        touched.before.insert(episode.finding_id.clone(), None);
        let closed = if is_earlier { Some(episode) } else { self.episodes.insert(key, episode) };
        touched.closed.extend(closed);
    }
}

fn by_subject(hits: Vec<Hit>) -> impl Iterator<Item = Vec<Hit>> {
    let mut subjects: BTreeMap<String, Vec<Hit>> = BTreeMap::new();
    for hit in hits {
        subjects.entry(hit.subject.key()).or_default().push(hit);
    }
    subjects.into_values()
}

impl Judging<'_> {
    fn tell(&self, episode: &Episode, users: &HashMap<UserId, User>) -> Finding {
        let now = self.now(episode);
        let username = |id: &UserId| users.get(id).map(|user| user.username.clone());
        let mut finding = Finding::of(episode, self.org, now, username);
        let user = finding.user_id.as_ref().and_then(|id| users.get(id));
        let decision = self.policy.decide(&finding, user, now);
        (finding.action, finding.level) = (decision.action, decision.level);
        finding.policy_hash.clone_from(&self.policy_hash);
        if !decision.because.is_empty() {
            finding.explanation.push(format!("Nothing more is done because {}.", decision.because));
        }
        finding.held_back = decision.because;
        finding
    }

    fn now(&self, episode: &Episode) -> Timestamp {
        match self.present {
            Present::At(now) => now,
            Present::AsItHappened => episode.last_seen,
        }
    }
}

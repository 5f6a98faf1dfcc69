//! What the findings said, and when they first said it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::Timestamp;
use session_warden::detection::{Action, Episode, Evidence, Finding, FindingId, OrgState, Severity};

use session_warden::observation::{LoginId, SessionId};

use crate::world::{Label, Truth};

/// One finding over its life.
#[derive(Debug)]
pub(crate) struct Seen {
    /// As it was told last.
    pub(crate) finding: Finding,
    /// Whether any of it is an attack.
    pub(crate) is_true: bool,
    /// Every login it rests on, with the detections that say so.
    pub(crate) logins: BTreeMap<String, BTreeSet<(String, Severity)>>,
}

/// How an account that was taken came to be seen.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sighting {
    /// When a finding of at least high severity first rested on the attacker's access to it.
    pub(crate) at: Option<Timestamp>,
    /// The best score of any finding that rested on it.
    pub(crate) score: f64,
    /// What spoke.
    pub(crate) detections: BTreeSet<String>,
    /// Whether the policy would have contained its user.
    pub(crate) contained: bool,
}

/// A user whom the policy would have contained though nobody had taken his account.
#[derive(Debug, Clone)]
pub(crate) struct Wronged {
    pub(crate) user: String,
    pub(crate) at: Timestamp,
    pub(crate) detections: Vec<String>,
}

/// What the findings said.
#[derive(Debug, Default)]
pub(crate) struct Noted {
    pub(crate) findings: HashMap<FindingId, Seen>,
    /// By the place of the takeover.
    pub(crate) sightings: HashMap<usize, Sighting>,
    pub(crate) wronged: BTreeMap<String, Wronged>,
}

impl Noted {
    /// Takes in what a finding says at `now`.
    pub(super) fn note(&mut self, state: &OrgState, finding: Finding, truth: &Truth, now: Timestamp) {
        let open = state.episodes.values().find(|episode| episode.finding_id == finding.finding_id);
        let logins = open.map_or_else(|| listed(&finding, truth), |episode| rested_on(episode, truth));
        let sessions: HashSet<&str> = match open {
            Some(episode) => {
                episode.evidence().flat_map(|hit| &hit.session_ids).map(SessionId::as_str).collect()
            }
            None => finding.session_ids.iter().map(SessionId::as_str).collect(),
        };
        let rows = || logins.keys().map(String::as_str).chain(sessions.iter().copied());
        self.sight(&finding, rows, truth, now);
        let is_hostile = |id: &str| matches!(truth.label(id), Label::Hostile(_));
        let user = finding.user_id.as_ref();
        let is_true = rows().any(is_hostile)
            || user.is_some_and(|user| truth.is_attacked(user.as_str(), finding.last_seen))
            || truth.addresses.iter().any(|address| covers(&finding, address));
        if finding.action == Action::Contain
            && let Some(user) = user
            && !truth.takeovers.iter().any(|taken| taken.user == user.as_str() && taken.first <= now)
        {
            let detections = finding.detections.iter().map(|detected| detected.id.clone()).collect();
            let wronged = Wronged { user: user.to_string(), at: now, detections };
            self.wronged.entry(user.to_string()).or_insert(wronged);
        }
        self.findings.insert(finding.finding_id.clone(), Seen { finding, is_true, logins });
    }

    fn sight<'r, I: Iterator<Item = &'r str>>(
        &mut self,
        finding: &Finding,
        rows: impl Fn() -> I,
        truth: &Truth,
        now: Timestamp,
    ) {
        let is_about = |user: &str| {
            let concerned = finding.affected_users.iter().chain(&finding.containable_users);
            finding.user_id.iter().chain(concerned).any(|one| one.as_str() == user)
        };
        for (place, taken) in truth.takeovers.iter().enumerate() {
            if !is_about(&taken.user) || !rows().any(|row| taken.access.contains(row)) {
                continue;
            }
            let sighting = self.sightings.entry(place).or_default();
            sighting.score = sighting.score.max(finding.score);
            sighting.detections.extend(finding.detections.iter().map(|detected| detected.id.clone()));
            if finding.severity >= Severity::High {
                sighting.at.get_or_insert(now);
            }
            sighting.contained |= finding.action == Action::Contain;
        }
    }
}

/// The logins that an episode rests on, and those that began the harmless sessions that it rests on.
fn rested_on(episode: &Episode, truth: &Truth) -> BTreeMap<String, BTreeSet<(String, Severity)>> {
    let mut logins: BTreeMap<String, BTreeSet<_>> = BTreeMap::new();
    for hit in episode.evidence() {
        let began = began(&hit.evidence, &hit.session_ids, truth);
        for login in hit.login_ids.iter().map(LoginId::as_str).chain(began) {
            logins.entry(login.to_owned()).or_default().insert((hit.detection.clone(), hit.severity));
        }
    }
    logins
}

/// What is left of a finding whose episode has been closed.
fn listed(finding: &Finding, truth: &Truth) -> BTreeMap<String, BTreeSet<(String, Severity)>> {
    let detected: BTreeSet<_> = finding.detections.iter().map(|one| (one.id.clone(), one.severity)).collect();
    let began = finding.detections.iter().filter_map(|one| began(&one.evidence, &finding.session_ids, truth));
    let logins = finding.login_ids.iter().map(LoginId::as_str).chain(began);
    logins.map(|id| (id.to_owned(), detected.clone())).collect()
}

/// The login that began a session, unless that was stolen.
fn began<'e>(evidence: &'e Evidence, sessions: &[SessionId], truth: &Truth) -> Option<&'e str> {
    let is_stolen = sessions.iter().any(|id| matches!(truth.label(id.as_str()), Label::Hostile(_)));
    evidence.get("login").and_then(|login| login.as_str()).filter(|_| !is_stolen)
}

fn covers(finding: &Finding, address: &str) -> bool {
    use session_warden::detection::SubjectKind;
    use session_warden::observation::{Network, Source};
    finding.subject.kind == SubjectKind::Network
        && Source::from(address).address().is_some_and(|ip| Network::of(ip).to_string() == finding.subject.id)
}

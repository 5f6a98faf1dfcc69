//! What came of the worlds, in numbers that add up.

mod compared;
mod counted;

use std::collections::BTreeMap;

pub(crate) use compared::Others;
pub(crate) use counted::{BySeverity, Flagged, Recall, severity_names, wilson};
use serde::Serialize;
use session_warden::detection::Severity;

use crate::watch::{Noted, Seen, Watched};
use crate::world::{Label, Span, Truth, name_of_attack, name_of_oddity};

/// What people do when they do nothing odd.
pub(crate) const ORDINARY: &str = "ordinary life";

/// What came of some worlds.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Tally {
    /// The worlds' seeds.
    pub(crate) seeds: Vec<u64>,
    /// Wall-clock seconds of all together.
    pub(crate) seconds: f64,
    /// Seconds that the engine took, of all worlds.
    pub(crate) judged_seconds: f64,
    /// Weeks judged.
    pub(crate) weeks: f64,
    /// Attacks by kind, counted by accounts taken.
    pub(crate) recall: BTreeMap<String, Recall>,
    /// Benign logins by what they are.
    pub(crate) benign: BTreeMap<String, Flagged>,
    /// Findings that no attack is any part of.
    pub(crate) false_alarms: BySeverity,
    /// The others.
    pub(crate) true_alarms: BySeverity,
    /// Benign logins on which a detection spoke, in a finding of at least medium severity with nothing hostile in it.
    pub(crate) spoke_wrongly: BTreeMap<String, BySeverity>,
    /// Users whom the policy would have contained wrongly, by what they did and which detections spoke.
    pub(crate) contained_wrongly: BTreeMap<String, usize>,
    /// Takeovers that were missed: kind, best score (70 is high), what spoke.
    pub(crate) missed: Vec<(String, f64, String)>,
    /// What others say of the same logins.
    pub(crate) others: Others,
    /// Each false alarm and each miss, for tuning.
    #[serde(skip)]
    pub(crate) explained: Vec<String>,
}

impl Tally {
    /// Of one world.
    pub(crate) fn of_world(seed: u64, truth: &Truth, watched: &Watched, span: &Span) -> Self {
        let seconds = span.ends.duration_since(span.judged).as_secs_f64();
        let mut tally = Self { seeds: vec![seed], weeks: seconds / (7.0 * 86_400.0), ..Self::default() };
        tally.count_takeovers(truth, &watched.noted);
        tally.count_logins(truth, watched, span);
        tally.count_findings(truth, watched);
        tally.count_contained(truth, watched);
        tally
    }

    /// Adds what came of others.
    pub(crate) fn add(&mut self, other: Self) {
        self.seeds.extend(other.seeds);
        self.judged_seconds += other.judged_seconds;
        self.weeks += other.weeks;
        for (kind, recall) in other.recall {
            self.recall.entry(kind).or_default().add(recall);
        }
        for (label, flagged) in other.benign {
            self.benign.entry(label).or_default().add(&flagged);
        }
        self.false_alarms.add(&other.false_alarms);
        self.true_alarms.add(&other.true_alarms);
        for (detection, spoke) in other.spoke_wrongly {
            self.spoke_wrongly.entry(detection).or_default().add(&spoke);
        }
        for (what, users) in other.contained_wrongly {
            *self.contained_wrongly.entry(what).or_default() += users;
        }
        self.missed.extend(other.missed);
        self.others.add(other.others);
        self.explained.extend(other.explained);
    }

    /// When all have been added.
    pub(crate) fn finish(&mut self, seconds: f64) {
        self.seconds = seconds;
        self.seeds.sort_unstable();
        self.missed.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
        let all = self.all_benign();
        self.others.finish(all.logins, all.share(Severity::High));
    }

    /// All benign logins.
    pub(crate) fn all_benign(&self) -> Flagged {
        let mut all = Flagged::default();
        self.benign.values().for_each(|flagged| all.add(flagged));
        all
    }

    /// All accounts taken.
    pub(crate) fn all_recall(&self) -> Recall {
        let mut all = Recall::default();
        self.recall.values().for_each(|recall| all.add(recall.clone()));
        all
    }

    fn count_takeovers(&mut self, truth: &Truth, noted: &Noted) {
        for (place, taken) in truth.takeovers.iter().enumerate() {
            let kind = name_of_attack(taken.kind);
            let sighting = noted.sightings.get(&place).cloned().unwrap_or_default();
            let recall = self.recall.entry(kind.clone()).or_default();
            recall.taken += 1;
            recall.contained += usize::from(sighting.contained);
            if let Some(at) = sighting.at {
                recall.delays.push(at.duration_since(taken.first).as_secs());
            } else {
                let spoke: Vec<_> = sighting.detections.iter().map(String::as_str).collect();
                self.explained.push(format!(
                    "seed {} MISSED {kind} of {} at {}: score {:.0}, {}",
                    self.seeds[0],
                    taken.user,
                    taken.first,
                    sighting.score,
                    spoke.join(" ")
                ));
                self.missed.push((kind, sighting.score, spoke.join(", ")));
            }
        }
    }

    fn count_logins(&mut self, truth: &Truth, watched: &Watched, span: &Span) {
        let mut worst: BTreeMap<&str, (Severity, bool)> = BTreeMap::new();
        for seen in watched.noted.findings.values() {
            for login in seen.logins.keys() {
                let entry = worst.entry(login).or_insert((Severity::Info, true));
                entry.0 = entry.0.max(seen.finding.severity);
                entry.1 &= seen.is_true;
            }
        }
        let warden = |login: &&session_warden::observation::Login| {
            let user = login.user_id.as_ref().and_then(|id| watched.users.get(id));
            user.is_none_or(|user| user.kind != session_warden::observation::AccountKind::Warden)
        };
        for login in watched.logins.iter().filter(|login| login.time >= span.judged).filter(warden) {
            let label = match truth.label(login.id.as_str()) {
                Label::Hostile(_) => continue,
                Label::Ordinary => ORDINARY.to_owned(),
                Label::Oddity(kind) => name_of_oddity(kind),
            };
            let flagged = self.benign.entry(label).or_default();
            flagged.logins += 1;
            if let Some((severity, beside)) = worst.get(login.id.as_str()) {
                flagged.count(*severity, *beside);
            }
        }
    }

    fn count_findings(&mut self, truth: &Truth, watched: &Watched) {
        for seen in watched.noted.findings.values() {
            let severity = seen.finding.severity;
            if seen.is_true {
                self.true_alarms.count(severity);
                self.explain_beside(truth, seen);
                continue;
            }
            self.false_alarms.count(severity);
            if severity < Severity::Medium {
                continue;
            }
            for (detection, severity) in seen.logins.values().flatten() {
                self.spoke_wrongly.entry(detection.clone()).or_default().count(*severity);
            }
            let finding = &seen.finding;
            let labels: std::collections::BTreeSet<_> =
                seen.logins.keys().map(|login| truth.label(login)).collect();
            let spoke = finding.detections.iter().map(|one| format!("{}:{}", one.id, one.severity.name()));
            self.explained.push(format!(
                "seed {} FALSE {} {} {:?} {} {} logins: {} | {}",
                self.seeds[0],
                severity.name(),
                finding.first_seen,
                labels,
                finding.subject,
                seen.logins.len(),
                spoke.collect::<Vec<_>>().join(" "),
                finding.explanation.first().map_or("", String::as_str)
            ));
        }
    }

    /// Names the benign logins that stand in a grave finding about an attack.
    fn explain_beside(&mut self, truth: &Truth, seen: &Seen) {
        let is_benign = |login: &str| !matches!(truth.label(login), Label::Hostile(_));
        for (login, spoke) in seen.logins.iter().filter(|(login, _)| is_benign(login)) {
            if seen.finding.severity >= Severity::High {
                let spoke = spoke.iter().map(|(id, severity)| format!("{id}:{}", severity.name()));
                self.explained.push(format!(
                    "seed {} BESIDE {} {} {login}: {}",
                    self.seeds[0],
                    seen.finding.severity.name(),
                    seen.finding.subject,
                    spoke.collect::<Vec<_>>().join(" ")
                ));
            }
        }
    }

    fn count_contained(&mut self, truth: &Truth, watched: &Watched) {
        for wronged in watched.noted.wronged.values() {
            let role =
                truth.players.get(&wronged.user).map_or(ORDINARY.to_owned(), |kind| name_of_oddity(*kind));
            let what = format!("{role}: {}", wronged.detections.join(", "));
            self.explained
                .push(format!("seed {} CONTAINED {} at {}: {what}", self.seeds[0], wronged.user, wronged.at));
            *self.contained_wrongly.entry(what).or_default() += 1;
        }
    }
}

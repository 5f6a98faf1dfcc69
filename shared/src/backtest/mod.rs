//! What a policy would have done to a history: which findings, who would have been contained, how many a week.
//!
//! Pure: findings go in, counts come out. Caps are held as a containment would have held them, in the order of time.

mod caps;
mod packs;
mod week;

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use serde::Serialize;

use crate::detection::{Action, Finding, Severity, card};
use crate::policy::Policy;
use caps::SpentCaps;
pub use packs::PackPart;
pub use week::Week;

/// What was judged.
#[derive(Debug, Clone, Default)]
pub struct Judged {
    /// Logins; 0 where only findings are known.
    pub logins: u64,
    /// Logins before them, which only taught.
    pub taught: u64,
    /// Users who are active: what a percentage in the caps is of. Where that is not known, it caps nothing.
    pub active_users: Option<u64>,
    /// From when until when.
    pub period: Option<(Timestamp, Timestamp)>,
}

/// What a policy would have done.
#[derive(Debug, Clone, Serialize)]
pub struct Backtest {
    /// Names the policy: its hash.
    pub policy_hash: String,
    /// Logins that were judged; 0 where only findings are known.
    pub logins: u64,
    /// Logins before them, which only taught.
    pub taught: u64,
    /// From when until when.
    pub period: Option<(Timestamp, Timestamp)>,
    /// How many findings there are by what the policy asks for.
    pub total: Asked,
    /// Findings a week, on average over the period.
    pub findings_a_week: f64,
    /// Each week of the period, Monday to Sunday, UTC.
    pub weeks: Vec<Week>,
    /// What each detection had to say, the most frequent first.
    pub detections: Vec<Fired>,
    /// Who would have been contained, in the order of time.
    pub contained: Vec<WouldContain>,
}

/// Findings by what the policy asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// Only recorded.
    pub none: u64,
    /// Told.
    pub notify: u64,
    /// A person is asked.
    pub ask: u64,
    /// Contained.
    pub contain: u64,
}

/// One detection's part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fired {
    /// Its id.
    pub id: String,
    /// Findings it is part of.
    pub findings: u64,
    /// Findings in which it speaks alone.
    pub alone: u64,
    /// Findings it is part of that would have been contained.
    pub contained: u64,
}

/// A user who would have been contained.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WouldContain {
    /// When.
    pub at: Timestamp,
    /// His login name, or his id.
    pub user: String,
    /// How grave the finding is.
    pub severity: Severity,
    /// Which detections spoke.
    pub detections: Vec<String>,
    /// The finding.
    pub finding_id: String,
    /// Which cap would have made it a question to a person; `None` where it would have been done.
    pub held_back: Option<String>,
}

impl Asked {
    pub(crate) fn count(&mut self, action: Action) {
        let place = match action {
            Action::None => &mut self.none,
            Action::Notify => &mut self.notify,
            Action::Ask => &mut self.ask,
            Action::Contain => &mut self.contain,
        };
        *place += 1;
    }

    /// All of them.
    pub fn all(&self) -> u64 {
        self.none + self.notify + self.ask + self.contain
    }
}

impl Backtest {
    /// Counts what `policy` asked for in `findings`.
    pub fn of(findings: &[Finding], policy: &Policy, judged: &Judged) -> Self {
        let contained = contained(findings, policy, judged.active_users);
        let held: HashMap<_, _> =
            contained.iter().map(|case| (case.finding_id.as_str(), case.held_back.is_some())).collect();
        let action = |finding: &Finding| match held.get(finding.finding_id.as_str()) {
            Some(true) => Action::Ask,
            _ => finding.action,
        };
        let acted: Vec<_> = findings.iter().map(|finding| (finding, action(finding))).collect();
        let mut total = Asked::default();
        for (_, action) in &acted {
            total.count(*action);
        }
        let weeks = week::weeks(judged.period, &acted);
        let findings_a_week = total.all() as f64 / week::length(judged.period);
        let (policy_hash, period) = (policy.hash(), judged.period);
        let Judged { logins, taught, .. } = *judged;
        let detections = fired(&acted);
        Self { policy_hash, logins, taught, period, total, findings_a_week, weeks, detections, contained }
    }
}

fn contained(findings: &[Finding], policy: &Policy, active_users: Option<u64>) -> Vec<WouldContain> {
    let mut asked: Vec<_> = findings.iter().filter(|finding| finding.action == Action::Contain).collect();
    asked.sort_by_key(|finding| (finding.last_seen, &finding.finding_id));
    let mut spent = SpentCaps::new(&policy.caps, active_users);
    asked
        .into_iter()
        .map(|finding| WouldContain {
            at: finding.last_seen,
            user: finding.username.clone().unwrap_or_else(|| finding.subject.id.clone()),
            severity: finding.severity,
            detections: finding.detections.iter().map(|detected| detected.id.clone()).collect(),
            finding_id: finding.finding_id.to_string(),
            held_back: spent.spend(finding.last_seen).err(),
        })
        .collect()
}

fn fired(acted: &[(&Finding, Action)]) -> Vec<Fired> {
    let mut counts: BTreeMap<&str, Fired> = BTreeMap::new();
    for (finding, action) in acted {
        for detected in &finding.detections {
            let id = detected.id.as_str();
            let new = || Fired { id: id.to_owned(), findings: 0, alone: 0, contained: 0 };
            let fired = counts.entry(id).or_insert_with(new);
            fired.findings += 1;
            fired.alone += u64::from(finding.detections.len() == 1);
            fired.contained += u64::from(*action == Action::Contain);
        }
    }
    let mut fired: Vec<_> = counts.into_values().collect();
    fired.sort_by(|a, b| b.findings.cmp(&a.findings).then(a.id.cmp(&b.id)));
    fired
}

impl Fired {
    /// One line for a list; empty for a detection that is not in the catalogue.
    pub fn title(&self) -> &'static str {
        card(&self.id).map_or("", |card| card.title)
    }
}

#[cfg(test)]
mod tests;

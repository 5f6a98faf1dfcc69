//! A review in words: plain text for a person, line by line.

use jiff::Timestamp;

use super::{Case, Digest, OpenSessions, Outcomes};
use crate::report::{Shown, watch_words};

/// Lines of one kind.
const LISTED: usize = 10;

impl Outcomes {
    /// The counts that are not zero, in words.
    pub fn words(&self) -> String {
        let counts = [
            (self.contained, "contained"),
            (self.access_ended, "access ended"),
            (self.session_ended, "session ended"),
            (self.not_contained + self.unfinished, "NOT contained"),
            (self.waiting, "waiting"),
            (self.refused, "refused"),
            (self.released, "given back"),
        ];
        let told = counts.into_iter().filter(|(times, _)| *times > 0);
        listed(told.map(|(times, name)| format!("{times} {name}")))
    }
}

impl Case {
    /// In one line.
    pub fn words(&self) -> String {
        format!("{} since {}: {}; {}", self.whom, minute(self.since), self.state, self.containment_id)
    }
}

impl Digest {
    /// How many findings of each severity, in words.
    pub fn finding_words(&self) -> String {
        let told = self.findings.iter();
        listed(told.map(|it| format!("{} {} ({} open)", it.raised, it.severity.name(), it.open)))
    }

    /// What the review goes without; `None` where that is nothing.
    pub fn unreadable_words(&self) -> Option<String> {
        let records = if self.unreadable == 1 { "record" } else { "records" };
        (self.unreadable > 0).then(|| format!("{} {records} in the store, as the log says", self.unreadable))
    }

    /// One line, and the lines of a notice. What came from outside is made harmless.
    pub(crate) fn told(&self) -> (String, String) {
        let title = if self.needs_attention() {
            "Weekly review: something needs a person"
        } else {
            "Weekly review: nothing needs a person"
        };
        let mut lines = vec![
            format!("From {} to {} (UTC).", minute(self.from), minute(self.until)),
            format!("The monitor: {}", watch_words(&self.watch)),
        ];
        lines.extend(
            self.watch
                .gaps
                .iter()
                .take(LISTED)
                .map(|gap| format!("- not watched from {} to {}", minute(gap.from), minute(gap.until))),
        );
        lines.extend(self.watch.blind.iter().take(LISTED).map(|what| format!("- could not be seen: {what}")));
        lines.extend(self.unreadable_words().map(|words| format!("Could not be read: {words}.")));
        lines.push(format!("Findings: {}.", self.finding_words()));
        lines.push(format!("Containments: {}.", self.containments.words()));
        let cases = |what: &str, cases: &[Case]| {
            cases.iter().take(LISTED).map(|case| format!("- {what}: {}", case.words())).collect::<Vec<_>>()
        };
        lines.extend(cases("NOT contained", &self.not_contained));
        lines.extend(cases("waits for people", &self.waiting));
        lines.push(match &self.open_sessions {
            OpenSessions::Read { total, .. } => {
                format!("Sessions open for longer than the policy wants: {total}.")
            }
            OpenSessions::NotRead { reason } => format!("Open sessions: {reason}."),
        });
        lines.push(
            "All of it is in the evidence ledger, as an entry `review` under the signed head; `warden digest` shows it \
             anew."
                .to_owned(),
        );
        let harmless = |line: &String| Shown::of(line).to_string().replace("://", "[:]//");
        (title.to_owned(), lines.iter().map(harmless).collect::<Vec<_>>().join("\n"))
    }
}

fn listed(told: impl Iterator<Item = String>) -> String {
    let told: Vec<_> = told.collect();
    if told.is_empty() { "none".to_owned() } else { told.join(", ") }
}

fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

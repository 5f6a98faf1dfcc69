//! Every table, as rows of text.

use session_warden::detection::Severity;

use super::page::interval;
use crate::tally::{BySeverity, Flagged, Recall, Tally, severity_names};

/// How many detections are listed.
const LISTED: usize = 20;

/// A table before it is drawn.
pub(super) struct Table {
    pub(super) head: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

impl Table {
    fn new(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Self {
        Self { head: head.iter().map(|&text| text.to_owned()).collect(), rows: rows.into_iter().collect() }
    }

    pub(super) fn markdown(&self) -> String {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let rule = self.head.iter().enumerate().map(|(column, _)| if column == 0 { ":--" } else { "--:" });
        let rule: Vec<_> = rule.map(str::to_owned).collect();
        let rows = self.rows.iter().map(|row| line(row));
        format!("{}{}{}", line(&self.head), line(&rule).replace(' ', ""), rows.collect::<String>())
    }
}

/// The tables with their headings.
pub(super) fn all(tally: &Tally) -> Vec<(&'static str, Table)> {
    vec![
        ("Accounts taken, and seen at `high` or above", recall(tally)),
        ("Benign logins that stand in a finding", benign(tally)),
        ("Findings", findings(tally)),
        ("Users who would be contained wrongly", contained(tally)),
        ("Beside simple rules", others(tally)),
        ("Detections on benign logins", spoke(tally)),
        ("Missed", missed(tally)),
    ]
}

pub(super) fn recall(tally: &Tally) -> Table {
    let head =
        ["Attack", "Taken", "Seen", "95 % interval", "At first use", "Median delay", "90 %", "Contained"];
    let row = |name: &str, recall: &Recall| {
        let delay = |share| recall.delay(share).map_or("-".to_owned(), |seconds| format!("{seconds} s"));
        vec![
            name.to_owned(),
            recall.taken.to_string(),
            percent(recall.seen(), recall.taken),
            interval(recall.seen(), recall.taken),
            percent(recall.at_first(), recall.taken),
            delay(0.5),
            delay(0.9),
            percent(recall.contained, recall.taken),
        ]
    };
    let kinds = tally.recall.iter().map(|(kind, recall)| row(kind, recall));
    Table::new(&head, kinds.chain([row("all", &tally.all_recall())]))
}

pub(super) fn benign(tally: &Tally) -> Table {
    let head = [
        "What they are",
        "Logins",
        "Info +",
        "Low +",
        "Medium +",
        "High +",
        "Critical",
        "High + beside an attack",
    ];
    let row = |name: &str, flagged: &Flagged| {
        let share = |severity| share(flagged.by_severity.at_least(severity), flagged.logins);
        let severities =
            [Severity::Info, Severity::Low, Severity::Medium, Severity::High, Severity::Critical];
        let beside = flagged.beside_attacks.at_least(Severity::High);
        let cells = [name.to_owned(), flagged.logins.to_string()];
        cells.into_iter().chain(severities.map(share)).chain([beside.to_string()]).collect()
    };
    let labels = tally.benign.iter().map(|(label, flagged)| row(label, flagged));
    Table::new(&head, labels.chain([row("all", &tally.all_benign())]))
}

pub(super) fn findings(tally: &Tally) -> Table {
    let names: Vec<_> = severity_names().collect();
    let head: Vec<_> = ["Findings"].into_iter().chain(names).collect();
    let logins = tally.all_benign().logins as f64;
    let row = |name: &str, per: f64, counts: &BySeverity| {
        let rate =
            |count: u64| if per > 0.0 { format!("{:.2}", count as f64 / per) } else { count.to_string() };
        std::iter::once(name.to_owned()).chain(counts.each().map(rate)).collect::<Vec<_>>()
    };
    Table::new(
        &head,
        [
            row("about attacks", 0.0, &tally.true_alarms),
            row("false alarms", 0.0, &tally.false_alarms),
            row("false alarms per 1,000 benign logins", logins / 1_000.0, &tally.false_alarms),
            row("false alarms per org and week", tally.weeks, &tally.false_alarms),
        ],
    )
}

fn contained(tally: &Tally) -> Table {
    let rows = tally.contained_wrongly.iter().map(|(what, users)| vec![what.clone(), users.to_string()]);
    Table::new(&["What they did, and what spoke", "Users"], rows)
}

pub(super) fn others(tally: &Tally) -> Table {
    let (logins, taken) = (tally.all_benign().logins, tally.all_recall().taken);
    let row = |name: &str, found: usize, benign: u64| {
        vec![
            name.to_owned(),
            percent(found, taken),
            interval(found, taken),
            share(benign, logins),
            benign.to_string(),
        ]
    };
    let ours = |severity: Severity, found| {
        let benign = tally.all_benign().by_severity.at_least(severity);
        row(&format!("Session Warden, {} or above", severity.name()), found, benign)
    };
    let rules = tally.others.rules.iter().map(|(name, rule)| row(name, rule.found, rule.benign));
    let head = ["Rule", "Accounts taken, found", "95 % interval", "Benign logins flagged", "Number"];
    Table::new(&head, std::iter::once(ours(Severity::High, tally.all_recall().seen())).chain(rules))
}

fn spoke(tally: &Tally) -> Table {
    let mut spoke: Vec<_> = tally.spoke_wrongly.iter().collect();
    spoke.sort_by_key(|(_, counts)| std::cmp::Reverse(counts.at_least(Severity::Info)));
    let names: Vec<_> = severity_names().collect();
    let head: Vec<_> = ["Detection"].into_iter().chain(names).collect();
    let cells = |(name, counts): (&String, &BySeverity)| {
        std::iter::once(name.clone()).chain(counts.each().map(|count| count.to_string())).collect()
    };
    Table::new(&head, spoke.into_iter().take(LISTED).map(cells))
}

fn missed(tally: &Tally) -> Table {
    let row = |(kind, score, spoke): &(String, f64, String)| {
        let spoke = if spoke.is_empty() { "nothing" } else { spoke };
        vec![kind.clone(), format!("{score:.0}"), spoke.to_owned()]
    };
    Table::new(&["Attack", "Best score", "What spoke"], tally.missed.iter().map(row))
}

pub(super) fn percent(part: usize, of: usize) -> String {
    if of == 0 { "-".to_owned() } else { format!("{:.1} %", part as f64 * 100.0 / of as f64) }
}

pub(super) fn share(part: u64, of: u64) -> String {
    format!("{:.3} %", part as f64 * 100.0 / (of as f64).max(1.0))
}

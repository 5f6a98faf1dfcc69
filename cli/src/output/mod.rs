//! What people and scripts see on standard output and standard error.

use std::io::{IsTerminal, Write};
use std::path::Path;

use anyhow::{Context, bail};
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{Cell, Color, ContentArrangement, Table};
use serde::Serialize;
use session_warden::containment::{Containment, Outcome, StepKind, Survivor};
use session_warden::detection::{Finding, Severity};
use session_warden::settings::{Colour, Settings};

use crate::arguments::Output;

/// Longest text shown in a cell, in characters.
const CELL: usize = 120;

/// Text from outside, made harmless for a terminal: control characters and those that reorder text are replaced.
pub(crate) fn harmless(text: &str) -> String {
    let is_reordering =
        |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}');
    let shown = text.chars().map(|c| if c.is_control() || is_reordering(c) { '\u{fffd}' } else { c });
    let mut shown: String = shown.take(CELL + 1).collect();
    if shown.chars().count() > CELL {
        shown = shown.chars().take(CELL - 1).chain(['…']).collect();
    }
    shown
}

/// Prints a line of data.
pub(crate) fn say(text: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout().lock(), "{text}").context("Failed to write to standard output")
}

/// Prints a line for people beside the data.
pub(crate) fn note(text: &str) {
    // A closed standard error is no reason to stop.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Prints an error with its causes.
pub(crate) fn complain(error: &anyhow::Error) {
    let causes: Vec<_> = error.chain().map(|cause| harmless_line(&cause.to_string())).collect();
    note(&format!("warden: {}", causes.join(": ")));
}

/// Prints what a person should look at although the work went on.
pub(crate) fn warn(text: &str) {
    note(&format!("warden: warning: {}", harmless_line(text)));
}

fn harmless_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}

/// Prints a document for scripts.
pub(crate) fn say_json(document: &impl Serialize) -> anyhow::Result<()> {
    say(&serde_json::to_string_pretty(document).context("Failed to write JSON")?)
}

/// An empty table that fits the terminal; colour only where standard output is one.
pub(crate) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(UTF8_HORIZONTAL_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(header);
    let is_plain = Settings::of_process().colour() == Colour::Unwanted;
    if is_plain || !std::io::stdout().is_terminal() {
        table.force_no_tty().set_width(110);
    }
    table
}

/// A cell of text from outside.
pub(crate) fn cell(text: impl AsRef<str>) -> Cell {
    Cell::new(harmless(text.as_ref()))
}

/// Findings for people, worst first.
pub(crate) fn findings_table(findings: &[Finding]) -> Table {
    let mut findings: Vec<_> = findings.iter().collect();
    findings.sort_by(|a, b| b.severity.cmp(&a.severity).then(a.first_seen.cmp(&b.first_seen)));
    let mut table = table(&["Severity", "Subject", "Since (UTC)", "Detections", "Action", "Finding"]);
    for finding in findings {
        let detections: Vec<_> = finding.detections.iter().map(|d| d.id.as_str()).collect();
        table.add_row([
            severity_cell(finding.severity),
            cell(subject_name(finding)),
            cell(finding.first_seen.strftime("%Y-%m-%d %H:%M:%S").to_string()),
            cell(detections.join(", ")),
            cell(format!("{:?}", finding.action).to_lowercase()),
            cell(finding.finding_id.as_str().chars().take(8).collect::<String>()),
        ]);
    }
    table
}

fn severity_cell(severity: Severity) -> Cell {
    let color = match severity {
        Severity::Critical | Severity::High => Color::Red,
        Severity::Medium => Color::Yellow,
        Severity::Low | Severity::Info => Color::Reset,
    };
    Cell::new(severity.name()).fg(color)
}

/// Findings for a spreadsheet. A cell that a spreadsheet would take for a formula begins with an apostrophe.
pub(crate) fn say_csv(findings: &[Finding]) -> anyhow::Result<()> {
    let mut csv = csv::Writer::from_writer(std::io::stdout().lock());
    csv.write_record([
        "severity",
        "score",
        "subject_kind",
        "subject",
        "first_seen",
        "last_seen",
        "detections",
        "action",
        "finding_id",
    ])?;
    for finding in findings {
        let detections: Vec<_> = finding.detections.iter().map(|d| d.id.as_str()).collect();
        let row = [
            finding.severity.name().to_owned(),
            finding.score.to_string(),
            format!("{:?}", finding.subject.kind).to_lowercase(),
            subject_name(finding).to_owned(),
            finding.first_seen.to_string(),
            finding.last_seen.to_string(),
            detections.join(" "),
            format!("{:?}", finding.action).to_lowercase(),
            finding.finding_id.to_string(),
        ];
        csv.write_record(row.iter().map(|cell| no_formula(&harmless(cell))))?;
    }
    csv.flush().context("Failed to write to standard output")
}

fn subject_name(finding: &Finding) -> &str {
    if finding.subject.name.is_empty() { &finding.subject.id } else { &finding.subject.name }
}

fn no_formula(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@']) { format!("'{cell}") } else { cell.to_owned() }
}

/// Refuses CSV where there is no list; to be asked before anything is done.
pub(crate) fn no_csv(format: Output, command: &str) -> anyhow::Result<()> {
    if format == Output::Csv {
        bail!("`{command}` prints no list, so there is no CSV of it; use --output table or json");
    }
    Ok(())
}

/// How a containment ended, in a few words.
pub(crate) fn outcome_words(containment: &Containment) -> String {
    match &containment.outcome {
        Some(Outcome::Contained) => match containment.residual_until {
            Some(until) => format!("contained, residual until {}", until.strftime("%H:%M:%SZ")),
            None => "contained".to_owned(),
        },
        Some(Outcome::AccessEnded) => "access ended, can log in again".to_owned(),
        Some(Outcome::NotContained { reason }) => format!("NOT contained: {}", harmless(reason)),
        Some(Outcome::Refused { refusals }) => {
            let reasons: Vec<_> = refusals.iter().map(|refusal| harmless(&refusal.reason)).collect();
            format!("nothing done: {}", reasons.join("; "))
        }
        None => "not finished".to_owned(),
    }
}

/// An act, in words.
pub(crate) fn step_words(kind: StepKind) -> &'static str {
    match kind {
        StepKind::Freeze => "freeze the account",
        StepKind::RevokeTokens => "revoke refresh tokens",
        StepKind::DeleteSessions => "delete sessions",
        StepKind::Reread => "read again",
    }
}

/// What is left, in words.
pub(crate) fn survivor_words(survivor: &Survivor) -> String {
    match survivor {
        Survivor::Session { id, reason } => format!("session {id}: {}", harmless(reason)),
        Survivor::Token { app_name, reason, .. } => {
            format!("token of {}: {}", harmless(app_name), harmless(reason))
        }
        Survivor::Unfrozen { reason } => format!("the account is not frozen: {}", harmless(reason)),
    }
}

/// Writes a file by rename, so that nobody reads half of it. Only its owner may read it: a temporary file is made so, and
/// a rename keeps that.
pub(crate) fn write_file(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let failed = || format!("Failed to write {}", path.display());
    std::fs::create_dir_all(directory).with_context(failed)?;
    let mut file = tempfile::NamedTempFile::new_in(directory).with_context(failed)?;
    file.write_all(content).with_context(failed)?;
    file.persist(path).with_context(failed)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula() {
        assert_eq!(no_formula("=HYPERLINK(1)"), "'=HYPERLINK(1)");
        assert_eq!(no_formula("ada@example.com"), "ada@example.com");
    }

    #[test]
    fn hostile_text_cannot_move_the_cursor_or_turn_the_line_around() {
        assert_eq!(harmless("a\u{1b}[2Jb\u{202e}c\r\n"), "a\u{fffd}[2Jb\u{fffd}c\u{fffd}\u{fffd}");
        assert_eq!(harmless(&"x".repeat(1_000_000)).chars().count(), CELL);
    }
}

//! Findings, as people and spreadsheets read them.

use comfy_table::{Cell, Color, Table};
use session_warden::detection::{Finding, Severity, Status};

use super::csv::CsvRows;
use super::table::{cell, table};

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
            cell(asked_or_dismissed(finding)),
            cell(finding.finding_id.as_str().chars().take(8).collect::<String>()),
        ]);
    }
    table
}

/// What the policy asks for, unless a person has decided the finding away.
fn asked_or_dismissed(finding: &Finding) -> String {
    match finding.status {
        Status::Open => finding.action.name().to_owned(),
        Status::Dismissed => "dismissed".to_owned(),
    }
}

fn severity_cell(severity: Severity) -> Cell {
    let color = match severity {
        Severity::Critical | Severity::High => Color::Red,
        Severity::Medium => Color::Yellow,
        Severity::Low | Severity::Info => Color::Reset,
    };
    Cell::new(severity.name()).fg(color)
}

/// Findings for a spreadsheet.
pub(crate) fn say_csv(findings: &[Finding]) -> anyhow::Result<()> {
    let header = [
        "severity",
        "score",
        "subject_kind",
        "subject",
        "first_seen",
        "last_seen",
        "detections",
        "action",
        "finding_id",
    ];
    let mut csv = CsvRows::begin(std::io::stdout().lock(), &header)?;
    for finding in findings {
        let detections: Vec<_> = finding.detections.iter().map(|d| d.id.as_str()).collect();
        csv.row(&[
            finding.severity.name().to_owned(),
            finding.score.to_string(),
            format!("{:?}", finding.subject.kind).to_lowercase(),
            subject_name(finding).to_owned(),
            finding.first_seen.to_string(),
            finding.last_seen.to_string(),
            detections.join(" "),
            asked_or_dismissed(finding),
            finding.finding_id.to_string(),
        ])?;
    }
    csv.flush()
}

fn subject_name(finding: &Finding) -> &str {
    if finding.subject.name.is_empty() { &finding.subject.id } else { &finding.subject.name }
}

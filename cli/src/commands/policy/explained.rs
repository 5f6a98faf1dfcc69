//! What is in force, for people.

use jiff::SignedDuration;
use serde_json::Value;
use session_warden::policy::{DetectionInForce, Explanation, Mode};

use crate::output::{self, cell, sentence, sentences, table};

/// Every detection, a line each.
pub(super) fn all(explanation: &Explanation) -> anyhow::Result<()> {
    begin(explanation)?;
    let mut table = table(&["Detection", "Mode", "What it comes to", "Changed", "Exempt"]);
    for detection in &explanation.detections {
        let changed = detection.parameters.iter().filter(|parameter| parameter.line.is_some());
        let changed: Vec<_> = changed.map(|p| format!("{} {}", p.name, shown(&p.value))).collect();
        let exempt: Vec<_> =
            detection.exemptions.iter().map(|e| format!("{}: {}", e.holds, e.reason)).collect();
        table.add_row([
            cell(detection.id),
            cell(mode(detection.mode)),
            sentences(&detection.outcome),
            cell(changed.join(", ")),
            cell(exempt.join("; ")),
        ]);
    }
    output::say(&table.to_string())?;
    levels(explanation)
}

/// Every level, a line each.
fn levels(explanation: &Explanation) -> anyhow::Result<()> {
    let mut table = table(&["Level", "Mode", "What it comes to", "From"]);
    for level in &explanation.levels {
        let from = level.line.map_or("default".to_owned(), |line| format!("containment.modes, line {line}"));
        table.add_row([
            cell(level.level.name()),
            cell(mode(level.mode)),
            sentences(level.outcome),
            cell(from),
        ]);
    }
    output::say(&table.to_string())
}

/// One detection, with everything.
pub(super) fn one(explanation: &Explanation) -> anyhow::Result<()> {
    begin(explanation)?;
    let Some(detection) = explanation.detections.first() else { return Ok(()) };
    output::say(&format!(
        "{} ({})\nMode {}: {}.\n{}.",
        detection.id,
        output::harmless(detection.title),
        mode(detection.mode),
        detection.mode_from,
        capital(&detection.outcome)
    ))?;
    parameters(detection)?;
    for exempt in &detection.exemptions {
        let only = if exempt.only.is_empty() { "everywhere".to_owned() } else { exempt.only.join("; ") };
        let line = exempt.line.map_or(String::new(), |line| format!(", line {line}"));
        output::say(&sentence(&format!(
            "Exempt ({}), {only}, until {}{line}: {}",
            exempt.holds, exempt.until, exempt.reason
        )))?;
    }
    Ok(())
}

fn begin(explanation: &Explanation) -> anyhow::Result<()> {
    match &explanation.user {
        Some(user) => output::say(&sentence(&format!("{user}: {}.", explanation.standing))),
        None => Ok(()),
    }
}

fn parameters(detection: &DetectionInForce) -> anyhow::Result<()> {
    for parameter in &detection.parameters {
        let from = parameter.line.map_or("default".to_owned(), |line| format!("line {line}"));
        let (name, value, meaning) = (parameter.name, shown(&parameter.value), parameter.meaning);
        output::say(&sentence(&format!("  {name} = {value} ({from}): {meaning}")))?;
    }
    Ok(())
}

/// A value as the policy writes it: `10m` for a duration.
fn shown(value: &Value) -> String {
    match value.as_str().map(|text| (text, text.parse::<SignedDuration>())) {
        Some((_, Ok(duration))) => format!("{duration:#}"),
        Some((text, Err(_))) => text.to_owned(),
        None => value.to_string(),
    }
}

fn mode(mode: Mode) -> String {
    format!("{mode:?}").to_lowercase()
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

//! Files that an administrator hands over.

use session_warden::history_file::{History, HistoryOptions, read_csv, read_jsonl};
use session_warden::own_rules::read_rules;
use session_warden::policy::{PolicyError, PolicyText};

use crate::file;

/// Login history as CSV, packed or not, in whatever encoding, without a zone and in one.
pub fn csv(data: &[u8]) {
    let file = file(data);
    for time_zone in [None, Some(jiff::tz::TimeZone::UTC)] {
        let options = HistoryOptions { time_zone, ..HistoryOptions::default() };
        if let Ok(history) = read_csv(file.path(), &options, &mut |_, _| {}) {
            in_order(&history);
        }
    }
}

/// Login history as records, one a line.
pub fn jsonl(data: &[u8]) {
    let file = file(data);
    if let Ok(history) = read_jsonl(file.path(), &mut |_, _| {}) {
        in_order(&history);
    }
}

/// What was read comes back whole, but for what was there twice, and in the order of time.
fn in_order(history: &History) {
    let again = || history.spill.in_order()?.collect::<Result<Vec<_>, _>>();
    let logins = again().unwrap_or_else(|error| panic!("what was written is not read again: {error}"));
    assert!(logins.len() as u64 <= history.rows && history.successes <= history.rows);
    assert!(logins.is_sorted_by_key(|login| login.time));
}

/// A policy: what can be read has a hash, and what cannot names a line that is there.
pub fn policy(data: &[u8]) {
    let Ok(yaml) = std::str::from_utf8(data) else { return };
    match PolicyText::parse(yaml) {
        Ok(text) => assert!(!text.policy.hash().is_empty()),
        Err(PolicyError::Wrong(faults)) => {
            assert!(!faults.is_empty());
            let lines = yaml.lines().count() as u64;
            assert!(faults.iter().all(|fault| fault.line <= lines + 1), "{faults:?}");
        }
        Err(error @ PolicyError::NoFile { .. }) => panic!("{error}"),
    }
}

/// An organisation's own rules.
pub fn rules(data: &[u8]) {
    let file = file(data);
    match read_rules(file.path()) {
        Ok(rules) => assert!(rules.iter().all(|rule| rule.about().id.len() > "rule-".len())),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

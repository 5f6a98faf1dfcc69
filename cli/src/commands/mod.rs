//! One command a file.

pub(crate) mod answer;
pub(crate) mod approve;
mod arrival;
pub(crate) mod backtest;
pub(crate) mod contain;
pub(crate) mod digest;
pub(crate) mod dismiss;
pub(crate) mod doctor;
pub(crate) mod evaluate;
pub(crate) mod evidence;
mod filters;
pub(crate) mod findings;
pub(crate) mod hunt;
pub(crate) mod logins;
pub(crate) mod pack;
mod person;
pub(crate) mod policy;
pub(crate) mod posture;
pub(crate) mod release;
pub(crate) mod run;
pub(crate) mod sessions;
pub(crate) mod simulate;
pub(crate) mod stop;
pub(crate) mod tokens;

use std::collections::BTreeMap;

use session_warden::salesforce::Rejected;

use crate::exit::Exit;
use crate::output;

/// Says that an org cannot be seen; what little can be seen of it would look like all of it.
fn blind(alias: &str, why: &str) -> Exit {
    output::note(&format!("Org {}: blind: {}", output::harmless(alias), output::harmless(why)));
    Exit::Blind
}

/// How many rows could not be read, and why; `None` where all could.
fn unread(what: &str, rejected: &[Rejected]) -> Option<String> {
    let mut reasons = BTreeMap::<_, usize>::new();
    for row in rejected {
        *reasons.entry(row.reason.as_str()).or_default() += 1;
    }
    let reasons: Vec<_> = reasons.into_iter().map(|(reason, rows)| format!("{reason} ({rows})")).collect();
    let all = rejected.len();
    (all > 0)
        .then(|| format!("{all} {what} could not be read and are not among these: {}", reasons.join(", ")))
}

/// How a list of an org ends from which rows are missing that could not be read.
fn ends(alias: &str, what: &str, rejected: &[Rejected]) -> Exit {
    unread(what, rejected).map_or(Exit::Clean, |why| blind(alias, &why))
}

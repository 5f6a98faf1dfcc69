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

use crate::exit::Exit;
use crate::output;

/// Says that an org cannot be seen; what little can be seen of it would look like all of it.
fn blind(alias: &str, why: &str) -> Exit {
    output::note(&format!("Org {}: blind: {}", output::harmless(alias), output::harmless(why)));
    Exit::Blind
}

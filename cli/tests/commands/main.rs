//! Each command as a person starts it: what it prints, what it leaves behind, and its exit code.
#![allow(clippy::panic, clippy::print_stdout, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod approve;
mod backtest;
mod contain;
mod contain_killed;
mod digest;
mod dismiss;
mod doctor;
mod drill_canary;
mod evaluate;
mod evidence;
mod hostile_org;
mod hostile_text;
mod hunt;
mod lists;
mod many_orgs;
mod own_rules;
mod packs;
mod people;
mod policy;
mod posture;
mod queue;
mod run;
mod sigkill;
mod signals;
mod support;

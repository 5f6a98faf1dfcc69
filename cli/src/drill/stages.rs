//! From the login to the proof, stage by stage.

use jiff::Timestamp;
use serde::Serialize;
use session_warden::containment::{Containment, StepKind, StepResult};

use crate::output;

/// One stage, and when it was reached.
#[derive(Debug, Serialize)]
pub(crate) struct Stage {
    pub(crate) name: String,
    pub(crate) at: Timestamp,
    pub(crate) seconds_after_login: f64,
}

/// The stages of a containment: when the login was seen, when it was decided, each act, and the proof.
pub(super) fn stages(login: Timestamp, seen: Timestamp, record: &Containment) -> Vec<Stage> {
    let acts = record.steps.iter().filter(|step| {
        step.kind != StepKind::Reread && matches!(step.result, StepResult::Done | StepResult::AlreadySo)
    });
    let acts = acts.map(|step| (output::step_words(step.kind).to_owned(), step.at));
    let proof = record.finished.filter(|_| record.is_proven()).map(|at| ("verified".to_owned(), at));
    [("seen".to_owned(), seen), ("decided".to_owned(), record.started)]
        .into_iter()
        .chain(acts)
        .chain(proof)
        .map(|(name, at)| Stage { name, at, seconds_after_login: at.duration_since(login).as_secs_f64() })
        .collect()
}

/// In one line.
pub(super) fn words(stages: &[Stage]) -> String {
    let each = stages.iter().map(|stage| format!("{} {:.1} s", stage.name, stage.seconds_after_login));
    each.collect::<Vec<_>>().join(", ")
}

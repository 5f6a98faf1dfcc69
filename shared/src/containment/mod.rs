//! Ending a hostile user's access: plan → guard → act → verify.

mod record;

pub use record::{
    Containment, ContainmentId, Impact, Outcome, Refusal, Request, RequestedBy, Stage, Step, StepKind,
    StepResult, Survivor, Trigger,
};

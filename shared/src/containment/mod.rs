//! Ending a hostile user's access: plan → guard → act → verify.
//!
//! [`Plan`] and [`refusals`] are pure. The record is written before every act and after it, together with the ledger
//! and the lease on the user, so that a crash at any instruction leaves a record from which the next worker goes on.

mod act;
mod answer;
mod caps;
mod facts;
mod guard;
mod journal;
mod kill_switch;
mod lease;
mod open_plans;
mod plan;
mod record;
mod snapshot;
mod token_key;
mod verify;

pub use caps::{CapsUsage, percent_cap};
pub use facts::{Holdings, Readable};
pub use guard::{Circumstances, refusals};
pub use kill_switch::{KillSwitch, Switch, kill_switch};
pub use plan::{Freezing, Plan};
pub use record::{
    Containment, ContainmentId, Impact, Outcome, Refusal, Request, RequestedBy, Stage, Step, StepKind,
    StepResult, Survivor, Trigger,
};
pub use token_key::{kept_token_key, token_key};
pub use verify::Pauses;

pub(crate) use act::Actor;
pub(crate) use answer::Answer;
pub(crate) use facts::Facts;
pub(crate) use guard::{may_be_repeated, may_go_on};
pub(crate) use journal::{Journal, containments, release};
pub(crate) use kill_switch::thrown;
pub(crate) use lease::Lease;
pub(crate) use open_plans::OpenPlans;
pub(crate) use snapshot::enter_holdings;
pub(crate) use verify::Verdict;

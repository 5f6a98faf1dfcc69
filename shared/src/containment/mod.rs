//! Ending a hostile user's access: plan → guard → act → verify.
//!
//! [`Plan`] and [`refusals`] are pure. The record is written before every act and after it, together with the ledger
//! and the lease on the user, so that a crash at any instruction leaves a record from which the next worker goes on.

mod act;
mod agenda;
mod answer;
mod approval;
mod caps;
mod cut_off;
mod facts;
mod guard;
mod holdings;
mod impact;
mod journal;
mod kill_switch;
mod lease;
mod open_plans;
mod plan;
mod protected_names;
mod reach;
mod record;
mod relapse;
mod residual;
mod scope;
mod snapshot;
mod steps;
mod target;
mod thaw;
mod token_key;
mod trail;
mod verify;
mod waves;

pub use approval::{Approval, ApproverKey, Declined, Pending, approvals, consent, declined};
pub use caps::{CapsUsage, Charge, percent_cap};
pub use cut_off::{ClientKind, CutOff};
pub use facts::Readable;
pub use guard::{Circumstances, refusals};
pub use holdings::Holdings;
pub use impact::{FamilyShown, Impact};
pub use kill_switch::{KillSwitch, Switch, kill_switch};
pub use plan::{Freezing, Plan, Resetting};
pub use reach::Reach;
pub use record::{
    Containment, ContainmentId, Outcome, Refusal, Request, RequestedBy, Stage, Step, StepKind, StepResult,
    Survivor, Trigger,
};
pub use scope::Scope;
pub use target::{Marks, Target};
pub use thaw::{FrozenBy, Released};
pub use token_key::{kept_token_key, token_key};
pub use verify::Pauses;

pub(crate) use act::Actor;
pub(crate) use agenda::{Due, Task, agenda};
pub(crate) use answer::Answer;
pub(crate) use approval::{agreed, askable, refused_by};
pub(crate) use cut_off::People;
pub(crate) use facts::{Facts, Gatherer, settled};
pub(crate) use guard::{Counts, may_be_repeated, may_go_on};
pub use journal::containments;
pub(crate) use journal::{Journal, release};
pub(crate) use kill_switch::thrown;
pub(crate) use lease::Lease;
pub(crate) use open_plans::OpenPlans;
pub(crate) use protected_names::ProtectedNames;
pub(crate) use relapse::Relapse;
pub(crate) use residual::after_jwt;
pub(crate) use snapshot::enter_snapshot;
pub(crate) use thaw::{frozen_by, is_automated_process};
pub(crate) use trail::Trail;
pub(crate) use verify::Verdict;

//! What the organisation decided: modes, thresholds, protected users, caps.

mod decide;
mod detections;
mod document;
mod error;

pub use decide::{Decision, Standing};
pub use detections::{Detections, Rule};
pub use document::{
    Caps, Containment, Egress, FreezeMode, Integration, IntegrationConsent, Mode, Policy, Protected,
};
pub use error::PolicyError;

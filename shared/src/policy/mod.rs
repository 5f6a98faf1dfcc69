//! What the organisation decided: modes, thresholds, protected users, caps; what it expects of that; and what is in force.

mod clients;
mod countries;
mod decide;
mod detections;
mod document;
mod error;
mod explanation;
mod faults;
mod levels;
mod networks;
mod own_rules;
mod packs;
mod sections;
mod text;
pub(crate) mod tree;
mod trial;
mod wording;

pub use decide::{Decision, Standing};
pub use detections::{Detections, Rule};
pub use document::{
    Also, Approvals, Approver, Caps, Containment, Drill, Egress, Evidence, FreezeMode, Integration,
    IntegrationConsent, Mode, Notices, Policy, Protected, Redacted, Review, Told,
};
pub use error::{PolicyError, PolicyFault};
pub use explanation::{DetectionInForce, Exempt, Explanation, LevelInForce, Parameter, explain};
pub use levels::LevelModes;
pub use own_rules::DeclaredRules;
pub use packs::{DeclaredPack, PackKind};
pub use text::PolicyText;
pub use trial::{Expectation, PolicyTest, TestLogin, TestResult};
pub use wording::nearest;

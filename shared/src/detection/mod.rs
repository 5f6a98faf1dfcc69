//! Pure and deterministic: what is usual, what is not, and what that adds up to.
//!
//! A detection is a function of what was learned ([`View`]) and one observation; it returns a [`Hit`] and decides
//! nothing. [`OrgState::absorb`] keeps what was learned, judges, and joins hits into one [`Episode`] per subject, from
//! which the [`Finding`] that people see is derived.

mod about;
mod catalogue;
pub mod detections;
mod episode;
mod familiar;
mod finding;
mod hit;
mod profile;
mod state;
mod view;

pub use about::{About, Confidence, Detection, Family, Sensor, Severity};
pub use catalogue::catalogue;
pub use episode::Episode;
pub use familiar::{Familiar, Familiarity};
pub use finding::{Action, Detected, Finding, FindingId, Level, Status, Totals};
pub use hit::{Containable, Evidence, Hit, Subject, SubjectKind};
pub use profile::{
    ApplicationProfile, Attempt, LastSuccess, NetworkProfile, OrgProfile, Profiles, UserProfile,
};
pub use state::{Absorbed, Lane, OVERLAP, OrgState, Present, SeenBucket, TailEntry};
pub use view::View;

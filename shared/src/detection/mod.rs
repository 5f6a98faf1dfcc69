//! Pure and deterministic: what is usual, what is not, and what that adds up to.
//!
//! A detection is a function of what was learned ([`View`]) and one observation; it returns a [`Hit`] and decides
//! nothing. [`OrgState::absorb`] keeps what was learned, judges, and joins hits into one [`Episode`] per subject, from
//! which the [`Finding`] that people see is derived.

mod about;
mod catalogue;
mod crowd;
pub mod detections;
mod dismissal;
mod episode;
mod exemption;
mod facts;
mod familiar;
mod finding;
mod hit;
mod joining;
mod left_out;
mod profile;
mod reading;
mod risk;
mod seen;
mod shown;
mod state;
mod view;

pub use about::{About, Confidence, Detection, Family, Sensor, Severity};
pub(crate) use catalogue::with_catalogue;
pub use catalogue::{OWN_RULE, card, cards, catalogue};
pub use crowd::{Crowd, mark, marks};
pub use dismissal::Dismissal;
pub use episode::Episode;
pub use exemption::Exemption;
pub(crate) use exemption::instant;
pub use facts::{Facts, Known};
pub use familiar::{Familiar, Familiarity, Key, Moment, Spot};
pub use finding::{Action, Detected, Finding, FindingId, Level, Status, Totals};
pub use hit::{Containable, Evidence, Hit, Subject, SubjectKind};
pub use left_out::LEFT_OUT;
pub use profile::{
    ApplicationProfile, Attempt, Check, CheckOutcome, Entered, Fingerprint, Held, Hours, Kept, LastSuccess,
    NetworkProfile, OrgProfile, PeerGroup, Profiles, Systems, UserProfile, Volume,
};
use profile::{grant, is_temporary};
pub use risk::{Aspect, Calibration, Risk};
pub use seen::SeenBucket;
pub use shown::Shown;
pub use state::{Absorbed, Lane, MOST_WAITING, OVERLAP, OrgState, Present, Remembers, STRIDE, TailEntry};
pub use view::View;

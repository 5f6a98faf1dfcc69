//! How well an org is kept: what an auditor asks, answered from what the API shows.
//!
//! [`Facts`] are read once; each check is a judgement over them, in a file of its own. What cannot be read is said as
//! unreadable and never as fine, also beside what was found all the same.

mod check;
mod checks;
mod facts;

pub use check::{Examined, Finding, PostureCheck};
pub use checks::CHECKS;
pub use facts::{Facts, Readable};

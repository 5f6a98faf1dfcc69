//! Whether an org's connection works and what it is blind to, before anybody relies on it.
//!
//! [`Facts`] are read once per identity; each check is a judgement over them, in a file of its own.

mod account;
mod api_version;
mod budget;
mod check;
mod clock_skew;
mod egress;
mod facts;
mod identities;
mod lacking;
mod login;
mod privilege;
mod report;
mod visibility;

pub(crate) use account::frozen as frozen_account;
pub use budget::Cadence;
pub use check::{Check, Missing, State};
pub(crate) use clock_skew::judge as judge_clock;
pub use facts::{Facts, Looked, WordOfOther};
pub use report::{IdentityReport, OrgReport, examine};

//! Session Warden's common crate: everything the three functions and the `warden` command share.
//!
//! Data walks one way: Salesforce → [`observation`] → [`detection`] → finding → [`policy`] → [`containment`] →
//! Salesforce → [`evidence`]. `detection`, `policy` and the containment plan are pure; only [`salesforce`] and
//! [`store`] know Salesforce and the databases, and `lambda`, [`notice`] and [`secrets`] what else of AWS is spoken to.

#[cfg(feature = "aws")]
pub mod aws;
pub mod backtest;
pub mod clock;
pub mod containment;
pub mod detection;
pub mod digest;
pub mod evidence;
#[cfg(feature = "history-file")]
pub mod history_file;
#[cfg(feature = "indicators")]
pub mod indicators;
#[cfg(feature = "lambda")]
pub mod lambda;
pub mod messages;
pub mod notice;
pub mod observation;
#[cfg(feature = "own-rules")]
pub mod own_rules;
#[cfg(feature = "packs")]
pub mod packs;
pub mod policy;
pub mod posture;
pub mod report;
pub mod salesforce;
pub mod secrets;
pub mod self_test;
pub mod settings;
pub mod stages;
pub mod store;
pub mod telemetry;
mod tls;

pub use tls::TrustError;

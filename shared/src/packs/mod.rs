//! Data packs: what is known of addresses beyond what Salesforce tells. Everything works without any.
//!
//! A *network pack* is one file that is mapped into memory: for every address its autonomous system, whether that rents out
//! machines or carries phones, and the country it is registered in. `warden pack build` writes it from packages of a
//! registry. [`Packs`] holds it together with an operator's own files (MaxMind databases, lists of Tor exits, of VPNs and of
//! indicators) and writes what they know of an address into an observation, before it is judged.

mod build;
mod error;
mod expiry;
mod flatten;
mod layout;
mod list;
mod loaded;
mod mapping;
mod mmdb;
mod network_pack;
mod package;
mod providers;

pub use build::{Built, build};
pub use error::PackError;
pub use loaded::{PackState, Packs};
pub use network_pack::{Manifest, NetworkPack, PackSource, Provider};

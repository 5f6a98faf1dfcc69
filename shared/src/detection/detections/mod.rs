//! One detection a file.

pub mod brute_force_success;
pub mod factor_registered;
pub mod impossible_travel;
pub mod integration_network;
pub mod new_application;
pub mod session_address;
pub mod sso_bypass;
#[cfg(test)]
pub(crate) mod world;

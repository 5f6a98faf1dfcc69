//! One check a file.

mod app_addresses;
mod app_consent;
mod dormant_access;
mod ended_accounts;
mod held;
mod old_tokens;
mod passwords;
mod privileged_mfa;
mod profile_addresses;
mod session_settings;
#[cfg(test)]
mod world;

use super::check::PostureCheck;

/// Every check, gravest first.
pub const CHECKS: &[PostureCheck] = &[
    ended_accounts::CHECK,
    privileged_mfa::CHECK,
    dormant_access::CHECK,
    app_consent::CHECK,
    profile_addresses::CHECK,
    app_addresses::CHECK,
    session_settings::CHECK,
    old_tokens::CHECK,
    passwords::CHECK,
];

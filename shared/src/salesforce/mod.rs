//! The only room that speaks to Salesforce: one identity on one org at a time, one file per object.
//!
//! A [`Connection`] says which org and as whom; [`Salesforce`] mints an access token when it first needs one, replaces
//! it once when its session has ended, repeats what is likely to pass, and reads records into plain observations.
//! Everything that comes back is hostile text until it is read: lengths are cut, ids are quoted, paths are checked,
//! and a record that cannot be read is set aside without stopping the rest, except among what one user holds: nobody
//! may be called contained on a reading with gaps.

mod ability;
mod api_version;
mod app_session;
mod app_token;
mod auth_session;
mod budget;
mod call;
mod client;
mod client_app;
mod client_app_token;
mod connected_application;
mod connection;
mod contact;
mod datetime;
mod describe;
mod error;
mod fields;
#[cfg(test)]
mod hostile_rows;
mod http;
mod in_turn;
mod lanes;
mod last_login;
mod learned_fields;
mod login_count;
mod login_geo;
mod login_history;
mod login_ip;
mod login_job;
mod login_lines;
mod login_lookup;
mod login_reading;
mod login_record;
mod oauth_token;
mod origin;
mod own_user;
mod password_reset;
mod permission;
mod permission_set_assignment;
mod privilege;
mod profile;
mod query;
mod query_job;
mod refusal;
mod relayed;
mod retry;
mod security_health_check;
mod seen_rows;
mod session_delete;
mod setup_audit_trail;
mod soql;
mod together;
mod token_hash;
mod token_partition;
mod token_request;
mod token_revoke;
mod tooling;
mod two_factor_methods_info;
mod usage;
mod user;
mod user_login;
mod user_permission_access;
mod verification_history;
mod watched_tokens;
mod wire;

pub use ability::{Ability, Weight};
pub use auth_session::{FoundSession, Owned, session_from_record};
pub use budget::ApiBudget;
pub use client::Salesforce;
pub use client_app::{ClientApp, ClientAppId};
pub use connected_application::{ConnectedApp, Permitted, connected_app_from_record};
pub use connection::{Connection, ConnectionError, Credential, Identity, Role};
#[cfg(feature = "history-file")]
pub(crate) use datetime::as_answers_write;
pub use describe::MissingField;
#[cfg(test)]
pub(crate) use describe::paths_read;
pub use error::SalesforceError;
pub use http::http_client;
pub use last_login::LastLogin;
pub use login_history::Piece;
pub use login_ip::{KnownAddress, Trust, known_address_from_record};
pub use login_record::{login_from_json, logins_from_page};
pub use oauth_token::{FoundToken, token_from_record};
pub use origin::Origin;
pub use permission::Permission;
pub use privilege::{PRIVILEGES, Privilege, Privileges};
pub use profile::{AddressRange, LoginRanges};
pub use query::{Page, Rejected};
pub use refusal::{read as refusal, read_oauth as oauth_refusal};
pub use relayed::{Relayed, relayed};
pub use security_health_check::{SecuritySetting, Standard};
pub use seen_rows::SeenRows;
pub use session_delete::Deletion;
pub use setup_audit_trail::{SetupChange, setup_change_from_record};
pub use soql::quote as soql_literal;
pub use token_hash::TokenHashKey;
pub use token_revoke::Revocation;
pub use two_factor_methods_info::{Factor, factors_from_record};
pub use usage::ApiUsage;
pub use user::user_from_record;
pub use user_login::{FreezeState, Frozen};
pub use user_permission_access::{Sight, Visibility};
pub use verification_history::verification_from_record;
pub use watched_tokens::WatchedTokens;

use crate::observation::UserId;

/// Whose records are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose<'a> {
    /// Every user's.
    Everyone,
    /// One user's.
    User(&'a UserId),
}

/// What a change came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Applied {
    /// It was made.
    Done,
    /// It was so before: a repeated change is no failure.
    AlreadySo,
}

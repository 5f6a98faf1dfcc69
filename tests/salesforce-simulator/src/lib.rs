#![doc = include_str!("../README.md")]

mod access;
mod allocation;
mod arrival;
mod benign;
mod campaign;
mod clock;
mod faults;
mod generate;
mod http;
mod id;
mod journal;
mod lazy;
mod objects;
mod org;
mod permission;
mod query_job;
mod recording;
mod relay;
mod security_setting;
mod settings;
mod soql;
mod switches;
mod table;

pub use access::{Access, Approval, Door};
pub use benign::BenignKind;
pub use campaign::{
    Attack, BruteForce, Campaign, CampaignKind, CredentialStuffing, DormantAccount, InterceptedSso,
    LeaversToken, Loot, NetworkKind, PasswordSpray, PhishedSso, QueryBurst, SessionTheft, SlowSpray,
    StolenIntegration, StolenRefreshToken, TrustedApp, Vishing,
};
pub use clock::Clock;
pub use faults::{Effect, Fault, Faults, Matcher, Occurrence};
pub use generate::{City, LargeSeed, Seed, generate, generate_ahead, generate_large};
pub use http::Simulator;
pub use id::Id;
pub use journal::{Matched, Request, Secrecy, Unexpected, Write};
pub use objects::auth_session::Session;
pub use objects::client_app::ClientApp;
pub use objects::connected_application::{ConnectedApplication, PermittedUsers};
pub use objects::login_geo::LoginGeo;
pub use objects::login_history::{Login, Text};
pub use objects::login_ip::LoginIp;
pub use objects::oauth_token::Token;
pub use objects::profile::LoginRange;
pub use objects::setup_audit_trail::SetupChange;
pub use objects::user::{Activity, User};
pub use objects::user_login::{Frost, UserLogin};
pub use objects::verification_history::Verification;
pub use org::Org;
pub use permission::{Permission, Permissions};
pub use query_job::JobState;
pub use relay::at_least_once;
pub use security_setting::SecuritySetting;
pub use settings::{LateRows, NotInOrg};
pub use switches::{
    AccessStatus, AccessTokens, BulkAccess, BulkJobs, BulkLogins, BulkResults, Cascade, CascadedItems,
    ClientAppTokens, ClientApps, Composite, FreezePermission, FreezeSessions, HandOverNames, LockStatus,
    LoginRows, LoginSubType, LoginUser, Lying, Outsiders, OwnAudience, Pages, PasswordReset, RealTimeRelay,
    RefreshRows, RelayedKeys, RelayedTimes, RevokeSessions, Switches, TemporarySessions, TimeoutStatus,
    Undeletable, Visualforce,
};

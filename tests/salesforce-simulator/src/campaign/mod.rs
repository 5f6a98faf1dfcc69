//! Attacks whose every trace is known, so that a detector's findings can be held against them.
//!
//! An attack that takes days writes all its rows when it is launched: their times are spread over those days, their ids
//! are the latest. The networks it comes from nobody of the org has used.

mod brute_force;
mod credential_stuffing;
mod dormant_account;
mod intercepted_sso;
mod leavers_token;
mod password_spray;
mod phished_sso;
mod played;
mod query_burst;
mod session_theft;
mod slow_spray;
mod stolen_integration;
mod stolen_refresh_token;
mod target;
mod trail;
mod trusted_app;
mod vishing;

pub use brute_force::BruteForce;
pub use credential_stuffing::CredentialStuffing;
pub use dormant_account::DormantAccount;
pub use intercepted_sso::InterceptedSso;
pub use leavers_token::LeaversToken;
pub use password_spray::PasswordSpray;
pub use phished_sso::PhishedSso;
pub use query_burst::QueryBurst;
pub use session_theft::SessionTheft;
pub use slow_spray::SlowSpray;
pub use stolen_integration::StolenIntegration;
pub use stolen_refresh_token::StolenRefreshToken;
pub use target::NetworkKind;
pub(crate) use target::attacked;
pub use trusted_app::TrustedApp;
pub use vishing::Vishing;

use crate::generate::City;
use crate::id::Id;
use crate::org::Org;
use jiff::Timestamp;
use played::Played;

/// An attack with its parameters: [`BruteForce`], [`Vishing`] and the others, which document theirs.
pub trait Attack: Played {}

impl<A: Played> Attack for A {}

/// The attacks that can be launched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CampaignKind {
    /// Many wrong passwords from an unknown foreign network, then the right one.
    BruteForce,
    /// A vendor's refresh token, used from an unknown network.
    StolenRefreshToken,
    /// A single-sign-on user, logged in by a path that is not his, from where he cannot be.
    PhishedSso,
    /// UNC6040: a user is talked into authorising a renamed Data Loader.
    Vishing,
    /// Drift by Salesloft: an integration's token used by scripts, days after a first look around.
    StolenIntegration,
    /// Gainsight: a trusted app's token, tried from many networks over weeks.
    TrustedApp,
    /// Klue: a thousand queries in a quarter of an hour.
    QueryBurst,
    /// A single-sign-on login through an adversary in the middle, who then registers a factor.
    InterceptedSso,
    /// A few passwords on many users, from one source.
    PasswordSpray,
    /// The same over days, from many sources, with one client.
    SlowSpray,
    /// Leaked names and passwords, one try each.
    CredentialStuffing,
    /// A live session's cookie, used from another address.
    SessionTheft,
    /// An account that was idle for months.
    DormantAccount,
    /// A refresh token that is used after its owner has left.
    LeaversToken,
}

impl CampaignKind {
    /// Every kind.
    pub const ALL: [Self; 14] = [
        Self::BruteForce,
        Self::StolenRefreshToken,
        Self::PhishedSso,
        Self::Vishing,
        Self::StolenIntegration,
        Self::TrustedApp,
        Self::QueryBurst,
        Self::InterceptedSso,
        Self::PasswordSpray,
        Self::SlowSpray,
        Self::CredentialStuffing,
        Self::SessionTheft,
        Self::DormantAccount,
        Self::LeaversToken,
    ];
    /// The three of a drill, each of which can be found and contained within a minute.
    pub const DRILL: [Self; 3] = [Self::BruteForce, Self::StolenRefreshToken, Self::PhishedSso];

    /// The kind with its default parameters.
    fn attack(self) -> Box<dyn Attack> {
        match self {
            Self::BruteForce => Box::new(BruteForce::default()),
            Self::StolenRefreshToken => Box::new(StolenRefreshToken::default()),
            Self::PhishedSso => Box::new(PhishedSso::default()),
            Self::Vishing => Box::new(Vishing::default()),
            Self::StolenIntegration => Box::new(StolenIntegration::default()),
            Self::TrustedApp => Box::new(TrustedApp::default()),
            Self::QueryBurst => Box::new(QueryBurst::default()),
            Self::InterceptedSso => Box::new(InterceptedSso::default()),
            Self::PasswordSpray => Box::new(PasswordSpray::default()),
            Self::SlowSpray => Box::new(SlowSpray::default()),
            Self::CredentialStuffing => Box::new(CredentialStuffing::default()),
            Self::SessionTheft => Box::new(SessionTheft::default()),
            Self::DormantAccount => Box::new(DormantAccount::default()),
            Self::LeaversToken => Box::new(LeaversToken::default()),
        }
    }
}

/// What the attacker holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Loot {
    /// Whose account.
    pub username: String,
    /// The bearer token of the session he opened.
    pub access_token: String,
    /// The refresh token he stole.
    pub refresh_token: Option<String>,
    /// The password he learned.
    pub password: Option<String>,
    /// Where he comes from.
    pub source_ip: String,
    pub(crate) city: Option<&'static City>,
}

/// One attack, and every trace it left.
#[derive(Clone, Debug, PartialEq)]
pub struct Campaign {
    /// Which attack.
    pub kind: CampaignKind,
    /// Whose account was taken.
    pub user_id: Id,
    /// Whose account was taken.
    pub username: String,
    /// Everybody whose account was tried or used.
    pub user_ids: Vec<Id>,
    /// The attacker's login rows, failed ones too.
    pub login_ids: Vec<Id>,
    /// The session rows that the attacker opened or used and that can still be used, roots before their children.
    pub session_ids: Vec<Id>,
    /// Those that ended before the attack did.
    pub past_session_ids: Vec<Id>,
    /// The refresh tokens the attacker used, by [`Token::serial`](crate::Token::serial).
    pub token_serials: Vec<u64>,
    /// The verifications the attacker passed.
    pub verification_ids: Vec<Id>,
    /// What the victim did himself so that the story holds; nothing of it is hostile.
    pub own_login_ids: Vec<Id>,
    /// The attacker's addresses.
    pub source_ips: Vec<String>,
    /// The first trace.
    pub started: Timestamp,
    /// When the attacker got in.
    pub first_success: Timestamp,
    /// What he holds now.
    pub loot: Loot,
}

impl Org {
    /// Launches an attack with its default parameters that ends at `now`. Nobody is attacked twice while there are others.
    pub fn launch(&mut self, kind: CampaignKind, now: Timestamp) -> Campaign {
        self.launch_with(&*kind.attack(), now)
    }

    /// Launches an attack that ends at `now`.
    pub fn launch_with(&mut self, attack: &(impl Attack + ?Sized), now: Timestamp) -> Campaign {
        let campaign = attack.play(self, now);
        self.campaigns.push(campaign.clone());
        campaign
    }
}

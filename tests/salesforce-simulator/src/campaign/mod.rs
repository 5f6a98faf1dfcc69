//! Attacks whose every trace is known, so that a detector's findings can be held against them.

mod brute_force;
mod phished_sso;
mod stolen_refresh_token;
mod target;

use crate::generate::City;
use crate::id::Id;
use crate::org::Org;
use jiff::Timestamp;

/// The attacks that can be launched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CampaignKind {
    /// Many wrong passwords from an unknown foreign network, then the right one.
    BruteForce,
    /// A vendor's refresh token, used from an unknown network.
    StolenRefreshToken,
    /// A single-sign-on user, logged in by a path that is not his, from where he cannot be.
    PhishedSso,
}

impl CampaignKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::BruteForce, Self::StolenRefreshToken, Self::PhishedSso];
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
    /// Whose account.
    pub user_id: Id,
    /// Whose account.
    pub username: String,
    /// The attacker's login rows, failed ones too.
    pub login_ids: Vec<Id>,
    /// The attacker's session rows, roots before their children.
    pub session_ids: Vec<Id>,
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
    /// Launches an attack that gets in at `now`. Nobody is attacked twice while there are others.
    pub fn launch(&mut self, kind: CampaignKind, now: Timestamp) -> Campaign {
        let campaign = match kind {
            CampaignKind::BruteForce => brute_force::launch(self, now),
            CampaignKind::StolenRefreshToken => stolen_refresh_token::launch(self, now),
            CampaignKind::PhishedSso => phished_sso::launch(self, now),
        };
        self.campaigns.push(campaign.clone());
        campaign
    }
}

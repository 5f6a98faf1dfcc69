//! A vendor's refresh token, used from where the vendor has never been.

use super::played::Played;
use super::target::{NetworkKind, hideout_of, vendor_token};
use super::trail::{Password, Trail};
use super::{Campaign, CampaignKind};
use crate::arrival::Client;
use crate::org::Org;
use jiff::Timestamp;

/// The parameters. The client looks like the vendor's.
#[derive(Clone, Debug, PartialEq)]
pub struct StolenRefreshToken {
    /// Uses of the token, the last of them now.
    pub uses: i64,
    /// Minutes between two of them.
    pub minutes: i64,
    /// From where.
    pub network: NetworkKind,
}

impl Default for StolenRefreshToken {
    fn default() -> Self {
        Self { uses: 1, minutes: 10, network: NetworkKind::Hosting }
    }
}

impl Played for StolenRefreshToken {
    fn play(&self, org: &mut Org, now: Timestamp) -> Campaign {
        let mut trail = Trail::new(CampaignKind::StolenRefreshToken, org, now);
        let token = vendor_token(org);
        let (source, client) = (hideout_of(self.network, org, 0), Client::app(&token.app));
        for number in (0..self.uses.max(1)).rev() {
            let time = trail.ago(number * self.minutes * 60);
            trail.refresh(org, token.serial, time, (&source, &client));
        }
        trail.end(org, token.user_id, Password::Unknown)
    }
}

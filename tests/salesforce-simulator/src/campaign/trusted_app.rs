//! Gainsight: a trusted app's tokens are tried out from one unknown network after another for weeks, then used.
//!
//! Of the real one it is told that about 27 days lay between the first look around and the revocation.

use super::played::Played;
use super::target::{NetworkKind, hideout_of, script, vendor_token};
use super::trail::{Password, Trail};
use super::{Campaign, CampaignKind};
use crate::org::Org;
use jiff::Timestamp;

const DAY: i64 = 86_400;

/// The parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct TrustedApp {
    /// Days of looking around.
    pub recon_days: i64,
    /// Days between two looks, each from a network of its own.
    pub days_between: i64,
    /// Kinds of networks, in turn.
    pub networks: [NetworkKind; 3],
    /// Exchanges of the token during the last hour.
    pub export_logins: i64,
    /// The script, as Browser shows it.
    pub agent: &'static str,
}

impl Default for TrustedApp {
    fn default() -> Self {
        Self {
            recon_days: 27,
            days_between: 3,
            networks: [NetworkKind::Vpn, NetworkKind::ResidentialProxy, NetworkKind::TorExit],
            export_logins: 5,
            agent: "python-requests/2.28.1",
        }
    }
}

impl Played for TrustedApp {
    fn play(&self, org: &mut Org, now: Timestamp) -> Campaign {
        let mut trail = Trail::new(CampaignKind::TrustedApp, org, now);
        let token = vendor_token(org);
        let client = script(&token.app, self.agent);
        let looks = self.recon_days / self.days_between.max(1);
        for look in 0..looks {
            let source = hideout_of(self.networks[(look % 3) as usize], org, look as usize);
            let jitter = trail.dice.within(0..DAY / 2);
            let time = trail.ago((self.recon_days - look * self.days_between) * DAY - jitter);
            trail.refresh(org, token.serial, time, (&source, &client));
        }
        let source = hideout_of(self.networks[0], org, looks as usize);
        for login in (0..self.export_logins).rev() {
            let time = trail.ago(login * 3_600 / self.export_logins.max(1));
            trail.refresh(org, token.serial, time, (&source, &client));
        }
        trail.end(org, token.user_id, Password::Unknown)
    }
}

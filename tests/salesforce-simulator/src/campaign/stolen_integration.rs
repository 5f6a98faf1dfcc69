//! Drift by Salesloft (UNC6395): a trusted integration's refresh tokens are used from Tor and hosting by scripts.
//!
//! Against one of the customers the first hostile login came 4 days and 13 hours before the export, which took 4 minutes.

use super::played::Played;
use super::target::{NetworkKind, hideout_of, script, vendor_token};
use super::trail::{Password, Trail};
use super::{Campaign, CampaignKind};
use crate::org::Org;
use jiff::Timestamp;

/// The parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct StolenIntegration {
    /// Hours between the first look around and the export.
    pub recon_hours: i64,
    /// Exchanges of the token while looking around, spread over the first half of that time.
    pub recon_logins: i64,
    /// Where the looking around comes from.
    pub recon_network: NetworkKind,
    /// Exchanges of the token during the export.
    pub export_logins: i64,
    /// Seconds the export takes.
    pub export_seconds: i64,
    /// Where the export comes from.
    pub export_network: NetworkKind,
    /// The scripts, as Browser shows them, used in turn.
    pub agents: [&'static str; 3],
}

impl Default for StolenIntegration {
    fn default() -> Self {
        Self {
            recon_hours: 109,
            recon_logins: 3,
            recon_network: NetworkKind::TorExit,
            export_logins: 6,
            export_seconds: 235,
            export_network: NetworkKind::Hosting,
            agents: [
                "python-requests/2.32.4",
                "Python/3.11 aiohttp/3.12.15",
                "Salesforce-Multi-Org-Fetcher/1.0",
            ],
        }
    }
}

impl Played for StolenIntegration {
    fn play(&self, org: &mut Org, now: Timestamp) -> Campaign {
        let mut trail = Trail::new(CampaignKind::StolenIntegration, org, now);
        let token = vendor_token(org);
        let client = |turn: i64| script(&token.app, self.agents[turn.rem_euclid(3) as usize]);
        for look in 0..self.recon_logins {
            let source = hideout_of(self.recon_network, org, look as usize);
            let seconds = self.recon_hours * 3_600;
            let time = trail.ago(seconds - look * seconds / (2 * self.recon_logins));
            trail.refresh(org, token.serial, time, (&source, &client(look)));
        }
        let source = hideout_of(self.export_network, org, 0);
        for login in (0..self.export_logins).rev() {
            let time = trail.ago(login * self.export_seconds / self.export_logins.max(1));
            trail.refresh(org, token.serial, time, (&source, &client(login)));
        }
        trail.end(org, token.user_id, Password::Unknown)
    }
}

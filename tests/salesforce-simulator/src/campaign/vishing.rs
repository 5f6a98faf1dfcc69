//! UNC6040: a caller talks a user into authorising a renamed Data Loader by the device flow, then exports through it.
//!
//! After Google's account of the campaign: an app the org has never seen, a token of the victim's, and API use from a
//! commercial VPN within the hour. LoginSubType has no value for the device flow, so the row names none.

use super::played::Played;
use super::target::{NetworkKind, hideout_of, office_worker};
use super::trail::{Password, Trail};
use super::{Campaign, CampaignKind};
use crate::arrival::{Client, Method, SUCCESS};
use crate::generate::present::add_token;
use crate::org::Org;
use jiff::Timestamp;

/// The parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Vishing {
    /// What the renamed Data Loader calls itself.
    pub app: &'static str,
    /// Minutes between the call and the end of the export.
    pub minutes: i64,
    /// How often the token is exchanged meanwhile.
    pub refreshes: i64,
    /// Where the export runs.
    pub network: NetworkKind,
}

impl Default for Vishing {
    fn default() -> Self {
        Self { app: "My Ticket Portal", minutes: 55, refreshes: 4, network: NetworkKind::Vpn }
    }
}

impl Played for Vishing {
    fn play(&self, org: &mut Org, now: Timestamp) -> Campaign {
        let mut trail = Trail::new(CampaignKind::Vishing, org, now);
        let victim = office_worker(org, now);
        let (source, client) = (hideout_of(self.network, org, 0), Client::app(self.app));
        let called = trail.ago(self.minutes * 60);
        let serial = add_token(org, victim, self.app, called, 1, Some(called));
        trail.holds(serial);
        let device_flow = Method { sub_type: None, ..Method::REFRESH };
        trail.attempt(org, victim, called, (device_flow, &source, &client), SUCCESS);
        for use_number in (0..self.refreshes).rev() {
            let time = trail.ago(use_number * self.minutes * 60 / self.refreshes.max(1));
            trail.refresh(org, serial, time, (&source, &client));
        }
        trail.end(org, victim, Password::Unknown)
    }
}

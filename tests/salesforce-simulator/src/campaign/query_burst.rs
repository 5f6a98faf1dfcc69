//! Klue: after a look around, about a thousand queries in a quarter of an hour, by several workers at once.
//!
//! Queries leave no row anywhere without Event Monitoring; they are seen in the org's use of its API allocation.

use super::played::Played;
use super::target::{NetworkKind, hideout_of, script, vendor_token};
use super::trail::{Password, Trail};
use super::{Campaign, CampaignKind};
use crate::org::Org;
use jiff::Timestamp;

/// The parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct QueryBurst {
    /// Hours between the one look around and the burst.
    pub recon_hours: i64,
    /// Queries, each of which the org's API allocation counts.
    pub queries: u64,
    /// Minutes the burst takes.
    pub minutes: i64,
    /// Workers, each of which exchanges the token once.
    pub workers: i64,
    /// Where they run.
    pub network: NetworkKind,
    /// The script, as Browser shows it.
    pub agent: &'static str,
}

impl Default for QueryBurst {
    fn default() -> Self {
        Self {
            recon_hours: 30,
            queries: 1_000,
            minutes: 15,
            workers: 8,
            network: NetworkKind::Hosting,
            agent: "Python-urllib/3.12",
        }
    }
}

impl Played for QueryBurst {
    fn play(&self, org: &mut Org, now: Timestamp) -> Campaign {
        let mut trail = Trail::new(CampaignKind::QueryBurst, org, now);
        let token = vendor_token(org);
        let client = script(&token.app, self.agent);
        let source = hideout_of(self.network, org, 0);
        let looked = trail.ago(self.recon_hours * 3_600);
        trail.refresh(org, token.serial, looked, (&source, &client));
        for worker in 0..self.workers {
            let source = hideout_of(self.network, org, 1 + worker as usize / 4);
            let time = trail.ago(self.minutes * 60 - worker * 3);
            trail.refresh(org, token.serial, time, (&source, &client));
        }
        org.journal.api_calls += self.queries;
        trail.end(org, token.user_id, Password::Unknown)
    }
}

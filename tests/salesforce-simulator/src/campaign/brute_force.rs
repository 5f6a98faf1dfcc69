//! Many wrong passwords, then the right one.

use super::played::Played;
use super::target::{browser, hideout, staff};
use super::trail::{Password, Trail};
use super::{Campaign, CampaignKind};
use crate::arrival::Method;
use crate::generate::people::SignOn;
use crate::org::Org;
use jiff::Timestamp;

/// The parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BruteForce {
    /// Wrong passwords; None for one of 8 to 14, another for each attack in an org.
    pub guesses: Option<i64>,
    /// Minutes the guessing takes.
    pub minutes: i64,
}

impl Default for BruteForce {
    fn default() -> Self {
        Self { guesses: None, minutes: 8 }
    }
}

impl Played for BruteForce {
    fn play(&self, org: &mut Org, now: Timestamp) -> Campaign {
        let mut trail = Trail::new(CampaignKind::BruteForce, org, now);
        let user_id = staff(org, SignOn::Password, now).map_or(org.id(), |person| person.user_id);
        let (source, client) = (hideout(org), browser());
        let guesses = self.guesses.unwrap_or([11, 9, 14, 12, 8, 13, 10][org.campaigns.len() % 7]);
        let seconds = self.minutes * 60;
        for guess in 0..guesses {
            let time = trail.ago(seconds - guess * (seconds - 20) / guesses);
            trail.guess(org, user_id, time, &source, &client);
        }
        trail.enter(org, user_id, now, (Method::PASSWORD, &source, &client));
        trail.end(org, user_id, Password::Known)
    }
}

//! Pairs of names and passwords from somebody else's leak: one try for each user, and a few that are right.

use super::played::Played;
use super::target::{NetworkKind, hideout_of, password_users, script};
use super::trail::{Password, Trail};
use super::{Campaign, CampaignKind};
use crate::arrival::Method;
use crate::org::Org;
use jiff::Timestamp;

/// The parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct CredentialStuffing {
    /// Users tried, as far as there are so many with a password.
    pub users: usize,
    /// Minutes it takes.
    pub minutes: i64,
    /// Users whose leaked password is right; one at least. They are the last ones tried.
    pub hits: usize,
    /// Addresses, used in turn.
    pub sources: usize,
    /// Their kind.
    pub network: NetworkKind,
    /// The client, as Browser shows it.
    pub agent: &'static str,
}

impl Default for CredentialStuffing {
    fn default() -> Self {
        Self {
            users: 60,
            minutes: 12,
            hits: 2,
            sources: 3,
            network: NetworkKind::Hosting,
            agent: "HeadlessChrome 131",
        }
    }
}

impl Played for CredentialStuffing {
    fn play(&self, org: &mut Org, now: Timestamp) -> Campaign {
        let mut trail = Trail::new(CampaignKind::CredentialStuffing, org, now);
        let users = password_users(org, self.users, now);
        let client = script("Browser", self.agent);
        for (time, number) in trail.spread(self.minutes * 60, users.len()) {
            let source = hideout_of(self.network, org, number % self.sources.max(1));
            if number + self.hits.max(1) >= users.len() {
                trail.enter(org, users[number], time, (Method::PASSWORD, &source, &client));
            } else {
                trail.guess(org, users[number], time, &source, &client);
            }
        }
        let taken = users.last().copied().unwrap_or(org.id());
        trail.end(org, taken, Password::Known)
    }
}

//! A few common passwords, tried on many users from one source.

use super::played::Played;
use super::target::{NetworkKind, browser, hideout_of, password_users};
use super::trail::{Password, Trail};
use super::{Campaign, CampaignKind};
use crate::arrival::Method;
use crate::org::Org;
use jiff::Timestamp;

/// The parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct PasswordSpray {
    /// Users tried, as far as there are so many with a password.
    pub users: usize,
    /// Passwords tried on each, one after the other on all of them.
    pub passwords: usize,
    /// Minutes it takes.
    pub minutes: i64,
    /// Users on whom the last password is right; one at least.
    pub hits: usize,
    /// The source.
    pub network: NetworkKind,
}

impl Default for PasswordSpray {
    fn default() -> Self {
        Self { users: 30, passwords: 3, minutes: 25, hits: 1, network: NetworkKind::Hosting }
    }
}

impl Played for PasswordSpray {
    fn play(&self, org: &mut Org, now: Timestamp) -> Campaign {
        let mut trail = Trail::new(CampaignKind::PasswordSpray, org, now);
        let users = password_users(org, self.users, now);
        let (source, client) = (hideout_of(self.network, org, 0), browser());
        let rounds = self.passwords.max(1);
        for (time, number) in trail.spread(self.minutes * 60, rounds * users.len()) {
            let (round, place) = (number / users.len(), number % users.len());
            if round == rounds - 1 && place + self.hits.max(1) >= users.len() {
                trail.enter(org, users[place], time, (Method::PASSWORD, &source, &client));
            } else {
                trail.guess(org, users[place], time, &source, &client);
            }
        }
        let taken = users.last().copied().unwrap_or(org.id());
        trail.end(org, taken, Password::Known)
    }
}

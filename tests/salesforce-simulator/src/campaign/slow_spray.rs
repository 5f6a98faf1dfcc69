//! A password spray that stays below every threshold: days long, from many homes, with one client's fingerprint.

use super::played::Played;
use super::target::{NetworkKind, browser, hideout_of, password_users};
use super::trail::{Password, Trail};
use super::{Campaign, CampaignKind};
use crate::arrival::Method;
use crate::clock::shifted;
use crate::org::Org;
use jiff::Timestamp;

/// The parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct SlowSpray {
    /// Users tried, as far as there are so many with a password.
    pub users: usize,
    /// Passwords tried on each.
    pub passwords: usize,
    /// Days it takes.
    pub days: i64,
    /// Addresses, used in turn.
    pub sources: usize,
    /// Their kind.
    pub network: NetworkKind,
}

impl Default for SlowSpray {
    fn default() -> Self {
        Self { users: 40, passwords: 2, days: 6, sources: 25, network: NetworkKind::ResidentialProxy }
    }
}

impl Played for SlowSpray {
    fn play(&self, org: &mut Org, now: Timestamp) -> Campaign {
        let mut trail = Trail::new(CampaignKind::SlowSpray, org, now);
        let users = password_users(org, self.users, now);
        let client = browser();
        let tries = self.passwords.max(1) * users.len();
        for (time, number) in trail.spread(self.days * 86_400, tries) {
            let source = hideout_of(self.network, org, number % self.sources.max(1));
            let user = users[number % users.len()];
            if number == tries - 1 {
                trail.enter(org, user, time, (Method::PASSWORD, &source, &client));
            } else {
                let time = shifted(time, -trail.dice.within(0..30 * 60));
                trail.guess(org, user, time, &source, &client);
            }
        }
        let taken = users.last().copied().unwrap_or(org.id());
        trail.end(org, taken, Password::Known)
    }
}

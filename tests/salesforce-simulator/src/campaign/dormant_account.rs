//! An account nobody has used for months, and nobody has closed, comes to life.

use super::played::Played;
use super::target::{NetworkKind, browser, hideout_of};
use super::trail::{Password, Trail};
use super::{Campaign, CampaignKind};
use crate::arrival::Method;
use crate::clock::shifted;
use crate::generate::Account;
use crate::generate::people::SignOn;
use crate::org::Org;
use jiff::Timestamp;

/// The parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct DormantAccount {
    /// Days since its owner last logged in; more than the org's history is long, so that none of his rows is left.
    pub idle_days: i64,
    /// Wrong passwords before the right one.
    pub guesses: i64,
    /// From where.
    pub network: NetworkKind,
}

impl Default for DormantAccount {
    fn default() -> Self {
        Self { idle_days: 210, guesses: 1, network: NetworkKind::Vpn }
    }
}

impl Played for DormantAccount {
    fn play(&self, org: &mut Org, now: Timestamp) -> Campaign {
        let mut trail = Trail::new(CampaignKind::DormantAccount, org, now);
        let last_used = trail.ago(self.idle_days * 86_400);
        let profile =
            org.people.last().and_then(|person| org.user(&person.user_id)).map(|user| user.profile_id);
        let number = org.users.len();
        let created = shifted(last_used, -400 * 86_400);
        let account = Account::person(number, SignOn::Password, 0, profile.unwrap_or(org.id()), created);
        let owner = org.add_user(account);
        if let Some(user) = org.users.get_mut(&owner) {
            user.last_login = Some(last_used);
        }
        let (source, client) = (hideout_of(self.network, org, 0), browser());
        for guess in (1..=self.guesses).rev() {
            let time = trail.ago(guess * 45);
            trail.guess(org, owner, time, &source, &client);
        }
        trail.enter(org, owner, now, (Method::PASSWORD, &source, &client));
        trail.end(org, owner, Password::Known)
    }
}

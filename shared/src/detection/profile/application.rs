//! What is usual for one application.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::detection::facts::Facts;
use crate::detection::{Familiar, Familiarity, Moment};
use crate::observation::{Login, Network, TokenUse, UserId};

/// Users remembered per application.
const USERS: usize = 24;

/// What is usual for one application.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ApplicationProfile {
    /// Successful logins.
    pub successes: u64,
    /// Successful logins in which no person took part.
    pub unattended: u64,
    /// Successes by day.
    pub seen: Option<Familiarity>,
    /// Who uses it; at most 24 are remembered.
    pub users: BTreeSet<UserId>,
    /// From where it is used.
    pub networks: Familiar<Network>,
    /// Uses of its refresh tokens that were seen, which need not show as logins.
    pub token_uses: u64,
    /// Looks, each at one token, in which they were seen.
    pub token_looks: u64,
    /// Looks at a use of which it is known whether it left a login.
    pub token_uses_settled: u64,
    /// Those that left one.
    pub token_uses_with_login: u64,
    /// The last of them.
    pub last_token_use: Option<Timestamp>,
}

impl ApplicationProfile {
    pub(super) fn learn(&mut self, login: &Login, facts: &Facts<'_>, at: Moment) {
        self.successes += 1;
        self.unattended += u64::from(facts.path.is_unattended());
        Familiarity::learn(&mut self.seen, at);
        if let Some(user) = &login.user_id
            && self.users.len() < USERS
            && !self.users.contains(user)
        {
            self.users.insert(user.clone());
        }
        if let Some(network) = facts.network {
            self.networks.learn(&network, at);
        }
    }

    /// `left_a_login` where it is known.
    pub(super) fn learn_token(&mut self, seen: &TokenUse, left_a_login: Option<bool>) {
        self.token_uses_settled += u64::from(left_a_login.is_some());
        self.token_uses_with_login += u64::from(left_a_login == Some(true));
        self.token_uses = self.token_uses.saturating_add(seen.uses);
        if seen.shows_use() {
            self.token_looks += 1;
            self.last_token_use = self.last_token_use.max(Some(seen.time()));
        }
    }
}

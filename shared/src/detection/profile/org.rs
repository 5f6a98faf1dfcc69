//! What is usual for the org as a whole.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::detection::Familiarity;
use crate::observation::{AccessPath, Login, Observation, UserId};

/// Password logins older than this say nothing about an outage of single sign-on.
const PASSWORD_MEMORY: SignedDuration = SignedDuration::from_hours(1);
/// Password logins kept.
const PASSWORDS: usize = 64;

/// What is usual for the org as a whole.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OrgProfile {
    /// Observations folded in.
    pub observations: u64,
    /// Logins folded in.
    pub logins: u64,
    /// Successes by day.
    pub seen: Option<Familiarity>,
    /// Who logged in with a password within the last hour, oldest first.
    pub passwords: VecDeque<(Timestamp, UserId)>,
}

impl OrgProfile {
    pub(super) fn count(&mut self, observation: &Observation) {
        self.observations += 1;
        if let Observation::Login(_) = observation {
            self.logins += 1;
        }
    }

    pub(super) fn learn(&mut self, login: &Login) {
        Familiarity::learn(&mut self.seen, login.time);
        let Some(user) = &login.user_id else { return };
        let newest = self.passwords.iter().map(|(time, _)| *time).max();
        let is_old = newest.is_some_and(|newest| newest.duration_since(login.time) > PASSWORD_MEMORY);
        if login.path() != AccessPath::Password || is_old {
            return;
        }
        while self
            .passwords
            .front()
            .is_some_and(|(time, _)| login.time.duration_since(*time) > PASSWORD_MEMORY)
        {
            self.passwords.pop_front();
        }
        if self.passwords.len() >= PASSWORDS {
            self.passwords.pop_front();
        }
        self.passwords.push_back((login.time, user.clone()));
    }

    /// On how many days successes were seen.
    pub fn days(&self) -> u32 {
        self.seen.as_ref().map_or(0, |known| known.days)
    }

    /// How many successes were seen.
    pub fn successes(&self) -> u32 {
        self.seen.as_ref().map_or(0, |known| known.count)
    }
}

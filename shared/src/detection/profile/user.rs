//! What is usual for one user.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Teaches;
use crate::detection::Familiar;
use crate::observation::{
    AccessPath, ClientFamily, Login, LoginId, Network, Observation, Outcome, Place, VerificationKind,
};

/// Attempts older than this play no part in any detection of bursts.
const ATTEMPT_MEMORY: SignedDuration = SignedDuration::from_hours(24);
/// Attempts kept: a guessing machine fills these and pushes nothing else out.
const ATTEMPTS: usize = 64;
/// Registrations of factors kept.
const REGISTRATIONS: usize = 8;

/// One recent attempt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// When.
    pub time: Timestamp,
    /// The login.
    pub login: LoginId,
    /// What came of it.
    pub outcome: Outcome,
    /// From which network, if from an address.
    pub network: Option<Network>,
}

/// The last success that had a place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LastSuccess {
    /// When.
    pub time: Timestamp,
    /// The login.
    pub login: LoginId,
    /// Where.
    pub place: Place,
    /// From which network.
    pub network: Network,
}

/// What is usual for one user. About 1 to 3 KB as JSON.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct UserProfile {
    /// Observations folded in, of every kind and outcome.
    pub observations: u64,
    /// Logins folded in, successful or not.
    pub logins: u64,
    /// Successes that taught.
    pub successes: u64,
    /// The first success that taught.
    pub first_success: Option<Timestamp>,
    /// Networks of successes.
    pub networks: Familiar<Network>,
    /// Client families of successes.
    pub clients: Familiar<ClientFamily>,
    /// Ways in.
    pub paths: Familiar<AccessPath>,
    /// The last success that taught and had a place.
    pub last_success: Option<LastSuccess>,
    /// Attempts of the last day, oldest first.
    pub attempts: VecDeque<Attempt>,
    /// When and from where factors were registered lately, oldest first.
    pub registrations: VecDeque<(Timestamp, Option<Network>)>,
}

impl UserProfile {
    pub(super) fn fold(&mut self, observation: &Observation, teaches: Teaches) {
        self.observations += 1;
        match observation {
            Observation::Login(login) => self.fold_login(login, teaches),
            Observation::Verification(check) if check.kind() == VerificationKind::MethodRegistered => {
                self.registrations.push_back((check.time, check.source.network()));
                if self.registrations.len() > REGISTRATIONS {
                    self.registrations.pop_front();
                }
            }
            Observation::Verification(_) | Observation::Session(_) => {}
        }
    }

    fn fold_login(&mut self, login: &Login, teaches: Teaches) {
        self.logins += 1;
        self.remember_attempt(login);
        if login.succeeded() && teaches == Teaches::Yes {
            self.learn(login);
        }
    }

    fn remember_attempt(&mut self, login: &Login) {
        let newest = self.attempts.iter().map(|attempt| attempt.time).max();
        if newest.is_some_and(|newest| newest.duration_since(login.time) > ATTEMPT_MEMORY) {
            return;
        }
        while self.attempts.front().is_some_and(|old| login.time.duration_since(old.time) > ATTEMPT_MEMORY) {
            self.attempts.pop_front();
        }
        if self.attempts.len() >= ATTEMPTS {
            self.attempts.pop_front();
        }
        self.attempts.push_back(Attempt {
            time: login.time,
            login: login.id.clone(),
            outcome: login.outcome,
            network: login.source.network(),
        });
    }

    fn learn(&mut self, login: &Login) {
        self.successes += 1;
        self.first_success = Some(self.first_success.map_or(login.time, |first| first.min(login.time)));
        self.clients.learn(login.client.family(), login.time);
        self.paths.learn(login.path(), login.time);
        let Some(network) = login.source.network() else { return };
        self.networks.learn(network, login.time);
        let is_newest = self.last_success.as_ref().is_none_or(|last| last.time <= login.time);
        if let Some(place) = login.place.as_ref().filter(|_| is_newest) {
            let (time, place) = (login.time, place.clone());
            self.last_success = Some(LastSuccess { time, login: login.id.clone(), place, network });
        }
    }

    /// Whether this user came from `network` on an earlier day than the one before `time`.
    pub fn knows_network(&self, network: Network, time: Timestamp) -> bool {
        self.networks.is_known(&network, 1, time - SignedDuration::from_hours(24))
    }

    /// Whether this user came with this kind of client before the day before `time`.
    pub fn knows_client(&self, login: &Login) -> bool {
        self.clients.is_known(&login.client.family(), 1, login.time - SignedDuration::from_hours(24))
    }

    /// Days of history before `time`, whole.
    pub fn days_of_history(&self, time: Timestamp) -> i64 {
        self.first_success.map_or(0, |first| time.duration_since(first).as_hours() / 24)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn old_history_pushes_no_recent_attempt_out() {
        let attempt = |second: i64| {
            let time = Timestamp::from_second(1_790_000_000 + second).unwrap();
            let login = json!({ "id": second.to_string(), "time": time, "user_id": "ada", "outcome": "wrong_password",
                "status": "Invalid Password", "login_type": "Application", "source": "198.18.0.1" });
            Observation::Login(serde_json::from_value(login).unwrap())
        };
        let mut profile = UserProfile::default();
        profile.fold(&attempt(0), Teaches::Yes);
        (0..200).for_each(|second| profile.fold(&attempt(second - 1_000_000), Teaches::Yes));
        assert_eq!(
            (profile.attempts.len(), profile.attempts[0].login.as_str(), profile.logins),
            (1, "0", 201)
        );
    }
}

//! What is usual for one user.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::attempt::CheckOutcome;
use super::org::{learn_application, learn_name};
use super::recent::note;
use super::{Attempt, Check, Held, Hours, Volume};
use crate::detection::crowd::mark;
use crate::detection::facts::Facts;
use crate::detection::{Familiar, Familiarity, Moment, OVERLAP};
use crate::observation::{
    AccessPath, ClientFamily, CountryCode, Login, LoginId, Logout, Network, Outcome, Place, ProviderKind,
    Session, SessionId, Text, TokenChange, TokenUse, Verification, VerificationKind,
};

/// Successes before anything can count as new for a user.
const LOGINS: u64 = 10;
/// Days of history before anything can count as new for a user.
const DAYS: i64 = 7;
/// Attempts older than this play no part in any detection of bursts.
const ATTEMPT_MEMORY: SignedDuration = SignedDuration::from_hours(24);
/// Attempts kept: a guessing machine fills these and pushes nothing else out.
const ATTEMPTS: usize = 64;
/// Registrations of factors kept.
const REGISTRATIONS: usize = 8;
/// Verifications kept.
const CHECKS: usize = 32;
/// A use of a token and the row of its login are no further apart, and the row is there after as long.
const ROWS_COME: SignedDuration = OVERLAP;
/// Sessions kept.
const HELD: usize = 12;
/// Relayed logins kept, and for how long: most sessions end within half a day.
const RELAYED: usize = 8;
const RELAYED_MEMORY: SignedDuration = SignedDuration::from_hours(48);

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

/// What is usual for one user. About 1 KB as JSON, and 8 KB for one who is attacked or everywhere.
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
    /// The last success, whether it taught or not.
    pub last_login: Option<Timestamp>,
    /// Networks of successes.
    pub networks: Familiar<Network>,
    /// Countries of successes.
    pub countries: Familiar<CountryCode>,
    /// Client families of successes.
    pub clients: Familiar<ClientFamily>,
    /// Ways in.
    pub paths: Familiar<AccessPath>,
    /// Applications of successes.
    pub applications: Familiar<Text>,
    /// Login types and sub-types of successes.
    pub grants: Familiar<Text>,
    /// TLS versions and ciphers of successes, as marks.
    pub ciphers: Familiar<u32>,
    /// Carriers of phones that successes came through, by the number of their system.
    #[serde(skip_serializing_if = "Familiar::is_empty")]
    pub carriers: Familiar<u32>,
    /// From where programs hold sessions: all that is seen of an integration whose refreshes leave no login.
    #[serde(skip_serializing_if = "Familiar::is_empty")]
    pub program_networks: Familiar<Network>,
    /// Types of sessions.
    pub session_types: Familiar<Text>,
    /// Times of day of successes.
    pub hours: Hours,
    /// Successes a day.
    pub volume: Volume,
    /// The last success that taught and had a place.
    pub last_success: Option<LastSuccess>,
    /// Attempts of the last day, oldest first.
    pub attempts: VecDeque<Attempt>,
    /// When and from where factors were registered lately, oldest first.
    pub registrations: VecDeque<(Timestamp, Option<Network>)>,
    /// Verifications of the last day, oldest first.
    pub checks: VecDeque<Check>,
    /// Sessions that were seen live.
    pub held: Vec<Held>,
    /// Successes that were relayed lately, oldest first: when, the key of the event, and the login.
    #[serde(skip_serializing_if = "VecDeque::is_empty")]
    pub relayed: VecDeque<(Timestamp, Text, LoginId)>,
}

impl UserProfile {
    pub(super) fn fold_check(&mut self, check: &Verification) {
        self.observations += 1;
        if check.kind() == VerificationKind::MethodRegistered {
            let place = self.registrations.partition_point(|(time, _)| *time <= check.time);
            self.registrations.insert(place, (check.time, check.source.network()));
            if self.registrations.len() > REGISTRATIONS {
                self.registrations.pop_front();
            }
        }
        let (time, network) = (check.time, check.source.network());
        let new = Check { time, outcome: CheckOutcome::of(check), network };
        note(&mut self.checks, new, |check| check.time, ATTEMPT_MEMORY, CHECKS);
    }

    pub(super) fn fold_session(&mut self, session: &Session) {
        self.observations += 1;
        learn_name(&mut self.session_types, &session.session_type.as_str().into(), session.created);
        let Some(held) = Held::of(session) else { return };
        self.held.retain(|known| known.expires > session.last_modified && known.session != held.session);
        if self.held.len() >= HELD
            && let Some((oldest, _)) = self.held.iter().enumerate().min_by_key(|(_, known)| known.used)
        {
            self.held.remove(oldest);
        }
        self.held.push(held);
    }

    /// What was seen of the login that the key leads to is over. Where it is seen alive after that, it is held again.
    pub(super) fn fold_logout(&mut self, logout: &Logout) {
        let Some(login) = self.login_of(&logout.login_key).map(|login| mark(login.as_str())) else { return };
        let over = |held: &&mut Held| held.login == Some(login) && held.used <= logout.time;
        for held in self.held.iter_mut().filter(over) {
            held.expires = held.expires.min(logout.time);
        }
    }

    /// One whose login is known teaches nothing: that login has taught, or was judged hostile.
    pub(super) fn learn_session(&mut self, session: &Session) {
        let is_all_there_is = session.serves_programs() && session.came_from().is_none();
        if let Some(network) = session.source.network().filter(|_| is_all_there_is) {
            self.program_networks.learn(&network, session.last_modified);
        }
    }

    pub(super) fn remember_attempt(&mut self, login: &Login, client: u32) {
        self.observations += 1;
        self.logins += 1;
        let (time, network) = (login.time, login.source.network());
        let attempt = Attempt { time, login: login.id.clone(), outcome: login.outcome, network, client };
        note(&mut self.attempts, attempt, |attempt| attempt.time, ATTEMPT_MEMORY, ATTEMPTS);
    }

    /// A success, hostile or not.
    pub(super) fn count_arrival(&mut self, login: &Login) {
        self.last_login = self.last_login.max(Some(login.time));
        self.volume.count(login.time);
        if !login.detail.login_key.is_empty() {
            let new = (login.time, login.detail.login_key.clone(), login.id.clone());
            note(&mut self.relayed, new, |(time, ..)| *time, RELAYED_MEMORY, RELAYED);
        }
    }

    pub(super) fn learn(&mut self, login: &Login, facts: &Facts<'_>, at: Moment) {
        let time = login.time;
        self.successes += 1;
        self.first_success = Some(self.first_success.map_or(time, |first| first.min(time)));
        self.clients.learn_at(facts.of_user.client, facts.family, at);
        self.paths.learn(&facts.path, at);
        self.hours.learn(facts.hour);
        self.grants.learn_at(facts.of_user.way, facts.way, at);
        if !login.application.is_empty() {
            learn_application(&mut self.applications, login, facts.of_user.application, at);
        }
        if let Some(country) = facts.country {
            self.countries.learn_at(facts.of_user.country, &country, at);
        }
        if let Some(cipher) = facts.cipher {
            self.ciphers.learn(&cipher, at);
        }
        if let Some(carrier) = carrier(login) {
            self.carriers.learn(&carrier, at);
        }
        let Some(network) = facts.network else { return };
        self.networks.learn_at(facts.of_network, &network, at);
        let is_newest = self.last_success.as_ref().is_none_or(|last| last.time <= time);
        if let Some(place) = login.place.as_ref().filter(|_| is_newest) {
            let place = place.clone();
            self.last_success = Some(LastSuccess { time, login: login.id.clone(), place, network });
        }
    }

    /// Whether no success ever came from a network or near it.
    pub fn is_foreign(&self, network: Network) -> bool {
        self.networks.of(&network).is_none() && !self.networks.iter().any(|(known, _)| known.is_near(network))
    }

    /// Whether this user came from `network` on an earlier day than the one before `time`.
    pub fn knows_network(&self, network: Network, time: Timestamp) -> bool {
        self.networks.is_known(&network, 1, time - SignedDuration::from_hours(24))
    }

    /// Whether this user came from `network` or near it before `settled`.
    pub fn knew_pool_by(&self, network: Network, settled: Timestamp) -> bool {
        self.networks.iter().any(|(near, known)| known.first() < settled && near.is_near(network))
    }

    /// Whether this login comes through a carrier of phones that this user came through on an earlier day than the one
    /// before: phones get another address every hour.
    pub fn knows_carrier(&self, login: &Login) -> bool {
        let settled = login.time - SignedDuration::from_hours(24);
        carrier(login).is_some_and(|carrier| self.carriers.is_known(&carrier, 1, settled))
    }

    /// Whether this user came with this kind of client before the day before `time`.
    pub fn knows_client(&self, login: &Login) -> bool {
        self.clients.is_known(&login.client.family(), 1, login.time - SignedDuration::from_hours(24))
    }

    /// Whether there is enough history to call anything new.
    pub fn has_history(&self, time: Timestamp) -> bool {
        self.successes >= LOGINS && self.days_of_history(time) >= DAYS
    }

    /// Days of history before `time`, whole.
    pub fn days_of_history(&self, time: Timestamp) -> i64 {
        self.first_success.map_or(0, |first| time.duration_since(first).as_hours() / 24)
    }

    /// Whether the last use of a token left a login; `None` while its row may still come. A success of the last day may have been
    /// with any application.
    pub fn shows_login_of(&self, seen: &TokenUse) -> Option<bool> {
        let used = seen.token.last_used.filter(|_| seen.change == TokenChange::Used)?;
        if seen.seen_at.duration_since(used) < ROWS_COME {
            return None;
        }
        let since = used.checked_sub(ROWS_COME).unwrap_or(used);
        let attempts = self.attempts.iter().filter(|one| one.outcome == Outcome::Success);
        let known = self.applications.of(&*seen.token.app_name);
        Some(attempts.map(|one| one.time).chain(known.map(Familiarity::last)).any(|came| came >= since))
    }

    /// The login that was relayed with a key, and the roots of the sessions that were seen of it.
    pub fn relayed_as(&self, key: &str) -> Option<(&LoginId, impl Iterator<Item = &SessionId>)> {
        let login = self.login_of(key)?;
        let of_login = Some(mark(login.as_str()));
        Some((login, self.held.iter().filter(move |held| held.login == of_login).map(|held| &held.family)))
    }

    fn login_of(&self, key: &str) -> Option<&LoginId> {
        let (.., login) = self.relayed.iter().rev().find(|(_, known, _)| !key.is_empty() && known == key)?;
        Some(login)
    }

    /// Wrong passwords from `from` to `until`, oldest first.
    pub fn guesses(&self, from: Timestamp, until: Timestamp) -> impl Iterator<Item = &Attempt> {
        let past = self.attempts.partition_point(|attempt| attempt.time < from);
        let attempts = self.attempts.range(past..).take_while(move |attempt| attempt.time <= until);
        attempts.filter(|attempt| attempt.is_guess())
    }
}

/// The system of a carrier of phones, where a data pack knows that it is one.
fn carrier(login: &Login) -> Option<u32> {
    login.detail.origin.as_ref().filter(|origin| origin.kind == ProviderKind::Mobile)?.asn
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn old_history_pushes_no_recent_attempt_out() {
        let attempt = |second: i64| -> Login {
            let time = Timestamp::from_second(1_790_000_000 + second).unwrap();
            let login = json!({ "id": second.to_string(), "time": time, "user_id": "ada", "outcome": "wrong_password",
                "status": "Invalid Password", "login_type": "Application", "source": "198.18.0.1" });
            serde_json::from_value(login).unwrap()
        };
        let mut profile = UserProfile::default();
        profile.remember_attempt(&attempt(0), 1);
        (0..200).for_each(|second| profile.remember_attempt(&attempt(second - 1_000_000), 1));
        assert_eq!(
            (profile.attempts.len(), profile.attempts[0].login.as_str(), profile.logins),
            (1, "0", 201)
        );
    }

    #[test]
    fn guesses_are_those_between_two_instants() {
        let at = |second: i64| Timestamp::from_second(1_790_000_000 + second).unwrap();
        let attempt = |second: i64, outcome: Outcome| Attempt {
            time: at(second),
            login: second.to_string().into(),
            outcome,
            network: None,
            client: 0,
        };
        let mut profile = UserProfile::default();
        let outcomes = [Outcome::WrongPassword, Outcome::Success, Outcome::LockedOut];
        profile.attempts.extend((0..30).map(|second| attempt(second / 2, outcomes[second as usize % 3])));
        for (from, until) in [(0, 14), (3, 7), (5, 5), (8, 3), (-9, -1), (15, 99)] {
            let between = |attempt: &&Attempt| {
                attempt.is_guess() && at(from) <= attempt.time && attempt.time <= at(until)
            };
            let expected: Vec<_> = profile.attempts.iter().filter(between).collect();
            assert_eq!(
                profile.guesses(at(from), at(until)).collect::<Vec<_>>(),
                expected,
                "{from} to {until}"
            );
        }
    }
}

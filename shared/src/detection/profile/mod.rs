//! What was learned: bounded summaries per user, network, application and org.

mod application;
mod attempt;
mod habits;
mod network;
mod org;
mod recent;
mod session;
mod systems;
mod user;

pub use application::ApplicationProfile;
pub use attempt::{Attempt, Check, CheckOutcome};
pub use habits::{Hours, Volume};
pub use network::{Entered, NetworkProfile};
pub use org::{Fingerprint, OrgProfile, PeerGroup};
pub(super) use org::{grant, is_grant};
pub use session::Held;
pub(super) use session::is_temporary;
pub use systems::Systems;
pub use user::{LastSuccess, UserProfile};

use std::borrow::Borrow;
use std::hash::Hash;

use foldhash::HashMap;

use super::crowd::mark;
use super::facts::Facts;
use crate::observation::{Login, Network, Observation, Outcome, User, UserId, Verification};

/// Everything that was learned of an org, or the part of it that a batch touches.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Profiles {
    /// By user.
    pub users: HashMap<UserId, UserProfile>,
    /// By network.
    pub networks: HashMap<Network, NetworkProfile>,
    /// By application name.
    pub applications: HashMap<String, ApplicationProfile>,
    /// Of the org as a whole.
    pub org: OrgProfile,
}

/// Whether an observation may change what counts as usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Teaches {
    /// It may.
    Yes,
    /// It was judged hostile: it is counted and remembered as an attempt, but makes nothing familiar.
    No,
}

/// One observation, as it was judged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lesson<'a> {
    pub(super) teaches: Teaches,
    /// The network that was judged to attack the org.
    pub(super) hostile: Option<Network>,
    pub(super) facts: Facts<'a>,
    pub(super) account: Option<&'a User>,
}

impl Profiles {
    /// Folds one observation in. Failed attempts never make a network or client familiar: whoever guesses
    /// passwords does not choose what is usual.
    pub(super) fn fold(&mut self, observation: &Observation, lesson: &Lesson<'_>) {
        self.org.count(observation);
        if let Some(network) = lesson.hostile {
            self.org.note_hostile(network, observation.time());
        }
        match observation {
            Observation::Login(login) if login.succeeded() => self.fold_success(login, lesson),
            Observation::Login(login) => self.fold_failure(login, &lesson.facts),
            Observation::Verification(check) => self.fold_check(check),
            Observation::Threat(_) => {}
            Observation::TokenUse(seen) if seen.token.app_name.is_empty() => {}
            Observation::TokenUse(seen) => {
                let left_a_login =
                    self.users.get(&seen.token.user_id).and_then(|user| user.shows_login_of(seen));
                change(&mut self.applications, seen.token.app_name.as_str(), |application| {
                    application.learn_token(seen, left_a_login);
                });
            }
            Observation::Session(session) => {
                let user = self.users.entry(session.user_id.clone()).or_default();
                user.fold_session(session);
                if lesson.teaches == Teaches::Yes {
                    user.learn_session(session);
                }
                if let Some(network) = session.source.network().filter(|network| user.is_foreign(*network)) {
                    let holders = &mut self.networks.entry(network).or_default().holders;
                    holders.note(mark(session.user_id.as_str()), session.last_modified);
                }
            }
        }
    }

    fn fold_success(&mut self, login: &Login, lesson: &Lesson<'_>) {
        let facts = &lesson.facts;
        if let Some(id) = &login.user_id {
            if facts.is_stranger() {
                self.note_stranger(login, facts, mark(id.as_str()));
            }
            if let Some(network) = facts.network.filter(|_| facts.may_be_stranger()) {
                let known = self.networks.entry(network).or_default();
                if facts.is_stranger() || known.users.is_empty() {
                    known.note_entry(login, id);
                }
            }
            change(&mut self.users, id, |user| {
                user.remember_attempt(login, facts.family);
                user.count_arrival(login);
                if lesson.teaches == Teaches::Yes {
                    user.learn(login, facts);
                }
            });
        }
        if lesson.teaches == Teaches::No {
            return;
        }
        self.org.learn(login, facts, lesson.account);
        if let Some(network) = facts.network {
            self.networks.entry(network).or_default().learn(login);
        }
        if !login.application.is_empty() {
            change(&mut self.applications, login.application.as_str(), |application| {
                application.learn(login, facts);
            });
        }
    }

    /// Somebody came in with a client and from a network that are both new for him.
    fn note_stranger(&mut self, login: &Login, facts: &Facts<'_>, user: u32) {
        if let Some(network) = facts.network {
            self.networks.entry(network).or_default().strangers.note(user, login.time);
        }
        if let Some(fingerprint) = facts.fingerprint {
            self.org.fingerprint(fingerprint).strangers.note(user, login.time);
        }
    }

    /// A guess from a network that its user does not know counts against the network and the client; one from his
    /// own desk is his own affair.
    fn fold_failure(&mut self, login: &Login, facts: &Facts<'_>) {
        let Some(id) = &login.user_id else { return };
        let user = self.users.entry(id.clone()).or_default();
        user.remember_attempt(login, facts.family);
        let Some(network) = facts.network.filter(|network| is_guess(login) && user.is_foreign(*network))
        else {
            return;
        };
        let user = mark(id.as_str());
        self.networks.entry(network).or_default().failing.note(user, login.time);
        self.org.note_failure(login, facts, user);
    }

    fn fold_check(&mut self, check: &Verification) {
        let user = self.users.entry(check.user_id.clone()).or_default();
        user.fold_check(check);
        if let Some(network) = check.source.network().filter(|network| user.is_foreign(*network))
            && CheckOutcome::of(check).is_failure()
        {
            let failing = &mut self.networks.entry(network).or_default().failing;
            failing.note(mark(check.user_id.as_str()), check.time);
        }
    }
}

/// Changes the entry of a key, which is copied only where it is new.
fn change<K, Q, V>(map: &mut HashMap<K, V>, key: &Q, act: impl FnOnce(&mut V))
where
    K: Borrow<Q> + Eq + Hash,
    Q: ToOwned<Owned = K> + Eq + Hash + ?Sized,
    V: Default,
{
    match map.get_mut(key) {
        Some(value) => act(value),
        None => act(map.entry(key.to_owned()).or_default()),
    }
}

/// Whether somebody tried a password, as against a rule that turned a right one away.
fn is_guess(login: &Login) -> bool {
    matches!(login.outcome, Outcome::WrongPassword | Outcome::LockedOut) || login.is_of_closed_account()
}

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

use foldhash::fast::RandomState;
use indexmap::IndexMap;

use super::Moment;
use super::crowd::mark;
use super::facts::Facts;
use crate::observation::{Login, Network, Observation, Outcome, User, UserId, Verification};

/// Profiles by what they are of: where one lies is looked up once, to judge by it and to change it.
pub type Kept<K, V> = IndexMap<K, V, RandomState>;

/// Where the profiles lay that an observation was judged by.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Places {
    pub(super) user: Option<usize>,
    pub(super) network: Option<usize>,
    pub(super) application: Option<usize>,
}

/// Everything that was learned of an org, or the part of it that a batch touches.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Profiles {
    /// By user.
    pub users: Kept<UserId, UserProfile>,
    /// By network.
    pub networks: Kept<Network, NetworkProfile>,
    /// By application name.
    pub applications: Kept<String, ApplicationProfile>,
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
    pub(super) places: Places,
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
            Observation::Login(login) => self.fold_failure(login, lesson),
            Observation::Verification(check) => self.fold_check(check),
            Observation::Logout(logout) => {
                if let Some(user) = self.users.get_mut(&logout.user_id) {
                    user.fold_logout(logout);
                }
            }
            Observation::Threat(_) => {}
            Observation::TokenUse(seen) if seen.token.app_name.is_empty() => {}
            Observation::TokenUse(seen) => {
                let left_a_login =
                    self.users.get(&seen.token.user_id).and_then(|user| user.shows_login_of(seen));
                let application =
                    kept(&mut self.applications, lesson.places.application, seen.token.app_name.as_str());
                application.learn_token(seen, left_a_login);
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
        let (facts, at) = (&lesson.facts, Moment::from(login.time));
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
            let user = kept(&mut self.users, lesson.places.user, id);
            user.remember_attempt(login, facts.client);
            user.count_arrival(login);
            if lesson.teaches == Teaches::Yes {
                user.learn(login, facts, at);
            }
        }
        if lesson.teaches == Teaches::No {
            return;
        }
        self.org.learn(login, facts, lesson.account, at);
        if let Some(network) = facts.network {
            kept(&mut self.networks, lesson.places.network, &network).learn(login, at);
        }
        if !login.application.is_empty() {
            let application =
                kept(&mut self.applications, lesson.places.application, login.application.as_str());
            application.learn(login, facts, at);
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
    fn fold_failure(&mut self, login: &Login, lesson: &Lesson<'_>) {
        let Some(id) = &login.user_id else { return };
        let facts = &lesson.facts;
        let user = kept(&mut self.users, lesson.places.user, id);
        user.remember_attempt(login, facts.client);
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

/// The profile of a key, which is copied only where it is new. It lies where it lay, or is looked for.
fn kept<'m, K, Q, V>(map: &'m mut Kept<K, V>, place: Option<usize>, key: &Q) -> &'m mut V
where
    K: Borrow<Q> + Eq + Hash,
    Q: ToOwned<Owned = K> + Eq + Hash + ?Sized,
    V: Default,
{
    let lies_at = |place: &usize| map.get_index(*place).is_some_and(|(known, _)| known.borrow() == key);
    let place = place.filter(lies_at).or_else(|| map.get_index_of(key));
    let place = place.unwrap_or_else(|| map.insert_full(key.to_owned(), V::default()).0);
    &mut map[place]
}

/// Whether somebody tried a password, as against a rule that turned a right one away.
fn is_guess(login: &Login) -> bool {
    matches!(login.outcome, Outcome::WrongPassword | Outcome::LockedOut) || login.is_of_closed_account()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_elsewhere_than_it_lay_is_found() {
        let mut users: Kept<UserId, UserProfile> = Kept::default();
        for (logins, user) in ["ada", "bob", "cyd"].into_iter().enumerate() {
            users.insert(UserId::new(user), UserProfile { logins: logins as u64, ..UserProfile::default() });
        }
        for place in [None, Some(0), Some(1), Some(2), Some(9)] {
            assert_eq!(kept(&mut users, place, &UserId::new("bob")).logins, 1, "{place:?}");
        }
        kept(&mut users, Some(1), &UserId::new("dee")).logins = 7;
        assert_eq!((users.len(), users[&UserId::new("dee")].logins), (4, 7));
    }
}

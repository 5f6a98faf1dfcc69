//! What was learned: bounded summaries per user, network, application and org.

mod application;
mod network;
mod org;
mod user;

pub use application::ApplicationProfile;
pub use network::NetworkProfile;
pub use org::OrgProfile;
pub use user::{Attempt, LastSuccess, UserProfile};

use std::collections::HashMap;

use crate::observation::{Network, Observation, UserId};

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

impl Profiles {
    /// Folds one observation in. Failed attempts never make a network or client familiar: whoever guesses
    /// passwords does not choose what is usual.
    pub(super) fn fold(&mut self, observation: &Observation, teaches: Teaches) {
        self.org.count(observation);
        if let Some(user) = observation.user() {
            self.users.entry(user.clone()).or_default().fold(observation, teaches);
        }
        let Observation::Login(login) = observation else { return };
        if !login.succeeded() || teaches == Teaches::No {
            return;
        }
        self.org.learn(login);
        if let Some(network) = login.source.network() {
            self.networks.entry(network).or_default().learn(login);
        }
        if !login.application.is_empty() {
            self.applications.entry(login.application.clone()).or_default().learn(login);
        }
    }
}

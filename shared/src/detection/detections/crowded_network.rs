//! C8: many users come with new clients from one new network.

use jiff::SignedDuration;

use crate::detection::{
    About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, Subject, View, mark,
};
use crate::observation::Login;

pub(crate) static ABOUT: About = About {
    id: "crowded-network",
    row: "C8",
    title: "One new network, several users, none with his own client",
    why: "Colleagues who meet in a hotel bring their own laptops. Where each of several users comes from the same new \
          network with a client he has never used, one person sits there with all their passwords.",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    family: Family::Network,
    shown: Shown::SUCCESS.and(Shown::NEW_NETWORK).and(Shown::NEW_CLIENT),
    mitre: &["T1078", "T1110.004"],
    needs: &[Sensor::Logins],
    parameters: MEANINGS,
    quiet: &[
        "Users who come with a client of their own: a new office, a conference.",
        "Users without history do not count: an acquired company brings its people and their machines.",
        "The organisation's egress.",
    ],
};

parameters! {
    /// Different users who came with a client and from a network that were new for them.
    users: usize = 3,
    /// They lie within this.
    window: SignedDuration = SignedDuration::from_hours(24),
}

/// The detection.
#[derive(Debug)]
pub struct CrowdedNetwork(pub Parameters);

impl Detection for CrowdedNetwork {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let network = view.facts().network.filter(|_| login.succeeded() && view.facts().is_stranger())?;
        let (known, user) = (view.network(network)?, login.user_id.as_ref()?);
        let strangers = known.strangers.others(mark(user.as_str()), login.time - self.0.window, login.time) + 1;
        let is_crowd = strangers >= self.0.users && known.users.len() <= 2 * strangers;
        is_crowd.then(|| {
            Hit::on_login(&ABOUT, Severity::Medium, login)
                .about(Subject::network(network))
                .fact("users", strangers)
                .because(
                    format!("{strangers} users came from {network} within {} hours.", self.0.window.as_hours()),
                    "For each of them both the network and the client were new.",
                    "Users with a client of their own would not count.",
                )
        })
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity, latest};

    fn came(users: i64, browser: &str) -> Option<Severity> {
        let mut world = World::with_office_workers();
        let logins = (0..users).map(|n| {
            let mut login = world.login(&format!("worker{n}"), "198.19.200.9", n * 9);
            login.client.browser = browser.into();
            severity(&world.see(login), &ABOUT)
        });
        latest(logins)
    }

    pub(crate) fn fires() -> Option<Severity> {
        came(3, "Firefox 115")
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        came(2, "Firefox 115")
    }

    pub(crate) fn quiet() -> Option<Severity> {
        came(6, "Chrome 142")
    }
}

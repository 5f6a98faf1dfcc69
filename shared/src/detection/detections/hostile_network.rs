//! C9: a success from a network that attacked the org some time ago.

use jiff::SignedDuration;

use crate::detection::{About, Confidence, Detection, Family, Hit, Known, Sensor, Severity, Shown, View};
use crate::observation::Login;

pub(crate) static ABOUT: About = About {
    id: "hostile-network",
    row: "C9",
    title: "Success from a network that attacked the org before",
    why: "Attackers keep what they rent. A network from which many users were tried last week, and from which one \
          comes in today, has not changed hands.",
    severity: Severity::High,
    confidence: Confidence::Medium,
    family: Family::Network,
    shown: Shown::SUCCESS.and(Shown::UNKNOWN_NETWORK),
    mitre: &["T1090", "T1078"],
    needs: &[Sensor::Logins],
    parameters: MEANINGS,
    quiet: &["The user knows the network.", "An attack within the day is `spray-success`, and not told twice."],
};

parameters! {
    /// The attack is no older than this.
    memory: SignedDuration = SignedDuration::from_hours(336),
}

/// The detection.
#[derive(Debug)]
pub struct HostileNetwork(pub Parameters);

impl Detection for HostileNetwork {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let network = view.facts().network.filter(|_| login.succeeded() && view.facts().knows_network != Known::Yes)?;
        let age = login.time.duration_since(view.org().attacked_from(network)?);
        if age <= SignedDuration::from_hours(24) || age > self.0.memory {
            return None;
        }
        let days = age.as_hours() / 24;
        let hit = Hit::on_login(&ABOUT, Severity::High, login).fact("days_since_the_attack", days);
        Some(hit.because(
            format!("A success from {network}."),
            format!("{days} days ago the passwords of many users were tried from there."),
            "From a network the user knows it would not count.",
        ))
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity};

    fn after(days: i64, address: &str) -> Option<Severity> {
        let mut world = World::with_office_workers();
        (0..8).for_each(|n| drop(world.fail_from(&format!("worker{n}"), "198.19.200.9", n)));
        severity(&world.hits_of_success("ada", address, days * 1440 + 60), &ABOUT)
    }

    pub(crate) fn fires() -> Option<Severity> {
        after(3, "198.19.200.9")
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        after(20, "198.19.200.9")
    }

    pub(crate) fn quiet() -> Option<Severity> {
        after(3, "198.18.1.7")
    }
}

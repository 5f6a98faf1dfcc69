//! A12: somebody tries an account that is deactivated, frozen or deleted.

use crate::detection::{About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, View};
use crate::observation::Login;

pub(crate) static ABOUT: About = About {
    id: "closed-account",
    row: "A12",
    title: "Login to an account that is closed",
    why: "A list of stolen credentials is older than the list of employees. From where a person comes this is an \
          attacker with an old list, or somebody who has left and tries; where a program does it, an integration \
          still runs in the name of an account that is gone, and whoever holds its credentials is forgotten.",
    severity: Severity::Low,
    confidence: Confidence::Medium,
    family: Family::Credential,
    shown: Shown::FAILURE,
    mitre: &["T1078.004"],
    needs: &[Sensor::Logins],
    parameters: MEANINGS,
    quiet: &["A program that keeps coming from its own network is an orphaned integration: `info`, until it is switched off."],
};

parameters! {}

/// The detection.
#[derive(Debug)]
pub struct ClosedAccount(pub Parameters);

impl Detection for ClosedAccount {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        if !login.is_of_closed_account() {
            return None;
        }
        let at_home = |network| view.user().is_some_and(|user| !user.is_foreign(network));
        let is_orphan = view.facts().path.is_unattended() && view.facts().network.is_some_and(at_home);
        let (severity, what) = if is_orphan {
            (Severity::Info, "An integration still runs in the name of a closed account")
        } else {
            (Severity::Low, "Somebody tried a closed account")
        };
        let hit = Hit::on_login(&ABOUT, severity, login).fact("status", login.status.as_str());
        Some(hit.fact("application", login.application.as_str()).because(
            format!("{what}, from {}.", login.source),
            "Salesforce says that the account is inactive or frozen.",
            "A program that comes from its own network weighs less.",
        ))
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity};
    use crate::observation::Outcome;

    fn tried(status: &str) -> Option<Severity> {
        let mut world = World::with_office_workers();
        let login = world.login("ada", "198.19.200.9", 5);
        let login = Login { outcome: Outcome::OtherFailure, status: status.into(), ..login };
        severity(&world.see(login), &ABOUT)
    }

    pub(crate) fn fires() -> Option<Severity> {
        tried("Failed: User is inactive")
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        tried("Failed: API security token required")
    }

    pub(crate) fn quiet() -> Option<Severity> {
        let mut world = World::with_integration("sync", "Acme Sync", "198.18.90.10");
        let login = world.refresh("sync", "Acme Sync", "198.18.90.10", 5);
        let login = Login { outcome: Outcome::OtherFailure, status: "user is inactive".into(), ..login };
        severity(&world.see(login), &ABOUT)
    }
}

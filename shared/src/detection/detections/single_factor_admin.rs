//! F2: an administrator came in with a password alone, from somewhere new.

use jiff::SignedDuration;

use crate::detection::{
    About, CheckOutcome, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, View,
};
use crate::observation::{AccessPath, Login};

pub(crate) static ABOUT: About = About {
    id: "single-factor-admin",
    row: "F2",
    title: "Administrator with a password alone, from a new network",
    why: "What an administrator's password opens is everything. Where it is enough by itself, and somebody comes with \
          it from where the administrator does not come from, a second look is cheap.",
    severity: Severity::Medium,
    confidence: Confidence::Low,
    family: Family::Assurance,
    shown: Shown::SUCCESS.and(Shown::NEW_NETWORK).and(Shown::PASSWORD),
    mitre: &["T1078.004"],
    needs: &[Sensor::Logins, Sensor::Accounts, Sensor::Verifications],
    parameters: MEANINGS,
    quiet: &[
        "A verification that passed shortly before.",
        "A network the administrator knows: Salesforce asks for nothing more where he was verified once.",
    ],
};

parameters! {
    /// Profiles whose users are administrators, without case.
    profiles: Vec<String> = vec!["System Administrator".to_owned()],
    /// A verification within this before the login is its second factor.
    window: SignedDuration = SignedDuration::from_mins(10),
}

/// The detection.
#[derive(Debug)]
pub struct SingleFactorAdmin(pub Parameters);

impl Detection for SingleFactorAdmin {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let comes_new = login.succeeded() && view.facts().path == AccessPath::Password && view.is_new_network();
        let user = view.user().filter(|_| comes_new)?;
        let account = view.account().filter(|account| account.has_profile_of(&self.0.profiles))?;
        let since = login.time - self.0.window;
        let is_verified = user.checks.iter().any(|check| check.outcome == CheckOutcome::Passed && check.time >= since);
        // Where verifications were never seen they may not be readable, and nothing follows from their absence.
        if is_verified || view.org().verifications == 0 {
            return None;
        }
        let hit = Hit::on_login(&ABOUT, Severity::Medium, login).fact("profile", account.profile.clone());
        Some(hit.because(
            format!("An administrator's password was enough from {}.", login.source),
            "He had not come from that network before, and no verification was seen.",
            "A verification that passed shortly before would be the second factor.",
        ))
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity};

    fn came(profile: &str, verified: &str) -> Option<Severity> {
        let mut world = World::with_office_workers();
        world.account("ada", profile);
        world.check(verified, "198.18.1.7", "Succeeded", 3);
        severity(&world.hits_of_success("ada", "198.19.200.9", 5), &ABOUT)
    }

    pub(crate) fn fires() -> Option<Severity> {
        came("System Administrator", "bob")
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        came("Sales", "bob")
    }

    pub(crate) fn quiet() -> Option<Severity> {
        came("System Administrator", "ada")
    }
}

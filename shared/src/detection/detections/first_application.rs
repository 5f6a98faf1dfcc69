//! E2: an application that the user, and perhaps nobody like him, has used before.

use crate::detection::{About, Confidence, Detection, Family, Hit, Known, Sensor, Severity, Shown, View};
use crate::observation::Login;

pub(crate) static ABOUT: About = About {
    id: "first-application",
    row: "E2",
    title: "Application that is new for the user and his peers",
    why: "A salesman has no use for a deployment tool. An application that the org knows, and nobody with this \
          user's profile or role has used, is out of place.",
    severity: Severity::Low,
    confidence: Confidence::Low,
    family: Family::Application,
    shown: Shown::SUCCESS.and(Shown::FIRST_APPLICATION),
    mitre: &["T1078", "T1528"],
    needs: &[Sensor::Logins],
    parameters: MEANINGS,
    quiet: &["Peers use it: `info`.", "An application new for the whole org is `new-application`."],
};

parameters! {
    /// Successes of the user's profile, or role, before an application can be new for it.
    successes: u64 = 100,
}

/// The detection.
#[derive(Debug)]
pub struct FirstApplication(pub Parameters);

impl Detection for FirstApplication {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let name = login.application.as_str();
        let has_history = view.facts().knows_network != Known::Unsaid;
        let user = view.user().filter(|_| login.succeeded() && has_history && !name.is_empty())?;
        if user.applications.of(name).is_some() || view.logged_in_with().is_none() {
            return None;
        }
        let is_new_for_peers = view.peers().any(|group| group.successes >= self.0.successes)
            && view.peers().all(|group| group.applications.of(name).is_none());
        let severity = if is_new_for_peers { Severity::Low } else { Severity::Info };
        let profile = view.account().map_or("", |account| account.profile.as_str());
        let hit = Hit::on_login(&ABOUT, severity, login).fact("application", name);
        Some(hit.fact("profile", profile).because(
            format!("The first use of “{name}” by this user."),
            format!("He is known with {} other applications.", user.applications.len()),
            "Used by colleagues of his profile or role it weighs less.",
        ))
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity};

    /// Ada is no administrator; the tool is used by those who are.
    fn used(name: &str, adas_profile: &str) -> Option<Severity> {
        used_in_roles(name, adas_profile, ["", ""])
    }

    fn used_in_roles(name: &str, adas_profile: &str, [adas, bobs]: [&str; 2]) -> Option<Severity> {
        let mut world = World::with_office_workers();
        world.account_of("ada", adas_profile, adas, "");
        world.account_of("bob", "Administrator", bobs, "");
        for day in 0..120 {
            let (bob, ada) = ("bob", "ada");
            world.hits_of_refresh(bob, "Deploy Tool", "198.18.1.7", day * 20);
            world.hits_of_success(ada, "198.18.1.7", day * 20 + 1);
        }
        severity(&world.hits_of_refresh("ada", name, "198.18.1.7", 3_000), &ABOUT)
    }

    pub(crate) fn fires() -> Option<Severity> {
        used("Deploy Tool", "Sales")
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        used("Browser", "Sales")
    }

    pub(crate) fn quiet() -> Option<Severity> {
        used("Deploy Tool", "Administrator")
    }

    #[test]
    fn who_has_the_same_role_is_a_peer_too() {
        let said = |roles| used_in_roles("Deploy Tool", "Sales", roles);
        assert_eq!(said(["00E1", "00E2"]), Some(Severity::Low));
        assert_eq!(said(["00E1", "00E1"]), Some(Severity::Info));
    }
}

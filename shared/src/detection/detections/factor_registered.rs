//! F5: a new factor was registered around a login from somewhere new.

use jiff::SignedDuration;
use crate::detection::{
    About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, Subject, UserProfile, View,
};
use crate::observation::{Login, LoginId, Network, Outcome, UserId, Verification, VerificationKind};

pub(crate) static ABOUT: About = About {
    id: "factor-registered",
    row: "F5",
    title: "New factor registered around a login from somewhere new",
    why: "Whoever has phished a session registers a factor of his own first, so that he can come back after the \
          password is changed.",
    severity: Severity::High,
    confidence: Confidence::Medium,
    family: Family::Assurance,
    shown: Shown::SUCCESS.and(Shown::REGISTERED),
    mitre: &["T1098.005", "T1556.006"],
    needs: &[Sensor::Logins, Sensor::Verifications],
    parameters: MEANINGS,
    quiet: &[
        "A registration from a network the user knows, or that colleagues share: a new phone set up at the desk.",
    ],
};

parameters! {
    /// The registration and the login lie within this, in either order.
    window: SignedDuration = SignedDuration::from_hours(4),
    /// Successes before a network can count as new.
    logins: u64 = 10,
}

/// The detection.
#[derive(Debug)]
pub struct FactorRegistered(pub Parameters);

impl Detection for FactorRegistered {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let user = view.user().filter(|user| login.succeeded() && !user.registrations.is_empty())?;
        let (network, user_id) = (login.source.network()?, login.user_id.as_ref()?);
        let earliest = login.time - self.0.window;
        let registered =
            user.registrations.iter().rev().find(|(time, _)| (earliest..=login.time).contains(time))?;
        let minutes = login.time.duration_since(registered.0).as_mins();
        let when = format!("{minutes} minutes after a new factor was registered");
        self.judge(view, user, user_id, (network, &login.id, login.time), registered.1, &when)
    }

    fn on_verification(&self, view: &View<'_>, check: &Verification) -> Option<Hit> {
        let user = view.user().filter(|_| check.kind() == VerificationKind::MethodRegistered)?;
        let earliest = check.time - self.0.window;
        let login = user.attempts.iter().rev().find(|attempt| {
            attempt.outcome == Outcome::Success
                && (earliest..=check.time).contains(&attempt.time)
                && attempt.network.is_some_and(|network| !user.knows_network(network, attempt.time))
        })?;
        let minutes = check.time.duration_since(login.time).as_mins();
        let when = format!("{minutes} minutes before a new factor was registered");
        let login = (login.network?, &login.login, login.time);
        self.judge(view, user, &check.user_id, login, check.source.network(), &when)
    }
}

impl FactorRegistered {
    /// A registration from a network the user knows is somebody setting up a new phone at his desk.
    fn judge(
        &self,
        view: &View<'_>,
        user: &UserProfile,
        user_id: &UserId,
        (network, login, time): (Network, &LoginId, jiff::Timestamp),
        registered_from: Option<Network>,
        when: &str,
    ) -> Option<Hit> {
        let is_new = |network: Network| !user.knows_network(network, time) && !view.is_shared(network, time);
        let is_suspicious =
            user.successes >= self.0.logins && is_new(network) && registered_from.is_none_or(is_new);
        is_suspicious.then(|| {
            Hit::new(&ABOUT, Severity::High, Subject::user(user_id), Some(user_id))
                .fact("network", network.to_string())
                .fact("registered_from", registered_from.map(|from| from.to_string()))
                .logins([login.clone()])
                .containable()
                .because(
                    format!("A login from {network} {when}."),
                    format!("In {} successes this user had not come from there.", user.successes),
                    "A registration from a network known for this user, or shared by colleagues, would not count.",
                )
        })
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity};

    fn registered(from: &str, minutes: i64) -> Option<Severity> {
        let mut world = World::with_office_workers();
        world.register_factor("ada", from, 0);
        severity(&world.hits_of_success("ada", "198.19.200.9", minutes), &ABOUT)
    }

    pub(crate) fn fires() -> Option<Severity> {
        registered("198.19.200.9", 3)
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        registered("198.19.200.9", 300)
    }

    pub(crate) fn quiet() -> Option<Severity> {
        registered("198.18.1.7", 3)
    }

    #[test]
    fn registered_from_elsewhere_then_logged_in() {
        let mut world = World::with_office_workers();
        world.register_factor("ada", "198.19.200.9", 0);
        let hits = world.hits_of_success("ada", "198.19.200.9", 3);
        assert_eq!(hits["factor-registered"].severity, Severity::High);
    }

    #[test]
    fn logged_in_from_elsewhere_then_registered() {
        let mut world = World::with_office_workers();
        world.hits_of_success("ada", "198.19.200.9", 0);
        world.register_factor("ada", "198.19.200.9", 3);
        let findings = world.findings();
        assert!(findings.iter().any(|f| f.detections.iter().any(|d| d.id == "factor-registered")));
    }

    #[test]
    fn a_registration_hours_after_a_login_that_appears_late_is_not_before_it() {
        let mut world = World::with_office_workers();
        world.register_factor("ada", "198.19.200.9", 600);
        world.fail_from("bob", "198.18.1.7", 660);
        assert!(!world.hits_of_success("ada", "198.19.200.9", 3).contains_key("factor-registered"));
    }

    #[test]
    fn a_new_phone_at_the_desk_is_none() {
        let mut world = World::with_office_workers();
        world.register_factor("ada", "198.18.1.7", 0);
        assert!(world.hits_of_success("ada", "198.18.1.7", 3).is_empty());
        assert!(!world.hits_of_success("ada", "198.19.200.9", 9).contains_key("factor-registered"));
    }
}

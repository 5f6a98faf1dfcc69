//! F1: somebody who always comes through single sign-on came with a password.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use crate::detection::{
    About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, Subject, UserProfile, View,
};
use crate::observation::{AccessPath, Login};

pub(crate) static ABOUT: About = About {
    id: "sso-bypass",
    row: "F1",
    title: "Single-sign-on user came with a password",
    why: "Whoever comes with a password goes around the identity provider, its second factor and its own detection. \
          A phished or stuffed password works only there.",
    severity: Severity::High,
    confidence: Confidence::Medium,
    family: Family::Assurance,
    shown: Shown::SUCCESS.and(Shown::PASSWORD),
    mitre: &["T1556", "T1078.004"],
    needs: &[Sensor::Logins],
    parameters: MEANINGS,
    quiet: &[
        "Many others come with a password within the hour: the identity provider is down.",
        "The password is the user’s second way in, used on several days.",
        "His own network or the organisation’s weighs less, and so does his own client.",
    ],
};

parameters! {
    /// Single-sign-on logins that make somebody a single-sign-on user.
    sso_logins: u32 = 10,
    /// The last of them is no older than this many days.
    sso_days: i64 = 30,
    /// Password logins on this many different days make the password his second way in.
    password_days: u32 = 3,
    /// So many other users with a password within the hour are an outage of the identity provider.
    outage_users: usize = 8,
}

/// The detection.
#[derive(Debug)]
pub struct SsoBypass(pub Parameters);

impl Detection for SsoBypass {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let user = view.user().filter(|_| login.succeeded() && view.facts().path == AccessPath::Password)?;
        let sso = user.paths.of(&AccessPath::SingleSignOn)?;
        let days_since = login.time.duration_since(sso.last()).as_hours() / 24;
        if sso.count < self.0.sso_logins || days_since > self.0.sso_days {
            return None;
        }
        let severity = self.severity(view, user, login);
        let subject = login.user_id.as_ref().map_or_else(|| Subject::user(&"unknown".into()), Subject::user);
        let hit = Hit::new(&ABOUT, severity, subject, login.user_id.as_ref())
            .fact("sso_logins", sso.count)
            .fact("login_type", login.login_type.as_str())
            .fact("source", login.source.to_string())
            .logins([login.id.clone()])
            .containable();
        Some(hit.because(
            format!("A login with a password from {}, where this user comes through single sign-on.", login.source),
            format!("{} single-sign-on logins, the last {days_since} days ago.", sso.count),
            "From a network and client known for this user, or during an outage of the identity provider, it would \
             weigh less.",
        ))
    }
}

impl SsoBypass {
    fn severity(&self, view: &View<'_>, user: &UserProfile, login: &Login) -> Severity {
        let is_second_way =
            user.paths.of(&AccessPath::Password).is_some_and(|p| p.days >= self.0.password_days);
        let knows_network =
            login.source.network().is_some_and(|network| user.knows_network(network, login.time));
        if is_second_way || self.is_outage(view, login) {
            return if knows_network { Severity::Info } else { Severity::Low };
        }
        let is_egress = login.source.address().is_some_and(|address| view.is_egress(address, login.time));
        match (knows_network || is_egress, user.knows_client(login)) {
            (true, true) => Severity::Low,
            (true, false) => Severity::Medium,
            (false, _) => Severity::High,
        }
    }

    fn is_outage(&self, view: &View<'_>, login: &Login) -> bool {
        let hour_ago = login.time - SignedDuration::from_hours(1);
        let recent = view.org().passwords.iter().filter(|(time, user)| {
            *time >= hour_ago
                && Some(user) != login.user_id.as_ref()
                && comes_through_sso(view, user, self.0.sso_logins)
        });
        recent.map(|(_, user)| user).collect::<BTreeSet<_>>().len() >= self.0.outage_users
    }
}

fn comes_through_sso(view: &View<'_>, user: &crate::observation::UserId, logins: u32) -> bool {
    view.user_named(user)
        .and_then(|profile| profile.paths.of(&AccessPath::SingleSignOn))
        .is_some_and(|sso| sso.count >= logins)
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity};

    fn came(mut world: World, address: &str) -> Option<Severity> {
        severity(&world.hits_of_success("ada", address, 5), &ABOUT)
    }

    pub(crate) fn fires() -> Option<Severity> {
        came(World::with_sso_workers(12), "198.19.200.9")
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        came(World::with_office_workers(), "198.19.200.9")
    }

    pub(crate) fn quiet() -> Option<Severity> {
        came(World::with_sso_workers(12), "198.18.1.7")
    }

    #[test]
    fn a_password_from_elsewhere() {
        let mut world = World::with_sso_workers(12);
        let hits = world.hits_of_success("ada", "198.19.200.9", 5);
        assert_eq!(hits["sso-bypass"].severity, Severity::High);
    }

    #[test]
    fn a_password_from_his_own_desk_is_low() {
        let mut world = World::with_sso_workers(12);
        assert_eq!(world.hits_of_success("ada", "198.18.1.7", 5)["sso-bypass"].severity, Severity::Low);
    }

    #[test]
    fn an_outage_of_the_identity_provider_is_no_attack() {
        let mut world = World::with_sso_workers(12);
        for worker in 1..10 {
            world.hits_of_success(&format!("worker{worker}"), "198.18.1.7", worker);
        }
        assert!(world.hits_of_success("ada", "198.19.200.9", 20)["sso-bypass"].severity <= Severity::Low);
    }

    #[test]
    fn somebody_who_never_used_sso_is_none() {
        let mut world = World::with_office_workers();
        assert!(!world.hits_of_success("ada", "198.19.200.9", 5).contains_key("sso-bypass"));
    }
}

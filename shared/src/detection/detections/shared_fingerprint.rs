//! D4: one rare kind of client gets in as several users for whom it is new.

use jiff::SignedDuration;

use crate::detection::{
    About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, Subject, View, mark,
};
use crate::observation::Login;

pub(crate) static ABOUT: About = About {
    id: "shared-fingerprint",
    row: "D4",
    title: "One rare client gets in as several users",
    why: "An attacker changes addresses more easily than tools. A combination of TLS, cipher, browser and platform \
          that hardly anybody has, and that gets in as one user after the other from networks they do not know, is \
          one machine.",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    family: Family::Client,
    shown: Shown::SUCCESS.and(Shown::NEW_NETWORK).and(Shown::NEW_CLIENT),
    mitre: &["T1078", "T1539"],
    needs: &[Sensor::Logins],
    parameters: MEANINGS,
    quiet: &[
        "As many users come with it from networks they know: a roll-out.",
        "Users without history do not count.",
    ],
};

parameters! {
    /// Different users for whom client and network were new.
    users: usize = 4,
    /// They lie within this.
    window: SignedDuration = SignedDuration::from_hours(168),
}

/// The detection.
#[derive(Debug)]
pub struct SharedFingerprint(pub Parameters);

impl Detection for SharedFingerprint {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        if !login.succeeded() || !view.facts().is_stranger() {
            return None;
        }
        let (known, user) = (view.org().fingerprints.get(&view.facts().fingerprint?)?, login.user_id.as_ref()?);
        let since = login.time - self.0.window;
        let strangers = known.strangers.others(mark(user.as_str()), since, login.time) + 1;
        let users = known.users.others(mark(user.as_str()), since, login.time) + 1;
        let is_rare = users < 2 * strangers;
        (strangers >= self.0.users && is_rare).then(|| {
            let days = self.0.window.as_hours() / 24;
            Hit::on_login(&ABOUT, Severity::Medium, login)
                .about(Subject::org())
                .fact("users", strangers)
                .fact("tls", login.client.tls_protocol.as_str())
                .because(
                    format!("{} got in as {strangers} users within {days} days.", view.facts().family),
                    "For each of them both the client and the network were new.",
                    "As many users with it on networks they know would be a roll-out.",
                )
        })
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity, latest};

    fn came(world: &mut World, users: i64) -> Option<Severity> {
        let logins = (0..users).map(|n| {
            let mut login = world.login(&format!("worker{n}"), &format!("198.19.{}.9", 16 * n), 100 + n * 300);
            login.client.browser = "Firefox 115".into();
            severity(&world.see(login), &ABOUT)
        });
        latest(logins)
    }

    pub(crate) fn fires() -> Option<Severity> {
        came(&mut World::with_office_workers(), 5)
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        came(&mut World::with_office_workers(), 3)
    }

    pub(crate) fn quiet() -> Option<Severity> {
        let mut world = World::with_office_workers();
        for n in 0..10 {
            let mut login = world.login(&format!("worker{}", 9 - n), "198.18.1.7", n);
            login.client.browser = "Firefox 115".into();
            world.see(login);
        }
        came(&mut world, 5)
    }
}

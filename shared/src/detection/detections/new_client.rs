//! D1: a kind of client the user does not come with.

use jiff::SignedDuration;

use crate::detection::{About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, View, mark};
use crate::observation::Login;

pub(crate) static ABOUT: About = About {
    id: "new-client",
    row: "D1",
    title: "A kind of client that is new for the user",
    why: "People buy phones and change browsers, so it is a remark; one that hardly anybody in the org uses is a \
          little more.",
    severity: Severity::Low,
    confidence: Confidence::Low,
    family: Family::Client,
    shown: Shown::SUCCESS.and(Shown::NEW_CLIENT),
    mitre: &["T1078"],
    needs: &[Sensor::Logins],
    parameters: MEANINGS,
    quiet: &[
        "Families are compared, not versions: an update is no new device.",
        "Colleagues came with the same kind of client lately: what everybody has, or a roll-out.",
    ],
};

parameters! {
    /// So many colleagues with the same kind of client …
    colleagues: usize = 3,
    /// … within this make it usual.
    window: SignedDuration = SignedDuration::from_hours(336),
}

/// The detection.
#[derive(Debug)]
pub struct NewClient(pub Parameters);

impl Detection for NewClient {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let user = view.user().filter(|_| login.succeeded() && view.is_new_client())?;
        let own = login.user_id.as_ref().map_or(0, |id| mark(id.as_str()));
        let known = view.org().fingerprints.get(&view.facts().fingerprint?);
        let since = login.time - self.0.window;
        let colleagues = known.map_or(0, |known| known.users.others(own, since, login.time));
        let severity = if colleagues >= self.0.colleagues { Severity::Info } else { Severity::Low };
        let kinds = user.clients.len();
        let hit = Hit::on_login(&ABOUT, severity, login).fact("colleagues_with_it", colleagues);
        Some(hit.because(
            format!("A success with {}.", view.facts().family),
            format!("This user is known with {kinds} other kinds of client; {colleagues} colleagues came with it."),
            "After a day it is known.",
        ))
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity};

    fn came(world: &mut World, user: &str, browser: &str) -> Option<Severity> {
        let mut login = world.login(user, "198.18.1.7", 5);
        login.client.browser = browser.into();
        severity(&world.see(login), &ABOUT)
    }

    pub(crate) fn fires() -> Option<Severity> {
        came(&mut World::with_office_workers(), "ada", "Firefox 115")
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        came(&mut World::with_office_workers(), "ada", "Chrome 142")
    }

    pub(crate) fn quiet() -> Option<Severity> {
        let mut world = World::with_office_workers();
        for n in 0..4 {
            came(&mut world, &format!("worker{n}"), "Firefox 115");
        }
        came(&mut world, "ada", "Firefox 115")
    }
}

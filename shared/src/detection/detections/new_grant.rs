//! E6: a way in that the user has never taken.

use crate::detection::{
    About, Confidence, Detection, Family, Hit, Known, Sensor, Severity, Shown, View, grant,
};
use crate::observation::Login;

pub(crate) static ABOUT: About = About {
    id: "new-grant",
    row: "E6, D5",
    title: "Login type or OAuth grant that is new for the user",
    why: "Device codes, the username-password flow and old SOAP logins are how tools come in, and people hardly ever \
          begin to use them.",
    severity: Severity::Low,
    confidence: Confidence::Low,
    family: Family::Assurance,
    shown: Shown::SUCCESS.and(Shown::NEW_WAY),
    mitre: &["T1550", "T1078.004"],
    needs: &[Sensor::Logins],
    parameters: MEANINGS,
    quiet: &["The org uses it: `info`; a user who connects his first application takes a way others take."],
};

parameters! {
    /// Successes in the org's history before a way can be new for it.
    successes: u32 = 500,
}

/// The detection.
#[derive(Debug)]
pub struct NewGrant(pub Parameters);

impl Detection for NewGrant {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let has_history = view.facts().knows_network != Known::Unsaid;
        let user = view.user().filter(|user| login.succeeded() && has_history && !user.grants.is_empty())?;
        if view.facts().of_user.way.is_known() {
            return None;
        }
        let (way, org) = (grant(login), view.org());
        let is_new_for_org = org.successes() >= self.0.successes && org.grants.of(way.as_str()).is_none();
        let severity = if is_new_for_org { Severity::Low } else { Severity::Info };
        let hit = Hit::on_login(&ABOUT, severity, login).fact("way", way.clone());
        Some(hit.because(
            format!("A success by “{way}”."),
            format!("In {} successes this user had taken {} other ways.", user.successes, user.grants.len()),
            "A way the org uses weighs less.",
        ))
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity};

    fn came(world: &mut World, user: &str, sub_type: &str, minute: i64) -> Option<Severity> {
        let mut login = world.login(user, "198.18.1.7", minute);
        (login.login_type, login.login_sub_type) = ("Remote Access 2.0".into(), sub_type.into());
        if sub_type.is_empty() {
            login.login_type = "Application".into();
        }
        severity(&world.see(login), &ABOUT)
    }

    pub(crate) fn fires() -> Option<Severity> {
        came(&mut World::with_office_workers(), "ada", "OauthUsernamePassword", 5)
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        came(&mut World::with_office_workers(), "ada", "", 5)
    }

    pub(crate) fn quiet() -> Option<Severity> {
        let mut world = World::with_office_workers();
        came(&mut world, "bob", "OauthUsernamePassword", 5);
        came(&mut world, "ada", "OauthUsernamePassword", 9)
    }
}

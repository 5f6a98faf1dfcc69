//! E7: a program's account is used by a person, or a person's by a program.

use crate::detection::{About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, UserProfile, View};
use crate::observation::{AccessPath, Login};

pub(crate) static ABOUT: About = About {
    id: "role-break",
    row: "E7",
    title: "A program's account used by a person, or the reverse",
    why: "Nobody logs in as an integration but whoever has stolen its password, or an administrator who should not; \
          and a person who suddenly comes through the old programming interface is a tool in his name.",
    severity: Severity::High,
    confidence: Confidence::Medium,
    family: Family::Assurance,
    shown: Shown::SUCCESS,
    mitre: &["T1078"],
    needs: &[Sensor::Logins],
    parameters: MEANINGS,
    quiet: &[
        "A person who connects an application: that is what people do.",
        "From a network the account knows a person in a program's account is `medium`: an administrator who looks.",
    ],
};

parameters! {
    /// Successes before an account has a role.
    logins: u64 = 30,
    /// Share of unattended logins, 0 to 1, from which an account is a program's; below the rest it is a person's.
    unattended: f64 = 0.95,
}

/// The detection.
#[derive(Debug)]
pub struct RoleBreak(pub Parameters);

impl Detection for RoleBreak {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let user = view.user().filter(|user| login.succeeded() && user.successes >= self.0.logins)?;
        let path = view.facts().path;
        if user.paths.of(&path).is_some() || path == AccessPath::Other {
            return None;
        }
        let share = unattended(user);
        let (severity, what) = if !path.is_unattended() && share >= self.0.unattended {
            let severity = if view.is_new_network() { Severity::High } else { Severity::Medium };
            (severity, "A person logged in with a program's account")
        } else if path == AccessPath::Api && share <= 1.0 - self.0.unattended {
            (Severity::Low, "A program logged in with a person's account")
        } else {
            return None;
        };
        let hit = Hit::on_login(&ABOUT, severity, login).fact("login_type", login.login_type.as_str());
        Some(hit.fact("unattended_share", (share * 100.0).round() / 100.0).because(
            format!("{what}, from {}.", login.source),
            format!("{:.0} % of its {} logins were unattended.", share * 100.0, user.successes),
            "From a network the account knows it weighs less.",
        ))
    }
}

/// The share of a user's logins in which no person took part, 0 to 1.
fn unattended(user: &UserProfile) -> f64 {
    let count = |paths: &[AccessPath]| -> u32 {
        paths.iter().filter_map(|path| user.paths.of(path)).map(|known| known.count).sum()
    };
    let all: u32 = user.paths.iter().map(|(_, known)| known.count).sum();
    f64::from(count(&[AccessPath::OauthUnattended, AccessPath::Api])) / f64::from(all.max(1))
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity};

    fn came_to(mut world: World, user: &str, address: &str) -> Option<Severity> {
        severity(&world.hits_of_success(user, address, 5), &ABOUT)
    }

    fn integration() -> World {
        World::with_integration("sync", "Acme Sync", "198.18.90.10")
    }

    pub(crate) fn fires() -> Option<Severity> {
        came_to(integration(), "sync", "198.19.200.9")
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        came_to(World::with_office_workers(), "ada", "198.19.200.9")
    }

    pub(crate) fn quiet() -> Option<Severity> {
        came_to(integration(), "sync", "198.18.90.10")
    }
}

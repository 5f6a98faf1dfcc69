//! A login that is unlikely as a whole.

use crate::detection::risk::{Aspect, Risk};
use crate::detection::{About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, View};
use crate::observation::Login;

pub(crate) static ABOUT: About = About {
    id: "unlikely-login",
    row: "new",
    title: "A login that is unlikely as a whole",
    why: "No single thing about it is an alarm, but place, client, way in and hour together are those of a stranger. How \
          unlikely is too unlikely is read off the org's own history, so that the number of alarms is what the policy allows.",
    severity: Severity::High,
    confidence: Confidence::Medium,
    family: Family::Whole,
    shown: Shown::SUCCESS,
    mitre: &["T1078"],
    needs: &[Sensor::Logins],
    parameters: MEANINGS,
    quiet: &[
        "Users who are often somewhere new, and what peers and the org do.",
        "Strange things that come together in this org's everyday life, such as a journey's network and client.",
    ],
};

parameters! {
    /// Of 1,000 logins of the org's own history so many may be called unlikely.
    per_thousand: f64 = 1.0,
    /// The least score, in nats: 5 is about 150 to 1 for a stranger.
    least: f32 = 5.0,
    /// Successes of the user before he can be unlike himself.
    logins: u64 = 10,
    /// Successes of the org before its history can say how rare a score is.
    history: u32 = 1_000,
}

/// The detection.
#[derive(Debug)]
pub struct UnlikelyLogin(pub Parameters);

impl Detection for UnlikelyLogin {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let risk = view.facts().risk.filter(|risk| risk.score >= self.0.least)?;
        let (calibration, user) = (&view.org().calibration, view.user()?);
        let rarity = calibration.rarity(risk.score) * 1_000.0;
        let is_unlikely = rarity <= self.0.per_thousand && risk.strange().count() > 1;
        if !is_unlikely || user.successes < self.0.logins || calibration.total() < self.0.history {
            return None;
        }
        // Two strange things are an odd day; three are somebody else.
        let is_grave = rarity * 10.0 <= self.0.per_thousand && risk.strange().count() > 2;
        let severity = if is_grave { Severity::High } else { Severity::Medium };
        let hit = Aspect::ALL.into_iter().fold(Hit::on_login(&ABOUT, severity, login), |hit, aspect| {
            hit.fact(aspect.name(), factor(&risk, aspect))
        });
        let strange: Vec<_> =
            risk.strange().map(|aspect| format!("{} {}", aspect.name(), factor(&risk, aspect))).collect();
        Some(hit.fact("score", (f64::from(risk.score) * 10.0).round() / 10.0).because(
            format!("A success that is a stranger's rather than this user's: {}.", strange.join(", ")),
            format!("Of {} successes of this org {rarity:.2} in 1,000 were as unlikely.", calibration.total()),
            "A place, client, way in or hour that is his own would have weighed against it.",
        ))
    }
}

/// `1,200 : 1` for a stranger, `1 : 7` for the user.
fn factor(risk: &Risk, aspect: Aspect) -> String {
    let ratio = risk.ratio(aspect);
    let times = ratio.abs().exp();
    let times = if times < 10.0 { format!("{times:.1}") } else { format!("{times:.0}") };
    if ratio < 0.0 { format!("1 : {times}") } else { format!("{times} : 1") }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{LYON, World, severity};

    /// The workers come at 12:13 UTC with Chrome on Windows from one network; minute 660 is in the night.
    fn came(browser: &str, nights_elsewhere: i64) -> Option<Severity> {
        let mut world = World::with_office_workers();
        world.under("detections: { unlikely-login: { parameters: { per_thousand: 2.0, history: 500 } } }");
        for day in 1..=nights_elsewhere {
            world.succeed_at("ada", &format!("203.{day}.113.9"), LYON, -day * 1_440 + 660);
        }
        let mut login = world.login_in("ada", "198.51.100.9", LYON, 660);
        login.client.browser = browser.into();
        severity(&world.see(login), &ABOUT)
    }

    pub(crate) fn fires() -> Option<Severity> {
        came("Firefox 140", 0)
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        came("Chrome 141", 0)
    }

    pub(crate) fn quiet() -> Option<Severity> {
        came("Firefox 140", 30)
    }
}

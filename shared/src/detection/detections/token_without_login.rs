//! New: a refresh token was used, and no login shows it.

use crate::detection::{About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, View};
use crate::observation::TokenUse;

pub(crate) static ABOUT: About = About {
    id: "token-without-login",
    row: "new",
    title: "A refresh token used without a login",
    why: "Each use of a refresh token that Salesforce counts leaves a row in the login history, in the orgs where it does so \
          at all. A count that rises without one was raised on a way that the login history does not show.",
    severity: Severity::Low,
    confidence: Confidence::Low,
    family: Family::Application,
    shown: Shown::NONE,
    mitre: &["T1528", "T1550.001"],
    needs: &[Sensor::Tokens, Sensor::Logins],
    parameters: MEANINGS,
    quiet: &[
        "An application whose uses leave no rows anyway, as in some orgs all do: `integration-network` judges where its sessions are held.",
        "A use within ten minutes of the look: its row may still come. A hint, and no more, because rows may come later still.",
    ],
};

parameters! {
    /// Uses of the application's tokens of which it is known whether they left a login, before a missing one is strange.
    looks: u64 = 20,
    /// Share of them, 0 to 1, that left one.
    share: f64 = 0.98,
}

/// The detection.
#[derive(Debug)]
pub struct TokenWithoutLogin(pub Parameters);

impl Detection for TokenWithoutLogin {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_token(&self, view: &View<'_>, seen: &TokenUse) -> Option<Hit> {
        let known = view.application_profile(&seen.token.app_name)?;
        let (settled, shown) = (known.token_uses_settled, known.token_uses_with_login);
        let leaves_rows = settled >= self.0.looks && shown as f64 >= self.0.share * settled as f64;
        let is_missing = leaves_rows && view.user()?.shows_login_of(seen) == Some(false);
        is_missing.then(|| {
            Hit::on_token(&ABOUT, Severity::Low, seen).because(
                format!("A token of {} was used, and no login of its user shows it.", seen.token.app_name),
                format!("Of {settled} uses of its tokens {shown} left a login."),
                "A login within ten minutes, or an application whose uses leave none, would not count.",
            )
        })
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity};
    use crate::observation::Observation;

    const APPLICATION: &str = "Acme Sync";

    /// An integration that is watched for a day, whose uses leave logins or not; then one more use.
    fn used(leave_logins: bool, last_leaves_one: bool) -> Option<Severity> {
        let mut world = World::with_integration("sync", APPLICATION, "198.18.90.10");
        let mut look = |minute: i64, leaves_login: bool| {
            if leaves_login {
                world.hits_of_refresh("sync", APPLICATION, "198.18.90.10", minute);
            }
            let mut seen = world.token_use("sync", APPLICATION, 1, minute);
            seen.seen_at += jiff::SignedDuration::from_mins(10);
            severity(&world.judge(Observation::TokenUse(Box::new(seen))), &ABOUT)
        };
        for hour in 1..=24 {
            look(hour * 60, leave_logins);
        }
        look(25 * 60, last_leaves_one)
    }

    pub(crate) fn fires() -> Option<Severity> {
        used(true, false)
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        used(true, true)
    }

    pub(crate) fn quiet() -> Option<Severity> {
        used(false, false)
    }
}

//! E4: a new token that is used heavily at once.

use jiff::SignedDuration;

use crate::detection::{About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, View};
use crate::observation::TokenUse;

pub(crate) static ABOUT: About = About {
    id: "token-surge",
    row: "E4",
    title: "A new token that is used heavily at once",
    why: "Whoever has talked somebody into granting a token takes the data while he can. UseCount shows it even where the \
          uses leave no row in the login history.",
    severity: Severity::Medium,
    confidence: Confidence::Low,
    family: Family::Application,
    shown: Shown::NONE,
    mitre: &["T1528", "T1020"],
    needs: &[Sensor::Tokens],
    parameters: MEANINGS,
    quiet: &["An application whose tokens are always used as much."],
};

parameters! {
    /// A token granted less than this ago is new.
    age: SignedDuration = SignedDuration::from_hours(24),
    /// Uses between two looks, which are fifteen minutes apart.
    uses: u64 = 200,
    /// So many times the mean of the application's tokens.
    times: u64 = 10,
}

/// The detection.
#[derive(Debug)]
pub struct TokenSurge(pub Parameters);

impl Detection for TokenSurge {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_token(&self, view: &View<'_>, seen: &TokenUse) -> Option<Hit> {
        let age = seen.seen_at.duration_since(seen.token.created?);
        if age > self.0.age || seen.uses < self.0.uses || !seen.shows_use() {
            return None;
        }
        let known = view.application_profile(&seen.token.app_name);
        let mean = known.filter(|known| known.token_looks > 0).map_or(1, |known| known.token_uses / known.token_looks);
        (seen.uses >= self.0.times * mean.max(1)).then(|| {
            Hit::on_token(&ABOUT, Severity::Medium, seen).fact("usual_uses", mean).because(
                format!("A token of {} was used {} times, {} hours old.", seen.token.app_name, seen.uses, age.as_hours()),
                format!("Its tokens are used {mean} times between two looks."),
                "An older token, or an application that always works so hard, would not count.",
            )
        })
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity};
    use crate::observation::Observation;

    fn used(uses: u64, hours_old: i64, usual: u64) -> Option<Severity> {
        let mut world = World::with_office_workers();
        for minute in 0..20 {
            let seen = world.token_use("bob", "Data Loader", usual, minute * 15 - 1_000);
            world.judge(Observation::TokenUse(Box::new(seen)));
        }
        let mut seen = world.token_use("ada", "Data Loader", uses, 5);
        seen.token.created = Some(seen.seen_at - SignedDuration::from_hours(hours_old));
        severity(&world.judge(Observation::TokenUse(Box::new(seen))), &ABOUT)
    }

    pub(crate) fn fires() -> Option<Severity> {
        used(400, 2, 3)
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        used(400, 30, 3)
    }

    pub(crate) fn quiet() -> Option<Severity> {
        used(400, 2, 300)
    }
}

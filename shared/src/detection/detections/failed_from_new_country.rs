//! A10: a wrong password from a country where nobody ever succeeded.

use crate::detection::{About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, View};
use crate::observation::Login;

pub(crate) static ABOUT: About = About {
    id: "failed-from-new-country",
    row: "A10",
    title: "Wrong password from a country nobody comes from",
    why: "By itself it is the noise of the internet. Beside a success from somewhere new it says that somebody was \
          trying.",
    severity: Severity::Info,
    confidence: Confidence::Low,
    family: Family::Credential,
    shown: Shown::FAILURE.and(Shown::NEW_COUNTRY),
    mitre: &["T1110"],
    needs: &[Sensor::Logins, Sensor::Places],
    parameters: MEANINGS,
    quiet: &["Colleagues have come from the country."],
};

parameters! {
    /// Successes in the org's history before a country can be new.
    successes: u32 = 200,
}

/// The detection.
#[derive(Debug)]
pub struct FailedFromNewCountry(pub Parameters);

impl Detection for FailedFromNewCountry {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let country = view.facts().country.filter(|_| !login.succeeded() && view.is_new_country())?;
        let org = view.org();
        if org.successes() < self.0.successes || org.countries.of(&country).is_some() {
            return None;
        }
        let hit = Hit::on_login(&ABOUT, Severity::Info, login).fact("country", country.to_string());
        Some(hit.because(
            format!("A wrong password from {country}."),
            format!("In {} successes nobody of this org came from there.", org.successes()),
            "A country from which colleagues have come would not count.",
        ))
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{City, LAGOS, LYON, World, severity};
    use crate::observation::Outcome;

    fn failed_in(world: &mut World, city: City) -> Option<Severity> {
        let login = world.login_in("ada", "198.19.200.9", city, 5);
        severity(&world.see(Login { outcome: Outcome::WrongPassword, ..login }), &ABOUT)
    }

    pub(crate) fn fires() -> Option<Severity> {
        failed_in(&mut World::with_office_workers(), LAGOS)
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        failed_in(&mut World::with_office_workers(), LYON)
    }

    pub(crate) fn quiet() -> Option<Severity> {
        let mut world = World::with_office_workers();
        world.learn_egress("198.18.77.1", LAGOS);
        failed_in(&mut world, LAGOS)
    }
}

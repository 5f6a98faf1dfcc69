//! B12: the login comes from one country, and whoever approves it is in another.

use jiff::SignedDuration;

use crate::detection::{
    About, CheckOutcome, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, View,
};
use crate::observation::{CountryCode, Network, Verification};

pub(crate) static ABOUT: About = About {
    id: "authenticator-country",
    row: "B12",
    title: "Approved in another country than the login came from",
    why: "A proxy that sits in the login comes from where the attacker rents it; the phone that approves is where the \
          victim is.",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    family: Family::Assurance,
    shown: Shown::NONE,
    mitre: &["T1557", "T1621"],
    needs: &[Sensor::Logins, Sensor::Verifications, Sensor::Places],
    parameters: MEANINGS,
    quiet: &[
        "Countries alone are compared: a phone on mobile data and a laptop on Wi-Fi differ in every finer way.",
        "The login came from the organisation's egress, or from a network the user knows.",
    ],
};

parameters! {
    /// The login and its approval lie within this.
    window: SignedDuration = SignedDuration::from_mins(5),
}

/// The detection.
#[derive(Debug)]
pub struct AuthenticatorCountry(pub Parameters);

impl Detection for AuthenticatorCountry {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_verification(&self, view: &View<'_>, check: &Verification) -> Option<Hit> {
        let user = view.user().filter(|_| CheckOutcome::of(check) == CheckOutcome::Passed)?;
        let (last, here) = (user.last_success.as_ref()?, check.source.network()?);
        let age = check.time.duration_since(last.time);
        let is_strange = last.network != here && !user.knows_network(last.network, last.time) && !view.is_shared(last.network, last.time);
        if age.is_negative() || age > self.0.window || !is_strange {
            return None;
        }
        let (login, approved) = (last.place.country?, country_of(view, here)?);
        let hit = Hit::on_verification(&ABOUT, Severity::Medium, check).logins([last.login.clone()]).containable();
        (login != approved).then(|| {
            hit.fact("login_country", login.to_string()).fact("approved_in", approved.to_string()).because(
                format!("A login from {login} was approved from {approved}."),
                "The user had not come from the login's network before.",
                "From a network he knows, or the organisation's, it would not count.",
            )
        })
    }
}

/// The country that every place of a network lies in.
pub(super) fn country_of(view: &View<'_>, network: Network) -> Option<CountryCode> {
    let mut countries = view.network(network)?.places.iter().map(|place| place.country);
    let first = countries.next()??;
    countries.all(|country| country == Some(first)).then_some(first)
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{City, LAGOS, LYON, World, severity};

    fn approved(login_from: &str, city: City, after: i64) -> Option<Severity> {
        let mut world = World::with_office_workers();
        world.succeed_at("ada", login_from, city, 0);
        severity(&world.check("ada", "198.18.1.7", "Succeeded", after), &ABOUT)
    }

    pub(crate) fn fires() -> Option<Severity> {
        approved("198.19.200.9", LAGOS, 2)
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        approved("198.19.200.9", LYON, 2)
    }

    pub(crate) fn quiet() -> Option<Severity> {
        approved("198.18.1.9", LAGOS, 2)
    }
}

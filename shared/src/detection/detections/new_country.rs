//! B3, B4, B5, B7, B8: a country where the user does not come from.

use jiff::SignedDuration;

use crate::detection::{About, Confidence, Detection, Family, Hit, Known, Sensor, Severity, Shown, View, mark};
use crate::observation::{CountryCode, Login};

pub(crate) static ABOUT: About = About {
    id: "new-country",
    row: "B3, B4, B5, B7, B8",
    title: "Login from a country the user does not come from",
    why: "People travel, so by itself it is a remark. It weighs more where nobody of the org has ever been, where the \
          client is new too, and in countries that the policy lists.",
    severity: Severity::Medium,
    confidence: Confidence::Low,
    family: Family::Place,
    shown: Shown::SUCCESS.and(Shown::NEW_NETWORK),
    mitre: &["T1078"],
    needs: &[Sensor::Logins, Sensor::Places],
    parameters: MEANINGS,
    quiet: &[
        "The organisation's egress, or a network the user knows, whatever country geolocation puts it in.",
        "Colleagues were there within the week: a group travels, or the company has opened an office.",
        "After a day in the country it is known: a relocation is told once.",
        "His own client makes it `info`, or `low` where nobody of the org has been.",
    ],
};

parameters! {
    /// A country not seen for this many days counts as new again.
    stale_days: i64 = 90,
    /// So many colleagues within the week make a group that travels.
    group: usize = 3,
    /// Successes in the org's history before a country can be new for the org.
    successes: u32 = 200,
    /// Countries that are never innocent, as two letters: `medium` whoever has been there.
    listed: Vec<CountryCode> = Vec::new(),
}

/// The detection.
#[derive(Debug)]
pub struct NewCountry(pub Parameters);

impl Detection for NewCountry {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let facts = view.facts();
        let country = facts.country.filter(|_| login.succeeded() && facts.knows_network == Known::No)?;
        let seen = view.user()?.countries.of(&country);
        let days = seen.map_or(0, |seen| login.time.duration_since(seen.last()).as_hours() / 24);
        if !view.is_new_country() && days < self.0.stale_days {
            return None;
        }
        let severity = self.severity(view, login, country);
        let before = if days > 0 { format!("not for {days} days") } else { "never before".to_owned() };
        let hit = Hit::on_login(&ABOUT, severity?, login).fact("country", country.to_string());
        Some(hit.because(
            format!("A success from {country}."),
            format!("This user had come from there {before}."),
            "With colleagues there within the week it would not count.",
        ))
    }
}

impl NewCountry {
    fn severity(&self, view: &View<'_>, login: &Login, country: CountryCode) -> Option<Severity> {
        if self.0.listed.contains(&country) {
            return Some(Severity::Medium);
        }
        let (org, own) = (view.org(), login.user_id.as_ref().map_or(0, |id| mark(id.as_str())));
        let week_ago = login.time - SignedDuration::from_hours(168);
        let colleagues = org.visitors.get(&country).map_or(0, |who| who.others(own, week_ago, login.time));
        if colleagues >= self.0.group {
            return None;
        }
        let is_new_for_org = org.successes() >= self.0.successes && org.countries.of(&country).is_none();
        Some(match (is_new_for_org, view.is_new_client()) {
            (true, true) => Severity::Medium,
            (true, false) | (false, true) => Severity::Low,
            (false, false) => Severity::Info,
        })
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{City, LAGOS, LYON, World, severity};

    fn came(world: &mut World, city: City) -> Option<Severity> {
        let login = world.login_in("ada", "198.19.200.9", city, 30);
        severity(&world.see(login), &ABOUT)
    }

    pub(crate) fn fires() -> Option<Severity> {
        came(&mut World::with_office_workers(), LAGOS)
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        came(&mut World::with_office_workers(), LYON)
    }

    pub(crate) fn quiet() -> Option<Severity> {
        let mut world = World::with_office_workers();
        for n in 0..3 {
            world.succeed_at(&format!("worker{n}"), &format!("198.19.{}.9", 100 + 16 * n), LAGOS, n);
        }
        came(&mut world, LAGOS)
    }
}

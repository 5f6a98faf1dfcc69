//! C5: a provider from which nobody of the org has ever come.

use crate::detection::{About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, View};
use crate::observation::{Login, ProviderKind};

pub(crate) static ABOUT: About = About {
    id: "new-provider",
    row: "C5",
    title: "Login through a provider that is new for the org",
    why: "An org's people share a few dozen providers. One that none of them has ever used is a traveller's or a \
          stranger's.",
    severity: Severity::Low,
    confidence: Confidence::Low,
    family: Family::Network,
    shown: Shown::SUCCESS.and(Shown::NEW_NETWORK).and(Shown::ORIGIN),
    mitre: &["T1078"],
    needs: &[Sensor::Logins, Sensor::Providers],
    parameters: MEANINGS,
    quiet: &[
        "Carriers of phones, or his own client: it is `info`.",
        "The organisation's egress, and a network the user knows.",
        "Until the org's providers have been learned.",
    ],
};

parameters! {
    /// Successes with a known provider before one can be new.
    successes: u32 = 200,
    /// Days since the first of them.
    days: i64 = 14,
}

/// The detection.
#[derive(Debug)]
pub struct NewProvider(pub Parameters);

impl Detection for NewProvider {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let origin = login.detail.origin.as_deref().filter(|_| login.succeeded() && view.is_new_network())?;
        let (asn, systems) = (origin.asn?, &view.org().systems);
        let is_learned = systems.successes >= self.0.successes && systems.days(login.time) >= self.0.days;
        if !is_learned || systems.knows(asn, login.time) {
            return None;
        }
        let is_stranger = view.is_new_client() && origin.kind != ProviderKind::Mobile;
        let severity = if is_stranger { Severity::Low } else { Severity::Info };
        let hit = Hit::on_login(&ABOUT, severity, login).fact("provider", origin.label());
        Some(hit.because(
            format!("A success through {}.", origin.label()),
            format!("Nobody of the org had come through it; {} others are known.", systems.len()),
            "With a client the user knows it would weigh less.",
        ))
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity};
    use crate::observation::Origin;

    fn through(world: &mut World, asn: u32, kind: ProviderKind) -> Login {
        let mut login = world.login("ada", "198.19.200.9", 5);
        login.client.browser = "Firefox 115".into();
        login.detail.origin = Some(Box::new(Origin { asn: Some(asn), kind, ..Origin::default() }));
        login
    }

    /// The office's provider has been learned on all its days.
    fn world() -> World {
        let mut world = World::with_office_workers();
        for day in 1..60 {
            for _ in 0..4 {
                let time = world.login("ada", "198.18.1.7", -day * 1440).time;
                world.state.profiles.org.systems.learn(64_496, time);
            }
        }
        world
    }

    fn came(mut world: World, asn: u32, kind: ProviderKind) -> Option<Severity> {
        let login = through(&mut world, asn, kind);
        severity(&world.see(login), &ABOUT)
    }

    pub(crate) fn fires() -> Option<Severity> {
        came(world(), 64_500, ProviderKind::Other)
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        came(world(), 64_496, ProviderKind::Other)
    }

    pub(crate) fn quiet() -> Option<Severity> {
        came(world(), 64_500, ProviderKind::Mobile)
    }

    #[test]
    fn nothing_is_new_before_anything_is_known() {
        assert_eq!(came(World::with_office_workers(), 64_500, ProviderKind::Other), None);
    }

    #[test]
    fn what_a_user_teaches_is_known_a_day_later() {
        let mut world = world();
        let login = through(&mut world, 64_500, ProviderKind::Other);
        let later = |login: &Login, hours| login.time + jiff::SignedDuration::from_hours(hours);
        world.see(login.clone());
        // What is committed was folded by what comes after the overlap.
        let next = Login { id: "next".into(), time: later(&login, 1), ..login.clone() };
        world.see(next);
        assert!(!world.state.profiles.org.systems.knows(64_500, later(&login, 23)));
        assert!(world.state.profiles.org.systems.knows(64_500, later(&login, 25)));
    }
}

//! C3: a person comes from where machines are rented out.

use crate::detection::{About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, View};
use crate::observation::{Login, ProviderKind};

pub(crate) static ABOUT: About = About {
    id: "hosting-login",
    row: "C3",
    title: "A person comes from a hosting provider",
    why: "People sit in offices and at home; kits that phish a session log in from rented machines. Virtual desktops and \
          VPNs stand there, too, so it is context.",
    severity: Severity::Low,
    confidence: Confidence::Low,
    family: Family::Network,
    shown: Shown::SUCCESS.and(Shown::NEW_NETWORK).and(Shown::ORIGIN),
    mitre: &["T1078", "T1557"],
    needs: &[Sensor::Logins, Sensor::Providers],
    parameters: MEANINGS,
    quiet: &[
        "Accounts of programs, and ways in without a person: `integration-network` looks at those.",
        "The organisation's egress, and a network the user has known for longer than a day.",
        "His own client makes it `info`.",
    ],
};

parameters! {}

/// The detection.
#[derive(Debug)]
pub struct HostingLogin(pub Parameters);

impl Detection for HostingLogin {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let origin = login.detail.origin.as_deref().filter(|origin| origin.kind == ProviderKind::Hosting)?;
        let is_person = !view.facts().path.is_unattended() && !view.is_integration();
        if !login.succeeded() || !is_person || !view.is_new_network() {
            return None;
        }
        let severity = if view.is_new_client() { Severity::Low } else { Severity::Info };
        let hit = Hit::on_login(&ABOUT, severity, login).fact("provider", origin.label());
        Some(hit.because(
            format!("A success from {}, which rents out machines.", origin.label()),
            "This user comes from other networks.",
            "From the organisation's egress, or with a client he knows, it would weigh less.",
        ))
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{LYON, World, severity};
    use crate::observation::Origin;

    fn came(world: &mut World, address: &str, kind: ProviderKind) -> Option<Severity> {
        let mut login = world.login("ada", address, 5);
        login.client.browser = "Firefox 115".into();
        login.detail.origin =
            Some(Box::new(Origin { asn: Some(64_500), provider: "Acme".into(), kind, ..Origin::default() }));
        severity(&world.see(login), &ABOUT)
    }

    pub(crate) fn fires() -> Option<Severity> {
        came(&mut World::with_office_workers(), "198.19.200.9", ProviderKind::Hosting)
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        came(&mut World::with_office_workers(), "198.19.200.9", ProviderKind::Other)
    }

    pub(crate) fn quiet() -> Option<Severity> {
        let mut world = World::with_office_workers();
        world.learn_egress("198.18.77.1", LYON);
        came(&mut world, "198.18.77.1", ProviderKind::Hosting)
    }
}

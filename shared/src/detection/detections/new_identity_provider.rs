//! F4: an identity provider that has never let anybody of this org in.

use crate::detection::{About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, View};
use crate::observation::Login;

pub(crate) static ABOUT: About = About {
    id: "new-identity-provider",
    row: "F4",
    title: "Identity provider that never let anybody in before",
    why: "Whoever may change the org's single sign-on can add a provider of his own, which vouches for whomever he \
          likes.",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    family: Family::Assurance,
    shown: Shown::SUCCESS.and(Shown::PROVIDER),
    mitre: &["T1199", "T1556"],
    needs: &[Sensor::Logins],
    parameters: MEANINGS,
    quiet: &["The first provider of an org: it introduces single sign-on.", "Once used by a login that is not suspicious it is known."],
};

parameters! {
    /// Single-sign-on successes in the org's history before a provider can be new.
    logins: u32 = 100,
}

/// The detection.
#[derive(Debug)]
pub struct NewIdentityProvider(pub Parameters);

impl Detection for NewIdentityProvider {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let provider = login.detail.auth_service_id.as_str();
        let (org, is_told) = (view.org(), login.succeeded() && !provider.is_empty());
        if !is_told || org.providers.of(provider).is_some() {
            return None;
        }
        let before: u32 = org.providers.iter().map(|(_, known)| known.count).sum();
        (before >= self.0.logins).then(|| {
            Hit::on_login(&ABOUT, Severity::Medium, login).fact("provider", provider).because(
                format!("The identity provider {provider} let somebody in from {}.", login.source),
                format!("In {before} successes through {} others it never had.", org.providers.len()),
                "A provider that has let somebody in before would not count.",
            )
        })
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity};

    fn came(usual: i64, then: &[&str]) -> Option<Severity> {
        let mut world = World::with_office_workers();
        let mut come = |provider: &str, minute: i64| {
            let mut login = world.login("ada", "198.18.1.7", minute);
            (login.login_type, login.detail.auth_service_id) = ("SAML Sfdc Initiated SSO".into(), provider.into());
            severity(&world.see(login), &ABOUT)
        };
        for minute in 0..usual {
            come("0LE1", minute);
        }
        for provider in then {
            come(provider, usual);
        }
        come("0LE2", usual + 1)
    }

    pub(crate) fn fires() -> Option<Severity> {
        came(110, &[])
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        came(40, &[])
    }

    pub(crate) fn quiet() -> Option<Severity> {
        came(110, &["0LE2"])
    }
}

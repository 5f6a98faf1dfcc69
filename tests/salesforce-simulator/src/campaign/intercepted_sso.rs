//! A single-sign-on user logs in through an adversary in the middle: the login comes from the proxy's hosting network,
//! its session is used from elsewhere at once, and minutes later a factor of the attacker's is registered with it.

use super::played::Played;
use super::target::{NetworkKind, browser, hideout_of, single_sign_on_user};
use super::trail::{Password, Trail};
use super::{Campaign, CampaignKind};
use crate::arrival::{Challenge, Method};
use crate::org::Org;
use jiff::Timestamp;

/// The parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct InterceptedSso {
    /// Where the proxy stands.
    pub proxy: NetworkKind,
    /// Where the session is carried to.
    pub carried_to: NetworkKind,
    /// Seconds from the login to the first use elsewhere.
    pub carried_after: i64,
    /// Minutes from the login to the factor's registration.
    pub registered_after: i64,
    /// VerificationHistory's Activity and VerificationMethod of the factor.
    pub factor: (&'static str, &'static str),
}

impl Default for InterceptedSso {
    fn default() -> Self {
        Self {
            proxy: NetworkKind::Hosting,
            carried_to: NetworkKind::ResidentialProxy,
            carried_after: 40,
            registered_after: 6,
            factor: ("ConnectWebAuth", "WebAuthn"),
        }
    }
}

impl Played for InterceptedSso {
    fn play(&self, org: &mut Org, now: Timestamp) -> Campaign {
        let mut trail = Trail::new(CampaignKind::InterceptedSso, org, now);
        let victim = single_sign_on_user(org, now);
        let (proxy, elsewhere) = (hideout_of(self.proxy, org, 0), hideout_of(self.carried_to, org, 1));
        let caught = trail.ago(self.registered_after * 60);
        let (login, family) = trail.enter(org, victim, caught, (Method::saml(), &proxy, &browser()));
        let carried = trail.ago(self.registered_after * 60 - self.carried_after);
        trail.carry_off(org, &family, carried, &elsewhere);
        let (activity, method) = self.factor;
        let factor = Challenge { activity, status: "Succeeded", policy: "TwoFactorAuthentication", method };
        trail.register(org, login, now, &factor);
        trail.end(org, victim, Password::Unknown)
    }
}

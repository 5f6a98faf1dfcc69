//! A single-sign-on user, logged in with a password from where he cannot be, with an authenticator registered minutes before.

use super::played::Played;
use super::target::{browser, far_hideouts, staff};
use super::trail::{Password, Trail};
use super::{Campaign, CampaignKind};
use crate::arrival::{Arrival, Challenge, Method, SUCCESS};
use crate::clock::shifted;
use crate::generate::Person;
use crate::generate::people::SignOn;
use crate::org::Org;
use jiff::Timestamp;

/// Seconds within which nobody gets from any home to the far side of the earth.
const LATELY: i64 = 2 * 3_600;
/// Seconds before the attack at which the victim logs in, if he has not done so lately.
const HOME_BEFORE: i64 = 40 * 60;

const REGISTRATION: Challenge = Challenge {
    activity: "ConnectTotp",
    status: "Succeeded",
    policy: "TwoFactorAuthentication",
    method: "Totp",
};

/// The parameters. One login, whose session is carried to a second address.
#[derive(Clone, Debug, PartialEq)]
pub struct PhishedSso {
    /// Minutes between the registration of the attacker's authenticator and his login.
    pub registered_before: i64,
    /// Sessions of the family that are carried off.
    pub rows: usize,
}

impl Default for PhishedSso {
    fn default() -> Self {
        Self { registered_before: 3, rows: 2 }
    }
}

impl Played for PhishedSso {
    fn play(&self, org: &mut Org, now: Timestamp) -> Campaign {
        let mut trail = Trail::new(CampaignKind::PhishedSso, org, now);
        let victim = staff(org, SignOn::Single, now);
        let user_id = victim.as_ref().map_or(org.id(), |person| person.user_id);
        let (source, elsewhere) = far_hideouts(org, victim.as_ref().map_or(0, |person| person.home));
        if let Some(victim) = &victim {
            be_at_home(org, &mut trail, victim, now);
        }
        let (login, family) = trail.enter(org, user_id, now, (Method::PASSWORD, &source, &browser()));
        let registered = trail.ago(self.registered_before * 60);
        trail.register(org, login, registered, &REGISTRATION);
        trail.carry_off(org, &family[..family.len().min(self.rows)], now, &elsewhere);
        trail.end(org, user_id, Password::Known).coming_from(&source)
    }
}

/// The victim has logged in as usual a short while ago, or does so now.
fn be_at_home(org: &mut Org, trail: &mut Trail, victim: &Person, now: Timestamp) {
    let lately = shifted(now, -LATELY);
    if org.user(&victim.user_id).is_some_and(|user| user.last_login < Some(lately)) {
        let today = now.as_second().div_euclid(86_400);
        let (source, client) = (victim.home_line(today), victim.desktop.client(today));
        let (user_id, time) = (victim.user_id, shifted(now, -HOME_BEFORE));
        let method = Method::saml();
        let arrival = Arrival { user_id, time, method, source, client, status: SUCCESS, challenge: None };
        trail.own_login_ids.push(org.record(arrival));
    }
}

//! A single-sign-on user, logged in with a password from where he cannot be, with an authenticator registered minutes before.

use super::target::{access_token, arrival, browser, far_hideouts, staff};
use super::{Campaign, CampaignKind, Loot};
use crate::arrival::{Challenge, Method};
use crate::clock::shifted;
use crate::generate::Person;
use crate::generate::people::SignOn;
use crate::id::Id;
use crate::objects::login_history::Text;
use crate::org::Org;
use jiff::Timestamp;

const UI_SECONDS: i64 = 7_200;
/// Seconds between the registration of the attacker's authenticator and his login.
const REGISTERED_BEFORE: i64 = 180;

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

pub(super) fn launch(org: &mut Org, now: Timestamp) -> Campaign {
    let victim = staff(org, SignOn::Single, now);
    let user_id = victim.as_ref().map_or(org.id(), |person| person.user_id);
    let (source, elsewhere) = far_hideouts(org, victim.as_ref().map_or(0, |person| person.home));
    if let Some(victim) = &victim {
        be_at_home(org, victim, now);
    }
    let registered = shifted(now, -REGISTERED_BEFORE);
    let login = org.record(arrival(user_id, now, Method::PASSWORD, &source, &browser()));
    if let Some(row) = org.logins.get(&login) {
        org.challenge(&row, registered, &REGISTRATION);
    }
    let session_ids = org.open_ui_family(login, now, UI_SECONDS);
    carry_off(org, &session_ids, &elsewhere.ip);
    let (username, password) = org
        .user(&user_id)
        .map_or_else(Default::default, |user| (user.username.clone(), user.password.clone()));
    Campaign {
        kind: CampaignKind::PhishedSso,
        user_id,
        username: username.clone(),
        login_ids: vec![login],
        source_ips: vec![source.ip.to_string(), elsewhere.ip.to_string()],
        started: registered,
        first_success: now,
        loot: Loot {
            username,
            access_token: access_token(org, session_ids.first()),
            refresh_token: None,
            password: Some(password),
            source_ip: source.ip.to_string(),
            city: source.city,
        },
        session_ids,
    }
}

/// The victim has logged in as usual a short while ago, or does so now.
fn be_at_home(org: &mut Org, victim: &Person, now: Timestamp) {
    let lately = shifted(now, -LATELY);
    if org.user(&victim.user_id).is_some_and(|user| user.last_login < Some(lately)) {
        let today = now.as_second().div_euclid(86_400);
        let (source, client) = (victim.home_line(today), victim.desktop.client(today));
        let time = shifted(now, -HOME_BEFORE);
        org.record(arrival(victim.user_id, time, Method::saml(), &source, &client));
    }
}

/// The cookie is used from another address than the login's.
fn carry_off(org: &mut Org, sessions: &[Id], ip: &Text) {
    for id in sessions.iter().take(2) {
        if let Some(session) = org.sessions.get_mut(id) {
            session.source_ip.clone_from(ip);
        }
    }
}

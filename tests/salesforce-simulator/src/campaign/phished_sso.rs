//! A single-sign-on user, logged in with a password from where he cannot be, with an authenticator registered minutes before.

use super::target::{access_token, arrival, browser, hideout, staff};
use super::{Campaign, CampaignKind, Loot};
use crate::arrival::{Challenge, Method};
use crate::clock::shifted;
use crate::generate::people::SignOn;
use crate::id::Id;
use crate::objects::login_history::Text;
use crate::org::Org;
use jiff::Timestamp;
use std::sync::Arc;

const UI_SECONDS: i64 = 7_200;
/// Seconds between the registration of the attacker's authenticator and his login.
const REGISTERED_BEFORE: i64 = 180;

const REGISTRATION: Challenge = Challenge {
    activity: "ConnectTotp",
    status: "Succeeded",
    policy: "TwoFactorAuthentication",
    method: "Totp",
};

pub(super) fn launch(org: &mut Org, now: Timestamp) -> Campaign {
    let user_id = staff(org, SignOn::Single, now).map_or(org.id(), |person| person.user_id);
    let (source, elsewhere) = (hideout(org, 0), hideout(org, 77));
    let registered = shifted(now, -REGISTERED_BEFORE);
    let login = org.record(arrival(user_id, now, Method::PASSWORD, &source, &browser()));
    if let Some(row) = org.logins.get(&login).map(Arc::clone) {
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

/// The cookie is used from another address than the login's.
fn carry_off(org: &mut Org, sessions: &[Id], ip: &Text) {
    for id in sessions.iter().take(2) {
        if let Some(session) = org.sessions.get_mut(id) {
            session.source_ip.clone_from(ip);
        }
    }
}

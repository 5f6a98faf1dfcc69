//! Many wrong passwords, then the right one.

use super::target::{access_token, arrival, browser, hideout, staff};
use super::{Campaign, CampaignKind, Loot};
use crate::arrival::Method;
use crate::clock::shifted;
use crate::generate::people::SignOn;
use crate::id::Id;
use crate::org::Org;
use jiff::Timestamp;

/// Seconds the guessing takes.
const MINUTES_OF_GUESSING: i64 = 8 * 60;
const UI_SECONDS: i64 = 7_200;

pub(super) fn launch(org: &mut Org, now: Timestamp) -> Campaign {
    let user_id = staff(org, SignOn::Password, now).map_or(org.id(), |person| person.user_id);
    let source = hideout(org, 0);
    let guesses = [11, 9, 14, 12, 8, 13, 10][org.campaigns.len() % 7];
    let started = shifted(now, -MINUTES_OF_GUESSING);
    let mut login_ids = Vec::new();
    for guess in 0..guesses {
        let time = shifted(started, guess * (MINUTES_OF_GUESSING - 20) / guesses);
        let mut failed = arrival(user_id, time, Method::PASSWORD, &source, &browser());
        failed.status = "Invalid Password".into();
        login_ids.push(org.record(failed));
    }
    let success = org.record(arrival(user_id, now, Method::PASSWORD, &source, &browser()));
    login_ids.push(success);
    let session_ids = org.open_ui_family(success, now, UI_SECONDS);
    finish(org, user_id, login_ids, session_ids, started, now, &source)
}

fn finish(
    org: &Org,
    user_id: Id,
    login_ids: Vec<Id>,
    session_ids: Vec<Id>,
    started: Timestamp,
    now: Timestamp,
    source: &crate::arrival::Source,
) -> Campaign {
    let (username, password) = org
        .user(&user_id)
        .map_or_else(Default::default, |user| (user.username.clone(), user.password.clone()));
    let source_ip = source.ip.to_string();
    Campaign {
        kind: CampaignKind::BruteForce,
        user_id,
        username: username.clone(),
        login_ids,
        source_ips: vec![source_ip.clone()],
        started,
        first_success: now,
        loot: Loot {
            username,
            access_token: access_token(org, session_ids.first()),
            refresh_token: None,
            password: Some(password),
            source_ip,
            city: source.city,
        },
        session_ids,
    }
}

//! What is open at the end of the history: the tokens of every app user, and the sessions of those who work now.

use super::dice::Dice;
use crate::clock::shifted;
use crate::id::Id;
use crate::objects::login_history::Login;
use crate::objects::oauth_token::Token;
use crate::org::Org;
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::Arc;

const HOUR: i64 = 3_600;
/// Seconds a UI session outlives without use.
pub(crate) const UI_SECONDS: i64 = 2 * HOUR;
/// Seconds an app's session outlives without use.
pub(crate) const APP_SECONDS: i64 = 2 * HOUR;

/// Logins older than this have no session left.
pub(crate) const RECENT_SECONDS: i64 = 36 * HOUR;

pub(crate) fn furnish(org: &mut Org, seed: u64, now: Timestamp) {
    let mut dice = Dice::new(seed, 1);
    let serials = tokens(org, &mut dice);
    let since = shifted(now, -RECENT_SECONDS);
    let first = org.logins().partition_point(|login| login.login_time < since);
    let recent: Vec<Arc<Login>> =
        org.logins()[first..].iter().filter(|login| login.succeeded()).cloned().collect();
    open(org, &recent, now, &serials, &mut dice);
}

/// The sessions that recent logins have opened.
pub(crate) fn open(org: &mut Org, recent: &[Arc<Login>], now: Timestamp, serials: &Serials, dice: &mut Dice) {
    for login in recent {
        let age = now.as_second() - login.login_time.as_second();
        if login.application == "Browser" {
            ui(org, login, age, now, dice);
        } else {
            app(org, login, age, now, serials);
        }
    }
}

/// The token of a user's app.
pub(crate) type Serials = HashMap<(Id, String), u64>;

fn tokens(org: &mut Org, dice: &mut Dice) -> Serials {
    let mut uses: HashMap<(Id, String), (i64, Timestamp, Timestamp)> = HashMap::new();
    let refreshed = |login: &&Arc<Login>| login.login_sub_type.as_deref() == Some("OauthRefreshToken");
    for login in org.logins().iter().filter(refreshed) {
        let key = (login.user_id, login.application.to_string());
        let entry = uses.entry(key).or_insert((0, login.login_time, login.login_time));
        (entry.0, entry.2) = (entry.0 + 1, login.login_time);
    }
    let mut uses: Vec<_> = uses.into_iter().collect();
    uses.retain(|((user, _), _)| org.user(user).is_some_and(|user| user.is_active()));
    uses.sort();
    uses.into_iter()
        .map(|((user_id, app), (count, first, last))| {
            let created = shifted(first, -dice.within(60..90 * 24 * HOUR));
            let serial = add_token(org, user_id, &app, created, count, Some(last));
            ((user_id, app), serial)
        })
        .collect()
}

pub(crate) fn add_token(
    org: &mut Org,
    user_id: Id,
    app: &str,
    created: Timestamp,
    use_count: i64,
    last_used: Option<Timestamp>,
) -> u64 {
    org.token_count += 1;
    org.tokens.push(Arc::new(Token {
        serial: org.token_count,
        user_id,
        app: app.to_owned(),
        refresh_token: org.secrets.refresh_token(),
        delete_token: org.secrets.delete_token(),
        created,
        last_used,
        use_count,
        client_app: None,
    }));
    org.token_count
}

/// People keep a session open for hours; the rows of some expired ones linger.
fn ui(org: &mut Org, login: &Login, age: i64, now: Timestamp, dice: &mut Dice) {
    let working = age < 4 * HOUR && dice.chance(0.85);
    let lingering = age >= 4 * HOUR && dice.chance(0.2);
    if working {
        let used = shifted(now, -dice.within(0..40 * 60).min(age));
        org.open_ui_family(login.id, used, UI_SECONDS);
    } else if lingering {
        let used = shifted(login.login_time, dice.within(0..HOUR));
        org.open_ui_family(login.id, used, UI_SECONDS);
    }
}

fn app(org: &mut Org, login: &Login, age: i64, now: Timestamp, serials: &Serials) {
    if age > 6 * HOUR {
        return;
    }
    let made_by = serials.get(&(login.user_id, login.application.to_string())).copied();
    let used = shifted(login.login_time, age.min(15 * 60)).min(now);
    org.open_oauth_session(login.id, used, APP_SECONDS, made_by);
}

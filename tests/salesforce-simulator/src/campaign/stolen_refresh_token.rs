//! A vendor's refresh token, used from where the vendor has never been.

use super::target::{access_token, arrival, attacked, hideout};
use super::{Campaign, CampaignKind, Loot};
use crate::arrival::{Client, Method};
use crate::generate::integrations::INTEGRATIONS;
use crate::objects::oauth_token::Token;
use crate::org::Org;
use jiff::Timestamp;
use std::sync::Arc;

/// Seconds the attacker's session outlives without use.
const SESSION_SECONDS: i64 = 7_200;

pub(super) fn launch(org: &mut Org, now: Timestamp) -> Campaign {
    let source = hideout(org, 0);
    let source_ip = source.ip.to_string();
    let place = target(org);
    let token = place.and_then(|place| org.tokens.get(place)).cloned();
    let user_id = token.as_ref().map_or(org.id(), |token| token.user_id);
    let app = token.as_ref().map_or("", |token| token.app.as_str());
    let login = org.record(arrival(user_id, now, Method::REFRESH, &source, &Client::app(app)));
    let session =
        org.open_oauth_session(login, now, SESSION_SECONDS, token.as_ref().map(|token| token.serial));
    if let Some(used) = place.and_then(|place| org.tokens.get_mut(place)).map(Arc::make_mut) {
        (used.use_count, used.last_used) = (used.use_count + 1, Some(now));
    }
    let session_ids: Vec<_> = session.iter().map(|session| session.id).collect();
    let username = org.user(&user_id).map_or_else(String::new, |user| user.username.clone());
    Campaign {
        kind: CampaignKind::StolenRefreshToken,
        user_id,
        username: username.clone(),
        login_ids: vec![login],
        source_ips: vec![source_ip.clone()],
        started: now,
        first_success: now,
        loot: Loot {
            username,
            access_token: access_token(org, session_ids.first()),
            refresh_token: token.map(|token| token.refresh_token.clone()),
            password: None,
            source_ip,
            city: source.city,
        },
        session_ids,
    }
}

fn target(org: &Org) -> Option<usize> {
    let vendors = |token: &&Arc<Token>| INTEGRATIONS.iter().any(|integration| integration.app == token.app);
    let fresh = |token: &Arc<Token>| vendors(&token) && !attacked(org, token.user_id);
    org.tokens.iter().position(fresh).or_else(|| org.tokens.iter().position(|token| vendors(&token)))
}

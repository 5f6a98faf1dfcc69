//! Observations as the events that rules match.

use serde_json::{Value, json};

use crate::detection::{Known, View};
use crate::observation::{Login, Session};

pub(super) fn login(view: &View<'_>, login: &Login) -> Value {
    let facts = view.facts();
    let place = login.place.as_ref();
    let user = login.user_id.as_ref().map(ToString::to_string);
    json!({
        "user.id": user,
        "user.name": view.account().map(|account| account.username.as_str()),
        "source.ip": login.source.to_string(),
        "source.country": facts.country.map(|country| country.to_string()),
        "source.city": place.and_then(|place| place.city.as_deref()),
        "source.is_new": facts.knows_network == Known::No,
        "country.is_new": facts.knows_country == Known::No,
        "client.is_new": facts.knows_client == Known::No,
        "login.outcome": login.outcome,
        "login.status": login.status.as_str(),
        "login.type": login.login_type.as_str(),
        "login.sub_type": login.login_sub_type.as_str(),
        "login.path": facts.path,
        "login.hour": facts.hour,
        "login.url": login.detail.login_url.as_str(),
        "application": login.application.as_str(),
        "client.browser": login.client.browser.as_str(),
        "client.platform": login.client.platform.as_str(),
        "client.family": facts.family.as_str(),
        "tls.protocol": login.client.tls_protocol.as_str(),
        "tls.cipher": login.client.cipher_suite.as_str(),
        "api.type": login.detail.api_type.as_str(),
    })
}

pub(super) fn session(view: &View<'_>, session: &Session) -> Value {
    let country = session.place.as_ref().and_then(|place| place.country);
    json!({
        "user.id": session.user_id.as_str(),
        "user.name": view.account().map(|account| account.username.as_str()),
        "source.ip": session.source.to_string(),
        "source.country": country.map(|country| country.to_string()),
        "session.type": session.session_type.as_str(),
        "session.login_type": session.login_type.as_str(),
        "session.security_level": session.security_level.as_str(),
    })
}

//! A simulated org's history as observations, without the way over HTTP.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use salesforce_simulator::{Org, Permission};
use serde_json::{from_value, json};
use session_warden::detection::{Absorbed, Detection, Lane, OrgState, Present, TailEntry, catalogue};
use session_warden::observation::{
    AccountKind, CountryCode, Login, Logout, Observation, OrgId, Outcome, Place, Session, TokenUse, User,
    UserId, Verification,
};
use session_warden::policy::Policy;

/// Logins, identity verifications, sessions and uses of refresh tokens in the order of judging.
pub(crate) fn history(org: &Org) -> Vec<Observation> {
    let logins = org.logins().iter().map(|row| Observation::Login(Box::new(login(row))));
    let checks = org.verifications().iter().map(|row| Observation::Verification(Box::new(check(row))));
    let read: HashMap<_, _> =
        org.logins().iter().map(|row| (row.id, (row.login_time, row.source_ip.to_string()))).collect();
    let sessions = org.sessions().iter().map(|row| Observation::Session(Box::new(session(row, &read))));
    let tokens = org.tokens().iter().map(|row| Observation::TokenUse(Box::new(token_use(row))));
    let mut history: Vec<_> = logins.chain(checks).chain(sessions).chain(tokens).collect();
    history.sort_by_cached_key(Observation::position);
    history
}

/// The same, where the org relays: the logins of sessions have keys, and their users log out of them, some before what was seen of
/// the session last.
pub(crate) fn with_logouts(mut history: Vec<Observation>) -> Vec<Observation> {
    let mut logouts = HashMap::new();
    for (seen, minutes) in history.iter().zip([-7, 0, 7].into_iter().cycle()) {
        let Observation::Session(session) = seen else { continue };
        let Some(login) = session.login_id() else { continue };
        let time = session.last_modified + SignedDuration::from_mins(minutes);
        let (id, user_id) = (format!("logout-{login}"), session.user_id.clone());
        let logout = Logout { id, time, user_id, login_key: login.as_str().into() };
        logouts.insert(login.clone(), logout);
    }
    for seen in &mut history {
        if let Observation::Login(login) = seen
            && logouts.contains_key(&login.id)
        {
            login.detail.login_key = login.id.as_str().into();
        }
    }
    history.extend(logouts.into_values().map(|logout| Observation::Logout(Box::new(logout))));
    history.sort_by_cached_key(Observation::position);
    history
}

fn login(row: &salesforce_simulator::Login) -> Login {
    let login = json!({
        "id": row.id.as_str(),
        "time": row.login_time,
        "user_id": row.user_id.as_str(),
        "outcome": Outcome::from_status(&row.status),
        "status": row.status,
        "login_type": row.login_type,
        "login_sub_type": row.login_sub_type.as_deref().unwrap_or_default(),
        "source": row.source_ip,
        "application": row.application,
        "client": { "browser": row.browser, "platform": row.platform },
    });
    let country = row.country_iso.as_deref().and_then(CountryCode::parse);
    let geo = row.geo.as_ref();
    let place = Place::from_parts(
        geo.map(|geo| (geo.latitude, geo.longitude)),
        country,
        geo.map(|geo| geo.city.into()),
    );
    Login { place, ..from_value(login).unwrap() }
}

fn check(row: &salesforce_simulator::Verification) -> Verification {
    from_value(json!({
        "id": row.id.as_str(),
        "time": row.time,
        "user_id": row.user_id.as_str(),
        "activity": row.activity,
        "status": row.status,
        "source": row.source_ip,
    }))
    .unwrap()
}

fn session(
    row: &salesforce_simulator::Session,
    read: &HashMap<salesforce_simulator::Id, (Timestamp, String)>,
) -> Session {
    let login = row.login_id.map(|id| json!({ "id": id.as_str(), "read": read.get(&id) }));
    from_value(json!({
        "id": row.id.as_str(),
        "user_id": row.user_id.as_str(),
        "parent_id": row.parent_id.as_str(),
        "session_type": row.session_type,
        "source": row.source_ip,
        "login": login,
        "created": row.created,
        "last_modified": row.last_modified,
        "seconds_valid": row.num_seconds_valid,
    }))
    .unwrap()
}

/// A token as the look after its last use sees it.
fn token_use(row: &salesforce_simulator::Token) -> TokenUse {
    let used = row.last_used.unwrap_or(row.created);
    from_value(json!({
        "token": {
            "key": row.serial.to_string(),
            "user_id": row.user_id.as_str(),
            "app_name": row.app,
            "use_count": row.use_count,
            "created": row.created,
            "last_used": row.last_used,
        },
        "change": "used",
        "uses": 1,
        "seen_at": used + SignedDuration::from_mins(5),
    }))
    .unwrap()
}

fn accounts(org: &Org) -> HashMap<UserId, User> {
    let account = |user: &salesforce_simulator::User| {
        let is_program = org.permissions_of(&user.id).contains(Permission::ApiUserOnly);
        let kind = if is_program { AccountKind::Integration } else { AccountKind::Human };
        let account = json!({
            "id": user.id.as_str(),
            "username": user.username,
            "is_active": user.is_active(),
            "profile": user.profile_id.as_str(),
            "kind": kind,
        });
        let account: User = from_value(account).unwrap();
        (account.id.clone(), account)
    };
    org.users().iter().map(|user| account(user)).collect()
}

/// An org's engine.
pub(crate) struct Engine {
    pub(crate) state: OrgState,
    policy: Policy,
    detections: Vec<Box<dyn Detection>>,
}

impl Engine {
    pub(crate) fn of(org: &Org) -> Self {
        let policy = Policy::default();
        let detections = catalogue(&policy);
        let state = OrgState { users: accounts(org).into_iter().collect(), ..OrgState::default() };
        Self { state, policy, detections }
    }

    pub(crate) fn absorb(&mut self, lane: Lane, batch: impl IntoIterator<Item = Observation>) -> Absorbed {
        let entries = batch.into_iter().map(|observation| TailEntry { observation, lane });
        self.state.absorb(&OrgId::new("org"), &self.policy, &self.detections, entries, Present::AsItHappened)
    }
}

//! What Event Relay hands on to EventBridge: logins and logouts of people as real-time monitoring tells them, and the alarms of Salesforce's own
//! threat detection about the campaigns that it would notice. Sources: Platform Events Developer Guide, "Real-Time Event Monitoring
//! Objects"; Event Relay guide.

use crate::arrival::Method;
use crate::campaign::{Campaign, CampaignKind};
use crate::id::Id;
use crate::objects::login_history::{Login, Text};
use crate::org::Org;
use crate::switches::{RealTimeRelay, RelayedKeys, RelayedTimes};
use crate::table::Keyed;
use jiff::{SignedDuration, Timestamp};
use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde_json::{Value, json};

/// What the threat detection takes to find something, which is told with the time at which it happened.
const LEARNING: SignedDuration = SignedDuration::from_mins(1);

/// One event, before it is put into its envelope.
struct Happened {
    kind: &'static str,
    /// When it was told.
    told: Timestamp,
    /// `EventIdentifier`.
    identifier: String,
    payload: Value,
}

/// Somebody has logged out.
#[derive(Clone, Debug)]
pub(crate) struct Logout {
    time: Timestamp,
    user_id: Id,
    /// The root of the family that ended.
    session: Id,
    login: Option<Id>,
    source_ip: Text,
}

impl Org {
    /// The user of a session logs out in his browser, which ends its family; answers how many sessions that were. Where there is no
    /// such session nothing happens.
    pub fn log_out(&mut self, session_id: &str) -> usize {
        let Some(session) = self.sessions.get(session_id) else { return 0 };
        let (time, root) = (self.now(), session.parent_id);
        let (user_id, login, source_ip) = (session.user_id, session.login_id, session.source_ip.clone());
        self.logouts.push(Logout { time, user_id, session: root, login, source_ip });
        self.remove_sessions(|id, parent| id == root || parent == root).len()
    }

    /// The events of what was told from `from` on, each once and in order; for what may arrive see [`at_least_once`]. Logins of
    /// programs are not among them, as real-time monitoring does not track those.
    pub fn relayed(&self, from: Timestamp) -> Vec<Value> {
        if self.switches.real_time_relay == RealTimeRelay::NotCarried {
            return Vec::new();
        }
        let logins = self.logins().iter().filter(|login| !is_a_programs(login));
        let logins = logins.map(|login| self.login_event(login));
        let logouts = self.logouts.iter().map(|logout| self.logout_event(logout));
        let alarms = self.campaigns.iter().filter_map(|c| self.alarm(c));
        let mut events: Vec<_> = logins.chain(logouts).chain(alarms).collect();
        events.retain(|event| event.told >= from);
        events.sort_by_key(|event| event.told);
        events.into_iter().zip(1..).map(|(event, place)| self.envelope(event, place)).collect()
    }

    fn login_event(&self, login: &Login) -> Happened {
        let geo = login.geo.as_deref();
        let name = self.users.get(&login.user_id).map(|user| user.username.clone());
        let told_sub_type = login.sub_type_under(self.switches.login_sub_type);
        let payload = json!({
            "LoginHistoryId": login.id.as_str(), "LoginKey": key(&login.id), "SessionKey": null, "UserId": login.user_id.as_str(),
            "Username": name, "UserType": "Standard", "LoginType": login.login_type, "LoginSubType": told_sub_type,
            "Status": login.status, "SourceIp": login.source_ip, "ForwardedForIp": login.forwarded_for_ip,
            "CountryIso": login.country_iso, "LoginGeoId": geo.map(|geo| geo.id.as_str()),
            "City": geo.map(|geo| geo.city), "LoginLatitude": geo.map(|geo| geo.latitude),
            "LoginLongitude": geo.map(|geo| geo.longitude), "Application": login.application, "Browser": login.browser,
            "Platform": login.platform, "ApiType": login.api.as_ref().map_or("N/A", |(api, _)| api),
            "ApiVersion": login.api.as_ref().map_or("N/A", |(_, version)| version), "ClientVersion": "N/A",
            "CipherSuite": login.cipher_suite, "TlsProtocol": "TLS 1.3", "LoginUrl": login.login_url, "HttpMethod": "POST",
            "AuthServiceId": login.authentication_service_id.map(String::from), "PolicyOutcome": null,
            "SessionLevel": "STANDARD", "EvaluationTime": 0.0,
        });
        self.happened("LoginEventStream", login.id, login.login_time, login.login_time, payload)
    }

    fn logout_event(&self, logout: &Logout) -> Happened {
        let name = self.users.get(&logout.user_id).map(|user| user.username.clone());
        let of_login = logout.login.map(|login| format!("LoginEventStream-{login}"));
        let payload = json!({
            "LoginKey": logout.login.as_ref().map(key), "SessionKey": null, "UserId": logout.user_id.as_str(), "Username": name,
            "SourceIp": logout.source_ip, "SessionLevel": "STANDARD", "RelatedEventIdentifier": of_login,
        });
        self.happened("LogoutEventStream", logout.session, logout.time, logout.time, payload)
    }

    /// What Salesforce would say of a campaign; it has a detection for some kinds only.
    fn alarm(&self, campaign: &Campaign) -> Option<Happened> {
        let kind = match campaign.kind {
            CampaignKind::SessionTheft => "SessionHijackingEvent",
            CampaignKind::CredentialStuffing => "CredentialStuffingEvent",
            CampaignKind::BruteForce
            | CampaignKind::PhishedSso
            | CampaignKind::InterceptedSso
            | CampaignKind::DormantAccount => "LoginAnomalyEvent",
            _ => return None,
        };
        // A stolen session is its owner's login's.
        let of_session = || self.sessions.get(campaign.session_ids.first()?)?.login_id;
        let login = campaign.login_ids.last().copied().or_else(of_session)?;
        let payload = json!({
            "UserId": campaign.user_id.as_str(), "Username": campaign.username, "LoginKey": key(&login), "SessionKey": null,
            "SourceIp": campaign.source_ips.last(), "CurrentIp": campaign.source_ips.last(), "Score": 0.93,
            "Summary": "simulated", "SecurityEventData": "[]", "PolicyOutcome": null, "EvaluationTime": 0.0,
        });
        let (happened, told) = (campaign.first_success, campaign.first_success + LEARNING);
        Some(self.happened(kind, login, happened, told, payload))
    }

    fn happened(
        &self,
        kind: &'static str,
        of: Id,
        at: Timestamp,
        told: Timestamp,
        mut payload: Value,
    ) -> Happened {
        let time = |at: Timestamp| match self.switches.relayed_times {
            RelayedTimes::Milliseconds => json!(at.as_millisecond()),
            RelayedTimes::Written => json!(at.to_string()),
        };
        payload["EventDate"] = time(at);
        payload["CreatedDate"] = time(told);
        let identifier = format!("{kind}-{of}");
        payload["EventIdentifier"] = json!(identifier);
        Happened { kind, told, identifier, payload }
    }

    fn envelope(&self, event: Happened, place: u64) -> Value {
        let Happened { kind, told, identifier, payload } = event;
        let channel = Id::new("0YL", 1);
        let mut detail = json!({ "payload": payload });
        if self.switches.relayed_keys == RelayedKeys::Told {
            detail["schemaId"] = json!(format!("{kind}-schema"));
            detail["event"] = json!({ "EventUuid": identifier, "replayId": place });
        }
        json!({
            "version": "0", "id": format!("{place:08x}-0000-4000-8000-000000000000"), "detail-type": kind,
            "source": format!("aws.partner/salesforce.com/{}/{channel}", self.id()), "account": "111122223333",
            "time": told.to_string(), "region": "eu-central-1", "resources": [], "detail": detail,
        })
    }
}

/// The same events as an event relay may deliver them: each at least once, some twice under another id, in any order.
pub fn at_least_once(events: Vec<Value>, seed: u64) -> Vec<Value> {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let mut again: Vec<Value> = events.iter().filter(|_| dice.random_ratio(1, 3)).cloned().collect();
    for event in &mut again {
        let id = event["id"].as_str().unwrap_or_default().replacen("-0000-", "-0001-", 1);
        event["id"] = json!(id);
    }
    let mut delivered = events;
    delivered.append(&mut again);
    delivered.shuffle(&mut dice);
    delivered
}

fn is_a_programs(login: &Login) -> bool {
    login.login_type == Method::JWT.login_type
}

/// A login's key, which is no record's id and stands in no other object.
fn key(login: &Id) -> String {
    let number = login.number(Login::PREFIX).unwrap_or_default();
    format!("key{number:013x}")
}

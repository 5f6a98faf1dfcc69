//! What an attack leaves behind, gathered while it is played, so that nothing of it is missing from the ground truth.

use super::{Campaign, CampaignKind, Loot};
use crate::arrival::{Arrival, Challenge, Client, Method, SUCCESS, Source};
use crate::clock::shifted;
use crate::generate::dice::Dice;
use crate::id::Id;
use crate::objects::login_history::Text;
use crate::org::Org;
use jiff::Timestamp;
use std::sync::Arc;

/// Seconds an attacker's session outlives without use: the default session policy.
const SESSION_SECONDS: i64 = 7_200;

pub(super) struct Trail {
    pub(super) now: Timestamp,
    pub(super) dice: Dice,
    kind: CampaignKind,
    user_ids: Vec<Id>,
    login_ids: Vec<Id>,
    pub(super) session_ids: Vec<Id>,
    past_session_ids: Vec<Id>,
    token_serials: Vec<u64>,
    verification_ids: Vec<Id>,
    /// The victim's own rows.
    pub(super) own_login_ids: Vec<Id>,
    source_ips: Vec<String>,
    started: Option<Timestamp>,
    first_success: Option<Timestamp>,
    last_source: Option<Source>,
}

impl Trail {
    pub(super) fn new(kind: CampaignKind, org: &Org, now: Timestamp) -> Self {
        Self {
            now,
            dice: Dice::new(org.id().number("00D").unwrap_or_default(), 7_000 + org.campaigns.len() as u64),
            kind,
            user_ids: Vec::new(),
            login_ids: Vec::new(),
            session_ids: Vec::new(),
            past_session_ids: Vec::new(),
            token_serials: Vec::new(),
            verification_ids: Vec::new(),
            own_login_ids: Vec::new(),
            source_ips: Vec::new(),
            started: None,
            first_success: None,
            last_source: None,
        }
    }

    /// The instant so many seconds before the end.
    pub(super) fn ago(&self, seconds: i64) -> Timestamp {
        shifted(self.now, -seconds)
    }

    /// So many instants, evenly over the last `seconds`, each with its number.
    pub(super) fn spread(&self, seconds: i64, count: usize) -> Vec<(Timestamp, usize)> {
        let last = i64::try_from(count).unwrap_or(i64::MAX) - 1;
        let back = |step: i64| self.ago((last - step) * seconds / last.max(1));
        (0..).map(back).zip(0..count).collect()
    }

    /// Something hostile at this instant, about this user and from this address.
    pub(super) fn at(&mut self, user_id: Id, time: Timestamp, source: &Source) {
        self.started = Some(self.started.map_or(time, |known| known.min(time)));
        if !self.user_ids.contains(&user_id) {
            self.user_ids.push(user_id);
        }
        if !self.source_ips.iter().any(|ip| *ip == source.ip) {
            self.source_ips.push(source.ip.to_string());
        }
        self.last_source = Some(source.clone());
    }

    /// The attacker is in.
    pub(super) fn success(&mut self, time: Timestamp) {
        self.first_success = Some(self.first_success.map_or(time, |known| known.min(time)));
    }

    /// One attempt to log in.
    pub(super) fn attempt(
        &mut self,
        org: &mut Org,
        user_id: Id,
        time: Timestamp,
        (method, source, client): (Method, &Source, &Client),
        status: Text,
    ) -> Id {
        self.at(user_id, time, source);
        if status == SUCCESS {
            self.success(time);
        }
        let (source, client) = (source.clone(), client.clone());
        let id = org.record(Arrival { user_id, time, method, source, client, status, challenge: None });
        self.login_ids.push(id);
        id
    }

    /// A wrong password.
    pub(super) fn guess(
        &mut self,
        org: &mut Org,
        user_id: Id,
        time: Timestamp,
        source: &Source,
        client: &Client,
    ) {
        self.attempt(org, user_id, time, (Method::PASSWORD, source, client), "Invalid Password".into());
    }

    /// A login to the user interface and the family it opens.
    pub(super) fn enter(
        &mut self,
        org: &mut Org,
        user_id: Id,
        time: Timestamp,
        (method, source, client): (Method, &Source, &Client),
    ) -> (Id, Vec<Id>) {
        let login = self.attempt(org, user_id, time, (method, source, client), SUCCESS);
        let family = org.open_ui_family(login, time, SESSION_SECONDS);
        self.opened(time, &family);
        (login, family)
    }

    /// A refresh token is exchanged: a login row, a session, and one use more.
    pub(super) fn refresh(
        &mut self,
        org: &mut Org,
        serial: u64,
        time: Timestamp,
        (source, client): (&Source, &Client),
    ) {
        let place = org.tokens.iter().position(|token| token.serial == serial);
        let Some(token) = place.and_then(|place| org.tokens.get_mut(place)).map(Arc::make_mut) else {
            return;
        };
        (token.use_count, token.last_used) = (token.use_count + 1, token.last_used.max(Some(time)));
        let user_id = token.user_id;
        self.holds(serial);
        let login = self.attempt(org, user_id, time, (Method::REFRESH, source, client), SUCCESS);
        let session = org.open_oauth_session(login, time, SESSION_SECONDS, Some(serial));
        let session = session.map(|session| session.id);
        if session.is_some_and(|session| org.unwrite_refresh(login, session)) {
            self.login_ids.retain(|id| *id != login);
        }
        self.opened(time, session.as_slice());
    }

    /// The attacker has this refresh token.
    pub(super) fn holds(&mut self, serial: u64) {
        if !self.token_serials.contains(&serial) {
            self.token_serials.push(serial);
        }
    }

    /// A factor is registered with the session of a login.
    pub(super) fn register(&mut self, org: &mut Org, login: Id, time: Timestamp, factor: &Challenge) {
        if let Some(login) = org.logins.get(&login) {
            self.started = Some(self.started.map_or(time, |known| known.min(time)));
            org.challenge(&login, time, factor);
            self.verification_ids.extend(org.verifications.all().last().map(|verification| verification.id));
        }
    }

    /// Sessions are used from another address than their login's.
    pub(super) fn carry_off(&mut self, org: &mut Org, sessions: &[Id], time: Timestamp, to: &Source) {
        for id in sessions {
            let Some(session) = org.sessions.get_mut(id) else { continue };
            session.source_ip.clone_from(&to.ip);
            session.last_modified = session.last_modified.max(time);
            let user_id = session.user_id;
            self.at(user_id, time, to);
            self.success(time);
            if !self.session_ids.contains(id) {
                self.session_ids.push(*id);
            }
        }
    }

    /// Sessions last used at `time` outlive the end of the attack, or are past.
    fn opened(&mut self, time: Timestamp, sessions: &[Id]) {
        let is_alive = shifted(time, SESSION_SECONDS) > self.now;
        let among = if is_alive { &mut self.session_ids } else { &mut self.past_session_ids };
        among.extend(sessions);
    }

    /// The attack is over; `user_id` is whose account is taken.
    pub(super) fn end(self, org: &Org, user_id: Id, password: Password) -> Campaign {
        let user = org.user(&user_id);
        let username = user.as_ref().map_or_else(String::new, |user| user.username.clone());
        let own = |session: &&Id| org.sessions.get(session).is_some_and(|session| session.user_id == user_id);
        let session = self.session_ids.iter().find(own).and_then(|id| org.sessions.get(id));
        let token = self.token_serials.first();
        let token = org.tokens.iter().find(|one| Some(&one.serial) == token);
        let source = self.last_source;
        let known = user.filter(|_| password == Password::Known).map(|user| user.password.clone());
        Campaign {
            kind: self.kind,
            user_id,
            loot: Loot {
                username: username.clone(),
                access_token: session.and_then(|session| session.access_token.clone()).unwrap_or_default(),
                refresh_token: token.map(|token| token.refresh_token.clone()),
                password: known,
                source_ip: source.as_ref().map_or_else(String::new, |source| source.ip.to_string()),
                city: source.and_then(|source| source.city),
            },
            username,
            user_ids: self.user_ids,
            login_ids: self.login_ids,
            session_ids: self.session_ids,
            past_session_ids: self.past_session_ids,
            token_serials: self.token_serials,
            verification_ids: self.verification_ids,
            own_login_ids: self.own_login_ids,
            source_ips: self.source_ips,
            started: self.started.unwrap_or(self.now),
            first_success: self.first_success.unwrap_or(self.now),
        }
    }
}

impl Campaign {
    /// The attacker tries again from here.
    pub(super) fn coming_from(mut self, source: &Source) -> Self {
        (self.loot.source_ip, self.loot.city) = (source.ip.to_string(), source.city);
        self
    }
}

/// Whether the attacker has the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Password {
    Known,
    Unknown,
}

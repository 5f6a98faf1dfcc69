//! What every row of a world is.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use salesforce_simulator::{BenignKind, Campaign, CampaignKind, Id, Login, Org};

/// What a login is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Label {
    /// Somebody lives as usual.
    Ordinary,
    /// Somebody does something odd and harmless.
    Oddity(BenignKind),
    /// Part of an attack, by its place.
    Hostile(usize),
}

/// One account that was taken.
#[derive(Debug, Clone)]
pub(crate) struct Takeover {
    pub(crate) kind: CampaignKind,
    pub(crate) campaign: usize,
    pub(crate) user: String,
    /// When the attacker first got in as this user.
    pub(crate) first: Timestamp,
    /// His successes and sessions there.
    pub(crate) access: HashSet<String>,
}

/// What is what.
#[derive(Debug, Default)]
pub(crate) struct Truth {
    /// Whatever is not ordinary, by the id of its row: logins, sessions, verifications.
    rows: HashMap<String, Label>,
    pub(crate) takeovers: Vec<Takeover>,
    /// From its first trace on, each attack's users.
    attacked: Vec<(Timestamp, BTreeSet<String>)>,
    /// The attackers' addresses.
    pub(crate) addresses: HashSet<String>,
    /// Who plays in oddities.
    pub(crate) players: HashMap<String, BenignKind>,
    /// When an account was first seen to be closed.
    pub(crate) closed: HashMap<String, Timestamp>,
    open: HashSet<Id>,
}

impl Truth {
    /// What a row is.
    pub(crate) fn label(&self, id: &str) -> Label {
        self.rows.get(id).copied().unwrap_or(Label::Ordinary)
    }

    /// Whether an attack on this user had begun.
    pub(crate) fn is_attacked(&self, user: &str, by: Timestamp) -> bool {
        self.attacked.iter().any(|(since, users)| *since <= by && users.contains(user))
    }

    pub(super) fn note_oddity(&mut self, kind: BenignKind, logins: &[Arc<Login>], users: &[Id]) {
        self.rows.extend(logins.iter().map(|login| (login.id.to_string(), Label::Oddity(kind))));
        self.players.extend(users.iter().map(|user| (user.to_string(), kind)));
    }

    /// Called day by day: accounts that were open the day before and are closed now.
    pub(super) fn note_leavers(&mut self, org: &Org, now: Timestamp) {
        let open: HashSet<Id> =
            org.users().iter().filter(|user| user.is_active()).map(|user| user.id).collect();
        self.closed.extend(self.open.difference(&open).map(|user| (user.to_string(), now)));
        self.open = open;
    }

    /// The attacks, once all have been made.
    pub(super) fn gather(&mut self, org: &Org, ends: Timestamp) {
        self.note_leavers(org, ends);
        for (place, campaign) in org.ground_truth().iter().enumerate() {
            let rows = campaign.login_ids.iter().chain(&campaign.session_ids);
            let rows = rows.chain(&campaign.past_session_ids).chain(&campaign.verification_ids);
            self.rows.extend(rows.map(|id| (id.to_string(), Label::Hostile(place))));
            let users = campaign.user_ids.iter().map(ToString::to_string).collect();
            self.attacked.push((campaign.started, users));
            self.addresses.extend(campaign.source_ips.iter().cloned());
            self.takeovers.extend(takeovers(org, place, campaign));
        }
    }
}

fn takeovers(org: &Org, place: usize, campaign: &Campaign) -> Vec<Takeover> {
    let mut taken: HashMap<Id, Takeover> = HashMap::new();
    let mut access = |user: Id, time: Timestamp, id: Id| {
        let fresh = || Takeover {
            kind: campaign.kind,
            campaign: place,
            user: user.to_string(),
            first: time,
            access: HashSet::new(),
        };
        let takeover = taken.entry(user).or_insert_with(fresh);
        takeover.first = takeover.first.min(time);
        takeover.access.insert(id.to_string());
    };
    let logins = campaign.login_ids.iter().filter_map(|id| org.login(id));
    for login in logins.filter(|login| login.succeeded()) {
        access(login.user_id, login.login_time, login.id);
    }
    let sessions: HashMap<Id, _> = org.sessions().iter().map(|session| (session.id, session)).collect();
    let held = campaign.session_ids.iter().chain(&campaign.past_session_ids);
    for session in held.filter_map(|id| sessions.get(id)) {
        // A stolen session was its owner's before the theft.
        access(session.user_id, session.last_modified.max(campaign.first_success), session.id);
    }
    let mut taken: Vec<_> = taken.into_values().collect();
    taken.sort_by(|a, b| a.user.cmp(&b.user));
    taken
}

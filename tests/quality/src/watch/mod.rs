//! A world's life as a scan would have seen it, minute by minute, judged by the engine and the policy.

mod noted;
mod timeline;
mod tokens;

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
pub(crate) use noted::{Noted, Seen};
use session_warden::detection::{Detection, Lane, OrgState, Present, TailEntry, catalogue};
use session_warden::observation::{Login, OrgId, User, UserId};
use session_warden::policy::{Mode, Policy, Protected};
use timeline::Timeline;

use crate::reading::Rows;
use crate::world::{Span, Truth};

/// Rows that teach, judged in one go.
const BATCH: usize = 5_000;

/// What came of watching.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) logins: Vec<Login>,
    pub(crate) users: HashMap<UserId, User>,
    pub(crate) noted: Noted,
}

/// The policy people start from, with containment switched on and the account for emergencies named.
pub(crate) fn policy(users: &[User]) -> Policy {
    let emergency = users.iter().filter(|user| user.username.starts_with("break-glass@"));
    let break_glass = emergency.map(|user| user.username.clone()).collect();
    let protected = Protected { break_glass, ..Protected::default() };
    Policy { mode: Mode::Contain, protected, ..Policy::default() }
}

/// Lets the engine learn the past and judge the present.
pub(crate) fn watch(rows: Rows, truth: &Truth, span: &Span) -> Watched {
    let policy = policy(&rows.users);
    let mut engine = Engine::new(&policy, &rows.users, truth);
    let timeline = Timeline::of(&rows, span);
    for batch in timeline.past.chunks(BATCH) {
        let entries = batch.iter().map(|seen| TailEntry { observation: seen.clone(), lane: Lane::Teach });
        engine.absorb(entries, span.judged);
    }
    let mut noted = Noted::default();
    for (now, seen) in timeline.present {
        engine.close_accounts(truth, now);
        let entries = seen.into_iter().map(|observation| TailEntry { observation, lane: Lane::Live });
        let changed = engine.absorb(entries, now);
        for finding in changed {
            noted.note(&engine.state, finding, truth, now);
        }
    }
    Watched { logins: rows.logins, users: engine.state.users.into_iter().collect(), noted }
}

struct Engine<'p> {
    state: OrgState,
    policy: &'p Policy,
    detections: Vec<Box<dyn Detection>>,
    org: OrgId,
    read: Timestamp,
}

impl<'p> Engine<'p> {
    fn new(policy: &'p Policy, users: &[User], truth: &Truth) -> Self {
        let as_they_were = |user: &User| {
            let is_active = user.is_active || truth.closed.contains_key(user.id.as_str());
            (user.id.clone(), User { is_active, ..user.clone() })
        };
        let state = OrgState { users: users.iter().map(as_they_were).collect(), ..OrgState::default() };
        let (org, read) = (OrgId::new("org"), Timestamp::UNIX_EPOCH);
        Self { state, policy, detections: catalogue(policy), org, read }
    }

    fn absorb(
        &mut self,
        entries: impl Iterator<Item = TailEntry>,
        now: Timestamp,
    ) -> Vec<session_warden::detection::Finding> {
        let present = Present::At(now);
        let absorbed = self.state.absorb(&self.org, self.policy, &self.detections, entries, present);
        // Every row comes once.
        self.state.seen.clear();
        absorbed.changed
    }

    /// A scan reads accounts once a day.
    fn close_accounts(&mut self, truth: &Truth, now: Timestamp) {
        if now.duration_since(self.read) < SignedDuration::from_hours(24) {
            return;
        }
        self.read = now;
        for (user, _) in truth.closed.iter().filter(|(_, since)| **since <= now) {
            if let Some(account) = self.state.users.get_mut(&UserId::new(user)) {
                account.is_active = false;
            }
        }
    }
}

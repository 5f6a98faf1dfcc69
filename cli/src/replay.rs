//! Judging a login history from a file: the same engine, with time taken from the rows.

use std::collections::BTreeMap;

use jiff::Timestamp;
use session_warden::detection::{Finding, Lane, OrgState, Present, Remembers, TailEntry};
use session_warden::history_file::{History, HistoryError};
use session_warden::observation::{Observation, OrgId, Origins, Position, User};

use crate::workplace::Rules;

/// Rows judged in one go.
const BATCH: usize = 20_000;

/// What lies beside the logins.
#[derive(Debug, Default)]
pub(crate) struct Beside {
    /// Sessions and identity verifications, by the order of judging.
    pub(crate) observations: BTreeMap<Position, Observation>,
    /// Accounts, where a file names them better than the logins do.
    pub(crate) users: Vec<User>,
}

impl Beside {
    /// From when until when its observations are; `None` where there are none.
    pub(crate) fn period(&self) -> Option<(Timestamp, Timestamp)> {
        let times = || self.observations.values().map(Observation::time);
        times().min().zip(times().max())
    }
}

/// The part of the history that is judged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    /// Rows before this only teach.
    pub(crate) since: Timestamp,
    /// Rows from here on are left out.
    pub(crate) until: Timestamp,
}

/// What came of a history.
#[derive(Debug, Default)]
pub(crate) struct Replayed {
    /// What was found.
    pub(crate) findings: Vec<Finding>,
    /// Logins that were judged; rows of the same record are one.
    pub(crate) judged: u64,
    /// Logins that only taught.
    pub(crate) taught: u64,
}

/// Judges a history in the order of time. Memory is bounded by users and networks, not by rows: every finding is decided as if
/// its last row were the present.
pub(crate) fn judge(
    org: &OrgId,
    history: &History,
    mut beside: Beside,
    window: Window,
    rules: &Rules,
    progress: &mut dyn FnMut(u64),
) -> Result<Replayed, HistoryError> {
    let (mut judged, mut taught) = (0, 0);
    let mut judging = Judging::begin(org, history, std::mem::take(&mut beside.users), rules);
    let mut batch = Vec::with_capacity(BATCH);
    for login in history.spill.in_order()? {
        let login = login?;
        if login.time >= window.until {
            continue;
        }
        let count = if login.time < window.since { &mut taught } else { &mut judged };
        *count += 1;
        let observation = Observation::Login(login);
        if !beside.observations.is_empty() {
            let later = beside.observations.split_off(&observation.position());
            batch.extend(std::mem::replace(&mut beside.observations, later).into_values());
        }
        batch.push(observation);
        if batch.len() >= BATCH {
            progress(batch.len() as u64);
            judging.take(&mut batch, window);
        }
    }
    batch.extend(beside.observations.into_values().filter(|seen| seen.time() < window.until));
    judging.take(&mut batch, window);
    Ok(Replayed { findings: judging.findings.into_values().collect(), judged, taught })
}

struct Judging<'a> {
    org: &'a OrgId,
    rules: &'a Rules,
    state: OrgState,
    findings: BTreeMap<String, Finding>,
}

impl<'a> Judging<'a> {
    fn begin(org: &'a OrgId, history: &History, users: Vec<User>, rules: &'a Rules) -> Self {
        let named = history.users.clone().into_iter().collect();
        let mut state = OrgState { users: named, remembers: Remembers::Nothing, ..OrgState::default() };
        state.users.extend(users.into_iter().map(|user| (user.id.clone(), user)));
        Self { org, rules, state, findings: BTreeMap::new() }
    }

    fn take(&mut self, batch: &mut Vec<Observation>, window: Window) {
        let lane = |seen: &Observation| if seen.time() < window.since { Lane::Teach } else { Lane::Live };
        let entry = |mut observation| {
            self.rules.packs.tell(&mut observation);
            TailEntry { lane: lane(&observation), observation }
        };
        let (policy, detections) = (&self.rules.policy, &self.rules.detections);
        let batch = batch.drain(..).map(entry).collect();
        let absorbed = self.state.absorb_in_order(self.org, policy, detections, batch, Present::AsItHappened);
        self.findings.extend(absorbed.changed.into_iter().map(|f| (f.finding_id.to_string(), f)));
    }
}

//! When each state of each record would first have been seen.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use session_warden::observation::{Observation, Session};

use super::tokens;
use crate::reading::Rows;
use crate::world::Span;

/// Observations by when they come.
pub(super) struct Timeline {
    /// The history, in the order of judging.
    pub(super) past: Vec<Observation>,
    /// What each minute's scan brings.
    pub(super) present: BTreeMap<Timestamp, Vec<Observation>>,
}

impl Timeline {
    pub(super) fn of(rows: &Rows, span: &Span) -> Self {
        let logins = rows.logins.iter().map(|login| Observation::Login(Box::new(login.clone())));
        let checks = rows.checks.iter().map(|check| Observation::Verification(Box::new(check.clone())));
        let (past, now): (Vec<_>, Vec<_>) =
            logins.chain(checks).partition(|seen| seen.position().time < span.judged);
        let mut timeline = Self { past, present: BTreeMap::new() };
        timeline.past.sort_by_cached_key(Observation::position);
        for seen in now {
            timeline.bring(seen.position().time, seen);
        }
        for (time, session) in rows.sessions.iter().flat_map(states) {
            let time = time.max(span.judged);
            // Rows of ended sessions linger; a scan leaves them out.
            if session.is_live(time) {
                timeline.bring(time, Observation::Session(Box::new(session)));
            }
        }
        for seen in tokens::uses(&rows.tokens, &rows.logins, span) {
            timeline.bring(seen.seen_at, Observation::TokenUse(Box::new(seen)));
        }
        timeline
    }

    /// A scan runs at each full minute and sees what happened before it.
    fn bring(&mut self, happened: Timestamp, seen: Observation) {
        let minute = happened.as_second().div_euclid(60) + 1;
        let scanned = Timestamp::from_second(minute * 60).unwrap_or(happened + SignedDuration::from_mins(1));
        self.present.entry(scanned).or_default().push(seen);
    }
}

/// A session whose address is not its login's was there before with its login's; both states with their beginnings.
fn states(session: &Session) -> Vec<(Timestamp, Session)> {
    let mut began = Session { last_modified: session.created, ..session.clone() };
    let login = session.login.as_ref().and_then(|login| login.read.as_ref());
    match login.filter(|(_, source)| *source != session.source) {
        None => vec![(session.created, began)],
        Some((_, source)) => {
            began.source = source.clone();
            vec![(session.created, began), (session.last_modified, session.clone())]
        }
    }
}

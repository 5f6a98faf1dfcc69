//! What is to be looked at again by itself: containments that wait for people, and those that have ended not long ago.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Containment;
use crate::observation::OrgId;
use crate::store::{Expect, Room, StoreError, Table, Write};

/// How long somebody who was contained is watched.
const WATCHED: SignedDuration = SignedDuration::from_hours(24);
/// In the first hour there is a look every five minutes, later one an hour.
const EARLY: SignedDuration = SignedDuration::from_hours(1);
const OFTEN: SignedDuration = SignedDuration::from_mins(5);
const SELDOM: SignedDuration = SignedDuration::from_hours(1);
/// For how long after that a look is tried again that could not see.
const RETRIED: SignedDuration = SignedDuration::from_hours(7 * 24);

/// One thing to look at again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Due {
    /// Not before.
    pub(crate) at: Timestamp,
    /// Why.
    pub(crate) what: Task,
}

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "task")]
pub(crate) enum Task {
    /// Whether people have agreed, or the time is over.
    Consent,
    /// The question was given up, and findings that had joined it are asked about by themselves.
    AskAnew,
    /// What became of a release.
    Release,
    /// Whether access has come back.
    Watch {
        /// Since when.
        since: Timestamp,
    },
}

/// The room of an org's agenda, by containment id.
pub(crate) fn agenda(org: &OrgId) -> Room<Due> {
    Room::new(Table::Contain, org, "agenda")
}

impl Due {
    /// The write that puts this on the agenda in the place of what stands there about the same containment, or takes
    /// the containment off.
    pub(crate) fn written(record: &Containment, due: Option<&Self>) -> Result<Write, StoreError> {
        let (room, id) = (agenda(&record.request.org_id), record.containment_id.as_str());
        match due {
            Some(due) => Write::put(room.key(id), Expect::Any, due),
            None => Ok(room.remove(id)),
        }
    }

    /// The same, unless the agenda has changed since it was read under this version: what somebody else has put there
    /// would be lost.
    pub(crate) fn rewritten(
        record: &Containment,
        read: u64,
        due: Option<&Self>,
    ) -> Result<Write, StoreError> {
        let key = agenda(&record.request.org_id).key(record.containment_id.as_str());
        match due {
            Some(due) => Write::put(key, Expect::Version(read), due),
            None => Ok(Write::Delete { key, expect: Expect::Version(read) }),
        }
    }

    /// What comes first: whatever people wait for, and the looks after that, each in the order of its time.
    pub(crate) fn turn(&self) -> (bool, Timestamp) {
        (matches!(self.what, Task::Watch { .. }), self.at)
    }

    /// People are looked for every time.
    pub(crate) fn consent(now: Timestamp) -> Self {
        Self { at: now, what: Task::Consent }
    }

    /// The next turn.
    pub(crate) fn ask_anew(now: Timestamp) -> Self {
        Self { at: now, what: Task::AskAnew }
    }

    /// The next turn, unless whoever releases is still at it.
    pub(crate) fn release(now: Timestamp) -> Self {
        Self { at: now, what: Task::Release }
    }

    /// The first look at somebody whom others thawed: in the next turn.
    pub(crate) fn thawed(now: Timestamp) -> Self {
        Self { at: now, what: Task::Watch { since: now } }
    }

    /// The next look where the last one of a watch since `since` could not see; `None` after a week of them.
    pub(crate) fn retry(since: Timestamp, now: Timestamp) -> Option<Self> {
        let at = now.checked_add(SELDOM).ok()?;
        (now.duration_since(since) < WATCHED + RETRIED).then_some(Self { at, what: Task::Watch { since } })
    }

    /// The next look at somebody contained at `since`; `None` when he has been watched long enough. `residual` is when
    /// the last access token ends, which is looked at too.
    pub(crate) fn watch(since: Timestamp, residual: Option<Timestamp>, now: Timestamp) -> Option<Self> {
        let age = now.duration_since(since);
        if age >= WATCHED {
            return None;
        }
        let usual = now.checked_add(if age < EARLY { OFTEN } else { SELDOM }).ok()?;
        let residual = residual.filter(|end| *end > now);
        Some(Self { at: residual.map_or(usual, |end| end.min(usual)), what: Task::Watch { since } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_are_often_at_first_fall_on_the_end_of_the_last_token_and_end_after_a_day() {
        let since: Timestamp = "2026-11-23T18:00:00Z".parse().unwrap();
        let after = |minutes| since + SignedDuration::from_mins(minutes);
        let next = |minutes, residual: Option<i64>| {
            Due::watch(since, residual.map(after), after(minutes))
                .map(|due| due.at.duration_since(since).as_mins())
        };
        assert_eq!(next(0, None), Some(5));
        assert_eq!(next(27, Some(30)), Some(30));
        assert_eq!(next(30, Some(30)), Some(35));
        assert_eq!(next(60, None), Some(120));
        assert_eq!(next(24 * 60, None), None);
    }
}

//! Live sessions that are older than the policy wants.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::observation::{Session, UserId, families};

/// Sessions that a digest lists.
const LISTED: usize = 50;

/// What the look at live sessions came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum OpenSessions {
    /// They were read.
    Read {
        /// Session families that began longer ago than the policy allows.
        total: usize,
        /// The oldest of them, at most 50.
        oldest: Vec<LongSession>,
    },
    /// They were not looked at, or could not be read.
    NotRead {
        /// Why.
        reason: String,
    },
}

/// A session family that is open for long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LongSession {
    /// Whose.
    pub user_id: UserId,
    /// The type of its root.
    pub session_type: String,
    /// The address that holds it.
    pub address: String,
    /// When it began.
    pub began: Timestamp,
}

impl OpenSessions {
    /// Those of `live` that began more than `longest` ago, by family.
    pub fn of(live: &[Session], longest: SignedDuration, now: Timestamp) -> Self {
        let of_family = families(live).into_iter().filter_map(|family| {
            let oldest = family.members.iter().min_by_key(|session| session.created)?;
            Some(LongSession {
                user_id: oldest.user_id.clone(),
                session_type: oldest.session_type.clone(),
                address: oldest.source.to_string(),
                began: oldest.created,
            })
        });
        let mut long: Vec<_> = of_family.filter(|it| now.duration_since(it.began) > longest).collect();
        long.sort_by_key(|session| session.began);
        let total = long.len();
        long.truncate(LISTED);
        Self::Read { total, oldest: long }
    }
}

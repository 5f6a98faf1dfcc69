//! Sessions that came of one: a login to the user interface makes half a dozen rows under one root.

use std::collections::BTreeMap;

use jiff::Timestamp;
use session_warden::observation::SessionId;
use session_warden::salesforce::FoundSession;

/// A family of sessions, never empty.
pub(super) struct Family {
    /// The root's id.
    pub(super) root: SessionId,
    /// Its rows, the root first where it is there, then by age.
    pub(super) rows: Vec<FoundSession>,
}

/// The families, the newest last. Without `all`, rows that linger after their expiry are left out.
pub(super) fn of(found: Vec<FoundSession>, now: Timestamp, all: bool) -> Vec<Family> {
    let mut rows: BTreeMap<SessionId, Vec<FoundSession>> = BTreeMap::new();
    for found in found.into_iter().filter(|found| all || found.session.expires() > now) {
        rows.entry(found.session.parent_id.clone()).or_default().push(found);
    }
    let mut families: Vec<_> = rows.into_iter().map(|(root, rows)| Family { root, rows }).collect();
    for family in &mut families {
        family.rows.sort_by_key(|found| (!found.session.is_root(), found.session.created));
    }
    families.sort_by_key(|family| family.lead().session.created);
    families
}

impl Family {
    /// The root, or where it is gone the oldest of its children.
    pub(super) fn lead(&self) -> &FoundSession {
        &self.rows[0]
    }

    /// Whether anything of it can still be used.
    pub(super) fn is_live(&self, now: Timestamp) -> bool {
        self.rows.iter().any(|found| found.session.expires() > now)
    }
}

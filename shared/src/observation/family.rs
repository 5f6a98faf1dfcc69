//! What began with one login: a session, and those that Salesforce derives from it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Session, SessionId, UserId};

/// A root and the sessions derived from it. Source: Salesforce Help, "Session Types": one login to the user interface
/// makes several rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Family<'a> {
    /// The root's id; its row may be gone before those of its children.
    pub root: SessionId,
    /// The rows that are there, the root first, then by id.
    pub members: Vec<&'a Session>,
}

impl Family<'_> {
    /// Whether somebody can work through it at `now`. Rows of expired sessions linger, and the sessions that hand over
    /// from one part of Salesforce to another live for seconds and are nobody's access.
    pub fn is_access(&self, now: Timestamp) -> bool {
        self.members.iter().any(|session| session.is_live(now) && !session.is_temporary())
    }
}

/// Sessions by family, in the order of the roots' ids.
pub fn families<'a>(sessions: impl IntoIterator<Item = &'a Session>) -> Vec<Family<'a>> {
    let sessions: Vec<_> = sessions.into_iter().collect();
    let parents = parents(sessions.iter().copied());
    let mut families: BTreeMap<SessionId, Vec<&Session>> = BTreeMap::new();
    for session in sessions {
        families.entry(root(&session.id, &parents)).or_default().push(session);
    }
    let ordered = |(root, mut members): (SessionId, Vec<&'a Session>)| {
        members.sort_by_key(|session| (session.id != root, session.id.clone()));
        Family { root, members }
    };
    families.into_iter().map(ordered).collect()
}

/// In how many ways each user is in at `now`: families that are [access](Family::is_access), and not rows.
pub fn simultaneous(families: &[Family<'_>], now: Timestamp) -> BTreeMap<UserId, usize> {
    let mut count = BTreeMap::new();
    for family in families.iter().filter(|family| family.is_access(now)) {
        if let Some(session) = family.members.first() {
            *count.entry(session.user_id.clone()).or_default() += 1;
        }
    }
    count
}

/// Every session's parent.
pub(crate) fn parents<'a>(sessions: impl Iterator<Item = &'a Session>) -> BTreeMap<SessionId, SessionId> {
    sessions.map(|session| (session.id.clone(), session.parent_id.clone())).collect()
}

/// The sessions above one, nearest first. Rows come from outside and might name each other in a ring.
pub(crate) fn ancestors<'a>(
    id: &'a SessionId,
    parents: &'a BTreeMap<SessionId, SessionId>,
) -> impl Iterator<Item = &'a SessionId> {
    let above = |id: &&'a SessionId| parents.get(*id).filter(|parent| parent != id);
    std::iter::successors(above(&id), move |id| above(id)).take(parents.len())
}

/// The session at the top. Rows come from outside and might name each other in a ring, whose least id stands for it.
fn root(id: &SessionId, parents: &BTreeMap<SessionId, SessionId>) -> SessionId {
    let mut path = vec![id];
    while let Some(parent) = path.last().and_then(|last| parents.get(*last)) {
        if let Some(start) = path.iter().position(|above| *above == parent) {
            return path[start..].iter().copied().min().unwrap_or(parent).clone();
        }
        path.push(parent);
    }
    path.last().copied().unwrap_or(id).clone()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{AccessToken, Source};
    use super::*;

    fn now() -> Timestamp {
        "2026-11-23T18:43:00Z".parse().unwrap()
    }

    fn session(id: usize, parent: usize, user: &str, kind: &str) -> Session {
        let name = |number: usize| SessionId::new(format!("0Ak000000000{number:03}AAA"));
        Session {
            id: name(id),
            user_id: user.into(),
            parent_id: name(parent),
            session_type: kind.to_owned(),
            login_type: String::new(),
            security_level: String::new(),
            access_token: AccessToken::Untold,
            source: Source::Missing,
            place: None,
            login: None,
            first_login: None,
            created: now(),
            last_modified: now(),
            seconds_valid: 7_200,
            origin: None,
        }
    }

    fn roots(sessions: &[Session]) -> Vec<(String, usize)> {
        let told = |family: &Family<'_>| (family.root.as_str()[12..15].to_owned(), family.members.len());
        families(sessions).iter().map(told).collect()
    }

    #[test]
    fn one_login_to_the_user_interface_is_one_family() {
        let rows =
            ["UI", "Aura", "Content", "Visualforce", "API", "TempUIFrontdoor", "tempVisualforceExchange"];
        let mut sessions: Vec<_> =
            rows.iter().enumerate().map(|(number, kind)| session(number + 1, 1, "005A", kind)).collect();
        sessions.push(session(20, 20, "005A", "Oauth2"));
        sessions.push(session(30, 30, "005B", "UI"));
        sessions.push(session(40, 40, "005B", "TEMPUIFRONTDOOR"));
        assert_eq!(
            roots(&sessions),
            [("001", 7), ("020", 1), ("030", 1), ("040", 1)].map(|(root, rows)| (root.to_owned(), rows))
        );
        let count = simultaneous(&families(&sessions), now());
        assert_eq!(count, BTreeMap::from([("005A".into(), 2), ("005B".into(), 1)]));
    }

    #[test]
    fn rows_that_linger_are_nobodys_access() {
        let mut old = session(1, 1, "005A", "UI");
        old.last_modified = now() - jiff::SignedDuration::from_hours(3);
        assert!(simultaneous(&families([&old]), now()).is_empty());
        let child = session(2, 1, "005A", "Aura");
        assert_eq!(simultaneous(&families([&old, &child]), now()).len(), 1, "the child is used");
    }

    #[test]
    fn children_of_a_root_that_is_gone_are_one_family() {
        let rows =
            [session(2, 1, "005A", "Aura"), session(3, 1, "005A", "Content"), session(4, 2, "005A", "API")];
        assert_eq!(roots(&rows), [("001".to_owned(), 3)]);
    }

    proptest! {
        #[test]
        fn every_row_is_in_one_family_whatever_names_what(links in prop::collection::vec(0..12_usize, 1..12)) {
            let rows: Vec<_> =
                links.iter().enumerate().map(|(id, parent)| session(id, *parent, "005A", "UI")).collect();
            let families = families(&rows);
            prop_assert_eq!(families.iter().map(|family| family.members.len()).sum::<usize>(), rows.len());
            let family_of = |id: &SessionId| families.iter().position(|f| f.members.iter().any(|m| m.id == *id));
            for row in &rows {
                if let Some(parent) = family_of(&row.parent_id) {
                    prop_assert_eq!(Some(parent), family_of(&row.id), "a row stands with its parent");
                }
            }
        }
    }
}

//! Deletes of sessions, one by one and in collections, and of known addresses in collections.

use super::error::RestError;
use crate::id::Id;
use crate::journal::Write;
use crate::objects::Caller;
use crate::org::Org;
use crate::permission::Permission;
use crate::switches::{Cascade, CascadedItems, Lying, TemporarySessions, Undeletable};
use std::collections::HashSet;

/// Why a session could not be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeleteFailure {
    Malformed,
    Unknown,
    Gone,
    NoAccess,
    Undeletable,
    Locked,
    RolledBack,
}

impl DeleteFailure {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Malformed => "MALFORMED_ID",
            Self::Unknown => "INVALID_CROSS_REFERENCE_KEY",
            Self::Gone => "ENTITY_IS_DELETED",
            Self::NoAccess => "INSUFFICIENT_ACCESS_OR_READONLY",
            Self::Undeletable => "DELETE_FAILED",
            Self::Locked => "UNABLE_TO_LOCK_ROW",
            Self::RolledBack => "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        }
    }

    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::Malformed => "malformed id",
            Self::Unknown => "invalid cross reference id",
            Self::Gone => "entity is deleted",
            Self::NoAccess => "insufficient access rights on object id",
            Self::Undeletable => "this session cannot be deleted",
            Self::Locked => "unable to obtain exclusive access to this record",
            Self::RolledBack => {
                "Record rolled back because not all records were valid and the request was using AllOrNone"
            }
        }
    }
}

impl From<DeleteFailure> for RestError {
    fn from(failure: DeleteFailure) -> Self {
        match failure {
            DeleteFailure::Gone => Self::new(404, failure.code(), failure.message()),
            DeleteFailure::NoAccess => Self::no_access(),
            DeleteFailure::Undeletable => Self::new(400, failure.code(), failure.message()),
            _ => Self::not_found(),
        }
    }
}

/// One item of a collection delete, in the order asked.
pub(crate) type ItemResult = (String, Result<(), DeleteFailure>);

/// Whether one failed item undoes the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AllOrNone {
    Yes,
    No,
}

impl Org {
    pub(crate) fn delete_session(&mut self, id: &str, caller: &Caller) -> Result<(), DeleteFailure> {
        self.journal.writes.push(Write::DeletedSession { id: normal(id) });
        self.delete(id, caller).map(|_| ())
    }

    pub(crate) fn delete_sessions(
        &mut self,
        ids: &[String],
        all_or_none: AllOrNone,
        caller: &Caller,
        locked: impl Fn(usize) -> bool,
    ) -> Vec<ItemResult> {
        let asked = ids.iter().map(|id| normal(id)).collect();
        self.journal.writes.push(Write::DeletedSessions { ids: asked });
        let before = (self.sessions.clone(), self.deleted_sessions.clone());
        let mut removed_here = HashSet::new();
        let mut results: Vec<ItemResult> = Vec::new();
        for (place, id) in ids.iter().enumerate() {
            let result = if locked(place) {
                Err(DeleteFailure::Locked)
            } else {
                self.delete_item(id, caller, &mut removed_here)
            };
            results.push((id.clone(), result));
        }
        if rolled_back(&mut results, all_or_none) {
            (self.sessions, self.deleted_sessions) = before;
        }
        results
    }

    pub(crate) fn delete_login_ips(
        &mut self,
        ids: &[String],
        all_or_none: AllOrNone,
        caller: &Caller,
        locked: impl Fn(usize) -> bool,
    ) -> Vec<ItemResult> {
        let before = self.login_ips.clone();
        let mut delete = |(place, id): (usize, &String)| {
            let result = match Id::parse(id) {
                _ if locked(place) => Err(DeleteFailure::Locked),
                None => Err(DeleteFailure::Malformed),
                Some(_) => self.delete_login_ip(id, caller),
            };
            (id.clone(), result)
        };
        let mut results: Vec<ItemResult> = ids.iter().enumerate().map(&mut delete).collect();
        if rolled_back(&mut results, all_or_none) {
            self.login_ips = before;
        }
        results
    }

    fn delete_item(
        &mut self,
        id: &str,
        caller: &Caller,
        removed_here: &mut HashSet<Id>,
    ) -> Result<(), DeleteFailure> {
        let parsed = Id::parse(id).ok_or(DeleteFailure::Malformed)?;
        if removed_here.contains(&parsed) && self.switches.cascaded_items == CascadedItems::Succeeded {
            return Ok(());
        }
        removed_here.extend(self.delete(id, caller)?);
        Ok(())
    }

    fn delete(&mut self, id: &str, caller: &Caller) -> Result<Vec<Id>, DeleteFailure> {
        let id = Id::parse(id).ok_or(DeleteFailure::Malformed)?;
        let Some(session) = self.sessions.get(&id) else {
            let gone = self.deleted_sessions.contains(&id);
            return Err(if gone { DeleteFailure::Gone } else { DeleteFailure::Unknown });
        };
        if session.user_id != caller.user_id && !caller.may(Permission::ManageUsers) {
            return Err(DeleteFailure::NoAccess);
        }
        let undeletable = self.switches.temporary_sessions == TemporarySessions::Undeletable;
        if undeletable && session.is_temporary() && !session.is_root() {
            return Err(match self.switches.undeletable {
                Undeletable::ReadOnly => DeleteFailure::NoAccess,
                Undeletable::DeleteFailed => DeleteFailure::Undeletable,
            });
        }
        if self.switches.lying.is_about(Lying::Deletes) {
            return Ok(Vec::new());
        }
        let cascade = self.switches.cascade == Cascade::On;
        Ok(self.remove_sessions(|row, parent| row == id || cascade && parent == id))
    }

    /// Removes the sessions whose own and parent id `goes` picks.
    pub(crate) fn remove_sessions(&mut self, goes: impl Fn(Id, Id) -> bool) -> Vec<Id> {
        let leaving = self.sessions.all().iter().filter(|session| goes(session.id, session.parent_id));
        let ids: Vec<Id> = leaving.map(|session| session.id).collect();
        let removed: HashSet<Id> = ids.iter().copied().collect();
        self.outlive(&removed);
        self.sessions.retain(|session| !removed.contains(&session.id));
        self.deleted_sessions.extend(removed);
        ids
    }
}

/// Whether a failed item undoes the others, which then say so.
fn rolled_back(results: &mut [ItemResult], all_or_none: AllOrNone) -> bool {
    let undone = all_or_none == AllOrNone::Yes && results.iter().any(|(_, result)| result.is_err());
    for (_, result) in results.iter_mut().filter(|(_, result)| undone && result.is_ok()) {
        *result = Err(DeleteFailure::RolledBack);
    }
    undone
}

fn normal(id: &str) -> String {
    Id::parse(id).map_or_else(|| id.to_owned(), Into::into)
}

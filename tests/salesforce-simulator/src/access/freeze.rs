//! UserLogin updates.

use super::error::RestError;
use crate::journal::Write;
use crate::objects::Caller;
use crate::objects::user_login::Frost;
use crate::org::Org;
use crate::permission::Permission;
use crate::switches::{FreezeSessions, Lying};
use serde_json::Value as Json;

impl Org {
    pub(crate) fn update_user_login(
        &mut self,
        id: &str,
        change: &Json,
        caller: &Caller,
    ) -> Result<(), RestError> {
        let user_id = self.user_logins.get(id).map(|state| state.user_id).ok_or_else(RestError::not_found)?;
        let frozen = wanted(change)?;
        if let Some(frozen) = frozen {
            self.journal.writes.push(Write::SetFrozen { user_id: user_id.into(), frozen });
        }
        if !caller.may(Permission::ManageUsers) && !caller.may(Permission::FreezeUsers) {
            return Err(RestError::no_access());
        }
        let Some(frozen) = frozen.filter(|_| self.switches.lying != Lying::Freezes) else { return Ok(()) };
        let now = self.now();
        if let Some(state) = self.user_logins.get_mut(id) {
            state.frost = if frozen { Frost::Frozen } else { Frost::Thawed };
            (state.last_modified, state.last_modified_by) = (now, caller.user_id);
        }
        if frozen && self.switches.freeze_sessions == FreezeSessions::Killed {
            self.remove_sessions_of(user_id);
        }
        Ok(())
    }

    fn remove_sessions_of(&mut self, user_id: crate::id::Id) {
        let own = self.sessions().iter().filter(|session| session.user_id == user_id);
        let ids: Vec<_> = own.map(|session| session.id).collect();
        self.remove_sessions(|id, _| ids.contains(&id));
    }
}

/// The value asked for IsFrozen, if the change names it.
fn wanted(change: &Json) -> Result<Option<bool>, RestError> {
    let fields = change
        .as_object()
        .ok_or_else(|| RestError::new(400, "JSON_PARSER_ERROR", "an object is expected"))?;
    let writable = |field: &str| matches!(field, "IsFrozen" | "IsPasswordLocked" | "attributes");
    if let Some(field) = fields.keys().find(|field| !writable(field)) {
        let text = format!(
            "Unable to create/update fields: {field}. Please check the security settings of this field."
        );
        return Err(RestError::new(400, "INVALID_FIELD_FOR_INSERT_UPDATE", &text));
    }
    match fields.get("IsFrozen") {
        None => Ok(None),
        Some(Json::Bool(frozen)) => Ok(Some(*frozen)),
        Some(_) => Err(RestError::new(400, "JSON_PARSER_ERROR", "Cannot deserialize instance of boolean")),
    }
}

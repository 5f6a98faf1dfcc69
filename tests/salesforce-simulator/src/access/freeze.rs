//! UserLogin updates.

use super::error::RestError;
use crate::id::Id;
use crate::journal::Write;
use crate::objects::Caller;
use crate::objects::user_login::Frost;
use crate::org::Org;
use crate::permission::Permission;
use crate::switches::{FreezePermission, FreezeSessions, Lying};
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
        let by_freeze_users = self.switches.freeze_permission == FreezePermission::Enough;
        let may =
            caller.may(Permission::ManageUsers) || by_freeze_users && caller.may(Permission::FreezeUsers);
        if !may {
            return Err(RestError::no_access());
        }
        let Some(frozen) = frozen.filter(|_| !self.switches.lying.is_about(Lying::Freezes)) else {
            return Ok(());
        };
        self.put_frost(user_id, if frozen { Frost::Frozen } else { Frost::Thawed }, caller.user_id);
        Ok(())
    }

    pub(crate) fn put_frost(&mut self, user_id: Id, frost: Frost, by: Id) {
        let now = self.now();
        let Some(id) = self.login_state(&user_id).map(|state| state.id) else { return };
        let (action, verb) = match frost {
            Frost::Frozen => ("frozeuser", "Froze"),
            Frost::Thawed => ("unfrozeuser", "Unfroze"),
        };
        let whom = self.users.get(&user_id).map(|user| user.username.clone()).unwrap_or_default();
        self.change_setup(Some(by), action, "Manage Users", &format!("{verb} user {whom}"));
        if let Some(state) = self.user_logins.get_mut(&id) {
            (state.frost, state.last_modified, state.last_modified_by) = (frost, now, by);
        }
        if frost == Frost::Frozen && self.switches.freeze_sessions == FreezeSessions::Killed {
            self.remove_sessions_of(user_id);
        }
    }

    fn remove_sessions_of(&mut self, user_id: Id) {
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

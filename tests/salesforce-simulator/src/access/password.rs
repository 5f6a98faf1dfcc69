//! Password resets: the old password is worth nothing from then on; sessions and tokens stay.

use super::error::RestError;
use crate::id::Id;
use crate::journal::Write;
use crate::objects::Caller;
use crate::org::Org;
use crate::permission::Permission;
use crate::switches::Lying;

impl Org {
    /// The user, if the caller may reset his password.
    pub(crate) fn may_reset(&self, user_id: &str, caller: &Caller) -> Result<Id, RestError> {
        let user_id = self.users.get(user_id).map(|user| user.id).ok_or_else(RestError::not_found)?;
        let may = caller.may(Permission::ResetPasswords) || caller.user_id == user_id;
        if may { Ok(user_id) } else { Err(RestError::no_access()) }
    }

    /// Sets the password, or a generated one; answers it.
    pub(crate) fn change_password(
        &mut self,
        user_id: &str,
        wanted: Option<String>,
        caller: &Caller,
    ) -> Result<String, RestError> {
        self.journal.writes.push(Write::ChangedPassword { user_id: user_id.to_owned() });
        let user_id = self.may_reset(user_id, caller)?;
        let password = wanted.unwrap_or_else(|| self.secrets.password());
        let now = self.now();
        if let Some(user) = self.users.get_mut(&user_id).filter(|_| self.switches.lying != Lying::Always) {
            user.password.clone_from(&password);
            (user.password_changed, user.modified) = (Some(now), Some(now));
        }
        Ok(password)
    }
}

//! An access token, on every call: its session must still be there and not expired.

use crate::clock::shifted;
use crate::objects::Caller;
use crate::objects::auth_session::Session;
use crate::org::Org;

impl Org {
    /// Whose call this is. A session past half its time is renewed by being used.
    pub(crate) fn authorize(&mut self, access_token: &str) -> Option<Caller> {
        let now = self.now();
        let session = self.session_holding(access_token).filter(|session| session.is_live(now))?;
        let half_way = shifted(session.last_modified, session.num_seconds_valid / 2);
        if let Some(session) = self.sessions.get_mut(&session.id).filter(|_| half_way < now) {
            session.last_modified = now;
        }
        let user = self.users.get(&session.user_id).filter(|user| user.is_active())?;
        Some(Caller {
            user_id: user.id,
            username: user.username.clone(),
            permissions: self.permissions_of(&user.id),
            root: Some(session.parent_id),
            app: self.app_of(&session),
        })
    }

    pub(crate) fn app_of(&self, session: &Session) -> Option<String> {
        let login = self.logins.get(session.login_id.as_ref()?)?;
        Some(login.application.to_string())
    }
}

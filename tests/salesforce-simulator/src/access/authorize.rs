//! An access token, on every call: its session must still be there and not expired.

use crate::clock::shifted;
use crate::objects::Caller;
use crate::org::Org;

impl Org {
    /// Whose call this is. A session past half its time is renewed by being used.
    pub(crate) fn authorize(&mut self, access_token: &str) -> Option<Caller> {
        let now = self.now();
        let holds = |token: &Option<String>| token.as_deref() == Some(access_token);
        let session = self.sessions.all().iter().rev().find(|session| holds(&session.access_token))?;
        if !session.is_live(now) {
            return None;
        }
        let (id, root, user_id) = (session.id, session.parent_id, session.user_id);
        let half_way = shifted(session.last_modified, session.num_seconds_valid / 2);
        if let Some(session) = self.sessions.get_mut(&id).filter(|_| half_way < now) {
            session.last_modified = now;
        }
        let username = self.users.get(&user_id).filter(|user| user.is_active())?.username.clone();
        Some(Caller { user_id, username, permissions: self.permissions_of(&user_id), root: Some(root) })
    }
}

//! What happens to sessions by themselves: they are used again after a new login, and expired rows are cleared away.

use crate::arrival::{Arrival, Client, Method, SUCCESS, Source};
use crate::id::Id;
use crate::objects::auth_session::Session;
use crate::org::Org;

impl Org {
    /// Whoever holds a session opens a browser with it, as through `frontdoor.jsp`: a UI session under it. Answers its id;
    /// none if there is no such session.
    pub fn derive_session(&mut self, parent_id: &str) -> Option<Id> {
        let parent = self.sessions.get(parent_id)?;
        let (id, created) = (self.sessions.next_id(), self.now());
        self.sessions.push(Session {
            id,
            parent_id: parent.id,
            session_type: "UI".into(),
            created,
            last_modified: created,
            access_token: None,
            made_by: None,
            ..parent.as_ref().clone()
        });
        Some(id)
    }

    /// The session's user logs in again where its family is still open: a new login row, and the family's
    /// `LoginHistoryId` moves to it. Answers the row's id; none if there is no such session or its first login is gone.
    pub fn reuse_session(&mut self, session_id: &str) -> Option<Id> {
        let session = self.sessions.get(session_id)?;
        let first = self.logins.get(session.login_id.as_ref()?)?;
        let client = Client {
            application: first.application.clone(),
            browser: first.browser.clone(),
            platform: first.platform.clone(),
            api: first.api.clone(),
            ..Client::app("")
        };
        let source = Source { ip: session.source_ip.clone(), city: None };
        let (user_id, time, method) = (session.user_id, self.now(), Method::PASSWORD);
        let login_id =
            self.record(Arrival { user_id, time, method, source, client, status: SUCCESS, challenge: None });
        let family = self.sessions().iter().filter(|row| row.parent_id == session.parent_id);
        for id in family.map(|row| row.id).collect::<Vec<_>>() {
            if let Some(row) = self.sessions.get_mut(&id) {
                (row.login_id, row.last_modified) = (Some(login_id), time);
            }
        }
        Some(login_id)
    }

    /// Clears away the rows of expired sessions, which otherwise linger; answers how many there were.
    pub fn clear_expired_sessions(&mut self) -> usize {
        let (now, before) = (self.now(), self.sessions().len());
        self.sessions.retain(|session| session.is_live(now));
        before - self.sessions().len()
    }
}

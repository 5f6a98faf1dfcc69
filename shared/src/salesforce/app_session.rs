//! Sessions by what they are for, without the look at each one's login that only a single user's take.

use std::collections::{BTreeSet, HashMap};

use futures::{StreamExt, TryStreamExt, stream};

use super::auth_session::{FoundSession, OBJECT, WANTED, session_from_record};
use super::client::Salesforce;
use super::error::SalesforceError;
use super::soql::{IDS_PER_QUERY, list, quote};
use crate::observation::{LoginId, SessionId, UserId};

/// Queries under way at once.
const AT_ONCE: usize = 4;

impl Salesforce {
    /// Every session of the org; their logins stay unread.
    ///
    /// # Errors
    /// Among others [`SalesforceError::UnreadableRow`]: nobody may be called logged off on a reading with gaps.
    pub async fn every_session(&self) -> Result<Vec<FoundSession>, SalesforceError> {
        self.bare_sessions("").await
    }

    /// One session, its login unread; `None` when there is none by that id, or it cannot be seen.
    pub async fn session(&self, id: &SessionId) -> Result<Option<FoundSession>, SalesforceError> {
        Ok(self.bare_sessions(&format!(" WHERE Id = {}", quote(id.as_str()))).await?.pop())
    }

    /// The sessions that an application's clients made, with those derived from them: OAuth sessions whose login
    /// names exactly this application, and OAuth sessions of `holders` whose login cannot be told; also those derived from
    /// what it is `known` to have made, which may be gone. For s OAuth sessions of the org that takes s/2,000 and s/300
    /// calls, each rounded up, and one more for each 300 that were made.
    ///
    /// # Errors
    /// As for [`Self::every_session`].
    pub async fn app_sessions(
        &self,
        app_name: &str,
        holders: &BTreeSet<UserId>,
        known: &BTreeSet<SessionId>,
    ) -> Result<Vec<FoundSession>, SalesforceError> {
        let oauth = self.bare_sessions(" WHERE SessionType = 'Oauth2'").await?;
        let applications = self.applications_of(&oauth).await?;
        let is_made_by_app = |found: &FoundSession| {
            if known.contains(&found.session.id) {
                return true;
            }
            let told = found.session.login_id().and_then(|login| applications.get(login));
            told.map_or(holders.contains(&found.session.user_id), |name| name == app_name)
        };
        let mut made: Vec<_> = oauth.into_iter().filter(is_made_by_app).collect();
        let mut read: BTreeSet<_> = made.iter().map(|found| found.session.id.clone()).collect();
        let mut above: BTreeSet<_> = read.union(known).cloned().collect();
        let mut next: Vec<_> = above.iter().cloned().collect();
        // Those derived from these, from those in turn, and so on.
        while !next.is_empty() {
            let derived = self.derived_from(&next).await?.into_iter();
            let new: Vec<_> = derived.filter(|found| read.insert(found.session.id.clone())).collect();
            let ids = new.iter().map(|found| found.session.id.clone());
            next = ids.filter(|id| above.insert(id.clone())).collect();
            made.extend(new);
        }
        Ok(made)
    }

    /// The application that each session's login names, as far as it can be read.
    pub async fn applications_of(
        &self,
        found: &[FoundSession],
    ) -> Result<HashMap<LoginId, String>, SalesforceError> {
        let ids: BTreeSet<_> = found.iter().filter_map(|found| found.session.login_id()).cloned().collect();
        let ids: Vec<_> = ids.into_iter().collect();
        let chunks: Vec<_> = ids.chunks(IDS_PER_QUERY).map(<[_]>::to_vec).collect();
        let read = |chunk: Vec<LoginId>| async move { self.logins_with_ids(&chunk).await };
        let logins: Vec<_> = stream::iter(chunks).map(read).buffered(AT_ONCE).try_collect().await?;
        Ok(logins
            .into_iter()
            .flatten()
            .map(|login| (login.id, login.application.as_str().to_owned()))
            .collect())
    }

    async fn derived_from(&self, roots: &[SessionId]) -> Result<Vec<FoundSession>, SalesforceError> {
        let chunks: Vec<_> = roots
            .chunks(IDS_PER_QUERY)
            .map(|chunk| format!(" WHERE ParentId IN {}", list(chunk.iter().map(SessionId::as_str))))
            .collect();
        let read = |condition: String| async move { self.bare_sessions(&condition).await };
        let derived: Vec<_> = stream::iter(chunks).map(read).buffered(AT_ONCE).try_collect().await?;
        Ok(derived.into_iter().flatten().collect())
    }

    async fn bare_sessions(&self, condition: &str) -> Result<Vec<FoundSession>, SalesforceError> {
        let select = self.seen(&WANTED).await?.select();
        let soql = format!("{select}{condition} ORDER BY Id");
        let mut all = self.query(OBJECT, soql, session_from_record).await?;
        self.mark_own(&mut all.rows).await?;
        all.into_every_row(OBJECT)
    }
}

//! Carrying a plan out. A step that fails does not keep the next from being tried.

use std::collections::BTreeMap;

use futures::{StreamExt, stream};
use serde::Serialize;

use super::journal::{Acted, Journal, joined};
use super::{Freezing, Pauses, Plan, Readable, StepKind, StepResult};
use crate::evidence::EntryKind;
use crate::observation::{Session, SessionId, TokenKey, UserId};
use crate::policy;
use crate::salesforce::{Applied, FoundToken, Frozen, Salesforce, TokenHashKey};
use crate::store::{Store, StoreError};

/// Tokens revoked between two entries of the ledger, each of which also renews the lease.
const TOKENS_PER_ENTRY: usize = 50;
/// Revocations under way at once.
const AT_ONCE: usize = 4;
/// Sessions in one call; Salesforce takes no more.
const SESSIONS_PER_CALL: usize = 200;

/// What acts on one user.
pub(crate) struct Actor<'a> {
    pub(crate) store: &'a dyn Store,
    pub(crate) salesforce: &'a Salesforce,
    pub(crate) token_key: &'a TokenHashKey,
    pub(crate) user: UserId,
    pub(crate) policy: &'a policy::Containment,
    pub(crate) pauses: Pauses,
}

/// The last answer about each thing that was acted on.
#[derive(Debug, Default)]
pub(super) struct Answers {
    pub(super) freeze: Option<StepResult>,
    pub(super) tokens: BTreeMap<TokenKey, StepResult>,
    pub(super) sessions: BTreeMap<SessionId, StepResult>,
}

impl Actor<'_> {
    /// Carries out the steps of a plan that the journal's record has begun, in their order.
    ///
    /// # Errors
    /// Only the store's: without a record of it nothing more is done. Salesforce's failures are results.
    pub(super) async fn carry_out(
        &self,
        plan: &Plan,
        journal: &mut Journal<'_>,
        answers: &mut Answers,
    ) -> Result<(), StoreError> {
        if plan.freeze == Freezing::Wanted {
            self.freeze(journal, answers).await?;
        }
        match &plan.tokens {
            Ok(tokens) if tokens.is_empty() => {}
            Ok(tokens) => self.revoke(tokens, journal, answers).await?,
            Err(reason) => self.skip(StepKind::RevokeTokens, reason, journal).await?,
        }
        match &plan.sessions {
            Ok(sessions) if sessions.is_empty() => Ok(()),
            Ok(sessions) => self.delete(sessions, journal, answers).await,
            Err(reason) => self.skip(StepKind::DeleteSessions, reason, journal).await,
        }
    }

    async fn freeze(&self, journal: &mut Journal<'_>, answers: &mut Answers) -> Result<(), StoreError> {
        let result = result(self.salesforce.set_frozen(&self.user, Frozen::Yes).await);
        answers.freeze = Some(result.clone());
        journal.acted(result.clone(), &self.entry(StepKind::Freeze, &result)).await
    }

    async fn revoke(
        &self,
        tokens: &[FoundToken],
        journal: &mut Journal<'_>,
        answers: &mut Answers,
    ) -> Result<(), StoreError> {
        let mut all = BTreeMap::new();
        for chunk in tokens.chunks(TOKENS_PER_ENTRY) {
            let revoke = |found: &FoundToken| {
                let found = found.clone();
                async move { (found.token.key.clone(), result(self.salesforce.revoke(&found).await)) }
            };
            let revoked: BTreeMap<_, _> =
                stream::iter(chunk.iter().map(revoke)).buffered(AT_ONCE).collect().await;
            let entry = self.entry(StepKind::RevokeTokens, &revoked);
            all.extend(revoked.clone());
            self.record(all.len() == tokens.len(), joined(&all), &entry, journal).await?;
        }
        answers.tokens.extend(all);
        Ok(())
    }

    async fn delete(
        &self,
        sessions: &[Session],
        journal: &mut Journal<'_>,
        answers: &mut Answers,
    ) -> Result<(), StoreError> {
        let mut all = BTreeMap::new();
        for chunk in sessions.chunks(SESSIONS_PER_CALL) {
            let ids: Vec<_> = chunk.iter().map(|session| session.id.clone()).collect();
            let deleted = self.delete_call(&ids).await;
            let entry = self.entry(StepKind::DeleteSessions, &deleted);
            all.extend(deleted.clone());
            self.record(all.len() == sessions.len(), joined(&all), &entry, journal).await?;
        }
        answers.sessions.extend(all);
        Ok(())
    }

    async fn delete_call(&self, ids: &[SessionId]) -> BTreeMap<SessionId, StepResult> {
        match self.salesforce.delete_sessions(ids).await {
            Ok(deletions) => deletions.into_iter().map(|d| (d.id, result(d.result))).collect(),
            Err(error) => {
                let failed = StepResult::Failed { reason: error.to_string() };
                ids.iter().map(|id| (id.clone(), failed.clone())).collect()
            }
        }
    }

    /// A part of a step is an entry; the last part also ends the step.
    async fn record(
        &self,
        is_last: bool,
        so_far: StepResult,
        entry: &impl Serialize,
        journal: &mut Journal<'_>,
    ) -> Result<(), StoreError> {
        if is_last {
            journal.acted(so_far, entry).await
        } else {
            journal.enter(EntryKind::Act, entry, Vec::new()).await
        }
    }

    async fn skip(&self, step: StepKind, reason: &str, journal: &mut Journal<'_>) -> Result<(), StoreError> {
        let result = StepResult::Failed { reason: format!("what to end could not be read: {reason}") };
        let entry = self.entry(step, &result);
        journal.acted(result.clone(), &entry).await
    }

    fn entry<T: Serialize>(&self, step: StepKind, answers: T) -> Acted<'_, T> {
        Acted { step, user_id: self.user.as_str(), answers }
    }

    /// Why nothing more may be done, if it is so.
    pub(super) async fn stopped(&self, journal: &Journal<'_>) -> Result<Option<String>, StoreError> {
        let read: Readable<_> =
            super::kill_switch::thrown(self.store, &journal.record.request.org_id).await?;
        Ok(read.unwrap_or_else(|reason| Some(format!("the kill switch cannot be read: {reason}"))))
    }
}

fn result<E: ToString>(applied: Result<Applied, E>) -> StepResult {
    match applied {
        Ok(Applied::Done) => StepResult::Done,
        Ok(Applied::AlreadySo) => StepResult::AlreadySo,
        Err(error) => StepResult::Failed { reason: error.to_string() },
    }
}

//! Carrying a plan out. A step that fails does not keep the next from being tried.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, future, stream};
use serde::Serialize;

use super::journal::{Acted, Journal, joined};
use super::waves::waves;
use super::{Freezing, Outcome, Pauses, Plan, Reach, Readable, Resetting, StepKind, StepResult, Target};
use crate::evidence::EntryKind;
use crate::observation::{Session, SessionId, TokenKey};
use crate::policy::{self, FreezeMode};
use crate::salesforce::{
    Applied, ClientAppId, FoundToken, Frozen, KnownAddress, Revocation, Salesforce, TokenHashKey,
};
use crate::store::{Store, StoreError};

/// Tokens revoked, or addresses forgotten, between two entries of the ledger, each of which also renews the lease.
const PER_ENTRY: usize = 100;
/// Revocations under way at once: below the 25 long requests that Salesforce lets an org run.
const REVOCATIONS_AT_ONCE: usize = 8;

/// What acts on one subject.
pub(crate) struct Actor<'a> {
    pub(crate) store: &'a dyn Store,
    pub(crate) salesforce: &'a Salesforce,
    pub(crate) token_key: &'a TokenHashKey,
    pub(crate) reach: Reach,
    pub(crate) policy: &'a policy::Containment,
    pub(crate) pauses: Pauses,
}

/// The last answer about each thing that was acted on.
#[derive(Debug, Default)]
pub(super) struct Answers {
    pub(super) freeze: Option<StepResult>,
    pub(super) password: Option<StepResult>,
    pub(super) addresses: BTreeMap<String, StepResult>,
    pub(super) tokens: BTreeMap<TokenKey, StepResult>,
    pub(super) sessions: BTreeMap<SessionId, StepResult>,
}

/// Why nothing more may be done, if it is so.
pub(super) type Stop = Option<String>;

impl Actor<'_> {
    /// Carries out the steps of a plan that the journal's record has begun, in their order. The kill switch is read
    /// before each part.
    ///
    /// # Errors
    /// Only the store's: without a record of it nothing more is done. Salesforce's failures are results.
    pub(super) async fn carry_out(
        &mut self,
        plan: &Plan,
        journal: &mut Journal<'_>,
        answers: &mut Answers,
    ) -> Result<Stop, StoreError> {
        let stop = self.stopped(0, 1, journal).await?;
        if stop.is_some() {
            return Ok(stop);
        }
        if plan.freeze != Freezing::NotWanted {
            self.freeze(journal, answers).await?;
        }
        if plan.password == Resetting::Wanted {
            let stop = self.stopped(0, 1, journal).await?;
            if stop.is_some() {
                return Ok(stop);
            }
            self.reset_password(journal, answers).await?;
        }
        let stop = match &plan.tokens {
            Ok(tokens) => self.revoke(tokens, journal, answers).await?,
            Err(reason) => self.skip(StepKind::RevokeTokens, reason, journal).await?,
        };
        if stop.is_some() {
            return Ok(stop);
        }
        self.shut(plan);
        let stop = match &plan.sessions {
            Ok(sessions) => self.delete(sessions, journal, answers).await?,
            Err(reason) => self.skip(StepKind::DeleteSessions, reason, journal).await?,
        };
        if stop.is_some() {
            return Ok(stop);
        }
        match &plan.addresses {
            Ok(addresses) => self.forget(addresses, journal, answers).await,
            Err(reason) => self.skip(StepKind::ForgetAddresses, reason, journal).await,
        }
    }

    /// Whose account stays open may log in again, and is not thrown out for it: only what is there by now has to go, and
    /// what tokens make that were not yet gone.
    fn shut(&mut self, plan: &Plan) {
        let is_open = match self.reach.target {
            Target::Org => true,
            Target::User { .. } => self.policy.freeze == FreezeMode::Never,
            Target::Session { .. } | Target::App { .. } => false,
        };
        let has_revoked = plan.tokens.as_ref().map_or(true, |tokens| !tokens.is_empty());
        if is_open && (self.reach.shut.is_none() || has_revoked) {
            self.reach.shut = Some(self.salesforce.server_now());
        }
    }

    async fn reset_password(
        &mut self,
        journal: &mut Journal<'_>,
        answers: &mut Answers,
    ) -> Result<(), StoreError> {
        let Some(user) = self.reach.target.user() else { return Ok(()) };
        let result = result(self.salesforce.reset_password(user).await.map(|()| Applied::Done));
        if result == StepResult::Done {
            self.reach.password_reset = Some(journal.now());
            journal.record.reach = Some(self.reach.kept_in_record());
        }
        answers.password = Some(result.clone());
        journal.acted(result.clone(), &self.entry(StepKind::ResetPassword, &result)).await
    }

    async fn forget(
        &self,
        addresses: &[KnownAddress],
        journal: &mut Journal<'_>,
        answers: &mut Answers,
    ) -> Result<Stop, StoreError> {
        let mut all = BTreeMap::new();
        for (number, chunk) in addresses.chunks(PER_ENTRY).enumerate() {
            let stop = self.stopped(number * PER_ENTRY, addresses.len(), journal).await?;
            if stop.is_some() {
                return Ok(stop);
            }
            let forget = |known: &KnownAddress| {
                let known = known.clone();
                async move { (known.id.clone(), result(self.salesforce.forget_address(&known).await)) }
            };
            let forgetting = stream::iter(chunk.iter().map(forget)).buffered(REVOCATIONS_AT_ONCE);
            let forgotten: BTreeMap<_, _> = forgetting.collect().await;
            let entry = self.entry(StepKind::ForgetAddresses, &forgotten);
            all.extend(forgotten.clone());
            let is_last = (number + 1) * PER_ENTRY >= addresses.len();
            self.record(is_last, joined(&all), &entry, journal).await?;
        }
        answers.addresses.extend(all);
        Ok(None)
    }

    async fn freeze(&self, journal: &mut Journal<'_>, answers: &mut Answers) -> Result<(), StoreError> {
        let Some(user) = self.reach.target.user() else { return Ok(()) };
        let result = result(self.salesforce.set_frozen(user, Frozen::Yes).await);
        answers.freeze = Some(result.clone());
        journal.acted(result.clone(), &self.entry(StepKind::Freeze, &result)).await
    }

    /// Lets a user in again of whom nothing is left. Where that fails he stays frozen.
    pub(super) async fn thaw(&self, journal: &mut Journal<'_>) -> Result<Outcome, StoreError> {
        let Some(user) = self.reach.target.user() else { return Ok(Outcome::AccessEnded) };
        journal.hold_lease().await?;
        let result = result(self.salesforce.set_frozen(user, Frozen::No).await);
        let is_in = !matches!(result, StepResult::Failed { .. });
        journal.acted(result.clone(), &self.entry(StepKind::Thaw, &result)).await?;
        Ok(if is_in { Outcome::AccessEnded } else { Outcome::Contained })
    }

    async fn revoke(
        &self,
        tokens: &[FoundToken],
        journal: &mut Journal<'_>,
        answers: &mut Answers,
    ) -> Result<Stop, StoreError> {
        let (mut all, mut wholes) = (BTreeMap::new(), BTreeMap::new());
        for (number, chunk) in tokens.chunks(PER_ENTRY).enumerate() {
            let stop = self.stopped(number * PER_ENTRY, tokens.len(), journal).await?;
            if stop.is_some() {
                return Ok(stop);
            }
            self.revoke_whole_apps(chunk, &mut wholes).await;
            let revoke = |found: &FoundToken| {
                let (found, told) = (found.clone(), whole(found).and_then(|app| wholes.get(app)).cloned());
                async move {
                    let answer = match told {
                        Some(answer) => answer,
                        None => result(self.salesforce.revoke(&found).await),
                    };
                    (found.token.key, answer)
                }
            };
            let revoking = stream::iter(chunk.iter().map(revoke)).buffered(REVOCATIONS_AT_ONCE);
            let revoked: BTreeMap<_, _> = revoking.collect().await;
            let entry = self.entry(StepKind::RevokeTokens, &revoked);
            all.extend(revoked.clone());
            let is_last = (number + 1) * PER_ENTRY >= tokens.len();
            self.record(is_last, joined(&all), &entry, journal).await?;
        }
        answers.tokens.extend(all);
        Ok(None)
    }

    /// One call for each external client app all of whose tokens go, and of which none has gone yet.
    async fn revoke_whole_apps(
        &self,
        tokens: &[FoundToken],
        answers: &mut BTreeMap<ClientAppId, StepResult>,
    ) {
        let apps: BTreeSet<_> = tokens.iter().filter_map(whole).cloned().collect();
        for app in apps {
            if let Entry::Vacant(place) = answers.entry(app) {
                let answer = result(self.salesforce.revoke_client_app(place.key()).await);
                place.insert(answer);
            }
        }
    }

    async fn delete(
        &self,
        sessions: &[Session],
        journal: &mut Journal<'_>,
        answers: &mut Answers,
    ) -> Result<Stop, StoreError> {
        let (mut all, mut asked) = (BTreeMap::new(), 0);
        for wave in waves(sessions) {
            let stop = self.stopped(asked, sessions.len(), journal).await?;
            if stop.is_some() {
                return Ok(stop);
            }
            asked += wave.iter().map(|call| call.len()).sum::<usize>();
            let calls = wave.into_iter().map(|call| self.delete_call(call));
            let deleted: BTreeMap<_, _> = future::join_all(calls).await.into_iter().flatten().collect();
            let entry = self.entry(StepKind::DeleteSessions, &deleted);
            all.extend(deleted.clone());
            self.record(asked == sessions.len(), joined(&all), &entry, journal).await?;
        }
        answers.sessions.extend(all);
        Ok(None)
    }

    async fn delete_call(&self, sessions: &[Session]) -> BTreeMap<SessionId, StepResult> {
        let ids: Vec<_> = sessions.iter().map(|session| session.id.clone()).collect();
        match self.salesforce.delete_sessions(&ids).await {
            Ok(deletions) => deletions.into_iter().map(|d| (d.id, result(d.result))).collect(),
            Err(error) => {
                let failed = StepResult::failed(&error);
                ids.into_iter().map(|id| (id, failed.clone())).collect()
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

    async fn skip(
        &self,
        step: StepKind,
        reason: &str,
        journal: &mut Journal<'_>,
    ) -> Result<Stop, StoreError> {
        let result = StepResult::Failed { reason: format!("what to end could not be read: {reason}") };
        let entry = self.entry(step, &result);
        journal.acted(result.clone(), &entry).await?;
        Ok(None)
    }

    fn entry<T: Serialize>(&self, step: StepKind, answers: T) -> Acted<T> {
        Acted { step, subject: self.reach.target.subject(), answers }
    }

    /// Reads whether the work is still this worker's, and the kill switch last; thrown, it ends the step that has begun, of
    /// which `done` parts of `of` are done.
    async fn stopped(&self, done: usize, of: usize, journal: &mut Journal<'_>) -> Result<Stop, StoreError> {
        journal.hold_lease().await?;
        let read: Readable<_> =
            super::kill_switch::thrown(self.store, &journal.record.request.org_id).await?;
        let stop = read.unwrap_or_else(|reason| Some(format!("the kill switch cannot be read: {reason}")));
        if stop.is_some() {
            let now = journal.now();
            journal.record.stop_step(done, of, now);
        }
        Ok(stop)
    }
}

/// The external client app all of whose tokens go together with this one.
fn whole(found: &FoundToken) -> Option<&ClientAppId> {
    match &found.revocation {
        Revocation::ByWholeClientApp { app } => Some(app),
        _ => None,
    }
}

fn result<E: ToString>(applied: Result<Applied, E>) -> StepResult {
    match applied {
        Ok(Applied::Done) => StepResult::Done,
        Ok(Applied::AlreadySo) => StepResult::AlreadySo,
        Err(error) => StepResult::failed(&error),
    }
}

//! What is looked at again by itself: containments that wait for people, and people who were contained.

use jiff::Timestamp;

use super::requests::{requests, tell};
use super::{Contain, ContainError};
use crate::containment::{
    Containment, Due, Journal, Lease, Marks, OpenPlans, ProtectedNames, Relapse, Request, RequestedBy, Stage,
    Survivor, Target, Task, agenda, containments, release,
};
use crate::observation::OrgId;
use crate::stages::findings;
use crate::store::{Expect, Kept, StoreError, Write};

impl Contain<'_> {
    /// Goes on with containments whose worker has died, and through an org's agenda: carries out what people have agreed to, gives up what they refused or let pass,
    /// and looks whether access that was ended has come back. Does the upkeep that is due. Answers every containment that has changed; one that
    /// fails is told to the log and tried again next time.
    ///
    /// # Errors
    /// When the store cannot be read, or something is due and the connection leads to another org.
    pub async fn tend(&self, org: &OrgId) -> Result<Vec<Containment>, ContainError> {
        let (mut changed, now) = (Vec::new(), self.clock.now());
        let left = self.unfinished(org).await?;
        let mut all = agenda(org).each(self.store).await?;
        all.retain(|(_, due)| due.as_ref().map_or(true, |due| due.value.at <= now));
        all.sort_by_key(|(_, due)| due.as_ref().ok().map(|due| due.value.turn()));
        if !all.is_empty() || !left.is_empty() {
            self.check_scope(org).await?;
        }
        if let Err(error) = self.remember_protected(org).await {
            tracing::error!(org.id = %org, error = %error, "whom the policy protects could not be looked up");
        }
        for id in left {
            note(&id, self.finish(org, &id).await.map(Vec::from_iter), &mut changed);
        }
        for (id, due) in all {
            let tended = match due {
                Ok(due) => self.tend_if_still_due(org, &id, &due).await,
                Err(error) => Err(error.into()),
            };
            note(&id, tended, &mut changed);
        }
        self.upkeep().do_what_is_due(org).await;
        Ok(changed)
    }

    /// Keeps whom the policy's login names mean, so that who is protected stays so under another name.
    async fn remember_protected(&self, org: &OrgId) -> Result<(), ContainError> {
        let (protected, now) = (&self.policy.protected, self.clock.now());
        let before = match ProtectedNames::read(self.store, org).await? {
            Ok(names) => names,
            Err(reason) => {
                tracing::error!(
                    reason,
                    "whom the policy has protected cannot be read, so nobody is contained"
                );
                return Ok(());
            }
        };
        if !before.is_stale(protected, now) {
            return Ok(());
        }
        self.check_scope(org).await?;
        let names = before.look_up(self.salesforce, protected, now).await?;
        match self.store.write(vec![names.written(org)?]).await {
            // Somebody else has looked.
            Err(StoreError::Conflict(_)) => Ok(()),
            written => Ok(written?),
        }
    }

    /// Containments that have begun and not ended: their worker is at it, or has died.
    async fn unfinished(&self, org: &OrgId) -> Result<Vec<String>, ContainError> {
        let open = OpenPlans::read(self.store, org).await?;
        Ok(open.iter().flat_map(OpenPlans::ids).map(str::to_owned).collect())
    }

    /// Goes on for a worker that has died, under the guard of those that go on; `None` while it lives.
    async fn finish(&self, org: &OrgId, id: &str) -> Result<Option<Containment>, ContainError> {
        let Some(kept) = self.begun(org, id).await? else { return Ok(None) };
        let (subject, now) = (kept.value.request.target.subject(), self.clock.now());
        let Some(lease) = Lease::take(self.store, org, &subject, now).await? else { return Ok(None) };
        // The worker may have ended between the look and the lease.
        let looked = match self.begun(org, id).await {
            Ok(Some(kept)) => {
                self.with_finding(kept.value.request.clone()).await.map(|known| Some((kept, known.1)))
            }
            other => other.map(|_| None),
        };
        match looked {
            Ok(Some((kept, finding))) => Box::pin(self.resume(kept, finding, lease)).await.map(Some),
            other => {
                release(self.store, &lease, now).await;
                other.map(|_| None)
            }
        }
    }

    async fn begun(&self, org: &OrgId, id: &str) -> Result<Option<Kept<Containment>>, ContainError> {
        let kept = containments(org).get(self.store, id).await?;
        Ok(kept.filter(|kept| kept.value.stage == Stage::Acting))
    }

    /// Asks about each finding that had joined a question which was given up.
    async fn ask_anew(&self, record: &Containment, read: u64) -> Result<Vec<Containment>, ContainError> {
        let (org, mut anew) = (&record.request.org_id, Vec::new());
        for joined in &record.joined {
            let Some(finding) = findings(org).get(self.store, joined.finding_id.as_str()).await? else {
                continue;
            };
            let about = |request: &Request| request.target.user() == record.request.target.user();
            anew.extend(requests(&finding.value).into_iter().filter(about));
        }
        let asked = self.contain_each(anew).await?;
        self.unless_moved_on(Due::rewritten(record, read, None)?).await?;
        Ok(asked)
    }

    /// The turn of one may come minutes after the agenda was read. Versions begin anew where an entry was taken off and put
    /// again, so what it says is compared too.
    async fn tend_if_still_due(
        &self,
        org: &OrgId,
        id: &str,
        due: &Kept<Due>,
    ) -> Result<Vec<Containment>, ContainError> {
        match agenda(org).get(self.store, id).await? {
            Some(kept) if kept == *due => self.tend_one(org, id, due).await,
            _ => Ok(Vec::new()),
        }
    }

    async fn tend_one(
        &self,
        org: &OrgId,
        id: &str,
        due: &Kept<Due>,
    ) -> Result<Vec<Containment>, ContainError> {
        let kept = containments(org).get(self.store, id).await?;
        let read = due.version;
        match (kept, due.value.what) {
            (Some(kept), Task::Consent) if kept.value.stage == Stage::Waiting => {
                Ok(Box::pin(self.answer_of_people(kept)).await?.into_iter().collect())
            }
            (Some(kept), Task::AskAnew) if kept.value.is_refused() => self.ask_anew(&kept.value, read).await,
            (Some(kept), Task::Release) if kept.value.releasing.is_some() => {
                Ok(Box::pin(self.finish_release(&kept.value)).await?.into_iter().collect())
            }
            (Some(kept), Task::Watch { since }) if kept.value.is_watched() => {
                Box::pin(self.watch(&kept.value, since, read)).await
            }
            _ => {
                let key = agenda(org).key(id);
                self.unless_moved_on(Write::Delete { key, expect: Expect::Version(read) }).await?;
                Ok(Vec::new())
            }
        }
    }

    /// Writes about the agenda, unless somebody else has since it was read: what he put there counts.
    async fn unless_moved_on(&self, write: Write) -> Result<(), StoreError> {
        match self.store.write(vec![write]).await {
            Err(StoreError::Conflict(key)) => {
                tracing::debug!(containment.id = key.sort, "somebody else has moved on with it");
                Ok(())
            }
            written => written,
        }
    }

    /// Looks whether access that was ended has come back. If so the case is open again, and people are asked about all of
    /// it: about a session that came back, its user.
    async fn watch(
        &self,
        record: &Containment,
        since: Timestamp,
        read: u64,
    ) -> Result<Vec<Containment>, ContainError> {
        let now = self.clock.now();
        let next = Due::watch(since, record.residual_until, now);
        let hostile = self.hostile(record).await?;
        let relapse =
            Box::pin(self.actor(Self::reach_of(record).access_only()).relapse(record, &hostile)).await;
        let is_over = record.residual_until.is_some_and(|until| until <= now);
        match relapse {
            Relapse::Back(survivors) => self.reopen(record, survivors).await,
            Relapse::None if is_over || record.unchecked.is_some() => {
                self.enter(record, async |journal| journal.settle(next.as_ref()).await).await
            }
            Relapse::None => self.look_next(record, read, next).await,
            Relapse::Thawed(by) => self.enter(record, async |journal| journal.thawed(by).await).await,
            Relapse::Frozen(by) => {
                self.enter(record, async |journal| journal.frozen(by, next.as_ref()).await).await
            }
            Relapse::Unseen(reason) => {
                tracing::warn!(containment.id = %record.containment_id, reason, "the watch cannot see");
                let is_due = is_over || next.is_none();
                let next = next.or_else(|| Due::retry(since, now));
                if !is_due || record.unchecked.is_some() {
                    return self.look_next(record, read, next).await;
                }
                self.enter(record, async |journal| journal.not_checked(reason, next.as_ref()).await).await
            }
        }
    }

    /// What the findings behind a containment call hostile.
    pub(super) async fn hostile(&self, record: &Containment) -> Result<Marks, StoreError> {
        let (mut hostile, org) = (Marks::default(), &record.request.org_id);
        for trigger in record.request.trigger.iter().chain(&record.joined) {
            if let Some(kept) = findings(org).get(self.store, trigger.finding_id.as_str()).await? {
                let Marks { session_ids, addresses } = Marks::of(&kept.value);
                hostile.session_ids.extend(session_ids);
                hostile.addresses.extend(addresses);
            }
        }
        Ok(hostile)
    }

    async fn look_next(
        &self,
        record: &Containment,
        read: u64,
        next: Option<Due>,
    ) -> Result<Vec<Containment>, ContainError> {
        self.unless_moved_on(Due::rewritten(record, read, next.as_ref())?).await?;
        Ok(Vec::new())
    }

    /// Writes about a record, unless somebody else does.
    async fn enter(
        &self,
        record: &Containment,
        write: impl AsyncFnOnce(&mut Journal<'_>) -> Result<(), StoreError>,
    ) -> Result<Vec<Containment>, ContainError> {
        let Some(mut journal) = self.journal_of(record).await? else { return Ok(Vec::new()) };
        let outcome = write(&mut journal).await;
        Ok(vec![self.finished(outcome.map_err(ContainError::from), journal).await?])
    }

    async fn reopen(
        &self,
        record: &Containment,
        survivors: Vec<Survivor>,
    ) -> Result<Vec<Containment>, ContainError> {
        // Asked first: whoever dies in between asks the same once more, and reopens then.
        let asked = Box::pin(self.contain(once_more(record), super::Apply::Act)).await?;
        let mut changed = self.enter(record, async |journal| journal.reopen(survivors).await).await?;
        changed.push(asked);
        Ok(changed)
    }

    /// The journal about a record that has not changed, while nobody else acts on its subject.
    pub(super) async fn journal_of(&self, record: &Containment) -> Result<Option<Journal<'_>>, ContainError> {
        let (org, subject) = (&record.request.org_id, record.request.target.subject());
        let Some(lease) = Lease::take(self.store, org, &subject, self.clock.now()).await? else {
            return Ok(None);
        };
        match self.record_of(&record.request).await {
            Ok(Some(Kept { value, version })) if value == *record => {
                Ok(Some(Journal::new(self.store, self.clock, lease, value, Some(version))))
            }
            other => {
                release(self.store, &lease, self.clock.now()).await;
                Ok(other.map(|_| None)?)
            }
        }
    }
}

/// What became of one, told to the log where it failed.
fn note(id: &str, tended: Result<Vec<Containment>, ContainError>, changed: &mut Vec<Containment>) {
    match tended {
        Ok(records) => changed.extend(records.into_iter().inspect(tell)),
        Err(error) => {
            tracing::error!(containment.id = id, error = %error, "a containment could not be tended");
        }
    }
}

/// What is asked where access has come back: about a session, its user; and else the same again.
fn once_more(record: &Containment) -> Request {
    let (target, what) = match &record.request.target {
        Target::Session { user_id, .. } => (Target::User { user_id: user_id.clone() }, "a hostile session"),
        other => (other.clone(), "access"),
    };
    // Each time that it was ended it may come back once.
    let ended = record.finished.unwrap_or_default();
    Request {
        request_id: format!("again/{}/{ended}", record.containment_id),
        target,
        reason: format!("{what} was ended and came back within a day"),
        requested_by: RequestedBy::Watch,
        ..record.request.clone()
    }
}

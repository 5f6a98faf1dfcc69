//! A containment's record, its entries in the ledger, and the lease on its subject, written together.

mod after;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::agenda::Due;
use super::lease::following;
use super::residual::{self, after_jwt};
use super::{
    Approval, Containment, Lease, OpenPlans, Outcome, Pending, Plan, Refusal, Request, Stage, StepKind,
    StepResult, Survivor, Trigger,
};
use crate::clock::Clock;
use crate::evidence::{EntryKind, Ledger};
use crate::messages::{ContainmentEnded, SCHEMA_VERSION};
use crate::notice::{self, About};
use crate::observation::OrgId;
use crate::salesforce::Salesforce;
use crate::store::{Key, LocalOutbox, Outgoing, Queue, Room, Store, StoreError, Table, Write};

/// Survivors that a record lists.
const LISTED: usize = 50;
/// Each failed attempt is another worker's success.
const ATTEMPTS: usize = 100;

/// The room of an org's containments, by containment id.
pub fn containments(org: &OrgId) -> Room<Containment> {
    Room::new(Table::Contain, org, "containments")
}

/// Writes about one containment, as long as its lease is held: a worker whose lease was taken by another is stopped
/// by a conflict.
pub(crate) struct Journal<'a> {
    store: &'a dyn Store,
    clock: &'a dyn Clock,
    ledger: Ledger<'a>,
    lease: Lease,
    version: Option<u64>,
    calls: Option<Calls<'a>>,
    pub(crate) record: Containment,
}

/// The calls of a client, as far as they are counted into the record.
struct Calls<'a> {
    salesforce: &'a Salesforce,
    counted: u64,
}

impl<'a> Journal<'a> {
    /// A journal about a record that was read under `version`, or is new.
    pub(crate) fn new(
        store: &'a dyn Store,
        clock: &'a dyn Clock,
        lease: Lease,
        record: Containment,
        version: Option<u64>,
    ) -> Self {
        let ledger = Ledger::new(store, record.request.org_id.clone());
        Self { store, clock, ledger, lease, version, calls: None, record }
    }

    /// Counts this client's calls from now on into the record: with each entry, so that those of a worker that dies are
    /// counted as far as it has recorded what it did.
    pub(crate) fn counting(self, salesforce: &'a Salesforce) -> Self {
        let calls = Calls { salesforce, counted: salesforce.usage().calls };
        Self { calls: Some(calls), ..self }
    }

    fn count_calls(&mut self) {
        if let Some(calls) = &mut self.calls {
            let made = calls.salesforce.usage().calls;
            self.record.api_calls += made.saturating_sub(calls.counted);
            calls.counted = made;
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Proves before an act that it is still this worker's to do.
    ///
    /// # Errors
    /// A conflict where another worker may have taken over.
    pub(crate) async fn hold_lease(&mut self) -> Result<(), StoreError> {
        self.lease.hold(self.store, self.clock.now()).await
    }

    /// Adds an entry, and writes the record as it now is, the renewed lease and `also`; all or nothing.
    pub(super) async fn enter(
        &mut self,
        kind: EntryKind,
        payload: &impl Serialize,
        mut also: Vec<Write>,
    ) -> Result<(), StoreError> {
        self.count_calls();
        let id = self.record.containment_id.as_str().to_owned();
        let room = containments(&self.record.request.org_id);
        also.push(room.put(&id, self.version, &self.record)?);
        also.push(self.lease.renewal(self.now())?);
        // An intent to give access back ends nothing.
        if self.record.stage == Stage::Finished && self.record.releasing.is_none() {
            also.extend(LocalOutbox::puts(vec![self.ended()?]));
        }
        let head = self.ledger.append_with(kind, Some(&id), self.now(), payload, &also).await?;
        self.version = Some(following(self.version));
        self.lease.written();
        self.record.evidence_head = Some(head.hash.to_string());
        Ok(())
    }

    /// The message that waits from this write on until whoever listens is told: in the order of time, and another of each state
    /// of the record.
    fn ended(&self) -> Result<Outgoing, StoreError> {
        let (record, at) = (&self.record, self.now());
        let (org, containment_id) = (record.request.org_id.clone(), record.containment_id.clone());
        let order = format!("{:011}/{containment_id}/{:06}", at.as_second(), following(self.version));
        let (schema_version, org_id) = (SCHEMA_VERSION, org.clone());
        let ended = ContainmentEnded { schema_version, org_id, containment_id, at };
        let unwritable = |error: serde_json::Error| StoreError::Unwritable {
            key: containments(&org).key(record.containment_id.as_str()),
            reason: error.to_string(),
        };
        let body = serde_json::to_value(ended).map_err(unwritable)?;
        Ok(Outgoing { queue: Queue::Ended, org, order, body })
    }

    /// Records the intent: from here on the containment is carried through. `also` reserves what it takes. Approvals
    /// are used up by the same write: the record waits no longer.
    pub(crate) async fn intend(
        &mut self,
        plan: &Plan,
        payload: &impl Serialize,
        mut also: Vec<Write>,
    ) -> Result<(), StoreError> {
        let now = self.now();
        if self.record.pending.take().is_some() {
            also.push(Due::written(&self.record, None)?);
        }
        self.record.steps.clear();
        self.record.outcome = None;
        (self.record.stage, self.record.finished) = (Stage::Acting, None);
        self.record.started = now;
        self.expect(plan);
        also.extend(residual::written(&self.record)?);
        self.enter(EntryKind::Decision, payload, also).await
    }

    /// Records that another finding about the same joins.
    pub(crate) async fn join(&mut self, request: &Request, trigger: Trigger) -> Result<(), StoreError> {
        let joined = &mut self.record.joined;
        joined.retain(|known| known.finding_id != trigger.finding_id);
        joined.truncate(LISTED - 1);
        joined.push(trigger);
        let payload = serde_json::json!({ "joins": request });
        self.enter(EntryKind::Request, &payload, Vec::new()).await?;
        self.put_down().await;
        Ok(())
    }

    /// Records who has agreed, each with his signature.
    pub(crate) async fn enter_approvals(&mut self, given: &[Approval]) -> Result<(), StoreError> {
        if given.is_empty() { Ok(()) } else { self.enter(EntryKind::Approval, &given, Vec::new()).await }
    }

    /// Records that what was interrupted, or has not succeeded, is gone on with; `also` makes it an open plan, again or still,
    /// and reserves what it takes.
    pub(crate) async fn go_on(&mut self, plan: &Plan, mut also: Vec<Write>) -> Result<(), StoreError> {
        self.record.stage = Stage::Acting;
        (self.record.outcome, self.record.finished) = (None, None);
        (self.record.released, self.record.releasing, self.record.unchecked) = (None, None, None);
        self.expect(plan);
        let payload = serde_json::json!({ "goes_on": true, "left": plan.steps() });
        also.extend(residual::written(&self.record)?);
        self.enter(EntryKind::Decision, &payload, also).await
    }

    /// Plans the steps of a round; they are written with the next entry.
    pub(super) fn expect(&mut self, plan: &Plan) {
        let now = self.now();
        self.record.expect(&plan.steps(), now);
        if plan.may_leave_jwt() {
            self.record.residual_until = after_jwt(now);
        }
    }

    /// Records what a step came to, and that the next one begins.
    pub(super) async fn acted(
        &mut self,
        result: StepResult,
        payload: &impl Serialize,
    ) -> Result<(), StoreError> {
        self.record.end_step(result, self.now());
        self.enter(EntryKind::Act, payload, Vec::new()).await
    }

    /// Records why nothing was done; that ends the containment, or lets it wait for people. Findings that had joined it
    /// have had no answer then, and are asked about by themselves.
    pub(crate) async fn refuse(
        &mut self,
        refusals: Vec<Refusal>,
        pending: Option<Pending>,
        payload: &impl Serialize,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let due = match &pending {
            Some(_) => Some(Due::consent(now)),
            None => (!self.record.joined.is_empty()).then(|| Due::ask_anew(now)),
        };
        let due = Due::written(&self.record, due.as_ref())?;
        let kind = if pending.is_some() { EntryKind::Request } else { EntryKind::Refusal };
        let rules: Vec<_> = refusals.iter().map(|refusal| refusal.rule.as_str()).collect();
        let about = match &pending {
            Some(_) => Some(About::Asked),
            None => About::of_refusal(&self.record, &rules),
        };
        let told = about.map(|about| self.told(about)).transpose()?;
        self.conclude(Outcome::Refused { refusals });
        if pending.is_some() {
            self.record.stage = Stage::Waiting;
        }
        self.record.pending = pending;
        self.enter(kind, payload, [due].into_iter().chain(told).collect()).await?;
        self.put_down().await;
        Ok(())
    }

    pub(super) fn leave(&mut self, survivors: Vec<Survivor>) {
        self.record.survivors_total = survivors.len();
        self.record.survivors = survivors.into_iter().take(LISTED).collect();
    }

    /// Records how it ended, and closes the open plan. Without its entry in the ledger nothing is called finished.
    pub(crate) async fn end(&mut self, outcome: Outcome) -> Result<(), StoreError> {
        let of_others = residual::of_others(self.store, &self.record, self.now()).await?;
        self.conclude(outcome);
        self.count_calls();
        if !self.record.is_refused() {
            self.record.residual_until = self.record.residual_until.max(of_others);
        }
        let payload = self.record.clone();
        let mut attempts = 1;
        while let Err(conflict) = self.try_to_end(&payload).await? {
            attempts += 1;
            if attempts > ATTEMPTS {
                return Err(StoreError::Conflict(conflict));
            }
        }
        self.put_down().await;
        Ok(())
    }

    /// `Err` inside when another containment has changed the list of open plans meanwhile.
    async fn try_to_end(&mut self, payload: &Containment) -> Result<Result<(), Key>, StoreError> {
        let (closing, key) = self.closing().await?;
        let told = self.told(if self.record.is_proven() { About::Ended } else { About::NotEnded })?;
        let left = residual::written(&self.record)?;
        let writes = closing.into_iter().chain(self.watching()?).chain(left).chain([told]).collect();
        match self.enter(EntryKind::Outcome, payload, writes).await {
            Err(StoreError::Conflict(conflict)) if Some(&conflict) == key.as_ref() => Ok(Err(conflict)),
            outcome => outcome.map(Ok),
        }
    }

    /// The notice that is queued by the same write.
    fn told(&self, about: About) -> Result<Write, StoreError> {
        notice::Due::written(&self.record, about, self.now())
    }

    /// What was proven is looked at again, and what was not comes back by itself.
    fn watching(&self) -> Result<Option<Write>, StoreError> {
        let (record, now) = (&self.record, self.now());
        let due = if record.is_proven() { Due::watch(now, record.residual_until, now) } else { None };
        due.map(|due| Due::written(record, Some(&due))).transpose()
    }

    /// An unreadable list stays as it is, and refuses later containments; it does not keep this one from ending.
    async fn closing(&self) -> Result<(Option<Write>, Option<Key>), StoreError> {
        match OpenPlans::read(self.store, &self.record.request.org_id).await? {
            Ok(open) => Ok((Some(open.closing(&self.record.containment_id)?), Some(open.key()))),
            Err(reason) => {
                tracing::error!(reason, "the list of open containments cannot be read");
                Ok((None, None))
            }
        }
    }

    fn conclude(&mut self, outcome: Outcome) {
        let now = self.now();
        let record = &mut self.record;
        record.interrupt(now);
        record.stage = Stage::Finished;
        record.finished = Some(now);
        let may_leave_jwt = record.residual_until.is_some() && !matches!(outcome, Outcome::Refused { .. });
        record.residual_until = may_leave_jwt.then(|| after_jwt(now)).flatten();
        let is_proven = !matches!(outcome, Outcome::NotContained { .. } | Outcome::Refused { .. });
        let trigger = record.request.trigger.as_ref().filter(|_| is_proven);
        record.login_to_verified_seconds =
            trigger.map(|trigger| now.duration_since(trigger.first_seen).as_secs());
        record.outcome = Some(outcome);
    }

    /// Adds the ledger's new head to the finished record and gives the lease back. Both would also do without: the
    /// head of the entry before stands in the record, and a lease runs out.
    async fn put_down(&mut self) {
        let room = containments(&self.record.request.org_id);
        let id = self.record.containment_id.as_str();
        let writes = room.put(id, self.version, &self.record).and_then(|record| {
            let release = self.lease.release(self.now())?;
            Ok(vec![record, release])
        });
        let written = match writes {
            Ok(writes) => self.store.write(writes).await,
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            tracing::warn!("containment.id" = id, error = %error, "the lease was not given back; it runs out");
        }
    }

    /// Gives the lease back without changing the record, after a failure: whoever asks again goes on at once.
    pub(crate) async fn let_go(&self) {
        release(self.store, &self.lease, self.now()).await;
    }
}

/// Gives a lease back; one that cannot be given back runs out.
pub(crate) async fn release(store: &dyn Store, lease: &Lease, now: Timestamp) {
    let written = match lease.release(now) {
        Ok(release) => store.write(vec![release]).await,
        Err(error) => Err(error),
    };
    if let Err(error) = written {
        tracing::debug!(error = %error, "the lease was not given back; it runs out");
    }
}

/// The result of a step from those of its parts.
pub(super) fn joined<K>(parts: &BTreeMap<K, StepResult>) -> StepResult {
    let failures = || {
        parts.values().filter_map(|result| match result {
            StepResult::Failed { reason } => Some(reason),
            _ => None,
        })
    };
    if let Some(first) = failures().next() {
        let reason = format!("{} of {} failed, the first: {first}", failures().count(), parts.len());
        return StepResult::Failed { reason };
    }
    let all_were_so = parts.values().all(|result| *result == StepResult::AlreadySo);
    if all_were_so { StepResult::AlreadySo } else { StepResult::Done }
}

/// An act's entry in the ledger.
#[derive(Debug, Serialize)]
pub(super) struct Acted<T: Serialize> {
    pub(super) step: StepKind,
    pub(super) subject: String,
    pub(super) answers: T,
}

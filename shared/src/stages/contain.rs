//! Findings and requests → verified containment.

mod next;

use serde_json::json;

use self::next::Next;
use super::contain_error::ContainError;
use super::findings;
use super::known::Known;
use crate::clock::Clock;
use crate::containment::{
    Actor, Circumstances, Containment, Impact, Journal, Lease, OpenPlans, Outcome, Pauses, Plan, Refusal,
    Request, RequestedBy, Trigger, Verdict, enter_holdings, may_be_repeated, may_go_on, refusals, release,
};
use crate::detection::{Action, Finding, FindingId, Level, SubjectKind};
use crate::evidence::EntryKind;
use crate::messages::FindingRaised;
use crate::observation::{OrgId, UserId};
use crate::policy::Policy;
use crate::salesforce::{Salesforce, TokenHashKey};
use crate::store::{Kept, Store, StoreError, Write};

/// Looks at a user whom another worker has in hand, before it is left to a later delivery: half a minute by default.
const TURNS: usize = 300;
/// Each failed attempt to record the intent is another containment of this org that was faster.
const INTENTS: usize = 50;

/// The containment of one org's users. There is none without a policy: one that could not be read must not be
/// replaced by a default, whose list of protected users is empty.
pub struct Contain<'a> {
    /// Where records, caps, leases and the ledger are kept.
    pub store: &'a dyn Store,
    /// The revoking identity.
    pub salesforce: &'a Salesforce,
    /// The policy in force.
    pub policy: &'a Policy,
    /// The time of acting.
    pub clock: &'a dyn Clock,
    /// Names tokens in records.
    pub token_key: &'a TokenHashKey,
    /// Our other identities, the scanning one above all; the revoking one is known. Without any, nobody is contained.
    pub own_users: &'a [UserId],
    /// How long is waited.
    pub pauses: Pauses,
}

/// Whether anything is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Apply {
    /// Only the plan and its impact are shown; nothing is written.
    Plan,
    /// The user is contained.
    Act,
}

/// Whose turn it is.
enum Turn {
    Settled(Box<Containment>),
    Ours(Lease),
}

impl Contain<'_> {
    /// Contains the users whom a finding lets contain, then makes `done` true. A finding that asks for nothing is
    /// passed over; one that asks for less than containment is recorded as refused.
    pub async fn contain_finding(
        &self,
        raised: &FindingRaised,
        done: Option<Write>,
    ) -> Result<Vec<Containment>, ContainError> {
        let finding = self.finding(&raised.org_id, &raised.finding_id).await?;
        let mut ended = Vec::new();
        for request in requests(&finding) {
            ended.push(self.contain(request, Apply::Act).await?);
        }
        self.take_off(done).await?;
        Ok(ended)
    }

    /// Contains one user, or shows what that would mean. The same request again gives the same record
    /// and no act, unless the user has access again since.
    pub async fn contain(&self, request: Request, apply: Apply) -> Result<Containment, ContainError> {
        self.check_scope(&request).await?;
        let (request, finding) = self.with_finding(request).await?;
        match apply {
            Apply::Plan => self.preview(request, finding).await,
            Apply::Act => self.act(request, finding).await.inspect(tell),
        }
    }

    async fn check_scope(&self, request: &Request) -> Result<(), ContainError> {
        if request.level != Level::User {
            return Err(ContainError::LevelNotSupported { level: name(request.level) });
        }
        if self.own_users.is_empty() {
            return Err(ContainError::ScannerUnknown { org: request.org_id.clone() });
        }
        let connected = self.salesforce.org_id().await?;
        if connected != request.org_id {
            return Err(ContainError::OtherOrg { asked: request.org_id.clone(), connected });
        }
        Ok(())
    }

    /// A request of the policy says what the stored finding says, whatever the message said.
    async fn with_finding(&self, mut request: Request) -> Result<(Request, Option<Finding>), ContainError> {
        let Some(trigger) = request.trigger.as_ref().filter(|_| request.requested_by == RequestedBy::Policy)
        else {
            return Ok((request, None));
        };
        let finding = self.finding(&request.org_id, &trigger.finding_id).await?;
        request.trigger = Some(Trigger::of(&finding));
        Ok((request, Some(finding)))
    }

    async fn finding(&self, org: &OrgId, id: &FindingId) -> Result<Finding, ContainError> {
        let kept = findings(org).get(self.store, id.as_str()).await?;
        let missing = || ContainError::NoFinding { org: org.clone(), finding: id.clone() };
        kept.map(|kept| kept.value).ok_or_else(missing)
    }

    async fn preview(&self, request: Request, finding: Option<Finding>) -> Result<Containment, ContainError> {
        let known = self.know(&request, finding).await?;
        let plan = self.plan(&known);
        let mut record = self.record(&request, &known, &plan);
        let refusals = refusals(&self.circumstances(&request, &known));
        record.outcome = (!refusals.is_empty()).then_some(Outcome::Refused { refusals });
        let now = self.clock.now();
        record.preview(&plan, now);
        Ok(record)
    }

    /// Each round but the last finishes what was left behind about the user.
    async fn act(&self, request: Request, finding: Option<Finding>) -> Result<Containment, ContainError> {
        loop {
            let lease = match self.turn(&request).await? {
                Turn::Settled(record) => return Ok(*record),
                Turn::Ours(lease) => lease,
            };
            // Somebody may have finished between the last look and the lease.
            match self.next(&request).await {
                Ok(Next::FinishFirst(kept)) => {
                    let ended = self.resume(kept, None, lease).await?;
                    if ended.also_answers(&request) {
                        return Ok(ended);
                    }
                }
                next => return self.take(next, finding, lease).await,
            }
        }
    }

    async fn take(
        &self,
        next: Result<Next, ContainError>,
        finding: Option<Finding>,
        lease: Lease,
    ) -> Result<Containment, ContainError> {
        match next {
            Ok(Next::Begin(request, version)) => self.begin(request, finding, version, lease).await,
            Ok(Next::GoOn(kept) | Next::FinishFirst(kept)) => self.resume(kept, finding, lease).await,
            Ok(Next::Nothing(record)) => {
                release(self.store, &lease, self.clock.now()).await;
                Ok(*record)
            }
            Err(error) => {
                release(self.store, &lease, self.clock.now()).await;
                Err(error)
            }
        }
    }

    /// Waits until the user is in no other worker's hands, or the request is answered.
    async fn turn(&self, request: &Request) -> Result<Turn, ContainError> {
        for _ in 0..TURNS {
            if let Some(record) = self.answered(request).await? {
                return Ok(Turn::Settled(Box::new(record)));
            }
            let (org, user) = (&request.org_id, &request.user_id);
            if let Some(lease) = Lease::take(self.store, org, user, self.clock.now()).await? {
                return Ok(Turn::Ours(lease));
            }
            tokio::time::sleep(self.pauses.turn).await;
        }
        Err(ContainError::Busy { user: request.user_id.clone() })
    }

    /// From the facts to the recorded intent, and on.
    async fn begin(
        &self,
        request: Request,
        finding: Option<Finding>,
        version: Option<u64>,
        lease: Lease,
    ) -> Result<Containment, ContainError> {
        let calls = self.salesforce.usage().calls;
        let record = Containment::planned(request, self.policy.hash(), Impact::default(), self.clock.now());
        let mut journal = Journal::new(self.store, self.clock, lease, record, version);
        let outcome = self.intend_and_act(finding, calls, &mut journal).await;
        self.finished(outcome, journal).await
    }

    /// From the record that another worker left, and on.
    async fn resume(
        &self,
        kept: Kept<Containment>,
        finding: Option<Finding>,
        lease: Lease,
    ) -> Result<Containment, ContainError> {
        let calls = self.salesforce.usage().calls;
        let mut journal = Journal::new(self.store, self.clock, lease, kept.value, Some(kept.version));
        let outcome = self.go_on(finding, calls, &mut journal).await;
        self.finished(outcome, journal).await
    }

    async fn finished(
        &self,
        outcome: Result<(), ContainError>,
        journal: Journal<'_>,
    ) -> Result<Containment, ContainError> {
        match outcome {
            Ok(()) => Ok(journal.record),
            Err(error) => {
                journal.let_go().await;
                Err(error)
            }
        }
    }

    async fn intend_and_act(
        &self,
        finding: Option<Finding>,
        calls: u64,
        journal: &mut Journal<'_>,
    ) -> Result<(), ContainError> {
        let request = journal.record.request.clone();
        for _ in 0..INTENTS {
            let known = self.know(&request, finding.clone()).await?;
            let plan = self.plan(&known);
            journal.record = self.record(&request, &known, &plan);
            let refusals = refusals(&self.circumstances(&request, &known));
            if !refusals.is_empty() {
                journal.record.api_calls = self.calls_since(calls);
                let payload = json!({ "request": request, "impact": journal.record.impact, "refusals": refusals,
                    "policy_hash": journal.record.policy_hash });
                return Ok(journal.refuse(refusals, &payload).await?);
            }
            match self.intend(&known, &plan, journal).await {
                Err(StoreError::Conflict(key)) if known.is_shared(&key) => {}
                Err(error) => return Err(error.into()),
                Ok(()) => {
                    enter_holdings(EntryKind::Snapshot, &known.facts.holdings, journal).await?;
                    return Ok(self.carry_through(plan, calls, journal).await?);
                }
            }
        }
        Err(ContainError::Busy { user: request.user_id })
    }

    /// Records the intent, reserves the caps and opens the plan in one write.
    async fn intend(&self, known: &Known, plan: &Plan, journal: &mut Journal<'_>) -> Result<(), StoreError> {
        let record = &journal.record;
        let mut reserved = Vec::new();
        if let (Ok(caps), Ok(open)) = (&known.caps, &known.open_plans) {
            reserved = caps.reserving(1)?;
            reserved.push(open.opening(&record.containment_id, &record.request.user_id)?);
        }
        let payload = json!({ "request": record.request, "policy_hash": record.policy_hash,
            "impact": record.impact, "steps": plan.steps() });
        journal.intend(plan, &payload, reserved).await
    }

    async fn go_on(
        &self,
        finding: Option<Finding>,
        calls: u64,
        journal: &mut Journal<'_>,
    ) -> Result<(), ContainError> {
        let request = journal.record.request.clone();
        let known = self.know(&request, finding).await?;
        let circumstances = self.circumstances(&request, &known);
        let is_repeated = journal.record.is_not_contained();
        let refusals = if is_repeated { may_be_repeated(&circumstances) } else { may_go_on(&circumstances) };
        // Whether an act that had begun was done is not known, so it counts as done.
        journal.record.interrupt(self.clock.now());
        if let Some(refusal) = refusals.first() {
            return Ok(self.stop(refusal.clone(), journal).await?);
        }
        let open = known.open_plans.map_err(|reason| unreadable_plans(&request.org_id, reason))?;
        let opening = open.opening(&journal.record.containment_id, &request.user_id)?;
        let plan = Plan::left(&known.facts.holdings, self.policy.containment.freeze, self.clock.now());
        journal.go_on(&plan, opening).await?;
        Ok(self.carry_through(plan, calls, journal).await?)
    }

    /// Acts and verifies; the kill switch is read again right before each round of acts.
    async fn carry_through(
        &self,
        plan: Plan,
        calls: u64,
        journal: &mut Journal<'_>,
    ) -> Result<(), StoreError> {
        let actor = self.actor(journal.record.request.user_id.clone());
        let verdict = actor.end_access(plan, journal).await?;
        journal.record.api_calls += self.calls_since(calls);
        match verdict {
            Verdict::Ended(outcome) => journal.end(outcome).await,
            Verdict::Stopped(reason) => {
                self.stop(Refusal { rule: "kill-switch".to_owned(), reason }, journal).await
            }
        }
    }

    fn actor(&self, user: UserId) -> Actor<'_> {
        Actor {
            store: self.store,
            salesforce: self.salesforce,
            token_key: self.token_key,
            user,
            policy: &self.policy.containment,
            pauses: self.pauses,
        }
    }

    /// Ends what may not go on: refused if nothing was done, and otherwise not contained, for nobody has looked.
    async fn stop(&self, refusal: Refusal, journal: &mut Journal<'_>) -> Result<(), StoreError> {
        if journal.record.has_acted() {
            let reason = format!("it was begun and may not be gone on with: {}", refusal.reason);
            journal.end(Outcome::NotContained { reason }).await
        } else {
            journal.end(Outcome::Refused { refusals: vec![refusal] }).await
        }
    }

    fn plan(&self, known: &Known) -> Plan {
        Plan::of(&known.facts.holdings, self.policy.containment.freeze, known.facts.read_at)
    }

    fn record(&self, request: &Request, known: &Known, plan: &Plan) -> Containment {
        let impact = plan.impact(known.facts.found_user(), known.facts.holdings.unread());
        Containment::planned(request.clone(), self.policy.hash(), impact, self.clock.now())
    }

    fn circumstances<'c>(&'c self, request: &'c Request, known: &'c Known) -> Circumstances<'c> {
        known.circumstances(self.policy, request, self.clock.now())
    }

    fn calls_since(&self, before: u64) -> u64 {
        self.salesforce.usage().calls.saturating_sub(before)
    }

    /// Another consumer may have taken the message off, or it was sent again: neither is a failure of what was done.
    async fn take_off(&self, done: Option<Write>) -> Result<(), StoreError> {
        match self.store.write(done.into_iter().collect()).await {
            Err(StoreError::Conflict(key)) => {
                tracing::debug!(message.order = key.sort, "somebody else took the message off its queue");
                Ok(())
            }
            outcome => outcome,
        }
    }
}

fn unreadable_plans(org: &OrgId, reason: String) -> StoreError {
    StoreError::Unreadable { key: OpenPlans::key_of(org), reason }
}

/// A request per user whom a finding about one user lets contain; none where it asks for nothing.
fn requests(finding: &Finding) -> Vec<Request> {
    if finding.action == Action::None || finding.subject.kind != SubjectKind::User {
        return Vec::new();
    }
    finding.containable_users.iter().map(|user| request(finding, user)).collect()
}

fn request(finding: &Finding, user: &UserId) -> Request {
    let titles: Vec<_> = finding.detections.iter().map(|detected| detected.title.as_str()).collect();
    Request {
        request_id: format!("finding/{}/{user}", finding.finding_id),
        org_id: finding.org_id.clone(),
        user_id: user.clone(),
        level: finding.level.unwrap_or(Level::User),
        reason: titles.join("; "),
        requested_by: RequestedBy::Policy,
        trigger: Some(Trigger::of(finding)),
    }
}

fn name(level: Level) -> &'static str {
    match level {
        Level::Session => "session",
        Level::User => "user",
        Level::App => "app",
        Level::Org => "org",
    }
}

/// The one line about a containment.
fn tell(record: &Containment) {
    let outcome = match &record.outcome {
        None => "open",
        Some(Outcome::Contained) => "contained",
        Some(Outcome::AccessEnded) => "access ended",
        Some(Outcome::NotContained { .. }) => "not contained",
        Some(Outcome::Refused { .. }) => "refused",
    };
    tracing::info!(
        "org.id" = %record.request.org_id,
        "user.id" = %record.request.user_id,
        "containment.id" = %record.containment_id,
        "containment.outcome" = outcome,
        "containment.survivors" = record.survivors_total,
        "containment.api_calls" = record.api_calls,
        "user containment: {outcome}"
    );
}

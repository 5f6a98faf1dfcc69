//! From the facts to the recorded intent, the acts and the proof; or on from where another worker stopped.

use serde_json::{Value, json};

use super::{Contain, ContainError};
use crate::containment::{
    Actor, Approval, Charge, Circumstances, Containment, Counts, Impact, Journal, Lease, OpenPlans, Outcome,
    People, Plan, Reach, Refusal, Request, Verdict, after_jwt, agreed, enter_snapshot, may_be_repeated,
    may_go_on, refusals,
};
use crate::detection::Finding;
use crate::observation::OrgId;
use crate::stages::known::Known;
use crate::store::{Kept, StoreError};

/// Each failed attempt to record the intent is another containment of this org that was faster.
const INTENTS: usize = 50;

/// What came of an attempt to go on.
enum Attempt {
    /// It is recorded, and this is left to do.
    On(Box<Plan>, Box<Reach>),
    /// It may not be gone on with, and has ended.
    Stopped,
    /// Another containment of this org was faster.
    Overtaken,
}

impl Contain<'_> {
    /// From the facts to the recorded intent, and on.
    pub(super) async fn begin(
        &self,
        request: Request,
        finding: Option<Finding>,
        before: Option<Kept<Containment>>,
        lease: Lease,
    ) -> Result<Containment, ContainError> {
        let version = before.as_ref().map(|kept| kept.version);
        let before = before.map(|kept| kept.value);
        let record = Containment::planned(request, self.policy.hash(), Impact::default(), self.clock.now());
        let journal = Journal::new(self.store, self.clock, lease, record, version);
        let mut journal = journal.counting(self.salesforce);
        let outcome = Box::pin(self.intend_and_act(finding, before.as_ref(), &mut journal)).await;
        self.finished(outcome, journal).await
    }

    /// From the record that another worker left, and on.
    pub(super) async fn resume(
        &self,
        kept: Kept<Containment>,
        finding: Option<Finding>,
        lease: Lease,
    ) -> Result<Containment, ContainError> {
        let journal = Journal::new(self.store, self.clock, lease, kept.value, Some(kept.version));
        let mut journal = journal.counting(self.salesforce);
        let outcome = Box::pin(self.go_on(finding, &mut journal)).await;
        self.finished(outcome, journal).await
    }

    pub(super) async fn finished(
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
        before: Option<&Containment>,
        journal: &mut Journal<'_>,
    ) -> Result<(), ContainError> {
        let request = journal.record.request.clone();
        for _ in 0..INTENTS {
            let reach = Reach::asked(&request, self.policy);
            let mut known = self.know(&request, reach, finding.clone()).await?;
            let plan = self.plan(&known);
            // Another attempt to record the intent has made its calls too.
            let api_calls = journal.record.api_calls;
            journal.record = Containment { api_calls, ..self.record(&request, &known, &plan) };
            journal.record.joined = before.map(|before| before.joined.clone()).unwrap_or_default();
            let (approvals, outgrown) = self.approved(before, &journal.record).await?;
            known.approvals = approvals.len();
            let refusals = refusals(&self.circumstances(&request, &known));
            if !refusals.is_empty() {
                let inputs = known.inputs(&request);
                return self.refuse_or_ask(refusals, inputs, outgrown, before, journal).await;
            }
            journal.record.pending = before.and_then(|before| before.pending.clone());
            journal.record.agreed_to = journal.record.pending.clone().filter(|_| !approvals.is_empty());
            journal.record.approved.clone_from(&approvals);
            journal.record.reach = Some(known.facts.reach.kept_in_record());
            match self.intend(&known, &plan, &approvals, journal).await {
                Err(StoreError::Conflict(key)) if known.is_shared(&key) => {}
                Err(error) => return Err(error.into()),
                Ok(()) => {
                    journal.enter_approvals(&approvals).await?;
                    enter_snapshot(&known.facts.holdings, &known.facts.trail, journal).await?;
                    return Ok(self.carry_through(plan, known.facts.reach, journal).await?);
                }
            }
        }
        Err(ContainError::Busy { what: request.target.name() })
    }

    /// Asks people where they could agree, and else ends. A question that is still open is not asked again.
    async fn refuse_or_ask(
        &self,
        refusals: Vec<Refusal>,
        inputs: Value,
        outgrown: Option<String>,
        before: Option<&Containment>,
        journal: &mut Journal<'_>,
    ) -> Result<(), ContainError> {
        let pending = self.question(&journal.record, &refusals, before);
        if let Some(before) = before.filter(|before| pending.is_some() && before.pending == pending) {
            journal.record = before.clone();
            journal.let_go().await;
            return Ok(());
        }
        let record = &journal.record;
        let payload = json!({ "request": record.request, "impact": record.impact, "refusals": refusals,
            "policy_hash": record.policy_hash, "inputs": inputs, "asked": pending, "approvals_do_not_fit": outgrown });
        Ok(journal.refuse(refusals, pending, &payload).await?)
    }

    /// Records the intent, reserves the caps and opens the plan in one write.
    async fn intend(
        &self,
        known: &Known,
        plan: &Plan,
        approvals: &[Approval],
        journal: &mut Journal<'_>,
    ) -> Result<(), StoreError> {
        let record = &journal.record;
        let mut reserved = Vec::new();
        if let (Ok(caps), Ok(open)) = (&known.caps, &known.open_plans) {
            reserved = caps.reserving(Charge::of(&record.request.target))?;
            reserved.push(open.opening(&record.containment_id, &record.request.target.subject())?);
        }
        let payload = json!({ "request": record.request, "policy_hash": record.policy_hash,
            "inputs": known.inputs(&record.request), "impact": record.impact, "steps": plan.steps(), "approvals": approvals });
        journal.intend(plan, &payload, reserved).await
    }

    async fn go_on(&self, finding: Option<Finding>, journal: &mut Journal<'_>) -> Result<(), ContainError> {
        let left = journal.record.clone();
        for _ in 0..INTENTS {
            // Another attempt has made its calls too.
            let api_calls = journal.record.api_calls;
            journal.record = Containment { api_calls, ..left.clone() };
            match self.try_to_go_on(finding.clone(), journal).await? {
                Attempt::Overtaken => {}
                Attempt::Stopped => return Ok(()),
                Attempt::On(plan, reach) => return Ok(self.carry_through(*plan, *reach, journal).await?),
            }
        }
        Err(ContainError::Busy { what: left.request.target.name() })
    }

    async fn try_to_go_on(
        &self,
        finding: Option<Finding>,
        journal: &mut Journal<'_>,
    ) -> Result<Attempt, ContainError> {
        let (request, now) = (journal.record.request.clone(), self.clock.now());
        let reach = Self::reach_of(&journal.record);
        let mut known = self.know(&request, reach, finding).await?;
        let is_repeated = journal.record.is_not_contained();
        if !is_repeated {
            known.approvals = agreed(self.policy, &journal.record);
        }
        let circumstances = self.circumstances(&request, &known);
        let counted = journal.record.counted_at.unwrap_or(journal.record.started);
        let counts = Counts::of(counted, now);
        let refusals =
            if is_repeated { may_be_repeated(&circumstances, counts) } else { may_go_on(&circumstances) };
        let has_acted = journal.record.has_acted();
        // Whether an act that had begun was done is not known, so it counts as done.
        journal.record.interrupt(self.clock.now());
        if let Some(refusal) = refusals.first() {
            self.stop(refusal.clone(), journal).await?;
            return Ok(Attempt::Stopped);
        }
        let open = known.open_plans.as_ref();
        let open = open.map_err(|reason| unreadable_plans(&request.org_id, reason.clone()))?;
        let mut also = vec![open.opening(&journal.record.containment_id, &request.target.subject())?];
        if let (true, Counts::Anew, Ok(caps)) = (is_repeated, counts, &known.caps) {
            also.extend(caps.reserving(Charge::of(&request.target))?);
            journal.record.counted_at = Some(now);
        }
        let (facts, freeze) = (&known.facts, self.policy.containment.freeze);
        let plan = Plan::left(&facts.holdings, &facts.reach, freeze, self.salesforce.server_now());
        journal.record.reach = Some(facts.reach.kept_in_record());
        if facts.may_leave_jwt {
            journal.record.residual_until = after_jwt(self.clock.now());
        }
        match journal.go_on(&plan, also).await {
            Err(StoreError::Conflict(key)) if known.is_shared(&key) => return Ok(Attempt::Overtaken),
            written => written?,
        }
        // The worker before may have died before it recorded what was there.
        if !has_acted {
            enter_snapshot(&facts.holdings, &facts.trail, journal).await?;
        }
        Ok(Attempt::On(Box::new(plan), Box::new(known.facts.reach)))
    }

    /// What a containment that has begun reaches: what it has ended meanwhile no longer tells it.
    pub(super) fn reach_of(record: &Containment) -> Reach {
        record.reach.clone().unwrap_or_else(|| Reach::of(record.request.target.clone()))
    }

    /// Acts and verifies; the kill switch is read again right before the acts.
    async fn carry_through(
        &self,
        plan: Plan,
        reach: Reach,
        journal: &mut Journal<'_>,
    ) -> Result<(), StoreError> {
        let hostile = self.hostile(&journal.record).await?;
        let mut actor = self.actor(Reach { hostile, ..reach });
        let verdict = actor.end_access(plan, journal).await?;
        match verdict {
            Verdict::Ended(outcome) => journal.end(outcome).await,
            Verdict::Stopped(reason) => {
                self.stop(Refusal { rule: "kill-switch".to_owned(), reason }, journal).await
            }
        }
    }

    pub(super) fn actor(&self, reach: Reach) -> Actor<'_> {
        Actor {
            store: self.store,
            salesforce: self.salesforce,
            token_key: self.token_key,
            reach,
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

    pub(super) fn plan(&self, known: &Known) -> Plan {
        let facts = &known.facts;
        Plan::of(&facts.holdings, &facts.reach, self.policy.containment.freeze, self.salesforce.server_now())
    }

    pub(super) fn record(&self, request: &Request, known: &Known, plan: &Plan) -> Containment {
        let facts = &known.facts;
        let people = People::of(self.policy, &facts.people);
        let impact = plan.impact(facts.found_user(), &people, &facts.holdings, &facts.reach);
        let impact = impact.of_frozen(facts.frozen_by_others.clone());
        let now = self.clock.now();
        let record = Containment::planned(request.clone(), self.policy.hash(), impact, now);
        Containment { residual_until: facts.may_leave_jwt.then(|| after_jwt(now)).flatten(), ..record }
    }

    pub(super) fn circumstances<'c>(&'c self, request: &'c Request, known: &'c Known) -> Circumstances<'c> {
        known.circumstances(self.policy, request, self.clock.now())
    }
}

fn unreadable_plans(org: &OrgId, reason: String) -> StoreError {
    StoreError::Unreadable { key: OpenPlans::key_of(org), reason }
}

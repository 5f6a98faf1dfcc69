//! Findings and requests → verified containment.

mod course;
mod next;
mod release;
mod requests;
mod tend;
mod waiting;

use self::next::Next;
pub use self::release::{GivenBack, Password, Release};
use self::requests::{requests, tell};
use super::contain_error::ContainError;
use super::{Notified, Tell, Upkeep, findings};
use crate::clock::Clock;
use crate::containment::{
    Containment, Journal, Lease, Outcome, Pauses, Reach, Request, RequestedBy, Trigger, refusals, release,
};
use crate::detection::{Finding, FindingId};
use crate::messages::FindingRaised;
use crate::notice::Notifier;
use crate::observation::{OrgId, UserId};
use crate::policy::Policy;
use crate::salesforce::{Salesforce, TokenHashKey};
use crate::store::{Kept, Store, StoreError, Write};

/// Looks at a subject that another worker has in hand, before it is left to a later delivery: half a minute by default.
const TURNS: usize = 300;
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
    /// Access is ended.
    Act,
}

/// Whose turn it is.
enum Turn {
    Settled(Box<Containment>),
    Ours(Lease),
}

impl Contain<'_> {
    /// Contains the users whom a finding lets contain, then makes `done` true. A finding that asks for nothing is
    /// passed over; one that asks for less than containment is recorded as refused, and one that names nobody who could
    /// be contained is told. What fails for one user keeps no other from being contained; the first failure is answered
    /// after all of them, and the message stays.
    pub async fn contain_finding(
        &self,
        raised: &FindingRaised,
        done: Option<Write>,
    ) -> Result<Vec<Containment>, ContainError> {
        let finding = self.finding(&raised.org_id, &raised.finding_id).await?;
        let requests = requests(&finding);
        if requests.is_empty() {
            self.telling().seen(&finding).await?;
        }
        let ended = self.contain_each(requests).await?;
        self.take_off(done).await?;
        Ok(ended)
    }

    /// Tries all of them, and then answers the first failure, if there was one.
    async fn contain_each(&self, requests: Vec<Request>) -> Result<Vec<Containment>, ContainError> {
        let (mut ended, mut failed) = (Vec::new(), None);
        for request in requests {
            let id = request.request_id.clone();
            match Box::pin(self.contain(request, Apply::Act)).await {
                Ok(record) => ended.push(record),
                Err(error) => {
                    tracing::error!(request.id = id, error = %error, "it is tried again later");
                    failed = failed.or(Some(error));
                }
            }
        }
        failed.map_or(Ok(ended), Err)
    }

    /// Tells people what waits to be told, as [`Tell::notify`] does.
    ///
    /// # Errors
    /// The store's.
    pub async fn notify(&self, org: &OrgId, notifier: &dyn Notifier) -> Result<Notified, ContainError> {
        self.telling().notify(org, notifier).await
    }

    fn telling(&self) -> Tell<'_> {
        Tell { store: self.store, salesforce: self.salesforce, policy: self.policy, clock: self.clock }
    }

    pub(super) fn upkeep(&self) -> Upkeep<'_> {
        Upkeep { store: self.store, salesforce: self.salesforce, policy: self.policy, clock: self.clock }
    }

    /// Ends the access of a target, or shows what that would mean. The same request again gives the same record
    /// and no act, unless there is access again since.
    pub async fn contain(&self, request: Request, apply: Apply) -> Result<Containment, ContainError> {
        self.check_scope(&request.org_id).await?;
        let (request, finding) = self.with_finding(request).await?;
        match apply {
            Apply::Plan => Box::pin(self.preview(request, finding)).await,
            Apply::Act => Box::pin(self.act(request, finding)).await.inspect(tell),
        }
    }

    async fn check_scope(&self, org: &OrgId) -> Result<(), ContainError> {
        if self.own_users.is_empty() {
            return Err(ContainError::ScannerUnknown { org: org.clone() });
        }
        let connected = self.salesforce.org_id().await?;
        if connected != *org {
            return Err(ContainError::OtherOrg { asked: org.clone(), connected });
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
        let known = self.know(&request, Reach::asked(&request, self.policy), finding).await?;
        let plan = self.plan(&known);
        let mut record = self.record(&request, &known, &plan);
        let refusals = refusals(&self.circumstances(&request, &known));
        record.outcome = (!refusals.is_empty()).then_some(Outcome::Refused { refusals });
        let now = self.clock.now();
        record.preview(&plan, now);
        Ok(record)
    }

    /// Each round but the last finishes what was left behind about the subject.
    async fn act(&self, request: Request, finding: Option<Finding>) -> Result<Containment, ContainError> {
        loop {
            let lease = match self.turn(&request).await? {
                Turn::Settled(record) => return Ok(*record),
                Turn::Ours(lease) => lease,
            };
            // Somebody may have finished between the last look and the lease.
            match self.next(&request).await {
                Ok(Next::FinishFirst(kept)) => {
                    let ended = self.resume(*kept, None, lease).await?;
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
            Ok(Next::Begin(request, before)) => {
                self.begin(*request, finding, before.map(|kept| *kept), lease).await
            }
            Ok(Next::Join(request, kept)) => self.join(&request, *kept, lease).await,
            Ok(Next::GoOn(kept) | Next::FinishFirst(kept)) => self.resume(*kept, finding, lease).await,
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

    /// One containment answers several findings about the same, and says so once for each escalation.
    async fn join(
        &self,
        request: &Request,
        kept: Kept<Containment>,
        lease: Lease,
    ) -> Result<Containment, ContainError> {
        let mut journal = Journal::new(self.store, self.clock, lease, kept.value, Some(kept.version));
        let is_known = |trigger: &Trigger| {
            let same =
                |known: &Trigger| known.finding_id == trigger.finding_id && known.version >= trigger.version;
            journal.record.joined.iter().any(same)
        };
        let outcome = if let Some(trigger) = request.trigger.clone().filter(|trigger| !is_known(trigger)) {
            journal.join(request, trigger).await
        } else {
            journal.let_go().await;
            Ok(())
        };
        self.finished(outcome.map_err(ContainError::from), journal).await
    }

    /// Waits until the subject is in no other worker's hands, or the request is answered.
    async fn turn(&self, request: &Request) -> Result<Turn, ContainError> {
        for _ in 0..TURNS {
            if let Some(record) = self.answered(request).await? {
                return Ok(Turn::Settled(Box::new(record)));
            }
            let (org, subject) = (&request.org_id, request.target.subject());
            if let Some(lease) = Lease::take(self.store, org, &subject, self.clock.now()).await? {
                return Ok(Turn::Ours(lease));
            }
            tokio::time::sleep(self.pauses.turn).await;
        }
        Err(ContainError::Busy { what: request.target.name() })
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

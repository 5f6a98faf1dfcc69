//! Containments that wait for people: asked, agreed to, refused, or given up.

use serde_json::json;

use super::{Contain, ContainError};
use crate::containment::{
    Approval, Containment, Journal, Lease, Pending, Refusal, Request, RequestedBy, Stage, askable, consent,
    refused_by, release,
};
use crate::stages::{dismissals, findings};
use crate::store::{Kept, StoreError};

impl Contain<'_> {
    /// Goes on with a containment that waits, if people have agreed or refused, or its time is over; `None` where
    /// nothing has changed.
    pub(super) async fn answer_of_people(
        &self,
        kept: Kept<Containment>,
    ) -> Result<Option<Containment>, ContainError> {
        let (record, now) = (&kept.value, self.clock.now());
        let refusal = self.no_longer(record).await?;
        let agreed = consent(self.store, self.policy, record, now).await?.len();
        let needed = record.pending.as_ref().map_or(usize::MAX, |pending| pending.needed);
        if refusal.is_none() && agreed < needed {
            return Ok(None);
        }
        let (org, subject) = (&record.request.org_id, record.request.target.subject());
        let Some(lease) = Lease::take(self.store, org, &subject, now).await? else { return Ok(None) };
        match self.record_of(&record.request).await {
            Ok(Some(kept)) if kept.value.stage == Stage::Waiting => match refusal {
                Some(refusal) => self.give_up(kept, refusal, lease).await.map(Some),
                None => Box::pin(self.decide_anew(kept, lease)).await.map(Some),
            },
            other => {
                release(self.store, &lease, now).await;
                Ok(other.map(|_| None)?)
            }
        }
    }

    async fn decide_anew(&self, kept: Kept<Containment>, lease: Lease) -> Result<Containment, ContainError> {
        match self.with_finding(kept.value.request.clone()).await {
            Ok((request, finding)) => self.begin(request, finding, Some(kept), lease).await,
            Err(error) => {
                release(self.store, &lease, self.clock.now()).await;
                Err(error)
            }
        }
    }

    async fn give_up(
        &self,
        kept: Kept<Containment>,
        refusal: Refusal,
        lease: Lease,
    ) -> Result<Containment, ContainError> {
        let payload = json!({ "request": kept.value.request, "refusals": [&refusal] });
        let mut journal = Journal::new(self.store, self.clock, lease, kept.value, Some(kept.version));
        let outcome = journal.refuse(vec![refusal], None, &payload).await;
        self.finished(outcome.map_err(ContainError::from), journal).await
    }

    /// Why a containment waits no longer, if it is so.
    async fn no_longer(&self, record: &Containment) -> Result<Option<Refusal>, ContainError> {
        let refuse = |rule: &str, reason: String| Some(Refusal { rule: rule.to_owned(), reason });
        match refused_by(self.store, record).await? {
            Ok(Some(no)) => return Ok(refuse("dismissed", format!("{} said no: {}", no.by, no.reason))),
            Err(reason) => {
                return Ok(refuse("dismissed", format!("whether somebody said no cannot be read: {reason}")));
            }
            Ok(None) => {}
        }
        if let Some(reason) = self.dismissed(&record.request).await? {
            return Ok(refuse("dismissed", reason));
        }
        let now = self.clock.now();
        let has_ended = |other: &Containment| {
            other.is_proven() && other.takes_in(&record.request, now) || other.has_ended_again(record)
        };
        if let Some(other) = self.on_agenda(&record.request.org_id, has_ended).await? {
            let id = &other.value.containment_id;
            return Ok(refuse("joined", format!("containment {id} has ended the access meanwhile")));
        }
        let end = record.pending.as_ref().map(|pending| pending.expires);
        let is_over = end.is_none_or(|end| now > end);
        Ok(is_over
            .then(|| refuse("expired", "nobody agreed in time, so nothing is done; ask again".to_owned()))
            .flatten())
    }

    /// Who has dismissed the finding behind a request of the policy as it now stands, and why.
    pub(in crate::stages) async fn dismissed(
        &self,
        request: &Request,
    ) -> Result<Option<String>, ContainError> {
        let trigger = request.trigger.as_ref().filter(|_| request.requested_by == RequestedBy::Policy);
        let Some(trigger) = trigger else { return Ok(None) };
        let (org, id) = (&request.org_id, trigger.finding_id.as_str());
        let Some(finding) = findings(org).get(self.store, id).await? else { return Ok(None) };
        match dismissals(org).get(self.store, id).await {
            Ok(kept) => {
                let kept = kept.map(|kept| kept.value).filter(|dismissal| dismissal.answers(&finding.value));
                Ok(kept.map(|said| format!("{} dismissed the finding: {}", said.by, said.reason)))
            }
            Err(StoreError::Unreadable { reason, .. }) => {
                Ok(Some(format!("whether the finding was dismissed cannot be read: {reason}")))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The approvals that a record's plan has, and why those that were given do not count for it as it now is.
    pub(super) async fn approved(
        &self,
        before: Option<&Containment>,
        record: &Containment,
    ) -> Result<(Vec<Approval>, Option<String>), StoreError> {
        let Some(before) = before else { return Ok((Vec::new(), None)) };
        let given = consent(self.store, self.policy, before, self.clock.now()).await?;
        let outgrown = before.pending.as_ref().and_then(|pending| pending.scope.outgrown_by(record));
        Ok(if outgrown.is_some() { (Vec::new(), outgrown) } else { (given, None) })
    }

    /// What is asked of people where they could lift every refusal; the question stays the same while it still fits.
    pub(super) fn question(
        &self,
        record: &Containment,
        refusals: &[Refusal],
        before: Option<&Containment>,
    ) -> Option<Pending> {
        let is_by_itself = matches!(record.request.requested_by, RequestedBy::Policy | RequestedBy::Watch);
        let needed = askable(refusals, is_by_itself)?;
        if self.policy.approvers.len() < needed {
            return None;
        }
        let now = self.clock.now();
        let same = before.and_then(|before| before.pending.as_ref()).filter(|pending| {
            pending.needed == needed && pending.expires >= now && pending.scope.outgrown_by(record).is_none()
        });
        Some(same.cloned().unwrap_or_else(|| Pending::ask(record, needed, self.policy, now)))
    }
}

//! What is to be done about a request, after everything that was done before.

use super::{Contain, ContainError};
use crate::containment::{
    Answer, Containment, ContainmentId, OpenPlans, Request, Stage, agenda, containments,
};
use crate::observation::OrgId;
use crate::store::{Kept, StoreError};

/// What is to be done.
pub(super) enum Next {
    /// Nothing: this record answers the request.
    Nothing(Box<Containment>),
    /// To go on with the request's own record.
    GoOn(Box<Kept<Containment>>),
    /// To finish what another request has begun about the subject, and whose worker has died.
    FinishFirst(Box<Kept<Containment>>),
    /// To join what another finding about the same has led to.
    Join(Box<Request>, Box<Kept<Containment>>),
    /// To begin, in a new record or in that of a refusal.
    Begin(Box<Request>, Option<Box<Kept<Containment>>>),
}

impl Contain<'_> {
    /// The record of exactly this request.
    pub(super) async fn record_of(&self, request: &Request) -> Result<Option<Kept<Containment>>, StoreError> {
        let id = ContainmentId::of(&request.org_id, &request.request_id);
        containments(&request.org_id).get(self.store, id.as_str()).await
    }

    /// The record that answers a request without a look at the org.
    pub(super) async fn answered(&self, request: &Request) -> Result<Option<Containment>, ContainError> {
        let latest = self.latest(request).await?.1.map(|kept| kept.value);
        Ok(latest.filter(|record| record.answer(request) == Answer::Given))
    }

    /// What is to be done about a request, with the lease on its subject in hand.
    pub(super) async fn next(&self, request: &Request) -> Result<Next, ContainError> {
        let (times, latest) = self.latest(request).await?;
        let latest = latest.map(|kept| (kept.value.answer(request), kept));
        match latest {
            Some((Answer::Given, kept)) => return Ok(Next::Nothing(Box::new(kept.value))),
            Some((Answer::Unfinished, kept)) => return Ok(Next::GoOn(Box::new(kept))),
            _ => {}
        }
        if let Some(kept) = self.left_behind(request).await? {
            return Ok(Next::FinishFirst(Box::new(kept)));
        }
        if let Some(kept) = self.joinable(request).await? {
            return Ok(Next::Join(Box::new(request.clone()), Box::new(kept)));
        }
        match latest {
            Some((Answer::Undecided, kept)) => {
                Ok(Next::Begin(Box::new(request.for_the(times)), Some(Box::new(kept))))
            }
            Some((Answer::GivenIfStillSo, kept)) if self.is_still_so(&kept.value).await => {
                Ok(Next::Nothing(Box::new(kept.value)))
            }
            _ => Ok(Next::Begin(Box::new(request.for_the(times + 1)), None)),
        }
    }

    /// How often a request has been dealt with, and the last record of it. Ids come from outside: a record about another
    /// subject is none of it.
    async fn latest(&self, request: &Request) -> Result<(usize, Option<Kept<Containment>>), ContainError> {
        let (mut times, mut latest) = (0, None);
        loop {
            let asked = request.for_the(times + 1);
            let Some(kept) = self.record_of(&asked).await? else { return Ok((times, latest)) };
            if kept.value.request.target.subject() != request.target.subject() {
                return Err(ContainError::OtherSubject {
                    request_id: asked.request_id,
                    asked: request.target.name(),
                    kept: kept.value.containment_id,
                });
            }
            (times, latest) = (times + 1, Some(kept));
        }
    }

    /// A containment of the subject that was begun and not finished. A record that cannot be read keeps nothing from being
    /// contained.
    async fn left_behind(&self, request: &Request) -> Result<Option<Kept<Containment>>, StoreError> {
        let Ok(open) = OpenPlans::read(self.store, &request.org_id).await? else { return Ok(None) };
        for id in open.of(&request.target.subject()) {
            match containments(&request.org_id).get(self.store, id).await {
                Ok(Some(kept)) if kept.value.stage == Stage::Acting => return Ok(Some(kept)),
                Err(StoreError::Unreadable { reason, .. }) => {
                    tracing::error!(containment.id = id, reason, "an open containment cannot be read");
                }
                other => drop(other?),
            }
        }
        Ok(None)
    }

    /// What another finding has led to, if it answers this request too: it waits for people, or has ended within a day.
    pub(super) async fn joinable(&self, request: &Request) -> Result<Option<Kept<Containment>>, StoreError> {
        let now = self.clock.now();
        self.on_agenda(&request.org_id, |other| other.takes_in(request, now)).await
    }

    /// The first containment on an org's agenda that is so.
    pub(super) async fn on_agenda(
        &self,
        org: &OrgId,
        is_so: impl Fn(&Containment) -> bool,
    ) -> Result<Option<Kept<Containment>>, StoreError> {
        for (id, _) in agenda(org).each(self.store).await? {
            match containments(org).get(self.store, &id).await {
                Ok(Some(kept)) if is_so(&kept.value) => return Ok(Some(kept)),
                Err(StoreError::Unreadable { reason, .. }) => {
                    tracing::error!(containment.id = id, reason, "a containment cannot be read");
                }
                other => drop(other?),
            }
        }
        Ok(None)
    }

    /// Whether a look that can see shows that there is still nothing to end.
    async fn is_still_so(&self, record: &Containment) -> bool {
        self.actor(Self::reach_of(record)).sees_nothing_left().await
    }
}

//! Findings, requests, and what a schedule asks to look at → verified containment.

use std::sync::Arc;

use aws_lambda_events::sqs::SqsBatchResponse;
use jiff::Timestamp;
use lambda_runtime::LambdaEvent;
use serde_json::Value;
use session_warden::clock::{Clock, SystemClock};
use session_warden::containment::{Containment, Outcome, Pauses, token_key};
use session_warden::lambda::{
    EventBus, Failure, Handled, HeadArchive, Metrics, Org, Orgs, Policies, each, own_users,
    remember_own_usernames,
};
use session_warden::notice::Topic;
use session_warden::observation::OrgId;
use session_warden::policy::Policy;
use session_warden::stages::{Apply, Contain};
use session_warden::store::Store;

use crate::event::{self, Asked};
use crate::finished;

pub(crate) struct Handler {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) orgs: Orgs,
    pub(crate) policies: Policies<Policy>,
    pub(crate) bus: Option<EventBus>,
    pub(crate) archive: Option<HeadArchive>,
    pub(crate) topic: Option<Topic>,
}

impl Handler {
    pub(crate) async fn handle(&self, event: LambdaEvent<Value>) -> Result<SqsBatchResponse, Failure> {
        let began = SystemClock.now();
        let handled = each(event.payload, async |message| self.act(event::asked(message.body)?).await);
        let handled = handled.await?;
        tell(&handled, began, SystemClock.now());
        Ok(handled.answer())
    }

    async fn act(&self, asked: Asked) -> Result<Vec<Containment>, Failure> {
        let org_id = asked.org().clone();
        self.orgs.with(&org_id, async |org| self.act_in(&org, asked.clone()).await).await
    }

    async fn act_in(&self, org: &Org, asked: Asked) -> Result<Vec<Containment>, Failure> {
        let (store, org_id) = (self.store.as_ref(), asked.org().clone());
        let policy = self.policies.in_force(store).await?;
        remember_own_usernames(store, &org_id, &org.own).await?;
        let own_users = own_users(store, &org_id).await?;
        if own_users.is_empty() {
            return Err(Failure::ScannerUnknown { org: org_id });
        }
        let contain = Contain {
            store,
            salesforce: &org.salesforce,
            policy: &policy,
            clock: &SystemClock,
            token_key: &token_key(store, &org_id).await?,
            own_users: &own_users,
            pauses: Pauses::default(),
        };
        let is_tending = matches!(asked, Asked::Tend(_));
        let ended = match asked {
            Asked::Contain(raised) => contain.contain_finding(&raised, None).await?,
            Asked::Request(request) => vec![contain.contain(*request, Apply::Act).await?],
            Asked::Tend(org) => {
                let ended = contain.tend(&org).await?;
                // Of a schedule that has ended nothing else tells: an alarm looks for this number.
                Metrics::of_org(&org).count("AgendasTended", 1).tell(SystemClock.now());
                ended
            }
        };
        self.notify(&contain, &org_id).await;
        match self.prove_and_announce(&org_id, &ended).await {
            // What was done stays done: the message comes again, finds it done, and is told of then.
            Err(failure) if !is_tending => Err(failure),
            Err(failure) => {
                tracing::error!(error.type = failure.error_type(), "{failure}");
                Ok(ended)
            }
            Ok(()) => Ok(ended),
        }
    }

    async fn prove_and_announce(&self, org: &OrgId, ended: &[Containment]) -> Result<(), Failure> {
        if let Some(archive) = &self.archive {
            archive.keep(self.store.as_ref(), org).await?;
        }
        let Some(bus) = &self.bus else { return Ok(()) };
        for record in ended {
            finished::announce(bus, record).await?;
        }
        Ok(())
    }

    /// What cannot be told waits in the store, and the next message of the org tells it.
    async fn notify(&self, contain: &Contain<'_>, org: &OrgId) {
        let Some(topic) = &self.topic else { return };
        let failed = match contain.notify(org, topic).await {
            Ok(notified) => notified.failed.len(),
            Err(error) => {
                tracing::error!(org.id = %org, "The notices that wait cannot be read: {error}");
                1
            }
        };
        if failed > 0 {
            Metrics::of_org(org).count("NoticesFailed", failed).tell(SystemClock.now());
        }
    }
}

fn tell(handled: &Handled<Vec<Containment>>, began: Timestamp, now: Timestamp) {
    let ended = || handled.outcomes.iter().flatten().filter_map(|containment| containment.outcome.as_ref());
    let count = |is: fn(&Outcome) -> bool| ended().filter(|outcome| is(outcome)).count();
    tracing::info!(
        messages = handled.outcomes.len(),
        messages.failed = handled.failed.len(),
        users.contained = count(|outcome| {
            matches!(outcome, Outcome::Contained | Outcome::AccessEnded | Outcome::SessionEnded)
        }),
        users.refused = count(|outcome| matches!(outcome, Outcome::Refused { .. })),
        users.not_contained = count(|outcome| matches!(outcome, Outcome::NotContained { .. })),
        duration_ms = now.duration_since(began).as_millis() as u64,
        "Contained what was asked for"
    );
    finished::measure(handled, now);
}

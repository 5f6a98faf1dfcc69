//! A schedule's request → a scan of its org, until the present is reached or the time is up.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use lambda_runtime::{Context, LambdaEvent};
use serde_json::Value;
use session_warden::clock::{Clock, SystemClock};
use session_warden::lambda::{Failure, Org, Orgs, own_usernames, remember_own_user};
use session_warden::observation::OrgId;
use session_warden::stages::{BackFill, Scan};
use session_warden::store::{LocalOutbox, Store, register};

use crate::report::Report;
use crate::request::ScanRequest;

/// What is left of the function's time when no further step is begun; the next scan goes on from there.
const RESERVE: SignedDuration = SignedDuration::from_secs(20);

pub(crate) struct Handler {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) orgs: Orgs,
}

impl Handler {
    pub(crate) async fn handle(&self, event: LambdaEvent<Value>) -> Result<Report, Failure> {
        let began = SystemClock.now();
        let request = ScanRequest::read(event.payload)?;
        let org = self.orgs.org(&request.org).await?;
        self.introduce(&request.org, &org).await?;
        let report = self.scan(&request.org, &org, &event.context).await?;
        report.tell(&request, began, SystemClock.now());
        Ok(report)
    }

    async fn introduce(&self, id: &OrgId, org: &Org) -> Result<(), Failure> {
        let store = self.store.as_ref();
        store.write(vec![register(id, &org.alias)]).await?;
        Ok(remember_own_user(store, id, &org.salesforce.own_user().await?).await?)
    }

    async fn scan(&self, id: &OrgId, org: &Org, context: &Context) -> Result<Report, Failure> {
        let store = self.store.as_ref();
        let own = own_usernames(store, id, &org.own).await?;
        let outbox = LocalOutbox::new(store);
        let salesforce = &org.salesforce;
        let scan = Scan { salesforce, store, outbox: &outbox, clock: &SystemClock, own: &own };
        let mut report = Report::of(scan.step(&|_| ()).await?);
        while !report.caught_up && has_time(context, SystemClock.now()) {
            report = report.and(Report::of(scan.step(&|_| ()).await?));
        }
        // Old history teaches in what time is left; the next invocation goes on with it.
        while report.caught_up && has_time(context, SystemClock.now()) {
            let BackFill::Taught { .. } = scan.back_fill(&|_| ()).await? else { break };
        }
        Ok(report)
    }
}

fn has_time(context: &Context, now: Timestamp) -> bool {
    Timestamp::try_from(context.deadline()).is_ok_and(|deadline| deadline.duration_since(now) > RESERVE)
}

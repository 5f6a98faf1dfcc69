//! Batches of observations → findings.

use std::sync::Arc;

use aws_lambda_events::sqs::SqsBatchResponse;
use jiff::Timestamp;
use lambda_runtime::LambdaEvent;
use serde_json::Value;
use session_warden::clock::{Clock, SystemClock};
use session_warden::detection::Detection;
use session_warden::lambda::{Failure, Handled, each};
use session_warden::policy::Policy;
use session_warden::stages::{Evaluate, Evaluated};
use session_warden::store::{LocalOutbox, Store, Waiting};

pub(crate) struct Handler {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) policy: Policy,
    pub(crate) detections: Vec<Box<dyn Detection>>,
}

impl Handler {
    pub(crate) async fn handle(&self, event: LambdaEvent<Value>) -> Result<SqsBatchResponse, Failure> {
        let began = SystemClock.now();
        let store = self.store.as_ref();
        let outbox = LocalOutbox::new(store);
        let (policy, detections) = (&self.policy, self.detections.as_slice());
        let evaluate = Evaluate { store, outbox: &outbox, policy, detections, clock: &SystemClock };
        let handled = each(event.payload, async |message| {
            let waiting = Waiting { order: message.id, body: message.body, done: None };
            Ok(evaluate.evaluate(vec![waiting]).await?)
        });
        let handled = handled.await?;
        tell(&handled, began, SystemClock.now());
        Ok(handled.answer())
    }
}

fn tell(handled: &Handled<Evaluated>, began: Timestamp, now: Timestamp) {
    let sum = |count: fn(&Evaluated) -> usize| handled.outcomes.iter().map(count).sum::<usize>();
    tracing::info!(
        messages = handled.outcomes.len(),
        messages.failed = handled.failed.len(),
        observations.new = sum(|evaluated| evaluated.new),
        observations.duplicate = sum(|evaluated| evaluated.duplicates),
        observations.late = sum(|evaluated| evaluated.late),
        findings.raised = sum(|evaluated| evaluated.raised.len()),
        duration_ms = now.duration_since(began).as_millis() as u64,
        "Evaluated what was seen"
    );
}

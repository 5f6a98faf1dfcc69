//! Batches of observations → findings.

use std::sync::Arc;

use aws_lambda_events::sqs::SqsBatchResponse;
use jiff::Timestamp;
use lambda_runtime::LambdaEvent;
use serde_json::Value;
use session_warden::clock::{Clock, SystemClock};
use session_warden::detection::{Detection, Severity, catalogue};
use session_warden::lambda::{EventBus, Failure, Handled, Message, Metrics, Policies, each};
use session_warden::observation::OrgId;
use session_warden::own_rules::read_all;
use session_warden::packs::Packs;
use session_warden::policy::{Mode, Policy};
use session_warden::settings::Settings;
use session_warden::stages::{Evaluate, Evaluated};
use session_warden::store::{LocalOutbox, Store, Waiting};

use crate::relayed;

pub(crate) struct Handler {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) policies: Policies<Rules>,
    pub(crate) bus: Option<EventBus>,
}

/// A policy with the detections that run under it.
pub(crate) struct Rules {
    policy: Policy,
    detections: Vec<Box<dyn Detection>>,
    packs: Packs,
}

impl Rules {
    pub(crate) fn under(policy: Policy) -> Self {
        let mut detections = catalogue(&policy);
        detections.extend(own_rules(&policy));
        let packs = packs(&policy);
        Self { policy, detections, packs }
    }
}

/// Read where packs are. Without its own rules the organisation is judged by the detections as ever.
fn own_rules(policy: &Policy) -> Vec<Box<dyn Detection>> {
    let files = policy.own_rules.paths(&Settings::of_process().policy_folder());
    let rules = read_all(&files).unwrap_or_else(|(_, error)| {
        tracing::error!(error.type = "RulesUnreadable", "Going on without own rules: {error}");
        Vec::new()
    });
    rules.into_iter().filter(|rule| policy.mode_of(rule.about().id) != Mode::Off).collect()
}

/// Read beside the policy where that is a file, else from the function's own folder. Without a pack the detections that need it are silent, and the others judge as ever.
fn packs(policy: &Policy) -> Packs {
    let (packs, wrong) = Packs::load(&policy.packs, &Settings::of_process().policy_folder());
    for (_, error) in wrong {
        tracing::error!(error.type = "PackUnreadable", "Going on without a pack: {error}");
    }
    let now = SystemClock.now();
    for warning in packs.states(now).iter().flat_map(|state| state.warnings(now)) {
        tracing::warn!("{warning}");
    }
    packs
}

/// What a message came to.
struct Judged {
    org: OrgId,
    evaluated: Evaluated,
}

impl Handler {
    pub(crate) async fn handle(&self, event: LambdaEvent<Value>) -> Result<SqsBatchResponse, Failure> {
        let began = SystemClock.now();
        let rules = self.rules(began).await?;
        let handled = each(event.payload, async |message| self.take(&rules, message).await).await?;
        tell(&handled, began, SystemClock.now());
        Ok(handled.answer())
    }

    /// What cannot be read decides nothing, and judging goes on.
    async fn rules(&self, now: Timestamp) -> Result<Arc<Rules>, Failure> {
        match self.policies.in_force(self.store.as_ref()).await {
            Err(Failure::Policy(reason)) => {
                tracing::error!(error.type = "PolicyUnreadable", "Only observing: {reason}");
                Metrics::of_function(FUNCTION).count("PolicyUnreadable", 1).tell(now);
                Ok(Arc::new(Rules::under(Policy::default())))
            }
            rules => rules,
        }
    }

    /// `None` for an event that there is nothing to judge in.
    async fn take(&self, rules: &Rules, mut message: Message) -> Result<Option<Judged>, Failure> {
        if relayed::is_relayed(&message.body) {
            let batch = relayed::batch(self.store.as_ref(), &message, SystemClock.now()).await?;
            let Some(batch) = batch else { return Ok(None) };
            message.body = batch;
        }
        self.judge(rules, message).await.map(Some)
    }

    async fn judge(&self, rules: &Rules, message: Message) -> Result<Judged, Failure> {
        let store = self.store.as_ref();
        let org = org_of(&message.body)?;
        let outbox = LocalOutbox::new(store);
        let (policy, detections) = (&rules.policy, rules.detections.as_slice());
        let evaluate = Evaluate {
            store,
            outbox: &outbox,
            policy,
            detections,
            origins: &rules.packs,
            clock: &SystemClock,
        };
        let waiting = Waiting { order: message.id, body: message.body, done: None };
        let evaluated = evaluate.evaluate(vec![waiting]).await?;
        // Also what an invocation before has found and could not announce.
        if let Some(bus) = &self.bus {
            bus.announce(store, &org).await?;
        }
        Ok(Judged { org, evaluated })
    }
}

const FUNCTION: &str = "evaluate-activity";

fn org_of(body: &Value) -> Result<OrgId, Failure> {
    let org = body.get("org_id").and_then(Value::as_str);
    org.map(OrgId::new).ok_or_else(|| Failure::InvalidPayload("it names no org_id".to_owned()))
}

fn tell(handled: &Handled<Option<Judged>>, began: Timestamp, now: Timestamp) {
    let sum = |count: fn(&Evaluated) -> usize| {
        handled.outcomes.iter().flatten().map(|judged| count(&judged.evaluated)).sum::<usize>()
    };
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
    Metrics::of_function(FUNCTION).count("MessagesFailed", handled.failed.len()).tell(now);
    for judged in handled.outcomes.iter().flatten() {
        measure(judged, now);
    }
}

fn measure(Judged { org, evaluated }: &Judged, now: Timestamp) {
    let of = |severity| evaluated.raised.iter().filter(|finding| finding.severity == severity).count();
    Metrics::of_org(org)
        .count("ObservationsNew", evaluated.new)
        .count("ObservationsLate", evaluated.late)
        .count("FindingsInfo", of(Severity::Info))
        .count("FindingsLow", of(Severity::Low))
        .count("FindingsMedium", of(Severity::Medium))
        .count("FindingsHigh", of(Severity::High))
        .count("FindingsCritical", of(Severity::Critical))
        .tell(now);
}

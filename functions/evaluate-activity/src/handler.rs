//! Batches of observations → findings.

use std::path::Path;
use std::sync::Arc;

use aws_lambda_events::sqs::SqsBatchResponse;
use jiff::Timestamp;
use lambda_runtime::LambdaEvent;
use serde_json::Value;
use session_warden::clock::{Clock, SystemClock};
use session_warden::detection::{Detection, Severity, catalogue};
use session_warden::lambda::{EventBus, Failure, Handled, Message, Metrics, Policies, together};
use session_warden::observation::OrgId;
use session_warden::own_rules::read_each;
use session_warden::packs::Packs;
use session_warden::policy::{Mode, Policy};
use session_warden::settings::Settings;
use session_warden::stages::{Evaluate, Evaluated, Memory};
use session_warden::store::{Store, Waiting};

use crate::relayed;

pub(crate) struct Handler {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) policies: Policies<Rules>,
    pub(crate) bus: Option<EventBus>,
    pub(crate) memory: Memory,
}

/// A policy with the detections that run under it.
pub(crate) struct Rules {
    policy: Policy,
    detections: Vec<Box<dyn Detection>>,
    packs: Packs,
    /// Own rules and data packs that the policy names and that cannot be used.
    unreadable: usize,
}

impl Rules {
    pub(crate) fn under(policy: Policy) -> Self {
        let folder = Settings::of_process().policy_folder();
        let mut detections = catalogue(&policy);
        let (own, wrong) = read_each(&policy.own_rules.paths(&folder));
        for (_, error) in &wrong {
            tracing::error!(error.type = "RulesUnreadable", "Going on without a rule: {error}");
        }
        detections.extend(own.into_iter().filter(|rule| policy.mode_of(rule.about().id) != Mode::Off));
        let (packs, unreadable) = packs(&policy, &folder);
        Self { policy, detections, packs, unreadable: unreadable + wrong.len() }
    }
}

/// Read beside the policy where that is a file, else from the function's own folder; and how many cannot be. Without a pack the
/// detections that need it are silent, and the others judge as ever.
fn packs(policy: &Policy, folder: &Path) -> (Packs, usize) {
    let (packs, wrong) = Packs::load(&policy.packs, folder);
    for (_, error) in &wrong {
        tracing::error!(error.type = "PackUnreadable", "Going on without a pack: {error}");
    }
    let now = SystemClock.now();
    for warning in packs.states(now).iter().flat_map(|state| state.warnings(now)) {
        tracing::warn!("{warning}");
    }
    (packs, wrong.len())
}

/// What the messages of an org came to.
struct Judged {
    org: OrgId,
    evaluated: Evaluated,
}

impl Handler {
    pub(crate) async fn handle(&self, event: LambdaEvent<Value>) -> Result<SqsBatchResponse, Failure> {
        let began = SystemClock.now();
        let rules = self.rules(began).await?;
        let handled = together(event.payload, async |messages| self.take(&rules, messages).await).await?;
        tell(&handled, began, SystemClock.now());
        if rules.unreadable > 0 {
            Metrics::of_function(FUNCTION).count("PolicyFilesUnreadable", rules.unreadable).tell(began);
        }
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

    /// Messages of one group, judged together. `None` where there is nothing to judge in them.
    async fn take(&self, rules: &Rules, messages: Vec<Message>) -> Result<Option<Judged>, Failure> {
        let mut waiting = Vec::new();
        for message in messages {
            let body = if relayed::is_relayed(&message.body) {
                relayed::batch(self.store.as_ref(), &message, SystemClock.now()).await?
            } else {
                Some(message.body)
            };
            waiting.extend(body.map(|body| Waiting { order: message.id, body, done: None }));
        }
        if waiting.is_empty() { Ok(None) } else { self.judge(rules, waiting).await.map(Some) }
    }

    async fn judge(&self, rules: &Rules, waiting: Vec<Waiting>) -> Result<Judged, Failure> {
        let store = self.store.as_ref();
        let org = org_of(&waiting)?;
        let evaluate = Evaluate {
            store,
            memory: &self.memory,
            policy: &rules.policy,
            detections: rules.detections.as_slice(),
            origins: &rules.packs,
            clock: &SystemClock,
        };
        let mut announced = Ok(0);
        let announce = async || {
            // Also what an invocation before has found and could not announce.
            if let Some(bus) = &self.bus {
                announced = bus.announce(store, &org).await;
            }
        };
        let evaluated = evaluate.evaluate_and(waiting, announce).await?;
        announced?;
        Ok(Judged { org, evaluated })
    }
}

const FUNCTION: &str = "evaluate-activity";

fn org_of(waiting: &[Waiting]) -> Result<OrgId, Failure> {
    let org = waiting.first().and_then(|message| message.body.get("org_id")?.as_str());
    org.map(OrgId::new).ok_or_else(|| Failure::InvalidPayload("it names no org_id".to_owned()))
}

fn tell(handled: &Handled<Option<Judged>>, began: Timestamp, now: Timestamp) {
    let sum = |count: fn(&Evaluated) -> usize| {
        handled.outcomes.iter().flatten().map(|judged| count(&judged.evaluated)).sum::<usize>()
    };
    tracing::info!(
        evaluations = handled.outcomes.len(),
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

#[cfg(test)]
mod tests {
    use lambda_runtime::Context;
    use serde_json::json;
    use session_warden::store::{Key, MemoryStore, Table};

    use super::*;

    const ORG: &str = "00D000000000001EAA";

    fn relayed(number: u8, payload: &Value) -> Value {
        let event = json!({ "id": "e", "source": format!("aws.partner/salesforce.com/{ORG}/0YL000000000001EAA"),
            "detail-type": "LoginEventStream", "detail": { "payload": payload } });
        json!({ "messageId": format!("m{number}"), "body": event.to_string(), "attributes": { "MessageGroupId": ORG },
            "eventSourceARN": "arn:aws:sqs:eu-central-1:111122223333:observations.fifo" })
    }

    #[tokio::test]
    async fn what_is_relayed_at_once_is_judged_at_once_and_what_cannot_be_read_is_set_aside_alone() {
        let store = Arc::new(MemoryStore::new());
        let policies = Policies::of(&Settings::default(), Rules::under);
        let handler = Handler { store: store.clone(), policies, bus: None, memory: Memory::default() };
        let login = |number: u8| {
            let id = format!("0Ya00000000000{number}AAA");
            relayed(
                number,
                &json!({ "LoginHistoryId": id, "EventDate": 1_795_700_000_965_i64, "UserId": "005000000000001AAA",
                "Status": "Success", "SourceIp": "198.51.100.7" }),
            )
        };
        let unreadable = relayed(2, &json!({ "LoginHistoryId": "0Ya" }));
        let event = json!({ "Records": [login(1), unreadable, login(3), login(4)] });
        let answer = handler.handle(LambdaEvent::new(event, Context::default())).await.unwrap();
        assert!(answer.batch_item_failures.is_empty(), "{answer:?}");
        let body = async |room: &str, sort: &str| {
            let key = Key::new(Table::Evaluate, &OrgId::new(ORG), room, sort);
            store.get(&key).await.unwrap().map(|record| record.body)
        };
        assert_eq!(body("folds", "org").await.unwrap()["number"], 1, "one evaluation");
        assert_eq!(body("tail", "000000").await.unwrap().as_array().unwrap().len(), 3);
        assert!(body("quarantine", "m2").await.is_some());
    }

    /// What a person has pushed may name what was not deployed, or has a mistake.
    #[test]
    fn what_can_be_read_of_a_policy_judges_and_the_rest_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let rule = |number: u8, field: &str| {
            format!(
                "title: rule {number}\nid: 8b2f0f5e-0a1b-4c7e-9f66-0d3b7c1b5a1{number}\nlevel: high\n\
                 logsource: {{ product: salesforce, service: login }}\n\
                 detection: {{ one: {{ {field}: Chrome }}, condition: one }}\n"
            )
        };
        let file = folder.path().join("two.yml");
        std::fs::write(&file, [rule(1, "client.browser"), rule(2, "no.such_field")].join("---\n")).unwrap();
        let missing = folder.path().join("missing");
        let (file, missing) = (file.display(), missing.display());
        let policy = format!(
            "own_rules:\n  files: ['{file}', '{missing}']\npacks:\n  - {{ name: a, kind: networks, path: '{missing}' }}\n"
        );
        let policy = Policy::parse(&policy).unwrap();
        let alone = catalogue(&policy).len();
        let rules = Rules::under(policy);
        assert_eq!((rules.detections.len(), rules.unreadable), (alone + 1, 3));
    }
}

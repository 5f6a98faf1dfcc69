//! Observations → findings.

use serde_json::Value;

use super::knowledge::{AT_ONCE, Knowledge, Memory, Writes};
use crate::clock::Clock;
use crate::detection::{Absorbed, Detection, Finding, Lane, Present, TailEntry};
use crate::messages::{FindingRaised, ObservationBatch, SCHEMA_VERSION};
use crate::observation::{OrgId, Origins, User};
use crate::policy::Policy;
use crate::store::{LocalOutbox, Outgoing, Queue, Store, StoreError, Waiting, Write};

/// The evaluation of one org's observations.
pub struct Evaluate<'a> {
    /// Where profiles and findings are kept, and where findings wait for the containment.
    pub store: &'a dyn Store,
    /// What evaluations before have left.
    pub memory: &'a Memory,
    /// The policy in force.
    pub policy: &'a Policy,
    /// The detections that run under it.
    pub detections: &'a [Box<dyn Detection>],
    /// What is known of addresses beyond what Salesforce tells.
    pub origins: &'a dyn Origins,
    /// The time of judging.
    pub clock: &'a dyn Clock,
}

/// What an evaluation came to.
#[derive(Debug, Default)]
pub struct Evaluated {
    /// Observations that were not known.
    pub new: usize,
    /// Observations that were known.
    pub duplicates: usize,
    /// Observations that came after their time was committed.
    pub late: usize,
    /// Findings that are new or have escalated.
    pub raised: Vec<Finding>,
}

/// Why an evaluation failed. Nothing of it has happened.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// A message is not what this version understands.
    #[error("the message {order} cannot be read: {reason}; it belongs in the dead-letter queue")]
    Unreadable {
        /// Which message.
        order: String,
        /// What the decoder says.
        reason: String,
    },
    /// A message is about another org than the others.
    #[error("the messages are about {first} and {other}; one evaluation is about one org")]
    MixedOrgs {
        /// The first org.
        first: OrgId,
        /// Another.
        other: OrgId,
    },
    /// The store failed or somebody else wrote first.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Messages of one org, joined.
struct Joined {
    org: OrgId,
    entries: Vec<TailEntry>,
    users: Vec<User>,
    done: Vec<Write>,
}

impl Evaluate<'_> {
    /// Judges what the messages saw, raises what is new or has escalated, and takes the messages off their queue,
    /// all in one write; what was learned of each user, network and application follows it. The same messages again change nothing.
    pub async fn evaluate(&self, messages: Vec<Waiting>) -> Result<Evaluated, EvaluateError> {
        self.evaluate_and(messages, async || ()).await
    }

    /// The same, with something that is done once what was found stands in the store: to write all that a stride has learned takes
    /// a while longer.
    pub async fn evaluate_and(
        &self,
        messages: Vec<Waiting>,
        announce: impl AsyncFnOnce(),
    ) -> Result<Evaluated, EvaluateError> {
        let Some(mut joined) = join(messages)? else { return Ok(Evaluated::default()) };
        for entry in &mut joined.entries {
            self.origins.tell(&mut entry.observation);
        }
        let org = joined.org.clone();
        let mut knowledge = self.knowledge(&org).await?;
        knowledge.meet(self.store, joined.entries.iter()).await?;
        knowledge.read_dismissals(self.store).await?;
        let absorbed = self.judge(&mut knowledge, joined, announce).await?;
        self.memory.keep(org, knowledge);
        Ok(told(absorbed))
    }

    async fn knowledge(&self, org: &OrgId) -> Result<Knowledge, StoreError> {
        if let Some(known) = self.memory.take(org)
            && known.is_current(self.store).await?
        {
            return Ok(known);
        }
        let read = Knowledge::read(self.store, org).await?;
        if !read.is_unfinished() {
            return Ok(read);
        }
        read.finish(self.store, self.policy, self.detections).await?;
        Knowledge::read(self.store, org).await
    }

    async fn judge(
        &self,
        knowledge: &mut Knowledge,
        joined: Joined,
        announce: impl AsyncFnOnce(),
    ) -> Result<Absorbed, EvaluateError> {
        let Joined { org, entries, users, done } = joined;
        let accounts = knowledge.learn_accounts(users)?;
        let (before, mut arrived) = (knowledge.state.committed_until, Vec::new());
        let absorbed = knowledge.state.admit(entries, |entry| arrived.push(entry.clone()));
        knowledge.begin_fold(before, arrived);
        let present = Present::At(self.clock.now());
        let absorbed = knowledge.state.conclude(&org, self.policy, self.detections, present, absorbed);
        let Writes { mut together, last } = knowledge.writes(&absorbed)?;
        together.extend(accounts.into_iter().chain(done));
        together.extend(LocalOutbox::puts(announcements(&absorbed)?));
        self.store.write_in_order(together, Vec::new()).await?;
        announce().await;
        let mut folded = knowledge.folded(&absorbed);
        loop {
            let some: Vec<_> = folded.by_ref().take(AT_ONCE).collect::<Result<_, _>>()?;
            if some.is_empty() {
                break;
            }
            self.store.write_in_order(Vec::new(), some).await?;
        }
        self.store.write(vec![last]).await?;
        drop(folded);
        knowledge.settle(&absorbed);
        Ok(absorbed)
    }
}

fn join(messages: Vec<Waiting>) -> Result<Option<Joined>, EvaluateError> {
    let mut joined: Option<Joined> = None;
    for message in messages {
        let batch = decode(&message.order, &message.body)?;
        let joined = joined.get_or_insert_with(|| Joined {
            org: batch.org_id.clone(),
            entries: Vec::new(),
            users: Vec::new(),
            done: Vec::new(),
        });
        if joined.org != batch.org_id {
            return Err(EvaluateError::MixedOrgs { first: joined.org.clone(), other: batch.org_id });
        }
        let lane: Lane = batch.lane;
        joined
            .entries
            .extend(batch.observations.into_iter().map(|observation| TailEntry { observation, lane }));
        joined.users.extend(batch.users);
        joined.done.extend(message.done);
    }
    Ok(joined)
}

fn decode(order: &str, body: &Value) -> Result<ObservationBatch, EvaluateError> {
    let unreadable = |reason: String| EvaluateError::Unreadable { order: order.to_owned(), reason };
    let batch: ObservationBatch =
        serde::Deserialize::deserialize(body).map_err(|e: serde_json::Error| unreadable(e.to_string()))?;
    if batch.schema_version != SCHEMA_VERSION {
        return Err(unreadable(format!(
            "its schema_version is {}, known is {SCHEMA_VERSION}",
            batch.schema_version
        )));
    }
    Ok(batch)
}

fn announcements(absorbed: &Absorbed) -> Result<Vec<Outgoing>, EvaluateError> {
    let announce = |finding: &Finding| {
        let raised = FindingRaised {
            schema_version: SCHEMA_VERSION,
            org_id: finding.org_id.clone(),
            finding_id: finding.finding_id.clone(),
            version: finding.version,
        };
        let order = format!("{}/{:06}", finding.finding_id, finding.version);
        let body = serde_json::to_value(raised)
            .map_err(|e| EvaluateError::Unreadable { order: order.clone(), reason: e.to_string() })?;
        Ok(Outgoing { queue: Queue::Findings, org: finding.org_id.clone(), order, body })
    };
    absorbed.raised.iter().map(announce).collect()
}

fn told(absorbed: Absorbed) -> Evaluated {
    Evaluated {
        new: absorbed.new,
        duplicates: absorbed.duplicates,
        late: absorbed.late,
        raised: absorbed.raised,
    }
}

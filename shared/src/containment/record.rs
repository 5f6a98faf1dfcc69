//! What a containment is, from the request to the proof. One record, written before and after every act.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Approval, FrozenBy, Impact, Pending, Reach, Released, Target};
use crate::detection::{Finding, FindingId};
use crate::observation::{OrgId, SessionId, TokenKey};
use crate::policy::Also;

/// Bytes of a failure's reason.
const REASON: usize = 200;

/// Names a containment: a hash of the org and the request, so that the same request is the same record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ContainmentId(String);

impl ContainmentId {
    /// The id of a request's containment.
    pub fn of(org: &OrgId, request_id: &str) -> Self {
        let mut hash = Sha256::new();
        for part in [org.as_str(), request_id] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self(hex::encode(&hash.finalize()[..16]))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ContainmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who asks. A claim for the record, not an identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "by")]
pub enum RequestedBy {
    /// The policy, because of a finding.
    Policy,
    /// A person, by name.
    Person {
        /// As he called himself, or as the operating system does.
        name: String,
    },
    /// Whoever sent an event: nobody waits for the answer to that.
    Event {
        /// As he or it is called there.
        name: String,
    },
    /// The watch over what was ended not long ago. It only asks.
    Watch,
}

/// What lies behind a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trigger {
    /// The finding.
    pub finding_id: FindingId,
    /// Which escalation of it; a refused request is decided anew for a later one.
    pub version: u64,
    /// Its last observation.
    pub last_seen: Timestamp,
    /// The hostile success, as far as one is known, from which the time to containment counts.
    pub first_seen: Timestamp,
    /// When it was found.
    #[serde(default)]
    pub detected_at: Option<Timestamp>,
    /// Whether the policy asks for containment without a person.
    pub action: crate::detection::Action,
}

/// A request to end access. The same `request_id` is the same request, however often it is delivered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The idempotency key.
    pub request_id: String,
    /// Which org.
    pub org_id: OrgId,
    /// Whose access ends.
    #[serde(flatten)]
    pub target: Target,
    /// What else is to be done about a user, beside what the policy says.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub also: BTreeSet<Also>,
    /// Why, in words.
    pub reason: String,
    /// Who asks.
    pub requested_by: RequestedBy,
    /// The finding behind it, if one is.
    pub trigger: Option<Trigger>,
}

/// One kind of act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// Freeze the account, so that nothing new begins.
    Freeze,
    /// Make the password invalid, so that nobody logs in with the one that is known.
    ResetPassword,
    /// Revoke refresh tokens, so that no session is made anew.
    RevokeTokens,
    /// Delete sessions.
    DeleteSessions,
    /// Forget the addresses from which the user need not confirm who he is.
    ForgetAddresses,
    /// Read again.
    Reread,
    /// Let the user in again, of whom nothing is left.
    Thaw,
}

/// What became of an act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "result")]
pub enum StepResult {
    /// Its turn has not come.
    Planned,
    /// It is about to be done, or was when the program ended.
    Begun,
    /// Done.
    Done,
    /// It was so already.
    AlreadySo,
    /// It failed, wholly or in part; later steps were still tried.
    Failed {
        /// Why.
        reason: String,
    },
}

impl StepResult {
    /// A failure, with as much of its reason as fits into an entry about very many of them: Salesforce may answer with
    /// a page.
    pub(crate) fn failed(reason: &impl ToString) -> Self {
        let mut reason = reason.to_string();
        reason.truncate(reason.floor_char_boundary(REASON));
        Self::Failed { reason }
    }
}

/// One act and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Which act.
    pub kind: StepKind,
    /// How many things it was aimed at.
    pub targets: usize,
    /// What became of it.
    pub result: StepResult,
    /// When this became of it.
    pub at: Timestamp,
}

/// Something that was still there when the last re-read looked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "survivor")]
pub enum Survivor {
    /// A live session.
    Session {
        /// Which.
        id: SessionId,
        /// Why it is still there, as far as is known.
        reason: String,
    },
    /// A refresh token.
    Token {
        /// Which.
        key: TokenKey,
        /// Whose application.
        app_name: String,
        /// Why it is still there, as far as is known.
        reason: String,
    },
    /// The password is the one from before.
    Password {
        /// Why, as far as is known.
        reason: String,
    },
    /// An address from which the user need not confirm who he is.
    Address {
        /// Which.
        address: String,
        /// Why it is still there, as far as is known.
        reason: String,
    },
    /// The account is not frozen although it should be.
    Unfrozen {
        /// Why, as far as is known.
        reason: String,
    },
}

/// Why nothing was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The rule that refused, for scripts: `protected`, `caps`, `blind` …
    pub rule: String,
    /// The sentence for people.
    pub reason: String,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Outcome {
    /// A re-read that could see showed nothing left, and the account is frozen.
    Contained,
    /// A re-read that could see showed nothing left; who held it can log in again.
    AccessEnded,
    /// A re-read that could see showed no hostile session left; the user's own live on.
    SessionEnded,
    /// Something is left, or could not be looked at.
    NotContained {
        /// Why, in a sentence.
        reason: String,
    },
    /// The guard refused; nothing was done.
    Refused {
        /// Every rule that refused.
        refusals: Vec<Refusal>,
    },
}

/// How far a containment has come. Each state is written before the next act begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Only shown; nothing is recorded and nothing was done.
    Planned,
    /// Refused for now: people are asked, and nothing is done until they agree.
    Waiting,
    /// The intent is recorded and the caps are reserved; acts may have begun.
    Acting,
    /// It has ended.
    Finished,
}

/// One containment, from request to proof.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Containment {
    /// Its name.
    pub containment_id: ContainmentId,
    /// What was asked.
    pub request: Request,
    /// Under which policy.
    pub policy_hash: String,
    /// How far it has come.
    pub stage: Stage,
    /// What it would end.
    pub impact: Impact,
    /// What it reaches, as was read when it began; `None` before.
    #[serde(default)]
    pub reach: Option<Reach>,
    /// What was done.
    pub steps: Vec<Step>,
    /// What was left at the last re-read, at most 50.
    pub survivors: Vec<Survivor>,
    /// How many were left.
    pub survivors_total: usize,
    /// How it ended; `None` while it has not. While people are asked, why.
    pub outcome: Option<Outcome>,
    /// What people are asked, while they are.
    #[serde(default)]
    pub pending: Option<Pending>,
    /// The question that people have agreed to.
    #[serde(default)]
    pub agreed_to: Option<Pending>,
    /// Who agreed to it, and when, each with his signature.
    #[serde(default)]
    pub approved: Vec<Approval>,
    /// Other findings about the same, which it answers too; at most 50.
    #[serde(default)]
    pub joined: Vec<Trigger>,
    /// That it was taken back, by `warden release` or by whoever else thawed the account.
    #[serde(default)]
    pub released: Option<Released>,
    /// That it is being taken back: the account may be open already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub releasing: Option<Released>,
    /// Who else has frozen the account since, where a look has shown it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frozen_by_others: Option<FrozenBy>,
    /// Why nobody knows whether access has come back, where a look that was due could not see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unchecked: Option<String>,
    /// Until when a JWT access token that was already out may still work.
    pub residual_until: Option<Timestamp>,
    /// When the intent was recorded.
    pub started: Timestamp,
    /// When it was last counted in the caps, where that was later than it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted_at: Option<Timestamp>,
    /// When it ended.
    pub finished: Option<Timestamp>,
    /// Calls that the acting identity has made meanwhile; of a worker that has died, those until its last entry in the
    /// evidence.
    pub api_calls: u64,
    /// Seconds from the hostile login to the proof, where a finding names one.
    pub login_to_verified_seconds: Option<i64>,
    /// The hash of the ledger's head after the last entry about this containment.
    pub evidence_head: Option<String>,
}

impl Trigger {
    /// What a finding says.
    pub fn of(finding: &Finding) -> Self {
        Self {
            finding_id: finding.finding_id.clone(),
            version: finding.version,
            last_seen: finding.last_seen,
            first_seen: finding.first_access.unwrap_or(finding.first_seen),
            detected_at: Some(finding.detected_at),
            action: finding.action,
        }
    }
}

impl Containment {
    /// A containment of which nothing has been done.
    pub(crate) fn planned(request: Request, policy_hash: String, impact: Impact, now: Timestamp) -> Self {
        Self {
            containment_id: ContainmentId::of(&request.org_id, &request.request_id),
            request,
            policy_hash,
            stage: Stage::Planned,
            impact,
            reach: None,
            steps: Vec::new(),
            survivors: Vec::new(),
            survivors_total: 0,
            outcome: None,
            pending: None,
            agreed_to: None,
            approved: Vec::new(),
            joined: Vec::new(),
            released: None,
            releasing: None,
            frozen_by_others: None,
            unchecked: None,
            residual_until: None,
            started: now,
            counted_at: None,
            finished: None,
            api_calls: 0,
            login_to_verified_seconds: None,
            evidence_head: None,
        }
    }

    /// Whether the guard refused, so that nothing was done.
    pub fn is_refused(&self) -> bool {
        matches!(self.outcome, Some(Outcome::Refused { .. }))
    }

    /// Whether a re-read that could see showed nothing left.
    pub fn is_proven(&self) -> bool {
        matches!(self.outcome, Some(Outcome::Contained | Outcome::AccessEnded | Outcome::SessionEnded))
    }

    /// Whether something was left, or could not be looked at.
    pub(crate) fn is_not_contained(&self) -> bool {
        matches!(self.outcome, Some(Outcome::NotContained { .. }))
    }

    /// Whether something was done, or may have been.
    pub(crate) fn has_acted(&self) -> bool {
        let acts = self.steps.iter().filter(|step| step.kind != StepKind::Reread);
        acts.into_iter().any(|step| !matches!(step.result, StepResult::Planned | StepResult::Begun))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_of_any_length_leaves_room_for_others() {
        for page in ["x".repeat(5_000), "\u{2028}".repeat(5_000)] {
            let StepResult::Failed { reason } = StepResult::failed(&page) else { panic!("a failure") };
            assert!((REASON - 3..=REASON).contains(&reason.len()), "{}", reason.len());
        }
        assert_eq!(StepResult::failed(&"no"), StepResult::Failed { reason: "no".to_owned() });
    }
}

//! The consent of people: asked for one plan, signed, given once, and ending by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Containment, ContainmentId, Readable, Refusal, Scope};
use crate::evidence::{AnchorError, Digest, Encoding, HeadSigner, PublicKey, Signature};
use crate::observation::OrgId;
use crate::policy::{Approver, Policy};
use crate::store::{Key, Record, Room, Store, StoreError, Table};

/// More approvals of one containment than this are nobody's.
const MOST: usize = 100;

/// A containment that waits for people. Nothing is done until enough of them have agreed, and nothing at all when
/// they have not by `expires`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// When it was asked; another question, another hash.
    pub asked: Timestamp,
    /// Until when an approval counts.
    pub expires: Timestamp,
    /// How many different people must agree.
    pub needed: usize,
    /// What they agree to.
    pub scope: Scope,
    /// The hash of exactly this question, which an approval names.
    pub plan: Digest,
}

/// One person's consent to one plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// To which containment.
    pub containment_id: ContainmentId,
    /// To which plan of it.
    pub plan: Digest,
    /// Who, as the policy names him.
    pub approver: String,
    /// With which key.
    pub public_key: PublicKey,
    /// When, as his machine's clock says.
    pub at: Timestamp,
    signature: Signature,
}

/// A person's refusal; it needs no signature, since it stops and does nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declined {
    /// Who, as he calls himself.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// The key by which an approver is known. It never leaves its file.
#[derive(Debug)]
pub struct ApproverKey(HeadSigner);

impl Pending {
    /// Asks `needed` people to agree to a record's plan.
    pub(crate) fn ask(record: &Containment, needed: usize, policy: &Policy, now: Timestamp) -> Self {
        let scope = Scope::of(record);
        let expires = now.checked_add(policy.approvals.expire_after).unwrap_or(Timestamp::MAX);
        let plan = hash_of(record, now, expires, needed, &scope);
        Self { asked: now, expires, needed, scope, plan }
    }

    /// Whether the hash is that of the rest. Where it is not, the question was changed in the store after it was asked,
    /// and an answer to it would be one to something else.
    pub fn is_as_asked(&self, record: &Containment) -> bool {
        self.plan == hash_of(record, self.asked, self.expires, self.needed, &self.scope)
    }
}

fn hash_of(
    record: &Containment,
    asked: Timestamp,
    expires: Timestamp,
    needed: usize,
    scope: &Scope,
) -> Digest {
    let encoding = Encoding::of("session-warden plan")
        .text(record.request.org_id.as_str())
        .text(record.containment_id.as_str())
        .instant(asked)
        .instant(expires)
        .number(needed as u64);
    scope.encoded(encoding).hash()
}

impl Containment {
    /// Names the question that people are asked, while they are: an answer to an earlier one is none to a later one.
    pub fn question(&self) -> Option<String> {
        Some(format!("{}/{}", self.containment_id, self.pending.as_ref()?.plan))
    }
}

impl ApproverKey {
    /// Reads a key (PKCS#8, Ed25519), or makes one in a file that only its owner may read.
    ///
    /// # Errors
    /// [`AnchorError::Key`] also for a key file that others may read.
    pub fn load_or_create(path: &Path) -> Result<Self, AnchorError> {
        HeadSigner::load_or_create(path).map(Self)
    }

    /// What stands in the policy.
    pub fn public_key(&self) -> PublicKey {
        self.0.public_key()
    }

    /// Agrees to a plan.
    pub fn approve(
        &self,
        record: &Containment,
        pending: &Pending,
        approver: &str,
        at: Timestamp,
    ) -> Approval {
        let (id, org) = (&record.containment_id, &record.request.org_id);
        Approval {
            signature: self.0.vouch(&statement(org, id, &pending.plan, approver, at)),
            containment_id: id.clone(),
            plan: pending.plan,
            approver: approver.to_owned(),
            public_key: self.public_key(),
            at,
        }
    }
}

impl Approval {
    /// Where it is kept: one for each person and plan.
    pub fn sort(&self) -> String {
        format!("{}/{}/{}", self.containment_id, self.plan, self.public_key)
    }

    /// Whether it is this approver's consent to exactly this question, and in time.
    fn holds(&self, record: &Containment, pending: &Pending, approver: &Approver) -> bool {
        let (id, org) = (&record.containment_id, &record.request.org_id);
        self.plan == pending.plan
            && self.containment_id == *id
            && self.approver == approver.name
            && self.public_key == approver.public_key
            && self.at <= pending.expires
            && self
                .public_key
                .vouches(&statement(org, id, &self.plan, &self.approver, self.at), &self.signature)
    }
}

/// The room of an org's approvals.
pub fn approvals(org: &OrgId) -> Room<Approval> {
    Room::new(Table::People, org, "approvals")
}

/// The room of questions that somebody has said no to, by [`Containment::question`].
pub fn declined(org: &OrgId) -> Room<Declined> {
    Room::new(Table::People, org, "declined")
}

/// The approvals that count for what a record waits for, one a person; none after it has expired, and none to a question
/// that is not as it was asked. What cannot be read is no consent.
///
/// # Errors
/// When the store cannot be read.
pub async fn consent(
    store: &dyn Store,
    policy: &Policy,
    record: &Containment,
    now: Timestamp,
) -> Result<Vec<Approval>, StoreError> {
    let is_open = |pending: &&Pending| now <= pending.expires && pending.is_as_asked(record);
    let Some(pending) = record.pending.as_ref().filter(is_open) else { return Ok(Vec::new()) };
    let room = approvals(&record.request.org_id);
    let start = format!("{}/{}/", record.containment_id, pending.plan);
    let Key { table, partition, .. } = room.key("");
    let found = store.list(table, &partition, &start, MOST).await?;
    let given = found.iter().take_while(|kept| kept.key.sort.starts_with(&start));
    let given = given.filter_map(|kept| Record::decode::<Approval>(kept).ok());
    let known = given.filter_map(|approval| {
        let approver = policy.approvers.iter().find(|approver| approval.holds(record, pending, approver))?;
        Some((approver.name.clone(), approval))
    });
    Ok(known.collect::<BTreeMap<_, _>>().into_values().collect())
}

/// How many people have agreed to what a record says was begun. Their signatures are looked at again: names that stand in
/// a record prove nothing, nor does the consent of who is no approver any more.
pub(crate) fn agreed(policy: &Policy, record: &Containment) -> usize {
    let fits =
        |question: &&Pending| question.is_as_asked(record) && question.scope.outgrown_by(record).is_none();
    let Some(question) = record.agreed_to.as_ref().filter(fits) else { return 0 };
    let has_agreed =
        |approver: &&Approver| record.approved.iter().any(|given| given.holds(record, question, approver));
    policy.approvers.iter().filter(has_agreed).map(|approver| &approver.name).collect::<BTreeSet<_>>().len()
}

/// Why somebody has said no, if it is so; `Err` inside when that cannot be read.
pub(crate) async fn refused_by(
    store: &dyn Store,
    record: &Containment,
) -> Result<Readable<Option<Declined>>, StoreError> {
    let Some(question) = record.question() else { return Ok(Ok(None)) };
    match declined(&record.request.org_id).get(store, &question).await {
        Ok(kept) => Ok(Ok(kept.map(|kept| kept.value))),
        Err(error @ StoreError::Unreadable { .. }) => Ok(Err(error.to_string())),
        Err(error) => Err(error),
    }
}

/// How many people could lift these refusals by agreeing; `None` where agreeing is no help. What the caps do not
/// allow without a person becomes a question too, and the caps hold for the answer.
pub(crate) fn askable(refusals: &[Refusal], is_by_itself: bool) -> Option<usize> {
    let is_a_question = |refusal: &Refusal| match refusal.rule.as_str() {
        "ask" | "two-people" | "break-glass" => true,
        "caps" => is_by_itself,
        _ => false,
    };
    let needs_two = |refusal: &Refusal| matches!(refusal.rule.as_str(), "two-people" | "break-glass");
    (!refusals.is_empty() && refusals.iter().all(is_a_question))
        .then(|| if refusals.iter().any(needs_two) { 2 } else { 1 })
}

/// What is signed.
fn statement(org: &OrgId, id: &ContainmentId, plan: &Digest, approver: &str, at: Timestamp) -> Vec<u8> {
    Encoding::of("session-warden approval")
        .text(org.as_str())
        .text(id.as_str())
        .digest(plan)
        .text(approver)
        .instant(at)
        .into_bytes()
}

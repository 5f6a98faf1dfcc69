//! What a containment is judged by, and the versions under which it was read.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Contain, ContainError};
use crate::containment::{
    CapsUsage, Circumstances, Facts, Gatherer, OpenPlans, ProtectedNames, Reach, Readable, Request, settled,
    thrown,
};
use crate::detection::Finding;
use crate::policy::Policy;
use crate::store::Key;

/// Everything that decides.
pub(super) struct Known {
    pub(super) facts: Facts,
    pub(super) finding: Option<Finding>,
    pub(super) open_plans: Readable<OpenPlans>,
    pub(super) caps: Readable<CapsUsage>,
    pub(super) approvals: usize,
    names: Readable<ProtectedNames>,
    dismissed: Option<String>,
    kill_switch: Readable<Option<String>>,
}

impl Contain<'_> {
    /// The shared records are read before Salesforce is asked: whatever another containment changes from here on makes
    /// the intent conflict.
    pub(super) async fn know(
        &self,
        request: &Request,
        reach: Reach,
        finding: Option<Finding>,
    ) -> Result<Known, ContainError> {
        let (org, now) = (&request.org_id, self.clock.now());
        let open_plans = OpenPlans::read(self.store, org).await?;
        let caps = CapsUsage::read(self.store, org, now).await?;
        let names = self.protected_names(request).await?;
        let gatherer = Gatherer {
            salesforce: self.salesforce,
            token_key: self.token_key,
            own_users: self.own_users,
            protected: &self.policy.protected,
            names: &names,
        };
        let facts = gatherer.gather(reach, now).await?;
        let dismissed = self.dismissed(request).await?;
        let kill_switch = thrown(self.store, org).await?;
        Ok(Known { facts, finding, open_plans, caps, approvals: 0, names, dismissed, kill_switch })
    }

    /// Whom the policy's login names mean: as kept, and of whatever reaches many people as looked up. One user's own name is
    /// read anyway.
    async fn protected_names(&self, request: &Request) -> Result<Readable<ProtectedNames>, ContainError> {
        let (protected, now) = (&self.policy.protected, self.clock.now());
        let kept = match ProtectedNames::read(self.store, &request.org_id).await? {
            Ok(kept) if request.target.is_wide() => kept,
            other => return Ok(other),
        };
        Ok(settled(kept.look_up(self.salesforce, protected, now).await)?)
    }
}

impl Known {
    pub(super) fn circumstances<'c>(
        &'c self,
        policy: &'c Policy,
        request: &'c Request,
        now: Timestamp,
    ) -> Circumstances<'c> {
        Circumstances {
            policy,
            request,
            finding: self.finding.as_ref(),
            faults: self.facts.reach.faults(policy, &self.facts.holdings),
            user: self.facts.user.as_ref().map(Option::as_ref).map_err(Clone::clone),
            names: self.names_of(request),
            unspared: self.facts.unspared.as_deref(),
            dismissed: self.dismissed.as_deref(),
            approvals: self.approvals,
            own_users: &self.facts.own_users,
            visibility: self.facts.visibility.as_ref().map_err(Clone::clone),
            administrators: self.facts.administrators.as_deref().map_err(Clone::clone),
            open_plans: self.open_plans.as_ref().map(OpenPlans::users).map_err(Clone::clone),
            kill_switch: self.kill_switch.as_ref().map(Option::as_deref).map_err(Clone::clone),
            caps: self.caps.as_ref().map_err(Clone::clone),
            active_users: self.facts.active_users.clone(),
            now,
        }
    }

    fn names_of<'c>(&'c self, request: &Request) -> Readable<Vec<&'c str>> {
        let names = self.names.as_ref().map_err(Clone::clone)?;
        Ok(request.target.user().map(|user| names.of(user)).unwrap_or_default())
    }

    /// What was decided by, as it was read, for the evidence.
    pub(super) fn inputs(&self, request: &Request) -> Value {
        let facts = &self.facts;
        let blind = facts.visibility.as_ref().map(|visibility| request.target.unseen(visibility));
        json!({
            "read_at": facts.read_at,
            "finding": self.finding,
            "dismissed": self.dismissed,
            "approvals": self.approvals,
            "own_users": facts.own_users,
            "spared": facts.reach.spared.len(),
            "administrators": as_read(facts.administrators.as_ref().map(Vec::len)),
            "active_users": as_read(facts.active_users.as_ref()),
            "open_plans": as_read(self.open_plans.as_ref().map(OpenPlans::users)),
            "reserved": as_read(self.caps.as_ref().map(CapsUsage::used)),
            "kill_switch": as_read(self.kill_switch.as_ref()),
            "blind": as_read(blind),
        })
    }

    /// Whether a record is one that every containment of the org writes.
    pub(super) fn is_shared(&self, key: &Key) -> bool {
        self.caps.as_ref().is_ok_and(|caps| caps.holds(key))
            || self.open_plans.as_ref().is_ok_and(|open| open.key() == *key)
    }
}

fn as_read(read: Result<impl Serialize, &String>) -> Value {
    match read {
        Ok(value) => json!(value),
        Err(reason) => json!({ "unreadable": reason }),
    }
}

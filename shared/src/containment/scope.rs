//! What a person agrees to when he agrees to a containment.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Containment, Marks, Target};
use crate::evidence::{Digest, Encoding};
use crate::policy::Also;

/// What a person agrees to. A containment that reaches further needs a new approval; one that reaches less is within it.
/// Sessions and tokens are not named one by one: whoever is to be shut out could else open another every minute, and
/// never be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    #[serde(flatten)]
    target: Target,
    /// Users whose access ends, at most: a tenth and five more than were counted, for people come and go.
    most_users: usize,
    /// Applications that are cut off; past 50 the list ends, as it does for whoever reads it.
    applications: BTreeSet<String>,
    /// Where it ends so, the hash of all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    all_applications: Option<Digest>,
    freezes: bool,
    #[serde(default)]
    also: BTreeSet<Also>,
    policy_hash: String,
}

impl Scope {
    /// What carrying out a record's plan means.
    pub(crate) fn of(record: &Containment) -> Self {
        let (target, users) = (record.request.target.clone(), record.impact.users);
        Self {
            most_users: if target.is_wide() { users + users / 10 + 5 } else { 1 },
            target,
            applications: record.impact.applications.iter().cloned().collect(),
            all_applications: record.impact.all_applications,
            freezes: record.impact.freezes,
            also: record.impact.also.clone(),
            policy_hash: record.policy_hash.clone(),
        }
    }

    /// Every field, for the hash that is signed.
    pub(super) fn encoded(&self, encoding: Encoding) -> Encoding {
        let Self { target, most_users, applications, all_applications, freezes, also, policy_hash } = self;
        let encoding = match target {
            Target::Session { user_id, hostile: Marks { session_ids, addresses } } => {
                let encoding = encoding.text("session").text(user_id.as_str());
                let encoding = texts(encoding, session_ids.iter().map(ToString::to_string));
                texts(encoding, addresses.iter().map(ToString::to_string))
            }
            Target::User { user_id } => encoding.text("user").text(user_id.as_str()),
            Target::App { app_name } => encoding.text("app").text(app_name),
            Target::Org => encoding.text("org"),
        };
        let encoding = texts(encoding.number(*most_users as u64), applications.iter().cloned());
        let encoding = texts(encoding, also.iter().map(|also| format!("{also:?}")));
        let encoding = encoding.number(u64::from(*freezes)).text(policy_hash);
        all_applications.iter().fold(encoding, Encoding::digest)
    }

    /// What a record's plan would do beyond this, in words.
    pub(crate) fn outgrown_by(&self, record: &Containment) -> Option<String> {
        let now = Self::of(record);
        let new: Vec<_> = now.applications.difference(&self.applications).cloned().collect();
        if now.target != self.target {
            return Some("other sessions are hostile than were".to_owned());
        }
        if !now.also.is_subset(&self.also) {
            return Some("more is to be done about the user than was asked".to_owned());
        }
        if now.policy_hash != self.policy_hash {
            return Some("the policy was changed".to_owned());
        }
        if now.freezes && !self.freezes {
            return Some("the account would be frozen too".to_owned());
        }
        if !new.is_empty() {
            return Some(format!("applications would be cut off that were not: {}", new.join(", ")));
        }
        if now.all_applications.is_some() && now.all_applications != self.all_applications {
            return Some("other applications would be cut off, past those that are listed".to_owned());
        }
        let users = record.impact.users;
        (self.target.is_wide() && users > self.most_users)
            .then(|| format!("{users} users would be reached, and {} were agreed to", self.most_users))
    }
}

fn texts(encoding: Encoding, texts: impl ExactSizeIterator<Item = String>) -> Encoding {
    let encoding = encoding.number(texts.len() as u64);
    texts.fold(encoding, |encoding, text| encoding.text(&text))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::containment::{Impact, Request, RequestedBy};
    use crate::observation::OrgId;

    fn record(applications: usize, all_applications: Option<Digest>) -> Containment {
        let (target, requested_by) = (Target::User { user_id: "005".into() }, RequestedBy::Policy);
        let (request_id, reason, also) = ("r".to_owned(), String::new(), BTreeSet::new());
        let org_id = OrgId::new("00D");
        let request = Request { request_id, org_id, target, also, reason, requested_by, trigger: None };
        let applications = (0..applications).map(|n| format!("App {n}")).collect();
        let impact = Impact { applications, all_applications, ..Impact::default() };
        Containment::planned(request, "p".to_owned(), impact, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn applications_past_those_that_are_listed_are_agreed_to_as_well() {
        let hash = |of: &str| Some(Encoding::of(of).hash());
        let agreed = Scope::of(&record(50, hash("51 of them")));
        assert_eq!(agreed.outgrown_by(&record(50, hash("51 of them"))), None);
        assert_eq!(agreed.outgrown_by(&record(49, None)), None, "less");
        let outgrown = agreed.outgrown_by(&record(50, hash("51 others"))).unwrap();
        assert!(outgrown.contains("past those that are listed"), "{outgrown}");
        let signed = |of: &Scope| of.encoded(Encoding::of("x")).hash();
        assert_ne!(signed(&agreed), signed(&Scope::of(&record(50, hash("51 others")))));
    }
}

//! Who froze an account, and what giving it back came to.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Containment, StepKind, StepResult};
use crate::observation::{User, UserId};
use crate::salesforce::{FreezeState, Frozen, Salesforce, SalesforceError};

/// By whose decision an account is frozen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "frozen_by")]
pub enum FrozenBy {
    /// Nobody: it can log in.
    Nobody,
    /// A containment of ours, which can be taken back.
    Us,
    /// Our identity, and no containment says so: the store is another one than then.
    OurIdentity,
    /// Another user: his decision is his to take back.
    User {
        /// Who.
        id: UserId,
    },
    /// Salesforce itself, as it does since April 2026 for traffic from anonymising networks and unlikely logins.
    Salesforce,
}

/// Access that was given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Released {
    /// Who said so, as he calls himself.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
    /// Whether the password was made invalid as well.
    pub password_reset: bool,
}

impl FrozenBy {
    /// Tells it from the account's record, from which user our acting identity is, and from the last containment that
    /// froze the user.
    pub(crate) fn of(state: Option<&FreezeState>, own: &UserId, froze: Option<&Containment>) -> Self {
        let Some(state) = state.filter(|state| state.frozen == Frozen::Yes) else { return Self::Nobody };
        match &state.last_modified_by {
            Some(by) if by == own && froze.is_some() => Self::Us,
            Some(by) if by == own => Self::OurIdentity,
            Some(by) if by.as_str().starts_with("005") => Self::User { id: by.clone() },
            _ => Self::Salesforce,
        }
    }

    /// Whether it is anybody else's decision.
    pub fn is_by_others(&self) -> bool {
        matches!(self, Self::User { .. } | Self::Salesforce)
    }

    /// Who, in words.
    pub fn name(&self) -> String {
        match self {
            Self::Nobody => "nobody".to_owned(),
            Self::Us | Self::OurIdentity => "our own identity".to_owned(),
            Self::User { id } => format!("user {id}"),
            Self::Salesforce => "Salesforce itself".to_owned(),
        }
    }

    /// What it means, and what to do.
    pub fn explained(&self) -> String {
        match self {
            Self::Nobody => "The account is not frozen: nothing is to be released.".to_owned(),
            Self::Us => "We froze it, and can take that back.".to_owned(),
            Self::OurIdentity => "Our own identity froze it, but this store holds no containment that did: name the \
                                  store with --store, or press Unfreeze in Setup > Users."
                .to_owned(),
            Self::User { id } => format!(
                "User {id} froze it, not we: ask why first. Who decides otherwise presses Unfreeze in Setup > Users."
            ),
            Self::Salesforce => "Salesforce froze it itself, as it does for logins through anonymising networks or \
                                 that look unlikely; its e-mail to the administrators says why. After a look at the \
                                 user's logins press Unfreeze in Setup > Users."
                .to_owned(),
        }
    }
}

/// By whose decision an account is frozen. A user in whose name Salesforce itself acts is no administrator.
pub(crate) async fn frozen_by(
    salesforce: &Salesforce,
    state: Option<&FreezeState>,
    froze: Option<&Containment>,
) -> Result<FrozenBy, SalesforceError> {
    let told = FrozenBy::of(state, &salesforce.own_user().await?, froze);
    let FrozenBy::User { id } = &told else { return Ok(told) };
    let known = salesforce.users(std::slice::from_ref(id)).await?.pop();
    let is_automatic = known.as_ref().is_some_and(is_automated_process);
    Ok(if is_automatic { FrozenBy::Salesforce } else { told })
}

/// Whether Salesforce itself acts in this user's name.
pub(crate) fn is_automated_process(user: &User) -> bool {
    user.details.user_type == "AutomatedProcess"
}

impl Containment {
    /// Whether access that it has ended, or given back, may still come back unseen.
    pub(crate) fn is_watched(&self) -> bool {
        self.is_proven() || self.released.is_some()
    }

    /// Whether it was told already that these have frozen the account.
    pub(crate) fn is_known_to_be_frozen_by(&self, by: &FrozenBy) -> bool {
        self.frozen_by_others.as_ref() == Some(by)
            || self.released.is_none() && self.impact.frozen_by_others.as_ref() == Some(by)
    }

    /// Whether it froze its user, who was not frozen before; also where the answer was lost, for who the last to change
    /// the account was is told by the account itself.
    pub fn freezes(&self) -> bool {
        let says = |step: &super::Step| match (step.kind, &step.result) {
            (StepKind::Freeze, StepResult::Done | StepResult::Failed { .. }) => Some(true),
            (StepKind::Thaw, StepResult::Done | StepResult::AlreadySo) => Some(false),
            _ => None,
        };
        self.released.is_none() && self.steps.iter().rev().find_map(says) == Some(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_froze_an_account_is_told_from_who_changed_it_last() {
        let own = UserId::new("005000000000009AAA");
        let state = |frozen, by: Option<&str>| FreezeState {
            user_login_id: String::new(),
            frozen,
            last_modified: Timestamp::UNIX_EPOCH,
            last_modified_by: by.map(UserId::new),
        };
        let told = |frozen, by| FrozenBy::of(Some(&state(frozen, by)), &own, None);
        assert_eq!(told(Frozen::No, Some(own.as_str())), FrozenBy::Nobody);
        assert_eq!(FrozenBy::of(None, &own, None), FrozenBy::Nobody);
        assert_eq!(told(Frozen::Yes, Some(own.as_str())), FrozenBy::OurIdentity);
        assert_eq!(told(Frozen::Yes, None), FrozenBy::Salesforce);
        assert_eq!(told(Frozen::Yes, Some("00D000000000001AAA")), FrozenBy::Salesforce);
        let admin = UserId::new("005000000000002AAA");
        assert_eq!(told(Frozen::Yes, Some(admin.as_str())), FrozenBy::User { id: admin });
    }
}

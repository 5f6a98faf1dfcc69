//! The way back: thaws whom we froze, proves it, and goes on watching.

use serde::Serialize;
use serde_json::json;

use super::{Apply, Contain, ContainError};
use crate::containment::{Containment, Due, FrozenBy, Journal, Lease, Released, containments, release};
use crate::observation::{OrgId, UserId};
use crate::salesforce::{Frozen, SalesforceError};
use crate::store::Kept;

/// What is asked.
#[derive(Debug, Clone)]
pub struct Release {
    /// Which org.
    pub org_id: OrgId,
    /// Whom.
    pub user_id: UserId,
    /// Who asks, as he calls himself.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Whether the password is made invalid before the account is opened.
    pub password: Password,
}

/// What becomes of the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Password {
    /// It is made invalid: the user gets a link by e-mail, which must not go to a mailbox that is lost too.
    Reset,
    /// It stays.
    Kept,
}

/// What a release came to.
#[derive(Debug, Serialize)]
pub struct GivenBack {
    /// By whose decision the account was frozen.
    #[serde(flatten)]
    pub frozen_by: FrozenBy,
    /// The containment that is taken back, as it now stands; `None` where it is not ours to take back.
    pub containment: Option<Containment>,
    /// Whether a look has shown that the account is open.
    pub open: bool,
}

impl Contain<'_> {
    /// Gives a user's access back, if it was us who took it; else only says by whose decision it is gone.
    pub async fn release(&self, asked: &Release, apply: Apply) -> Result<GivenBack, ContainError> {
        self.check_scope(&asked.org_id).await?;
        let (own, state) =
            (self.salesforce.own_user().await?, self.salesforce.freeze_state(&asked.user_id).await?);
        let froze = self.last_that_froze(asked).await?;
        let frozen_by = FrozenBy::of(state.as_ref(), &own, froze.as_ref().map(|kept| &kept.value));
        match froze.filter(|_| frozen_by == FrozenBy::Us) {
            Some(kept) if apply == Apply::Act => {
                let containment = Box::pin(self.give_back(asked, kept)).await?;
                let open = containment.released.is_some();
                Ok(GivenBack { frozen_by, containment: Some(containment), open })
            }
            kept => {
                let open = frozen_by == FrozenBy::Nobody;
                Ok(GivenBack { frozen_by, containment: kept.map(|kept| kept.value), open })
            }
        }
    }

    async fn last_that_froze(&self, asked: &Release) -> Result<Option<Kept<Containment>>, ContainError> {
        let all = containments(&asked.org_id).all(self.store).await?.into_iter().map(|(_, kept)| kept);
        let about = all.filter(|kept| kept.value.request.target.user() == Some(&asked.user_id));
        Ok(about.filter(|kept| kept.value.freezes()).max_by_key(|kept| kept.value.started))
    }

    async fn give_back(&self, asked: &Release, kept: Kept<Containment>) -> Result<Containment, ContainError> {
        let (user, now) = (&asked.user_id, self.clock.now());
        let lease = Lease::take(self.store, &asked.org_id, user.as_str(), now).await?;
        let lease = lease.ok_or_else(|| ContainError::Busy { what: format!("user {user}") })?;
        let Some(kept) = self.record_of(&kept.value.request).await?.filter(|kept| kept.value.freezes())
        else {
            release(self.store, &lease, now).await;
            return Err(ContainError::Busy { what: format!("user {user}") });
        };
        let mut journal = Journal::new(self.store, self.clock, lease, kept.value, Some(kept.version));
        let outcome = self.open(asked, &mut journal).await;
        self.finished(outcome, journal).await
    }

    /// The password goes first: an account that opens with the one that was guessed is no release.
    async fn open(&self, asked: &Release, journal: &mut Journal<'_>) -> Result<(), ContainError> {
        let (by, reason, at) = (asked.by.clone(), asked.reason.clone(), journal.now());
        let password_reset = asked.password == Password::Reset;
        let released = Released { by, reason, at, password_reset };
        journal.enter_release(&json!({ "begins": released }), None).await?;
        if password_reset {
            self.salesforce.reset_password(&asked.user_id).await?;
        }
        self.salesforce.set_frozen(&asked.user_id, Frozen::No).await?;
        let state = self.salesforce.freeze_state(&asked.user_id).await?;
        if state.is_none_or(|state| state.frozen == Frozen::Yes) {
            let payload = json!({ "not_released": "Salesforce answered that it was thawed, and it is not" });
            journal.enter_release(&payload, None).await?;
            return Err(SalesforceError::UnexpectedAnswer {
                object: "UserLogin".to_owned(),
                status: 200,
                reason: "it answers that the account is thawed, and a second look shows that it is not"
                    .to_owned(),
            }
            .into());
        }
        journal.record.released = Some(released.clone());
        let watch = Due::watch(at, None, at);
        journal.enter_release(&json!({ "released": released }), watch.as_ref()).await?;
        journal.let_go().await;
        Ok(())
    }
}

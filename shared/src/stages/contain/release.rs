//! The way back: thaws whom we froze, proves it, and goes on watching.

use futures::TryStreamExt;
use jiff::SignedDuration;
use serde::Serialize;

use super::{Apply, Contain, ContainError};
use crate::containment::{
    Containment, FrozenBy, Journal, Lease, Released, containments, frozen_by, release, thrown,
};
use crate::observation::{OrgId, UserId};
use crate::salesforce::{Ability, FreezeState, Frozen, SalesforceError, SetupChange, Sight};
use crate::store::{Kept, StoreError};

/// How far from the account's change its line in the audit trail may lie.
const AROUND: SignedDuration = SignedDuration::from_mins(1);
/// How SetupAuditTrail calls a freeze.
const FROZE: &str = "frozeuser";

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
    /// What Setup's audit trail says of the freeze, or why it says nothing; empty where nobody is frozen.
    pub trail: String,
    /// Whether a look has shown that the account is open.
    pub open: bool,
    /// Calls that the acting identity has made for it.
    pub api_calls: u64,
}

impl Contain<'_> {
    /// Gives a user's access back, if it was us who took it; else only says by whose decision it is gone.
    pub async fn release(&self, asked: &Release, apply: Apply) -> Result<GivenBack, ContainError> {
        let before = self.salesforce.usage().calls;
        let given = Box::pin(self.look_and_release(asked, apply)).await?;
        Ok(GivenBack { api_calls: self.salesforce.usage().calls - before, ..given })
    }

    async fn look_and_release(&self, asked: &Release, apply: Apply) -> Result<GivenBack, ContainError> {
        self.check_scope(&asked.org_id).await?;
        let begun = self.last_that_froze(asked).await?.filter(|kept| kept.value.releasing.is_some());
        if let Some(kept) = begun.filter(|_| apply == Apply::Act)
            && let Some(ended) = self.finish_release(&kept.value).await?.filter(is_released)
        {
            return Ok(GivenBack::by_us(ended, String::new()));
        }
        let state = self.salesforce.freeze_state(&asked.user_id).await?;
        let froze = self.last_that_froze(asked).await?;
        let ours = froze.as_ref().map(|kept| &kept.value);
        let frozen_by = frozen_by(self.salesforce, state.as_ref(), ours).await?;
        let trail = self.trail(state.as_ref()).await?;
        match froze.filter(|_| frozen_by == FrozenBy::Us) {
            Some(kept) if apply == Apply::Act => {
                let containment = Box::pin(self.give_back(asked, kept)).await?;
                if is_released(&containment) {
                    Ok(GivenBack::by_us(containment, trail))
                } else {
                    Err(not_open())
                }
            }
            kept => {
                let open = frozen_by == FrozenBy::Nobody;
                Ok(GivenBack {
                    frozen_by,
                    containment: kept.map(|kept| kept.value),
                    trail,
                    open,
                    api_calls: 0,
                })
            }
        }
    }

    /// Looks what became of a release whose worker has died: an account that is open was released, and one that is not is
    /// left to whoever asks again. `None` while the worker lives.
    pub(super) async fn finish_release(
        &self,
        record: &Containment,
    ) -> Result<Option<Containment>, ContainError> {
        let (Some(user), Some(mut journal)) = (record.request.target.user(), self.journal_of(record).await?)
        else {
            return Ok(None);
        };
        let outcome = self.prove_release(user, &mut journal).await;
        self.finished(outcome, journal).await.map(Some)
    }

    /// What SetupAuditTrail says of the freeze. That it cannot be seen keeps nobody from being released.
    async fn trail(&self, state: Option<&FreezeState>) -> Result<String, ContainError> {
        let Some(state) = state.filter(|state| state.frozen == Frozen::Yes) else { return Ok(String::new()) };
        match self.salesforce.visibility().await?.of(Ability::SetupTrail) {
            Sight::Seeing => {}
            Sight::Blind { missing } => {
                return Ok(format!("Setup's audit trail cannot be seen: our identity lacks {missing}."));
            }
            Sight::Off => return Ok("Setup's audit trail is not looked at.".to_owned()),
        }
        let (from, until) = (state.last_modified - AROUND, state.last_modified + AROUND);
        let pages: Result<Vec<_>, _> = self.salesforce.setup_changes(from, until).try_collect().await;
        Ok(match pages {
            Err(error) => format!("Setup's audit trail could not be read: {error}."),
            Ok(pages) => trail_words(pages.into_iter().flat_map(|page| page.rows)),
        })
    }

    async fn last_that_froze(&self, asked: &Release) -> Result<Option<Kept<Containment>>, ContainError> {
        let all = containments(&asked.org_id).each(self.store).await?.into_iter();
        // One that cannot be read must not keep everybody else from being let in.
        let all = all.filter_map(|(id, kept)| {
            let told = |error: &StoreError| {
                tracing::error!(containment.id = id, error = %error, "a containment cannot be read");
            };
            kept.inspect_err(told).ok()
        });
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
        if password_reset {
            self.check_switch(&asked.org_id).await?;
        }
        journal.begin_release(Released { by, reason, at, password_reset }).await?;
        if password_reset {
            self.check_switch(&asked.org_id).await?;
            self.salesforce.reset_password(&asked.user_id).await?;
        }
        journal.hold_lease().await?;
        self.salesforce.set_frozen(&asked.user_id, Frozen::No).await?;
        self.prove_release(&asked.user_id, journal).await
    }

    /// To make a password invalid takes access, which the kill switch stops. It does not stop giving back.
    async fn check_switch(&self, org: &OrgId) -> Result<(), ContainError> {
        let thrown = thrown(self.store, org).await?;
        match thrown.unwrap_or_else(|reason| Some(format!("it cannot be read: {reason}"))) {
            Some(reason) => Err(ContainError::Stopped { reason }),
            None => Ok(()),
        }
    }

    /// Where Salesforce keeps no record of the account, nothing is proven.
    async fn prove_release(&self, user: &UserId, journal: &mut Journal<'_>) -> Result<(), ContainError> {
        let shown = self.salesforce.freeze_state(user).await?.map_or(Frozen::Yes, |state| state.frozen);
        Ok(journal.end_release(shown).await?)
    }
}

impl GivenBack {
    fn by_us(containment: Containment, trail: String) -> Self {
        Self { frozen_by: FrozenBy::Us, containment: Some(containment), trail, open: true, api_calls: 0 }
    }
}

fn is_released(record: &Containment) -> bool {
    record.released.is_some()
}

fn not_open() -> ContainError {
    let reason = "it answers that the account is thawed, and a second look shows that it is not".to_owned();
    SalesforceError::UnexpectedAnswer { object: "UserLogin".to_owned(), status: 200, reason }.into()
}

fn trail_words(changes: impl Iterator<Item = SetupChange>) -> String {
    let froze = changes.filter(|change| change.action.eq_ignore_ascii_case(FROZE));
    let lines = froze.map(|change| {
        let by = change.user_id.map_or_else(|| "Salesforce".to_owned(), |user| format!("user {user}"));
        let delegate = if change.delegate.is_empty() {
            String::new()
        } else {
            format!(", in the name of {}", change.delegate)
        };
        format!("{} {by}{delegate}: {}", change.time.strftime("%Y-%m-%d %H:%M:%SZ"), change.display)
    });
    match lines.collect::<Vec<_>>() {
        lines if lines.is_empty() => "Setup's audit trail holds no line about the freeze.".to_owned(),
        lines => format!("Setup's audit trail says: {}.", lines.join("; ")),
    }
}

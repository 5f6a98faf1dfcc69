//! What comes after the end: access that is there again, the last access token's end, and the way back.

use serde_json::json;

use super::Journal;
use crate::containment::agenda::Due;
use crate::containment::verify::things;
use crate::containment::{FrozenBy, Outcome, Released, Survivor};
use crate::evidence::EntryKind;
use crate::notice::About;
use crate::observation::UserId;
use crate::salesforce::Frozen;
use crate::store::StoreError;

impl Journal<'_> {
    /// Records that what was ended is there again: the case is open.
    pub(crate) async fn reopen(&mut self, survivors: Vec<Survivor>) -> Result<(), StoreError> {
        let left = things(survivors.len());
        let reason = if self.record.is_proven() {
            format!("access came back after it was ended: {left} there again")
        } else {
            format!("the account was given back, and hostile access is there: {left}")
        };
        self.leave(survivors);
        (self.record.outcome, self.record.residual_until) = (Some(Outcome::NotContained { reason }), None);
        self.record.unchecked = None;
        let payload = self.record.clone();
        self.look_next(EntryKind::Reread, &payload, None, Some(About::CameBack)).await
    }

    /// Records that a look after the last access token's end, or after one that could not see, has shown nothing.
    pub(crate) async fn settle(&mut self, next: Option<&Due>) -> Result<(), StoreError> {
        let ended = self.record.residual_until.filter(|until| *until <= self.now());
        if ended.is_some() {
            self.record.residual_until = None;
        }
        let unchecked = self.record.unchecked.take();
        let payload = json!({ "nothing_is_left_after_the_residual_window": ended,
            "could_not_be_checked_before": unchecked });
        self.look_next(EntryKind::Reread, &payload, next, None).await
    }

    /// Records that nobody knows whether access has come back, and tells it.
    pub(crate) async fn not_checked(&mut self, reason: String, next: Option<&Due>) -> Result<(), StoreError> {
        let payload = json!({ "could_not_see": reason, "residual_until": self.record.residual_until });
        self.record.unchecked = Some(reason);
        self.look_next(EntryKind::Reread, &payload, next, Some(About::NotChecked)).await
    }

    /// Records that somebody else has thawed the account, and tells it; it is watched as after a release.
    pub(crate) async fn thawed(&mut self, by: Option<UserId>) -> Result<(), StoreError> {
        let at = self.now();
        let by = match by {
            Some(user) if user.as_str().starts_with("005") => format!("user {user}"),
            Some(_) => "Salesforce itself".to_owned(),
            None => "somebody".to_owned(),
        };
        let reason = "the account was thawed without `warden release`".to_owned();
        let released = Released { by, reason, at, password_reset: false };
        let payload = json!({ "thawed": released });
        self.record.released = Some(released);
        self.look_next(EntryKind::Release, &payload, Some(&Due::thawed(at)), Some(About::Thawed)).await
    }

    /// Records that somebody else has frozen the account too, and tells it: we shall not thaw it then.
    pub(crate) async fn frozen(&mut self, by: FrozenBy, next: Option<&Due>) -> Result<(), StoreError> {
        let payload = json!({ "frozen_by_others": by });
        self.record.frozen_by_others = Some(by);
        self.look_next(EntryKind::Reread, &payload, next, Some(About::Frozen)).await
    }

    /// Records that access is about to be given back. Whoever finds this looks what became of it.
    pub(crate) async fn begin_release(&mut self, released: Released) -> Result<(), StoreError> {
        let payload = json!({ "begins": released });
        self.record.releasing = Some(released);
        let due = Due::written(&self.record, Some(&Due::release(self.now())))?;
        self.enter(EntryKind::Release, &payload, vec![due]).await
    }

    /// Records what a look has shown of access that was about to be given back: an open account is watched, and of one
    /// that is not the intent is taken back, so that only who asks again opens it.
    pub(crate) async fn end_release(&mut self, shown: Frozen) -> Result<(), StoreError> {
        let (releasing, now) = (self.record.releasing.take(), self.now());
        let (payload, next) = match shown {
            Frozen::No => {
                (json!({ "released": releasing }), Due::watch(now, self.record.residual_until, now))
            }
            Frozen::Yes => {
                let since = self.record.finished.filter(|_| self.record.is_proven());
                let next = since.and_then(|since| Due::watch(since, self.record.residual_until, now));
                (json!({ "not_released": "a look shows that the account is still frozen" }), next)
            }
        };
        self.record.released = releasing.filter(|_| shown == Frozen::No);
        self.look_next(EntryKind::Release, &payload, next.as_ref(), None).await
    }

    /// Adds an entry, and says when there is the next look, if there is one.
    async fn look_next(
        &mut self,
        kind: EntryKind,
        payload: &impl serde::Serialize,
        next: Option<&Due>,
        about: Option<About>,
    ) -> Result<(), StoreError> {
        let due = Due::written(&self.record, next)?;
        let told = about.map(|about| self.told(about)).transpose()?;
        self.enter(kind, payload, [due].into_iter().chain(told).collect()).await?;
        self.put_down().await;
        Ok(())
    }
}

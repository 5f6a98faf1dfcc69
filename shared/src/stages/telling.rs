//! Tells people what waits to be told. It comes after the acts and undoes none.

use jiff::{SignedDuration, Timestamp};

use super::contain_error::ContainError;
use super::{dismissals, findings};
use crate::clock::Clock;
use crate::containment::{Containment, ContainmentId, containments};
use crate::detection::{Action, Finding, FindingId};
use crate::notice::{About, Addresses, Due, Matter, Notice, Notifier, NotifyError, Recipients, due};
use crate::observation::OrgId;
use crate::policy::Policy;
use crate::salesforce::{Salesforce, SalesforceError};
use crate::store::{Each, Expect, Kept, Store, StoreError, Write};

/// Whom the notice does not reach, where it is not known.
const WITHOUT_ADDRESSES: &str =
    "The addresses of the user and the manager could not be read: the support tells them.";
/// Notices that fail in one go before the others wait for the next.
const FAILURES: usize = 3;
/// What nobody took for so long is news no more; the records and the weekly review show it.
const WAITS: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What tells people: about containments, and about findings for which nobody can be contained.
pub struct Tell<'a> {
    /// Where notices wait, and what they are about.
    pub store: &'a dyn Store,
    /// Asked for the e-mail addresses of users and their managers.
    pub salesforce: &'a Salesforce,
    /// Who is told.
    pub policy: &'a Policy,
    /// How long something has waited.
    pub clock: &'a dyn Clock,
}

/// What became of the notices that waited.
#[derive(Debug, Default)]
pub struct Notified {
    /// How many were told.
    pub told: usize,
    /// Those that were not: they wait on, or are given up after a week, as the reason says.
    pub failed: Vec<NotifyError>,
}

impl Tell<'_> {
    /// Lets a finding be told for which nobody is contained, because it names nobody who could be, or whoever found it may
    /// not act. One that the policy does not want told is passed over.
    ///
    /// # Errors
    /// The store's.
    pub async fn seen(&self, finding: &Finding) -> Result<(), StoreError> {
        if finding.action == Action::None {
            return Ok(());
        }
        self.store.write(vec![Due::of_finding(finding)?]).await
    }

    /// Tells every notice that waits, the oldest first; one that cannot be told waits on, for a week. A notice may be
    /// told twice, under one id, and one that cannot be read hides none behind it.
    ///
    /// # Errors
    /// The store's.
    pub async fn notify(&self, org: &OrgId, notifier: &dyn Notifier) -> Result<Notified, ContainError> {
        self.notify_of(due(org).each(self.store).await?, org, notifier).await
    }

    /// The same, of findings and reviews alone: who may not act leaves what was done to whoever did it, and to his way of
    /// telling.
    ///
    /// # Errors
    /// The store's.
    pub async fn notify_of_findings(
        &self,
        org: &OrgId,
        notifier: &dyn Notifier,
    ) -> Result<Notified, ContainError> {
        let mut all = due(org).each(self.store).await?;
        let is_act = |due: &Kept<Due>| matches!(due.value.matter, Matter::Containment { .. });
        all.retain(|(_, kept)| kept.as_ref().is_ok_and(|due| !is_act(due)));
        self.notify_of(all, org, notifier).await
    }

    async fn notify_of(
        &self,
        all: Vec<Each<Due>>,
        org: &OrgId,
        notifier: &dyn Notifier,
    ) -> Result<Notified, ContainError> {
        let (mut outcome, mut refused) = (Notified::default(), 0);
        for (sort, kept) in all {
            // A way that is shut is not tried for every notice: what people wait for is the next scan.
            if refused >= FAILURES {
                break;
            }
            match self.tell(org, &sort, kept, notifier).await {
                Ok(told) => outcome.told += told,
                Err(Untold::Not(error)) => {
                    tracing::error!(notice.id = sort, error = %error, "a notice waits");
                    refused += 1;
                    outcome.failed.push(error);
                    continue;
                }
                Err(Untold::GivenUp(error)) => outcome.failed.push(error),
                Err(Untold::Unreadable(error)) => outcome.failed.push(unreadable(&sort, &error)),
                Err(Untold::Failed(error)) => return Err(error),
            }
            let told = Write::Delete { key: due(org).key(&sort), expect: Expect::Any };
            self.store.write(vec![told]).await?;
        }
        Ok(outcome)
    }

    /// How many were told: one, or none where there is nothing to say any more.
    async fn tell(
        &self,
        org: &OrgId,
        sort: &str,
        kept: Result<Kept<Due>, StoreError>,
        notifier: &dyn Notifier,
    ) -> Result<usize, Untold> {
        let due = kept.map_err(ContainError::from)?.value;
        let Some(notice) = self.notice(org, &due).await? else { return Ok(0) };
        match notifier.notify(&notice).await {
            Ok(()) => Ok(1),
            Err(error) if has_waited_too_long(due.at, self.clock.now()) => {
                tracing::error!(notice.id = sort, error = %error, "a notice is given up after a week");
                let reason = format!("it is given up after a week: {}", error.reason);
                Err(Untold::GivenUp(NotifyError { reason, ..error }))
            }
            Err(error) => Err(Untold::Not(error)),
        }
    }

    /// `None` where what it is about was taken away meanwhile, or says something else by now.
    async fn notice(&self, org: &OrgId, due: &Due) -> Result<Option<Notice>, ContainError> {
        match &due.matter {
            Matter::Containment { id } => self.of_containment(org, due, id).await,
            Matter::Finding { id, .. } => self.of_finding(org, due, id).await,
            Matter::Words { title, text } => {
                let to = Recipients::of(due.about, &self.policy.notices, &Addresses::default());
                Ok(Some(Notice::of_words(org, due, (title, text), to)))
            }
        }
    }

    async fn of_finding(
        &self,
        org: &OrgId,
        due: &Due,
        id: &FindingId,
    ) -> Result<Option<Notice>, ContainError> {
        let Some(finding) = findings(org).get(self.store, id.as_str()).await? else { return Ok(None) };
        let dismissed = dismissals(org).get(self.store, id.as_str()).await?;
        if dismissed.is_some_and(|kept| kept.value.answers(&finding.value)) {
            return Ok(None);
        }
        let to = Recipients::of(due.about, &self.policy.notices, &Addresses::default());
        Ok(Some(Notice::of_finding(due, &finding.value, to)))
    }

    async fn of_containment(
        &self,
        org: &OrgId,
        due: &Due,
        id: &ContainmentId,
    ) -> Result<Option<Notice>, ContainError> {
        let kept = containments(org).get(self.store, id.as_str()).await?;
        let Some(Kept { value: record, .. }) = kept else { return Ok(None) };
        if is_overtaken(due.about, &record) {
            return Ok(None);
        }
        let finding = match &record.request.trigger {
            Some(trigger) => findings(org).get(self.store, trigger.finding_id.as_str()).await?,
            None => None,
        };
        let addresses = self.addresses(due.about, &record).await;
        let hint = addresses.is_err().then_some(WITHOUT_ADDRESSES);
        let to = Recipients::of(due.about, &self.policy.notices, &addresses.unwrap_or_default());
        Ok(Some(Notice::of(due, &record, finding.as_ref().map(|kept| &kept.value), to, hint)))
    }

    /// Where the user and his manager are reached.
    async fn addresses(&self, about: About, record: &Containment) -> Result<Addresses, SalesforceError> {
        let user = record.request.target.user().filter(|_| !matches!(about, About::Seen | About::Refused));
        let (Some(user), false) = (user, self.policy.notices.tell.is_empty()) else {
            return Ok(Addresses::default());
        };
        let known = self.salesforce.users(std::slice::from_ref(user)).await?;
        let manager = known.into_iter().find_map(|found| found.details.manager_id);
        let ids: Vec<_> = [user.clone()].into_iter().chain(manager.clone()).collect();
        let mut emails = self.salesforce.emails(&ids).await?;
        Ok(Addresses { user: emails.remove(user), manager: manager.and_then(|id| emails.remove(&id)) })
    }
}

/// Why a notice was not told.
enum Untold {
    /// Nobody took it.
    Not(NotifyError),
    /// Nobody took it for a week.
    GivenUp(NotifyError),
    /// Nobody can read it, or what it is about.
    Unreadable(StoreError),
    /// Nothing can be told now.
    Failed(ContainError),
}

impl From<ContainError> for Untold {
    fn from(error: ContainError) -> Self {
        match error {
            ContainError::Store(error @ StoreError::Unreadable { .. }) => Self::Unreadable(error),
            other => Self::Failed(other),
        }
    }
}

/// It is told as a failure once, and taken away: nobody will ever read it.
fn unreadable(sort: &str, error: &StoreError) -> NotifyError {
    tracing::error!(notice.id = sort, error = %error, "a notice cannot be read, and is given up");
    NotifyError { channel: "the store".to_owned(), reason: format!("notice {sort} is given up: {error}") }
}

fn has_waited_too_long(since: Timestamp, now: Timestamp) -> bool {
    now.duration_since(since) > WAITS
}

/// Whether a notice would say what is not so any more; of what is so now there is a notice of its own.
fn is_overtaken(about: About, record: &Containment) -> bool {
    match about {
        About::Asked => record.pending.is_none(),
        About::Ended => !record.is_proven() || record.released.is_some(),
        About::NotEnded | About::CameBack => record.is_proven(),
        About::Thawed => record.released.is_none(),
        About::Frozen => record.frozen_by_others.is_none(),
        About::NotChecked => record.unchecked.is_none(),
        About::Seen | About::Refused | About::Review => !record.is_refused(),
    }
}

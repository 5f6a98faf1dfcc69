//! Tells people what waits to be told. It comes after the acts and undoes none.

use super::{Contain, ContainError};
use crate::containment::{Containment, containments};
use crate::notice::{About, Addresses, Due, Notice, Notifier, NotifyError, Recipients, due};
use crate::observation::OrgId;
use crate::salesforce::SalesforceError;
use crate::stages::findings;
use crate::store::{Expect, Kept, Write};

/// Whom the notice does not reach, where it is not known.
const WITHOUT_ADDRESSES: &str =
    "The addresses of the user and the manager could not be read: the support tells them.";

/// What became of the notices that waited.
#[derive(Debug, Default)]
pub struct Notified {
    /// How many were told.
    pub told: usize,
    /// Those that were not, and wait on.
    pub failed: Vec<NotifyError>,
}

/// Notices that fail in one go before the others wait for the next.
const FAILURES: usize = 3;

impl Contain<'_> {
    /// Tells every notice that waits, the oldest first; one that cannot be told waits on. A notice may be told twice,
    /// under one id.
    ///
    /// # Errors
    /// The store's.
    pub async fn notify(&self, org: &OrgId, notifier: &dyn Notifier) -> Result<Notified, ContainError> {
        let mut outcome = Notified::default();
        for (sort, kept) in due(org).all(self.store).await? {
            // A way that is shut is not tried for every notice: what people wait for is the next scan.
            if outcome.failed.len() >= FAILURES {
                break;
            }
            if let Some(notice) = self.notice(org, &kept.value).await? {
                match notifier.notify(&notice).await {
                    Ok(()) => outcome.told += 1,
                    Err(error) => {
                        tracing::error!(notice.id = sort, error = %error, "a notice waits");
                        outcome.failed.push(error);
                        continue;
                    }
                }
            }
            let told = Write::Delete { key: due(org).key(&sort), expect: Expect::Any };
            self.store.write(vec![told]).await?;
        }
        Ok(outcome)
    }

    /// `None` where the record that it is about was taken away meanwhile, or says something else by now.
    async fn notice(&self, org: &OrgId, due: &Due) -> Result<Option<Notice>, ContainError> {
        let kept = containments(org).get(self.store, due.containment_id.as_str()).await?;
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

/// Whether a notice would say what is not so any more; of what is so now there is a notice of its own.
fn is_overtaken(about: About, record: &Containment) -> bool {
    match about {
        About::Asked => record.pending.is_none(),
        About::Ended => !record.is_proven() || record.released.is_some(),
        About::NotEnded | About::CameBack => record.is_proven(),
        About::Seen | About::Refused => !record.is_refused(),
    }
}

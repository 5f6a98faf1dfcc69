//! What must be known before anything is done.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use super::residual::is_in_jwt_life;
use super::{FrozenBy, Holdings, ProtectedNames, Reach, Target, Trail, frozen_by};
use crate::observation::{AccountKind, User, UserId};
use crate::policy::Protected;
use crate::salesforce::{Salesforce, SalesforceError, TokenHashKey, Visibility};

/// Something that was read, or why it could not be.
pub type Readable<T> = Result<T, String>;

/// How long the evidence before an act on one user may take; what has not come by then is recorded as missing.
const EVIDENCE: Duration = Duration::from_secs(2);

/// What the guard judges and the plan is made of.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) user: Readable<Option<User>>,
    /// Who is cut off, as far as is looked up.
    pub(crate) people: Readable<Vec<User>>,
    pub(crate) own_users: Vec<UserId>,
    /// Why it is not known whom a wide containment must spare.
    pub(crate) unspared: Option<String>,
    pub(crate) visibility: Readable<Visibility>,
    pub(crate) administrators: Readable<Vec<UserId>>,
    pub(crate) active_users: Readable<u64>,
    pub(crate) holdings: Holdings,
    /// Who has frozen the account before, where it was not we.
    pub(crate) frozen_by_others: Option<FrozenBy>,
    /// Whether a JWT access token may be out of which no row is left: its user came in by OAuth not long ago, or was frozen by
    /// others, who revoke tokens too; or nobody knows.
    pub(crate) may_leave_jwt: bool,
    pub(crate) trail: Trail,
    pub(crate) reach: Reach,
    pub(crate) read_at: Timestamp,
}

/// What facts are gathered with.
pub(crate) struct Gatherer<'a> {
    pub(crate) salesforce: &'a Salesforce,
    pub(crate) token_key: &'a TokenHashKey,
    pub(crate) own_users: &'a [UserId],
    pub(crate) protected: &'a Protected,
    pub(crate) names: &'a Readable<ProtectedNames>,
}

impl Gatherer<'_> {
    /// Reads everything at once, in shared calls. About one user the evidence takes at most seven calls and two
    /// seconds; the first time, also what each object shows, and with external client apps a call for each in use.
    ///
    /// # Errors
    /// A failure that may pass, in something the guard needs: nothing is decided, ask again later.
    pub(crate) async fn gather(&self, mut reach: Reach, now: Timestamp) -> Result<Facts, SalesforceError> {
        let salesforce = self.salesforce;
        let own = salesforce.own_user().await?;
        let own_users: Vec<_> = self.own_users.iter().cloned().chain([own]).collect();
        let (user, within) = (reach.target.user().cloned(), (!reach.target.is_wide()).then_some(EVIDENCE));
        let readings = async {
            tokio::join!(
                Box::pin(self.account(user.as_ref())),
                Box::pin(salesforce.visibility()),
                Box::pin(administrators(salesforce, &reach.target)),
                Box::pin(salesforce.active_user_count()),
                Box::pin(Holdings::read(salesforce, &reach, self.token_key, within)),
                Box::pin(Trail::read(salesforce, &reach.target, now, within)),
            )
        };
        let (users, visibility, administrators, active_users, holdings, trail) =
            salesforce.together(readings).await;
        let (spared, unspared) = self.spared(&reach.target, &own_users);
        reach.spared = spared;
        reach.learn(&holdings);
        let (visibility, users) = (settled(visibility)?, settled(users)?);
        let people = match &users {
            _ if reach.target.is_wide() => {
                salesforce.users(&holdings.clients()).await.map_err(|error| error.to_string())
            }
            users => users.clone().map(Vec::from_iter),
        };
        let trail = trail.proven_by(&visibility);
        let state = holdings.freeze.as_ref().ok().and_then(Option::as_ref);
        let frozen_by_others = Some(frozen_by(salesforce, state, None).await?).filter(FrozenBy::is_by_others);
        // By Salesforce's clock, as are the rows.
        let seen_at = salesforce.server_now();
        let is_lately_frozen = state.is_some_and(|state| is_in_jwt_life(state.last_modified, seen_at));
        let may_leave_jwt = frozen_by_others.is_some() && is_lately_frozen || trail.may_leave_jwt(seen_at);
        Ok(Facts {
            user: users,
            people,
            own_users,
            unspared,
            visibility,
            administrators: settled(administrators)?,
            active_users: settled(active_users)?,
            holdings,
            frozen_by_others,
            may_leave_jwt,
            trail,
            reach,
            read_at: now,
        })
    }

    async fn account(&self, user: Option<&UserId>) -> Result<Option<User>, SalesforceError> {
        let Some(user) = user else { return Ok(None) };
        let users = self.salesforce.users(std::slice::from_ref(user)).await?;
        Ok(users.into_iter().find(|found| found.id == *user))
    }

    /// Whom a wide containment must leave alone, and why that may not be all: a login name that is nobody's is a slip of
    /// the pen, or was changed before anybody looked, perhaps by whoever is to be kept from it.
    fn spared(&self, target: &Target, own: &[UserId]) -> (BTreeSet<UserId>, Option<String>) {
        let names = match self.names {
            _ if !target.is_wide() => return Default::default(),
            Err(reason) => return (BTreeSet::new(), Some(reason.clone())),
            Ok(names) => names,
        };
        let unknown = names.nobodys().map(|name| {
            format!(
                "nobody in this org is called `{name}`, which the policy protects: correct the entry, or give the \
                 user's id in its place"
            )
        });
        let ids = self.protected.entries().filter(|entry| !entry.contains('@')).map(UserId::new);
        (ids.chain(names.everybody().cloned()).chain(own.iter().cloned()).collect(), unknown)
    }
}

impl Facts {
    pub(crate) fn found_user(&self) -> Option<&User> {
        self.user.as_ref().ok().and_then(Option::as_ref)
    }
}

/// Who can let others in again. Programs cannot: where the user in question is one of them, only people count. Who is
/// not frozen can let himself in.
async fn administrators(salesforce: &Salesforce, target: &Target) -> Result<Vec<UserId>, SalesforceError> {
    let Target::User { user_id } = target else { return Ok(Vec::new()) };
    let holders = salesforce.administrators().await?;
    if !holders.contains(user_id) {
        return Ok(holders);
    }
    let people = salesforce.users(&holders).await?.into_iter();
    let people = people.filter(|found| found.kind == AccountKind::Human || found.id == *user_id);
    Ok(people.map(|found| found.id).collect())
}

/// A failure that passes by itself ends the attempt; one that stays is a fact.
pub(crate) fn settled<T>(read: Result<T, SalesforceError>) -> Result<Readable<T>, SalesforceError> {
    match read {
        Err(error) if error.retryable() => Err(error),
        other => Ok(other.map_err(|error| error.to_string())),
    }
}

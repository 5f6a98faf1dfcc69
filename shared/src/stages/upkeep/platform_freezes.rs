//! Accounts that Salesforce itself has frozen: told once each, for its own e-mail goes to administrators, and what the user
//! held before may live on.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{ContainError, Upkeep};
use crate::containment::{FrozenBy, is_automated_process};
use crate::notice::Due;
use crate::observation::{OrgId, UserId};
use crate::report::Shown;
use crate::salesforce::{Ability, Sight};
use crate::store::{Room, StoreError, Table};

/// How often is looked.
const EVERY: SignedDuration = SignedDuration::from_hours(1);
/// A freeze may be as many seconds late by the clock that is known.
const SECONDS: i64 = 5;
/// The one record of its room.
const LAST: &str = "last";
/// Accounts that one notice names.
const NAMED: usize = 20;

/// Until when freezes are known, by Salesforce's clock, and when was looked, by ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Looked {
    at: Timestamp,
    until: Timestamp,
}

fn room(org: &OrgId) -> Room<Looked> {
    Room::new(Table::Contain, org, "platform-freezes")
}

impl Upkeep<'_> {
    /// Looks once an hour who was frozen since the last look, and tells whom Salesforce itself has frozen; what administrators
    /// freeze is known to them. The first look only says from when on is looked.
    pub(super) async fn tell_platform_freezes(&self, org: &OrgId) -> Result<(), ContainError> {
        let (room, at) = (room(org), self.clock.now());
        let last = room.get(self.store, LAST).await?;
        if last.as_ref().is_some_and(|kept| at.duration_since(kept.value.at) < EVERY) {
            return Ok(());
        }
        let (since, version) = last.map(|kept| (kept.value.until, kept.version)).unzip();
        // Whoever could not see looks again from where he saw last, and not before the next hour.
        let looked = match since {
            Some(since) => self.look(since).await,
            None => Ok((Vec::new(), self.settled())),
        };
        let seen = looked.as_ref().map_or(since, |(_, until)| Some(*until));
        let until = seen.unwrap_or_else(|| self.settled());
        let told = looked.as_ref().map_or(&[][..], |(told, _)| told);
        let mut writes = vec![room.put(LAST, version, &Looked { at, until })?];
        if !told.is_empty() {
            let (title, text) = words(told);
            writes.push(Due::of_platform_freezes(org, title, text, at)?);
        }
        match self.store.write(writes).await {
            Err(StoreError::Conflict(key)) if key == room.key(LAST) => {}
            other => other?,
        }
        looked.map(|_| ())
    }

    /// Whom Salesforce has frozen since then, and until when that is known.
    async fn look(&self, since: Timestamp) -> Result<(Vec<(String, Timestamp)>, Timestamp), ContainError> {
        if !self.sees_freezes().await? {
            return Ok((Vec::new(), since));
        }
        let until = self.settled();
        Ok((self.frozen_between(since, until).await?, until))
    }

    async fn sees_freezes(&self) -> Result<bool, ContainError> {
        Ok(self.salesforce.visibility().await?.of(Ability::UserLogins) == Sight::Seeing)
    }

    /// Until when nothing more is to come, by Salesforce's clock, which is known to seconds.
    fn settled(&self) -> Timestamp {
        let now = self.salesforce.server_now().as_second();
        Timestamp::from_second(now - SECONDS).unwrap_or(Timestamp::MIN)
    }

    /// Whom Salesforce has frozen from `since` on and before `until`: his login name and when.
    async fn frozen_between(
        &self,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<(String, Timestamp)>, ContainError> {
        let own = self.salesforce.own_user().await?;
        let frozen = self.salesforce.frozen_between(since, until).await?;
        let by = |state| FrozenBy::of(Some(state), &own, None);
        let by_whom = frozen.iter().filter_map(|(_, state)| match by(state) {
            FrozenBy::User { id } => Some(id),
            _ => None,
        });
        let by_whom: Vec<_> = by_whom.collect::<BTreeSet<_>>().into_iter().collect();
        let users = self.salesforce.users(&by_whom).await?;
        let is_automatic =
            |id: &UserId| users.iter().any(|user| user.id == *id && is_automated_process(user));
        let by_salesforce = frozen.iter().filter(|(_, state)| match by(state) {
            FrozenBy::Salesforce => true,
            FrozenBy::User { id } => is_automatic(&id),
            _ => false,
        });
        let by_salesforce: Vec<_> =
            by_salesforce.map(|(user, state)| (user.clone(), state.last_modified)).collect();
        let ids: Vec<UserId> = by_salesforce.iter().map(|(user, _)| user.clone()).collect();
        let known = self.salesforce.users(&ids).await?;
        let name = |id: &UserId| {
            let user = known.iter().find(|user| user.id == *id);
            user.map_or_else(|| id.to_string(), |user| user.username.as_str().to_owned())
        };
        Ok(by_salesforce.iter().map(|(user, at)| (name(user), *at)).collect())
    }
}

fn words(told: &[(String, Timestamp)]) -> (String, String) {
    let title = match told {
        [(name, _)] => format!("Salesforce itself has frozen {}", Shown::of(name)),
        _ => format!("Salesforce itself has frozen {} accounts", told.len()),
    };
    let line = |(name, at): &(String, Timestamp)| {
        format!("{} at {}", Shown::of(name), at.strftime("%Y-%m-%d %H:%M:%S UTC"))
    };
    let mut lines: Vec<_> = told.iter().take(NAMED).map(line).collect();
    lines.extend((told.len() > NAMED).then(|| format!("and {} more", told.len() - NAMED)));
    lines.push(FrozenBy::Salesforce.explained());
    lines.push("What to do:".to_owned());
    lines.push(
        "- Support: sessions and tokens from before may live on: look with `warden sessions` and `warden tokens`, and end \
         them with `warden contain`. `warden release` leaves this freeze to an administrator."
            .to_owned(),
    );
    (title, lines.join("\n"))
}

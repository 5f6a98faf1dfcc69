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
        let people = frozen.iter().flat_map(|(user, state)| [Some(user), state.last_modified_by.as_ref()]);
        // Salesforce names itself by the org's id too.
        let people = people.flatten().filter(|id| id.as_str().starts_with("005"));
        let people: BTreeSet<_> = people.cloned().collect();
        let people = self.salesforce.users(&people.into_iter().collect::<Vec<_>>()).await?;
        let known = |id: &UserId| people.iter().find(|user| user.id == *id);
        let is_by_salesforce = |state| match FrozenBy::of(Some(state), &own, None) {
            FrozenBy::User { id } => known(&id).is_some_and(is_automated_process),
            by => by == FrozenBy::Salesforce,
        };
        let by_salesforce = frozen.iter().filter(|(_, state)| is_by_salesforce(state));
        let named = by_salesforce.map(|(id, state)| {
            let name = known(id).map_or(id.as_str(), |user| user.username.as_str());
            (name.to_owned(), state.last_modified)
        });
        Ok(named.collect())
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

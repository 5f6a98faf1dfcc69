//! Refresh tokens as they were at the last look: what is new, was used, or is gone. Each look costs as many calls as
//! there are pages, so a scan looks only every fifteen minutes.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::ScanError;
use crate::containment::token_key;
use crate::observation::{OrgId, Token, TokenChange, TokenKey, TokenUse};
use crate::salesforce::{Salesforce, SalesforceError, WatchedTokens};
use crate::store::{Expect, Kept, Room, Store, StoreError, Table, Write};

/// The time between two looks.
const CADENCE: SignedDuration = SignedDuration::from_mins(15);
/// Changes that are sent on and written at once.
const PORTION: usize = 1_000;

/// When the last look was, and what it could not see: that is told until the next one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Look {
    at: Timestamp,
    unseen: Vec<String>,
    /// Where among the users of external client apps the next look goes on, where they are too many for one.
    #[serde(default)]
    next_after: Option<String>,
}

/// Whether it is time to look.
pub(super) enum Turn {
    /// It is.
    Look(TokenWatch),
    /// It is not; what the last look could not see is still unseen.
    Wait { unseen: Vec<String> },
}

/// The last look at an org's tokens.
pub(super) struct TokenWatch {
    looks: Room<Look>,
    tokens: Room<Token>,
    after: Option<String>,
}

/// What a look came to.
#[derive(Default)]
pub(super) struct Looked {
    /// What has changed, to be sent on portion by portion: what a crash leaves unsent is still new to the next look.
    pub(super) portions: Vec<Portion>,
    /// What could not be seen, as sentences.
    pub(super) unseen: Vec<String>,
    next_after: Option<String>,
}

/// Changes, and the writes that make the store know them.
#[derive(Default)]
pub(super) struct Portion {
    pub(super) seen: Vec<TokenUse>,
    pub(super) writes: Vec<Write>,
}

impl TokenWatch {
    /// The watch, if it is its turn.
    pub(super) async fn due(store: &dyn Store, org: &OrgId, now: Timestamp) -> Result<Turn, StoreError> {
        let looks = looks(org);
        match looks.get(store, "last").await?.map(|kept| kept.value) {
            Some(last) if now.duration_since(last.at) < CADENCE => Ok(Turn::Wait { unseen: last.unseen }),
            last => {
                let after = last.and_then(|last| last.next_after);
                Ok(Turn::Look(Self { looks, tokens: tokens_seen(org), after }))
            }
        }
    }

    /// Reads every token and compares it with the last look. Where this org never shows them all, that is told until the
    /// next look; what may pass is an error, and the next scan looks again.
    pub(super) async fn look(
        &self,
        salesforce: &Salesforce,
        store: &dyn Store,
        org: &OrgId,
        now: Timestamp,
    ) -> Result<Looked, ScanError> {
        use SalesforceError::{NotVisible, TooManyRows};
        let key = token_key(store, org).await?;
        let watched = match salesforce.watched_tokens(&key, self.after.as_deref()).await {
            Ok(watched) => watched,
            Err(error @ (NotVisible { .. } | TooManyRows { .. })) => {
                let unseen = vec![format!("refresh tokens cannot be seen: {error}")];
                return Ok(Looked { unseen, next_after: self.after.clone(), ..Looked::default() });
            }
            Err(error) => return Err(error.into()),
        };
        let (unseen, next_after) = (unseen(&watched), watched.next_after.clone());
        Ok(Looked { portions: self.compare(store, watched, now).await?, unseen, next_after })
    }

    /// Makes the next look wait for its time.
    pub(super) fn looked(&self, at: Timestamp, looked: Looked) -> Result<Write, StoreError> {
        let Looked { unseen, next_after, .. } = looked;
        Write::put(self.looks.key("last"), Expect::Any, &Look { at, unseen, next_after })
    }

    /// One record a token: the snapshot has no size limit.
    async fn compare(
        &self,
        store: &dyn Store,
        mut watched: WatchedTokens,
        now: Timestamp,
    ) -> Result<Vec<Portion>, StoreError> {
        let tokens = std::mem::take(&mut watched.tokens);
        let known: HashMap<_, _> = self.tokens.all(store).await?.into_iter().collect();
        let there: BTreeMap<TokenKey, Token> =
            tokens.into_iter().map(|token| (token.key.clone(), token)).collect();
        let mut changes = Vec::new();
        let is_gone = |id: &str, token| !there.contains_key(&TokenKey::new(id)) && watched.would_show(token);
        for (id, kept) in known.iter().filter(|(id, kept)| is_gone(id, &kept.value)) {
            let (token, change) = (kept.value.clone(), TokenChange::Gone);
            let used_before = token.last_used;
            let gone = TokenUse { token, change, uses: 0, seen_at: now, used_before };
            changes.push((Some(gone), self.tokens.remove(id)));
        }
        for (key, token) in there {
            let before = known.get(key.as_str());
            if before.is_none_or(|kept| kept.value != token) {
                let write = self.tokens.put(key.as_str(), before.map(|kept| kept.version), &token)?;
                changes.push((seen(token, before, now), write));
            }
        }
        Ok(portions(changes))
    }
}

/// What a look left out, as sentences.
fn unseen(watched: &WatchedTokens) -> Vec<String> {
    let left = watched.unread_grants();
    let in_turn = (left > 0).then(|| {
        let all = left + watched.read_grants;
        format!(
            "tokens of external client apps are watched in turn, because each user takes a call: {left} of {all} users \
             were not asked for at this look"
        )
    });
    let rejected = watched.rejected.first().map(|first| {
        format!("{} refresh tokens could not be read: {}", watched.rejected.len(), first.reason)
    });
    in_turn.into_iter().chain(rejected).collect()
}

fn portions(changes: Vec<(Option<TokenUse>, Write)>) -> Vec<Portion> {
    let mut portions: Vec<Portion> = Vec::new();
    for (seen, write) in changes {
        if portions.last().is_none_or(|last| last.writes.len() >= PORTION) {
            portions.push(Portion::default());
        }
        if let Some(last) = portions.last_mut() {
            last.seen.extend(seen);
            last.writes.push(write);
        }
    }
    portions
}

/// What the last look at an org's tokens saw: what their use since then is measured against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokensSeen {
    /// When it was.
    pub at: Timestamp,
    /// `UseCount` of each token that was there.
    pub use_counts: HashMap<TokenKey, i64>,
}

impl TokensSeen {
    /// Reads it; `None` for an org that the store does not know, or whose tokens nobody has looked at.
    pub async fn read(store: &dyn Store, org: &OrgId) -> Result<Option<Self>, StoreError> {
        let Some(last) = looks(org).get(store, "last").await? else { return Ok(None) };
        let kept = tokens_seen(org).all(store).await?;
        let use_counts =
            kept.into_iter().map(|(key, kept)| (TokenKey::new(key), kept.value.use_count)).collect();
        Ok(Some(Self { at: last.value.at, use_counts }))
    }

    /// How often a token was used since the look; every use, where the token was not there then. A count that falls
    /// is no use.
    pub fn uses_since(&self, token: &Token) -> u64 {
        let before = self.use_counts.get(&token.key).copied().unwrap_or_default();
        u64::try_from(token.use_count.saturating_sub(before)).unwrap_or(0)
    }
}

fn looks(org: &OrgId) -> Room<Look> {
    Room::new(Table::Scan, org, "token-looks")
}

fn tokens_seen(org: &OrgId) -> Room<Token> {
    Room::new(Table::Scan, org, "tokens")
}

/// A token that merely changed its description was not used.
fn seen(token: Token, before: Option<&Kept<Token>>, now: Timestamp) -> Option<TokenUse> {
    let used_before = before.map_or(0, |kept| kept.value.use_count);
    let uses = u64::try_from(token.use_count.saturating_sub(used_before)).unwrap_or(0);
    let change = match before {
        None => TokenChange::Granted,
        Some(kept) if uses > 0 || token.last_used > kept.value.last_used => TokenChange::Used,
        Some(_) => return None,
    };
    // A use that moved only LastUsedDate is one all the same.
    let uses = if change == TokenChange::Used { uses.max(1) } else { uses };
    let used_before = before.and_then(|kept| kept.value.last_used);
    Some(TokenUse { token, change, uses, seen_at: now, used_before })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::{AppKind, Revocable};
    use crate::salesforce::Rejected;
    use crate::store::MemoryStore;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + 60 * minute).unwrap()
    }

    fn token(key: &str, use_count: i64, used: i64) -> Token {
        Token {
            key: key.into(),
            user_id: "005".into(),
            app_name: "Data Loader".to_owned(),
            use_count,
            created: Some(at(-1_000)),
            last_used: Some(at(used)),
            app: AppKind::Connected,
            revocable: Revocable::Yes,
        }
    }

    async fn look(
        store: &MemoryStore,
        minute: i64,
        tokens: Vec<Token>,
    ) -> Option<Vec<(String, TokenChange, u64)>> {
        let turn = TokenWatch::due(store, &OrgId::new("00D"), at(minute)).await.unwrap();
        let Turn::Look(watch) = turn else { return None };
        let told = |seen: TokenUse| (seen.token.key.to_string(), seen.change, seen.uses);
        let mut all = Vec::new();
        let watched = WatchedTokens { tokens, ..WatchedTokens::default() };
        for portion in watch.compare(store, watched, at(minute)).await.unwrap() {
            store.write(portion.writes).await.unwrap();
            all.extend(portion.seen.into_iter().map(told));
        }
        store.write(vec![watch.looked(at(minute), Looked::default()).unwrap()]).await.unwrap();
        Some(all)
    }

    #[tokio::test]
    async fn grants_uses_and_ends_are_told_once() {
        let store = MemoryStore::new();
        let first = look(&store, 0, vec![token("A", 3, -9), token("B", 0, -9)]).await.unwrap();
        assert_eq!(
            first,
            [("A".to_owned(), TokenChange::Granted, 3), ("B".to_owned(), TokenChange::Granted, 0)]
        );
        assert!(look(&store, 14, vec![]).await.is_none(), "not yet");
        let used = look(&store, 15, vec![token("A", 7, 14), token("B", 0, -9)]).await.unwrap();
        assert_eq!(used, [("A".to_owned(), TokenChange::Used, 4)]);
        let only_the_date = look(&store, 30, vec![token("A", 7, 29), token("B", 0, -9)]).await.unwrap();
        assert_eq!(only_the_date, [("A".to_owned(), TokenChange::Used, 1)]);
        assert_eq!(
            look(&store, 45, vec![token("A", 7, 29)]).await.unwrap(),
            [("B".to_owned(), TokenChange::Gone, 0)]
        );
        assert!(look(&store, 60, vec![token("A", 7, 29)]).await.unwrap().is_empty());
        assert!(
            look(&store, 75, vec![token("A", 2, 29)]).await.unwrap().is_empty(),
            "a count that falls is no use"
        );
    }

    #[tokio::test]
    async fn what_may_only_have_been_unreadable_is_not_called_gone() {
        let (store, org) = (MemoryStore::new(), OrgId::new("00D"));
        look(&store, 0, vec![token("A", 3, -9)]).await.unwrap();
        let Turn::Look(watch) = TokenWatch::due(&store, &org, at(15)).await.unwrap() else { panic!("due") };
        let torn = Rejected { id: None, reason: "missing field `UserId`".to_owned() };
        let watched = WatchedTokens { rejected: vec![torn], ..WatchedTokens::default() };
        assert_eq!(unseen(&watched), ["1 refresh tokens could not be read: missing field `UserId`"]);
        assert!(watch.compare(&store, watched, at(15)).await.unwrap().is_empty());
        let gone = look(&store, 15, vec![]).await.unwrap();
        assert_eq!(gone, [("A".to_owned(), TokenChange::Gone, 0)]);
    }

    #[tokio::test]
    async fn use_since_the_last_look_is_counted() {
        let (store, org) = (MemoryStore::new(), OrgId::new("00D"));
        assert_eq!(TokensSeen::read(&store, &org).await.unwrap(), None);
        look(&store, 0, vec![token("A", 3, -9)]).await.unwrap();
        look(&store, 15, vec![token("A", 7, 14), token("B", 2, 14)]).await.unwrap();
        let seen = TokensSeen::read(&store, &org).await.unwrap().unwrap();
        let uses = [token("A", 9, 20), token("B", 1, 14), token("C", 4, 20)].map(|now| seen.uses_since(&now));
        assert_eq!((seen.at, uses), (at(15), [2, 0, 4]));
    }

    #[tokio::test]
    async fn what_a_look_could_not_see_is_told_until_the_next() {
        let (store, org) = (MemoryStore::new(), OrgId::new("00D"));
        let Turn::Look(watch) = TokenWatch::due(&store, &org, at(0)).await.unwrap() else {
            panic!("no look yet")
        };
        let looked = Looked { unseen: vec!["tokens are unseen".to_owned()], ..Looked::default() };
        store.write(vec![watch.looked(at(0), looked).unwrap()]).await.unwrap();
        let turn = TokenWatch::due(&store, &org, at(14)).await.unwrap();
        assert!(matches!(turn, Turn::Wait { unseen } if unseen == ["tokens are unseen"]));
        assert!(matches!(TokenWatch::due(&store, &org, at(15)).await.unwrap(), Turn::Look(_)));
    }
}

//! Everyone's refresh tokens for watching, without what revokes them.
//!
//! What OauthToken lists is read whole. Tokens of external client apps take a call for each user of each app, so that of
//! many only some are asked for at each look, in turn: sooner or later every one is seen.

use std::collections::HashSet;

use super::client::Salesforce;
use super::client_app::ClientApp;
use super::client_app_token::unknown;
use super::error::SalesforceError;
use super::oauth_token::{found, number};
use super::query::Rejected;
use super::token_hash::TokenHashKey;
use crate::observation::{AppKind, Token, UserId};

/// Users of external client apps who are asked for at one look at most.
const GRANTS: usize = 200;

/// An external client app, and somebody who uses it.
type Grant = (ClientApp, UserId);

/// What one look at everyone's tokens came to.
#[derive(Debug, Clone, Default)]
pub struct WatchedTokens {
    /// The tokens.
    pub tokens: Vec<Token>,
    /// Rows of tokens that could not be read.
    pub rejected: Vec<Rejected>,
    /// How many users of external client apps were asked for, counted once for each app.
    pub read_grants: usize,
    /// Where the next look goes on, where not all were asked for.
    pub next_after: Option<String>,
    pub(crate) unread: HashSet<(UserId, String)>,
}

impl WatchedTokens {
    /// How many users of external client apps were not asked for, counted once for each app.
    pub fn unread_grants(&self) -> usize {
        self.unread.len()
    }

    /// Whether a token would be among these if it were still there.
    pub fn would_show(&self, token: &Token) -> bool {
        let grant = || (token.user_id.clone(), token.app_name.clone());
        self.rejected.is_empty()
            && (token.app == AppKind::Connected || self.unread.is_empty() || !self.unread.contains(&grant()))
    }
}

impl Salesforce {
    /// Everyone's tokens; each DeleteToken is dropped as soon as its part is read. Users of external client apps are asked
    /// for from behind `after` on, where a look before has ended.
    ///
    /// # Errors
    /// As for [`tokens`](Self::tokens).
    pub async fn watched_tokens(
        &self,
        key: &TokenHashKey,
        after: Option<&str>,
    ) -> Result<WatchedTokens, SalesforceError> {
        let mut all = self.all_tokens(|record| found(record, key).token).await?;
        number(all.rows.iter_mut());
        let (asked, left) = in_turn(self.client_app_grants().await?, after);
        let (read_grants, last) = (asked.len(), asked.last().map(place));
        let external = self.granted_tokens(asked, key).await?;
        let new = unknown(all.rows.iter_mut().collect(), external);
        all.rows.extend(new.into_iter().map(|found| found.token));
        Ok(WatchedTokens {
            tokens: all.rows,
            rejected: all.rejected,
            read_grants,
            next_after: last.filter(|_| !left.is_empty()),
            unread: left.into_iter().map(|(app, user)| (user, app.label)).collect(),
        })
    }
}

/// The grants whose turn it is, and the others.
fn in_turn(mut grants: Vec<Grant>, after: Option<&str>) -> (Vec<Grant>, Vec<Grant>) {
    grants.sort_by_cached_key(place);
    let begin = grants.partition_point(|grant| after.is_some_and(|after| place(grant).as_str() <= after));
    grants.rotate_left(begin);
    let left = grants.split_off(grants.len().min(GRANTS));
    (grants, left)
}

fn place((app, user): &Grant) -> String {
    format!("{}/{user}", app.id.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::salesforce::ClientAppId;

    fn grants(users: usize) -> Vec<Grant> {
        let id = ClientAppId::parse("0xI5g000000AbCd").unwrap();
        let app = ClientApp { id, label: "Portal".to_owned(), developer_name: "Portal".to_owned() };
        (0..users).rev().map(|user| (app.clone(), UserId::new(format!("005{user:012}")))).collect()
    }

    #[test]
    fn everybody_has_a_turn_and_who_comes_or_goes_meanwhile_costs_nobody_his() {
        let (mut after, mut seen) = (None, HashSet::new());
        for (look, users) in [450, 450, 449].into_iter().enumerate() {
            let (asked, left) = in_turn(grants(users), after.as_deref());
            assert_eq!((asked.len(), left.len()), (GRANTS, users - GRANTS), "{look}");
            after = asked.last().map(place);
            seen.extend(asked.into_iter().map(|grant| place(&grant)));
        }
        assert!(grants(449).iter().all(|grant| seen.contains(&place(grant))));
        let (asked, left) = in_turn(grants(3), after.as_deref());
        assert_eq!((asked.len(), left.len()), (3, 0));
    }
}

//! What is open now: the sessions and refresh tokens by which somebody who was in may still be.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use session_warden::indicators::{Matcher, Seen};
use session_warden::observation::{Login, LoginId, Session, SessionId, Token, UserId};
use session_warden::salesforce::{Salesforce, SalesforceError, TokenHashKey, Whose};

/// Places of indicators.
pub(super) type Places = BTreeSet<usize>;

/// A live family of sessions, and which indicators it shows.
pub(super) struct LiveFamily {
    pub(super) session: Session,
    pub(super) login: Option<Login>,
    pub(super) places: Places,
}

/// Refresh tokens, and which indicators each shows.
#[derive(Default)]
pub(super) struct LiveTokens {
    tokens: Vec<(Token, Places)>,
    by_holder: HashMap<UserId, Vec<usize>>,
}

/// The live families that show an indicator: by the address they are held from, by their user, or by anything about the
/// login they point to.
pub(super) async fn families(
    salesforce: &Salesforce,
    matcher: &Matcher,
    now: Timestamp,
) -> Result<Vec<LiveFamily>, SalesforceError> {
    let found = salesforce.sessions(Whose::Everyone).await?;
    let live: Vec<_> =
        found.into_iter().map(|found| found.session).filter(|session| session.expires() > now).collect();
    let ids: BTreeSet<_> =
        live.iter().filter_map(|session| Some(session.login.as_ref()?.id.clone())).collect();
    let logins = salesforce.logins_with_ids(&ids.into_iter().collect::<Vec<_>>()).await?;
    let logins: HashMap<LoginId, Login> = logins.into_iter().map(|login| (login.id.clone(), login)).collect();
    let mut families: BTreeMap<SessionId, LiveFamily> = BTreeMap::new();
    let mut found = Vec::new();
    for session in live {
        let login = session.login.as_ref().and_then(|login| logins.get(&login.id));
        matcher.find(&Seen { user: Some(&session.user_id), ..Seen::in_source(&session.source) }, &mut found);
        let mut places: Places = found.iter().copied().collect();
        if let Some(login) = login {
            matcher.find(&Seen::in_login(login), &mut found);
            places.extend(&found);
        }
        if let Some(family) = families.get_mut(&session.parent_id) {
            family.join(session, places);
        } else {
            let login = login.cloned();
            families.insert(session.parent_id.clone(), LiveFamily { session, login, places });
        }
    }
    Ok(families.into_values().filter(|family| !family.places.is_empty()).collect())
}

impl LiveFamily {
    /// The root stands for its family.
    fn join(&mut self, other: Session, places: Places) {
        self.places.extend(places);
        let last_modified = self.session.last_modified.max(other.last_modified);
        if other.is_root() {
            self.session = other;
        }
        self.session.last_modified = last_modified;
    }
}

impl LiveTokens {
    /// Everyone's tokens; those that show an indicator by their application or user are marked.
    pub(super) async fn read(salesforce: &Salesforce, matcher: &Matcher) -> anyhow::Result<Self> {
        let key =
            TokenHashKey::generate().ok_or_else(|| anyhow::anyhow!("This machine gives no randomness"))?;
        let mut all = Self::default();
        let mut found = Vec::new();
        for token in salesforce.tokens(Whose::Everyone, &key).await? {
            let token = token.token;
            let seen = Seen { application: &token.app_name, user: Some(&token.user_id), ..Seen::default() };
            matcher.find(&seen, &mut found);
            all.by_holder.entry(token.user_id.clone()).or_default().push(all.tokens.len());
            all.tokens.push((token, found.iter().copied().collect()));
        }
        Ok(all)
    }

    /// The tokens that show an indicator.
    pub(super) fn shown(&self) -> impl Iterator<Item = &(Token, Places)> {
        self.tokens.iter().filter(|(_, places)| !places.is_empty())
    }

    /// Marks the tokens by whose application a user got in.
    pub(super) fn got_in(&mut self, login: &Login, places: &[usize]) {
        let held = login.user_id.as_ref().and_then(|user| self.by_holder.get(user));
        for number in held.into_iter().flatten() {
            if let Some((token, shown)) = self.tokens.get_mut(*number)
                && token.app_name == login.application
            {
                shown.extend(places);
            }
        }
    }
}

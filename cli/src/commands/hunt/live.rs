//! What is open now: the sessions and refresh tokens by which somebody who was in may still be.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use session_warden::indicators::{Matcher, Seen};
use session_warden::observation::{Family, Login, LoginId, Session, SessionId, Token, UserId, families};
use session_warden::salesforce::{Rejected, Salesforce, SalesforceError, TokenHashKey, Whose};

/// Places of indicators.
pub(super) type Places = BTreeSet<usize>;

/// A live family of sessions, and which indicators it shows.
pub(super) struct LiveFamily {
    pub(super) root: SessionId,
    /// The session that stands for it.
    pub(super) session: Session,
    pub(super) login: Option<Login>,
    pub(super) last_modified: Timestamp,
    pub(super) places: Places,
}

/// Refresh tokens, and which indicators each shows.
#[derive(Default)]
pub(super) struct LiveTokens {
    /// Rows that could not be read.
    pub(super) rejected: Vec<Rejected>,
    tokens: Vec<(Token, Places)>,
    by_holder: HashMap<UserId, Vec<usize>>,
}

/// The live families that show an indicator: by the address they are held from, by their user, or by anything about the
/// login they point to; and the rows of sessions that could not be read.
pub(super) async fn live_families(
    salesforce: &Salesforce,
    matcher: &Matcher,
    now: Timestamp,
) -> Result<(Vec<LiveFamily>, Vec<Rejected>), SalesforceError> {
    let found = salesforce.session_rows(Whose::Everyone).await?;
    let live: Vec<_> =
        found.rows.into_iter().map(|found| found.session).filter(|session| session.is_live(now)).collect();
    let ids: BTreeSet<_> = live.iter().filter_map(|session| session.login_id().cloned()).collect();
    let logins = salesforce.logins_with_ids(&ids.into_iter().collect::<Vec<_>>()).await?;
    let logins: HashMap<LoginId, Login> = logins.into_iter().map(|login| (login.id.clone(), login)).collect();
    let live = families(&live).into_iter().filter_map(|family| LiveFamily::of(&family, &logins, matcher));
    Ok((live.filter(|family| !family.places.is_empty()).collect(), found.rejected))
}

impl LiveFamily {
    fn of(family: &Family<'_>, logins: &HashMap<LoginId, Login>, matcher: &Matcher) -> Option<Self> {
        let login_of = |session: &Session| logins.get(session.login_id()?);
        let (mut places, mut found) = (Places::new(), Vec::new());
        for session in &family.members {
            let seen = Seen { user: Some(&session.user_id), ..Seen::in_source(&session.source) };
            matcher.find(&seen, &mut found);
            places.extend(&found);
            if let Some(login) = login_of(session) {
                matcher.find(&Seen::in_login(login), &mut found);
                places.extend(&found);
            }
        }
        let lead = family.members.first()?;
        Some(Self {
            root: family.root.clone(),
            session: (*lead).clone(),
            login: login_of(lead).cloned(),
            last_modified: family.members.iter().map(|session| session.last_modified).max()?,
            places,
        })
    }
}

impl LiveTokens {
    /// Everyone's tokens; those that show an indicator by their application or user are marked.
    pub(super) async fn read(salesforce: &Salesforce, matcher: &Matcher) -> anyhow::Result<Self> {
        let key =
            TokenHashKey::generate().ok_or_else(|| anyhow::anyhow!("This machine gives no randomness"))?;
        let rows = salesforce.token_rows(Whose::Everyone, &key).await?;
        let mut all = Self { rejected: rows.rejected, ..Self::default() };
        let mut found = Vec::new();
        for token in rows.rows {
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
                && login.application == token.app_name.as_str()
            {
                shown.extend(places);
            }
        }
    }
}

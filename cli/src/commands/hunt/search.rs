//! One org, searched.

use std::collections::{BTreeMap, HashMap};
use std::pin::pin;
use std::sync::{Arc, PoisonError};

use futures::TryStreamExt;
use indicatif::ProgressBar;
use jiff::{SignedDuration, Timestamp};
use session_warden::indicators::{Matcher, Observable, Seen};
use session_warden::observation::{Login, OrgId, Token, UserId};
use session_warden::salesforce::Salesforce;

use super::Hits;
use super::hit::HitRow;
use super::live::{self, LiveFamily, LiveTokens, Places};
use super::quarry::Quarry;
use super::tally::Tally;
use crate::exit::Exit;
use crate::moment::up_to;
use crate::output;
use crate::reading::{People, Reading, Sensor, View};

/// How much of the history is read in one go: a week, so that six months keep several calls busy.
const SLICE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What a search of one org came to, as far as it came.
pub(super) struct OrgHunt {
    pub(super) alias: String,
    pub(super) org_id: Option<OrgId>,
    pub(super) logins_read: u64,
    /// By the place of the indicator; only those that were seen.
    pub(super) tallies: BTreeMap<usize, Tally>,
    pub(super) people: People,
    /// What could not be seen, as sentences.
    pub(super) blind: Vec<String>,
    pub(super) error: Option<anyhow::Error>,
}

/// Searches an org. An error ends the search; what was found before stands.
pub(super) async fn org(reading: Reading, quarry: Arc<Quarry>, hits: Hits, bar: ProgressBar) -> OrgHunt {
    let hunt = OrgHunt::of(reading.alias.clone());
    let mut search = Search { reading: &reading, quarry: &quarry, hits: &hits, bar: &bar, hunt };
    if let Err(error) = search.whole().await {
        search.hunt.error = Some(error.context(format!("Org {}", reading.alias)));
    }
    search.hunt
}

struct Search<'a> {
    reading: &'a Reading,
    quarry: &'a Quarry,
    hits: &'a Hits,
    bar: &'a ProgressBar,
    hunt: OrgHunt,
}

impl Search<'_> {
    /// Sessions and tokens are read first, so that logins can be held against them as they pass by, and told last: they are
    /// what can be ended.
    async fn whole(&mut self) -> anyhow::Result<()> {
        self.hunt.org_id = Some(self.reading.scanner().org_id().await?);
        let matcher = Matcher::new(&self.quarry.indicators, &self.users().await?)?;
        let (families, unread) = match self.view(Sensor::Sessions).await? {
            Some(salesforce) => live::live_families(salesforce, &matcher, self.quarry.now).await?,
            None => (Vec::new(), Vec::new()),
        };
        self.hunt.blind.extend(super::super::unread("sessions", &unread));
        let mut tokens = match self.view(Sensor::Tokens).await? {
            Some(salesforce) => LiveTokens::read(salesforce, &matcher).await?,
            None => LiveTokens::default(),
        };
        self.hunt.blind.extend(super::super::unread("tokens", &tokens.rejected));
        if let Some(salesforce) = self.view(Sensor::Logins).await? {
            self.logins(salesforce, &matcher, &mut tokens).await?;
        }
        self.tell_live(&families, &tokens).await
    }

    async fn view<'s>(&mut self, sensor: Sensor) -> anyhow::Result<Option<&'s Salesforce>>
    where
        Self: 's,
    {
        match self.reading.view(sensor).await? {
            View::By(salesforce) => Ok(Some(salesforce)),
            View::Blind(why) => {
                self.hunt.blind.push(why);
                Ok(None)
            }
        }
    }

    /// Which user each name means here; in another org it may be nobody.
    async fn users(&self) -> anyhow::Result<HashMap<String, UserId>> {
        let mut users = HashMap::new();
        for indicator in &self.quarry.indicators {
            let Observable::User(text) = &indicator.observable else { continue };
            let user = if text.contains('@') {
                self.reading.scanner().user_named(text).await?.map(|user| user.id)
            } else {
                Some(UserId::new(text))
            };
            users.extend(user.map(|user| (text.clone(), user)));
        }
        Ok(users)
    }

    async fn logins(
        &mut self,
        salesforce: &Salesforce,
        matcher: &Matcher,
        tokens: &mut LiveTokens,
    ) -> anyhow::Result<()> {
        let (since, until) = (self.quarry.since, up_to(self.quarry.now));
        self.bar.inc_length(salesforce.login_count(since, until).await?);
        let mut pages = pin!(salesforce.logins_in_slices(&slices(since, until)));
        let (mut places, mut rejected) = (Vec::new(), 0);
        while let Some(page) = pages.try_next().await? {
            let mut seen = Vec::new();
            for login in &page.rows {
                matcher.find(&Seen::in_login(login), &mut places);
                if !places.is_empty() {
                    self.count(login, &places, tokens);
                    seen.push((login, places.clone()));
                }
            }
            self.tell_logins(&seen).await?;
            let came = (page.rows.len() + page.rejected.len()) as u64;
            self.hunt.logins_read += came;
            rejected += page.rejected.len();
            self.bar.inc(came);
        }
        if rejected > 0 {
            self.hunt.blind.push(format!("{rejected} logins could not be read; --verbose tells why"));
        }
        Ok(())
    }

    fn count(&mut self, login: &Login, places: &[usize], tokens: &mut LiveTokens) {
        for place in places {
            self.hunt.tallies.entry(*place).or_default().login(login);
        }
        if login.succeeded() {
            tokens.got_in(login, places);
        }
    }

    async fn tell_logins(&mut self, seen: &[(&Login, Vec<usize>)]) -> anyhow::Result<()> {
        let users = seen.iter().filter_map(|(login, _)| login.user_id.as_ref());
        self.hunt.people.learn(self.reading.scanner(), users).await?;
        let row = |(login, places): &(&Login, Vec<usize>)| {
            HitRow::of_login(&self.hunt.alias, login, self.names(places.iter()), &self.hunt.people)
        };
        self.add(seen.iter().map(row).collect())
    }

    async fn tell_live(&mut self, families: &[LiveFamily], tokens: &LiveTokens) -> anyhow::Result<()> {
        for family in families {
            for place in &family.places {
                self.hunt.tallies.entry(*place).or_default().family(family);
            }
        }
        for (token, places) in tokens.shown() {
            for place in places {
                self.hunt.tallies.entry(*place).or_default().token(token);
            }
        }
        let users = families.iter().map(|family| &family.session.user_id);
        let users = users.chain(tokens.shown().map(|(token, _)| &token.user_id));
        self.hunt.people.learn(self.reading.scanner(), users).await?;
        let (alias, people) = (&self.hunt.alias, &self.hunt.people);
        let token_row = |(token, places): &(Token, Places)| {
            HitRow::of_token(alias, token, self.names(places.iter()), people)
        };
        let family_row =
            |family: &LiveFamily| HitRow::of_family(alias, family, self.names(family.places.iter()), people);
        self.add(tokens.shown().map(token_row).chain(families.iter().map(family_row)).collect())
    }

    fn names<'p>(&self, places: impl Iterator<Item = &'p usize>) -> Vec<String> {
        places.map(|place| self.quarry.name(*place)).collect()
    }

    fn add(&self, rows: Vec<HitRow>) -> anyhow::Result<()> {
        let mut hits = self.hits.lock().unwrap_or_else(PoisonError::into_inner);
        rows.into_iter().try_for_each(|row| hits.add(row))?;
        hits.flush()
    }
}

/// The bounds of slices that are read beside each other.
fn slices(since: Timestamp, until: Timestamp) -> Vec<Timestamp> {
    let next = |bound: &Timestamp| bound.checked_add(SLICE).ok().filter(|next| *next < until);
    std::iter::successors(Some(since), next).chain([until]).collect()
}

impl OrgHunt {
    fn of(alias: String) -> Self {
        Self {
            alias,
            org_id: None,
            logins_read: 0,
            tallies: BTreeMap::new(),
            people: People::default(),
            blind: Vec::new(),
            error: None,
        }
    }

    /// Of an org whose connection document cannot be used; it is named by that.
    pub(super) fn failed(document: &str, error: anyhow::Error) -> Self {
        Self { error: Some(error), ..Self::of(document.to_owned()) }
    }

    /// How the search of this org ends.
    pub(super) fn exit(&self) -> Exit {
        let failed = self.error.as_ref().map_or(Exit::Clean, Exit::of);
        let seen = if self.blind.is_empty() { Exit::Clean } else { Exit::Blind };
        failed.max(seen).max(if self.tallies.is_empty() { Exit::Clean } else { Exit::Findings })
    }

    /// What a script is told of it in one word.
    pub(super) fn state(&self) -> &'static str {
        match (&self.error, self.blind.is_empty(), self.tallies.is_empty()) {
            (Some(_), ..) => "failed",
            (None, false, _) => "blind",
            (None, true, false) => "found",
            (None, true, true) => "clean",
        }
    }

    /// Tells a person how far the search came.
    pub(super) fn tell(&self, quarry: &Quarry) {
        let alias = output::harmless(&self.alias);
        output::note(&format!(
            "Org {alias}: {} logins since {:.0}, {} of {} indicators seen.",
            self.logins_read,
            quarry.since,
            self.tallies.len(),
            quarry.indicators.len()
        ));
        for why in &self.blind {
            output::note(&format!("Org {alias}: blind: {}", output::harmless(why)));
        }
        self.error.iter().for_each(output::complain);
    }
}

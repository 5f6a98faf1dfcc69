//! What each indicator came to, org by org.

use comfy_table::{Cell, Color};
use jiff::Timestamp;
use serde::Serialize;
use session_warden::indicators::{Indicator, Validity};
use session_warden::observation::OrgId;

use super::quarry::Quarry;
use super::search::OrgHunt;
use super::tally::Tally;
use crate::moment::shown;
use crate::output::{Column, Listed, cell};

/// Users that are named; all are counted.
const NAMED: usize = 50;
/// Users that a table names.
const SHOWN: usize = 3;

/// An indicator that was seen in an org.
#[derive(Debug, Serialize)]
pub(super) struct FoundRow {
    org: String,
    indicator: String,
    kind: &'static str,
    validity: Validity,
    confidence: Option<u8>,
    source: Option<String>,
    provenance: Vec<String>,
    first_seen: Option<Timestamp>,
    last_seen: Option<Timestamp>,
    logins: u64,
    successes: u64,
    users: Vec<String>,
    users_total: usize,
    live_sessions: usize,
    tokens: u64,
}

/// What the search of an org came to.
#[derive(Debug, Serialize)]
pub(super) struct OrgRecord<'a> {
    record: &'static str,
    org: &'a str,
    org_id: Option<&'a OrgId>,
    state: &'static str,
    since: Timestamp,
    until: Timestamp,
    logins_read: u64,
    indicators: usize,
    found: Vec<FoundRow>,
    blind: &'a [String],
    error: Option<String>,
}

impl<'a> OrgRecord<'a> {
    pub(super) fn of(hunt: &'a OrgHunt, quarry: &Quarry) -> Self {
        Self {
            record: "org",
            org: &hunt.alias,
            org_id: hunt.org_id.as_ref(),
            state: hunt.state(),
            since: quarry.since,
            until: quarry.now,
            logins_read: hunt.logins_read,
            indicators: quarry.indicators.len(),
            found: FoundRow::of_org(hunt, quarry),
            blind: &hunt.blind,
            error: hunt.error.as_ref().map(|error| format!("{error:#}")),
        }
    }
}

impl FoundRow {
    /// Each indicator that was seen in an org, what can be ended last.
    pub(super) fn of_org(hunt: &OrgHunt, quarry: &Quarry) -> Vec<Self> {
        let row = |(place, tally): (&usize, &Tally)| {
            Some(Self::of(hunt, quarry.indicators.get(*place)?, tally, quarry.now))
        };
        let mut rows: Vec<_> = hunt.tallies.iter().filter_map(row).collect();
        rows.sort_by_key(|row| (row.live_sessions > 0 || row.tokens > 0, row.successes, row.logins));
        rows
    }

    fn of(hunt: &OrgHunt, indicator: &Indicator, tally: &Tally, now: Timestamp) -> Self {
        let name = |id| {
            let (username, _) = hunt.people.names(Some(id));
            if username.is_empty() { id.to_string() } else { username }
        };
        Self {
            org: hunt.alias.clone(),
            indicator: indicator.observable.to_string(),
            kind: indicator.observable.kind(),
            validity: indicator.validity(now),
            confidence: indicator.confidence,
            source: indicator.source.clone(),
            provenance: indicator.provenance.iter().map(ToString::to_string).collect(),
            first_seen: tally.first_seen,
            last_seen: tally.last_seen,
            logins: tally.logins,
            successes: tally.successes,
            users: tally.users.iter().take(NAMED).map(name).collect(),
            users_total: tally.users.len(),
            live_sessions: tally.sessions.len(),
            tokens: tally.tokens,
        }
    }

    fn users_words(&self) -> String {
        let shown = self.users.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join("\n");
        match self.users_total.saturating_sub(SHOWN) {
            0 => shown,
            more => format!("{shown}\nand {more} more"),
        }
    }
}

impl Listed for FoundRow {
    const COLUMNS: &'static [Column] = &[
        Column::always("Org"),
        Column::always("Indicator"),
        Column::always("Logins"),
        Column::always("Got in"),
        Column::always("Sessions now"),
        Column::always("Tokens now"),
        Column::always("Users"),
        Column::if_room("Last seen (UTC)"),
        Column::if_room("First seen (UTC)"),
        Column::if_room("Source"),
    ];
    const CSV: &'static [&'static str] = &[];

    fn cells(&self, _now: Timestamp) -> Vec<Cell> {
        let instant = |at: Option<Timestamp>| cell(at.map(shown).unwrap_or_default());
        let live = |count: u64| cell(count.to_string()).fg(if count > 0 { Color::Red } else { Color::Reset });
        let expired = if self.validity == Validity::Expired { " (expired)" } else { "" };
        vec![
            cell(&self.org),
            cell(format!("{}{expired}", self.indicator)),
            cell(self.logins.to_string()),
            cell(self.successes.to_string()).fg(if self.successes > 0 {
                Color::Yellow
            } else {
                Color::Reset
            }),
            live(self.live_sessions as u64),
            live(self.tokens),
            Cell::new(self.users_words().lines().map(crate::output::harmless).collect::<Vec<_>>().join("\n")),
            instant(self.last_seen),
            instant(self.first_seen),
            cell(self.source.as_deref().unwrap_or_default()),
        ]
    }
}

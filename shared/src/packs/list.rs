//! A list of addresses and other signs: Tor exits, VPNs, indicators of compromise.

use std::collections::HashMap;
use std::path::Path;

use jiff::Timestamp;

use super::PackError;
use super::expiry::{Expiry, is_within};
use crate::detection::Sensor;
use crate::indicators::{
    Indicator, Indicators, Matcher, Observable, Provenance, RejectedEntries, RejectedEntry, Seen, read_file,
};
use crate::observation::{ListKind, Listing, UserId, Validity};

/// Entries of one list that one observation may show; a list with more of them says the same many times.
const MOST: usize = 4;

/// A list, ready to be held against observations.
#[derive(Debug)]
pub(super) struct List {
    kind: ListKind,
    entries: Vec<Indicator>,
    matcher: Matcher,
    pub(super) rejected: RejectedEntries,
}

impl List {
    /// Reads a list. Entries that cannot be used, or are of no use in a list of this kind, are kept aside and the rest goes on.
    pub(super) fn read(file: &Path, kind: ListKind) -> Result<Self, PackError> {
        let mut read = Indicators::default();
        read_file(file, &mut read).map_err(|error| PackError::new(file, reason(file, &error.to_string())))?;
        let (mut entries, mut rejected) = (Vec::new(), read.rejected.clone());
        for entry in read.all() {
            match (useless(entry, kind), entry.provenance.first()) {
                (Some(reason), Some(at)) => rejected.add(RejectedEntry { at: at.clone(), reason }),
                _ => entries.push(entry.clone()),
            }
        }
        if entries.is_empty() {
            let mut why: Vec<_> = rejected.first.iter().map(ToString::to_string).collect();
            match rejected.total.saturating_sub(why.len() as u64) {
                0 => {}
                more => why.push(format!("and {more} more")),
            }
            let why = if why.is_empty() { String::new() } else { format!(": {}", why.join("; ")) };
            return Err(PackError::new(file, format!("has no entry that can be used{why}")));
        }
        let users = entries.iter().filter_map(|entry| match &entry.observable {
            Observable::User(text) => Some((text.clone(), UserId::new(text))),
            _ => None,
        });
        let users: HashMap<_, _> = users.collect();
        let matcher =
            Matcher::new(&entries, &users).map_err(|error| PackError::new(file, error.to_string()))?;
        Ok(Self { kind, entries, matcher, rejected })
    }

    /// What it lets detections see.
    pub(super) fn sensors(&self) -> &'static [Sensor] {
        match self.kind {
            ListKind::Tor | ListKind::Vpn => &[Sensor::Anonymisers],
            ListKind::Indicators => &[Sensor::Indicators],
        }
    }

    /// How many entries are used.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Entries that say until when they hold, and are over.
    pub(super) fn over(&self, now: Timestamp) -> usize {
        self.entries.iter().filter(|entry| entry.valid_until.is_some_and(|until| until <= now)).count()
    }

    /// Adds the entries that an observation of a time shows, those that are believed first.
    pub(super) fn find(
        &self,
        name: &str,
        seen: &Seen<'_>,
        time: Timestamp,
        expiry: Expiry,
        into: &mut Vec<Listing>,
    ) {
        let mut places = Vec::new();
        self.matcher.find(seen, &mut places);
        let validity = |entry: &Indicator| {
            let holds = is_within(entry.valid_from, entry.valid_until, time);
            if holds { expiry.at(time) } else { Validity::Expired }
        };
        let entries = places.into_iter().filter_map(|place| self.entries.get(place));
        let mut entries: Vec<_> = entries.map(|entry| (validity(entry), entry)).collect();
        entries.sort_by_key(|(validity, _)| *validity == Validity::Expired);
        into.extend(entries.into_iter().take(MOST).map(|(validity, entry)| Listing {
            list: name.into(),
            kind: self.kind,
            entry: entry.observable.to_string().into(),
            by_address: matches!(entry.observable, Observable::Address(_)),
            place: entry.provenance.first().map(place).unwrap_or_default().into(),
            source: entry.source.as_deref().unwrap_or_default().into(),
            confidence: entry.confidence,
            validity,
            until: Some(entry.valid_until.map_or(expiry.ends(), |until| until.min(expiry.ends()))),
        }));
    }
}

/// Why an entry that is well-formed is of no use; `None` where it is.
fn useless(entry: &Indicator, kind: ListKind) -> Option<String> {
    let what = (entry.observable.kind(), &entry.observable);
    match (kind, &entry.observable) {
        (_, Observable::Address(_)) => None,
        (ListKind::Tor | ListKind::Vpn, _) => {
            Some(format!("is the {} `{}`, and this kind of list holds addresses only", what.0, what.1))
        }
        (ListKind::Indicators, Observable::User(name)) if name.contains('@') => {
            Some(format!("is the username `{name}`, and logins name users by their id (005…)"))
        }
        (ListKind::Indicators, _) => None,
    }
}

fn place(provenance: &Provenance) -> String {
    match provenance {
        Provenance::CommandLine => String::new(),
        Provenance::Line { line, .. } => format!("line {line}"),
        Provenance::Object { id, .. } => id.clone(),
    }
}

/// An error that names its file, without it.
fn reason(file: &Path, error: &str) -> String {
    error.strip_prefix(&format!("{}: ", file.display())).unwrap_or(error).to_owned()
}

//! What a user held and has done lately, as evidence: every row, in as many entries as it takes, and no secret.

use jiff::Timestamp;
use serde::Serialize;

use super::journal::Journal;
use super::{Holdings, Trail};
use crate::evidence::EntryKind;
use crate::observation::{Login, Session, Token, Verification};
use crate::salesforce::Frozen;
use crate::store::StoreError;

/// Rows in one entry of the ledger: far below its limit even with the longest texts.
const ROWS_PER_ENTRY: usize = 200;
/// The same of rows with many texts.
const LONG_ROWS_PER_ENTRY: usize = 50;

/// A part of a snapshot.
#[derive(Debug, Default, Serialize)]
struct Part<'a> {
    /// Counts from 1.
    number: usize,
    of: usize,
    sessions: Vec<&'a Session>,
    tokens: Vec<&'a Token>,
    /// The user's newest, before the act alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logins: Vec<&'a Login>,
    /// As the logins.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    verifications: Vec<&'a Verification>,
    /// `None` where Salesforce keeps no record, or it could not be read.
    frozen: Option<bool>,
    /// Where they are to be forgotten.
    known_addresses: Vec<String>,
    /// Where it is to be reset; the epoch for never.
    password_changed: Option<Timestamp>,
    unread: Vec<String>,
}

/// Records what was there before the act: what is held, and what the user has done lately.
pub(crate) async fn enter_snapshot(
    holdings: &Holdings,
    trail: &Trail,
    journal: &mut Journal<'_>,
) -> Result<(), StoreError> {
    enter(EntryKind::Snapshot, parts(holdings, Some(trail)), journal).await
}

/// Records what a look has found.
pub(super) async fn enter_sighting(holdings: &Holdings, journal: &mut Journal<'_>) -> Result<(), StoreError> {
    enter(EntryKind::Reread, parts(holdings, None), journal).await
}

async fn enter(kind: EntryKind, parts: Vec<Part<'_>>, journal: &mut Journal<'_>) -> Result<(), StoreError> {
    for part in parts {
        journal.enter(kind, &part, Vec::new()).await?;
    }
    Ok(())
}

fn parts<'a>(holdings: &'a Holdings, trail: Option<&'a Trail>) -> Vec<Part<'a>> {
    let sessions: Vec<_> = holdings.sessions.iter().flatten().map(|found| &found.session).collect();
    let tokens: Vec<_> = holdings.tokens.iter().flatten().map(|found| &found.token).collect();
    let logins: Vec<_> = trail.iter().flat_map(|trail| trail.logins.iter().flatten()).collect();
    let checks: Vec<_> = trail.iter().flat_map(|trail| trail.verifications.iter().flatten()).collect();
    let mut parts = Vec::new();
    if sessions.len() + tokens.len() <= ROWS_PER_ENTRY {
        parts.push(Part { sessions, tokens, ..Part::default() });
    } else {
        let of_sessions = |rows: &[&'a Session]| Part { sessions: rows.to_vec(), ..Part::default() };
        let of_tokens = |rows: &[&'a Token]| Part { tokens: rows.to_vec(), ..Part::default() };
        parts.extend(sessions.chunks(ROWS_PER_ENTRY).map(of_sessions));
        parts.extend(tokens.chunks(ROWS_PER_ENTRY).map(of_tokens));
    }
    let of_logins = |rows: &[&'a Login]| Part { logins: rows.to_vec(), ..Part::default() };
    let of_checks = |rows: &[&'a Verification]| Part { verifications: rows.to_vec(), ..Part::default() };
    parts.extend(logins.chunks(LONG_ROWS_PER_ENTRY).map(of_logins));
    parts.extend(checks.chunks(LONG_ROWS_PER_ENTRY).map(of_checks));
    let mut unread = holdings.unread();
    unread.extend(trail.iter().flat_map(|trail| trail.unread()));
    let addresses = holdings.addresses.iter().flatten().map(|known| known.source.to_string());
    let known_addresses: Vec<_> = addresses.take(ROWS_PER_ENTRY).collect();
    let of = parts.len();
    for (index, part) in parts.iter_mut().enumerate() {
        (part.number, part.of, part.frozen) = (index + 1, of, frozen(holdings));
        part.password_changed = holdings.password_changed.as_ref().ok().copied().flatten();
        (part.unread, part.known_addresses) = (unread.clone(), known_addresses.clone());
    }
    parts
}

fn frozen(holdings: &Holdings) -> Option<bool> {
    let state = holdings.freeze.as_ref().ok().and_then(Option::as_ref);
    state.map(|state| state.frozen == Frozen::Yes)
}

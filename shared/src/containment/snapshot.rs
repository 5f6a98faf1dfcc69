//! What a user held, as evidence: every row, in as many entries as it takes, and no secret.

use jiff::Timestamp;
use serde::Serialize;

use super::Holdings;
use super::journal::Journal;
use crate::evidence::EntryKind;
use crate::observation::{Session, Token};
use crate::salesforce::Frozen;
use crate::store::StoreError;

/// Rows in one entry of the ledger: far below its limit even with the longest texts.
const ROWS_PER_ENTRY: usize = 200;

/// A part of a snapshot.
#[derive(Debug, Default, Serialize)]
struct Part<'a> {
    /// Counts from 1.
    number: usize,
    of: usize,
    sessions: Vec<&'a Session>,
    tokens: Vec<&'a Token>,
    /// `None` where Salesforce keeps no record, or it could not be read.
    frozen: Option<bool>,
    /// Where they are to be forgotten.
    known_addresses: Vec<String>,
    /// Where it is to be reset; the epoch for never.
    password_changed: Option<Timestamp>,
    unread: Vec<String>,
}

/// Records what a user held.
pub(crate) async fn enter_holdings(
    kind: EntryKind,
    holdings: &Holdings,
    journal: &mut Journal<'_>,
) -> Result<(), StoreError> {
    for part in parts(holdings) {
        journal.enter(kind, &part, Vec::new()).await?;
    }
    Ok(())
}

fn parts(holdings: &Holdings) -> Vec<Part<'_>> {
    let sessions: Vec<_> = holdings.sessions.iter().flatten().map(|found| &found.session).collect();
    let tokens: Vec<_> = holdings.tokens.iter().flatten().map(|found| &found.token).collect();
    let with_sessions = sessions.chunks(ROWS_PER_ENTRY).map(|sessions| (sessions.to_vec(), Vec::new()));
    let with_tokens = tokens.chunks(ROWS_PER_ENTRY).map(|tokens| (Vec::new(), tokens.to_vec()));
    let mut rows: Vec<_> = with_sessions.chain(with_tokens).collect();
    if sessions.len() + tokens.len() <= ROWS_PER_ENTRY {
        rows = vec![(sessions, tokens)];
    }
    let (parts, frozen, unread) = (rows.len(), frozen(holdings), holdings.unread());
    let addresses = holdings.addresses.iter().flatten().map(|known| known.source.to_string());
    let known_addresses: Vec<_> = addresses.take(ROWS_PER_ENTRY).collect();
    let password_changed = holdings.password_changed.as_ref().ok().copied().flatten();
    let part = |(index, (sessions, tokens))| {
        let (unread, known_addresses) = (unread.clone(), known_addresses.clone());
        Part {
            number: index + 1,
            of: parts,
            sessions,
            tokens,
            frozen,
            known_addresses,
            password_changed,
            unread,
        }
    };
    rows.into_iter().enumerate().map(part).collect()
}

fn frozen(holdings: &Holdings) -> Option<bool> {
    let state = holdings.freeze.as_ref().ok().and_then(Option::as_ref);
    state.map(|state| state.frozen == Frozen::Yes)
}

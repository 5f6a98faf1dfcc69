//! A world's rows as the real client reads them over HTTP, each of them once.

use std::sync::Arc;

use futures::TryStreamExt as _;
use salesforce_simulator::{Clock as SimulatedClock, Org, Simulator};
use session_warden::clock::FixedClock;
use session_warden::observation::{AccountKind, Login, Session, Token, User, Verification};
use session_warden::salesforce::{Connection, Role, Salesforce, TokenHashKey, Whose, http_client};

use crate::world::Span;

/// Everything that was ever there to see, as it is at the end.
#[derive(Debug)]
pub(crate) struct Rows {
    /// In the order of time.
    pub(crate) logins: Vec<Login>,
    pub(crate) checks: Vec<Verification>,
    pub(crate) sessions: Vec<Session>,
    pub(crate) tokens: Vec<Token>,
    pub(crate) users: Vec<User>,
}

/// Serves the org as it is at the end of its span, and reads all of it.
pub(crate) async fn everything(mut org: Org, span: &Span) -> anyhow::Result<Rows> {
    org.set_clock(SimulatedClock::Fixed(span.ends));
    let simulator = Simulator::start(org).await?;
    let connection = Connection::parse(&simulator.connection_document().to_string())?;
    let clock = Arc::new(FixedClock(span.ends));
    let salesforce = Salesforce::new(&connection, Role::Scanner, http_client()?, clock)?;

    let pages: Vec<_> = salesforce.logins(span.begins, span.ends).try_collect().await?;
    let logins = pages.into_iter().flat_map(|page| page.rows).collect();
    let checks = salesforce.verifications(span.begins, span.ends).await?;
    let found = salesforce.sessions(Whose::Everyone).await?;
    let sessions = found.into_iter().map(|found| found.session).collect();
    let tokens = salesforce.watched_tokens(&TokenHashKey::new([7; 32]), None).await?.tokens;
    let pages: Vec<_> = salesforce.user_pages().try_collect().await?;
    let mut users: Vec<User> = pages.into_iter().flat_map(|page| page.rows).collect();
    let own = connection.usernames();
    for user in users.iter_mut().filter(|user| own.contains(&user.username)) {
        user.kind = AccountKind::Warden;
    }
    Ok(Rows { logins, checks, sessions, tokens, users })
}

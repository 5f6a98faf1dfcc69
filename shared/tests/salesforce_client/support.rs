//! What every part of the suite uses: a simulated org, and clients of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::TryStreamExt;
use jiff::Timestamp;
use salesforce_simulator::{Effect, Fault, Id, Seed, Simulator, generate};
use serde_json::{Value, json};
use session_warden::clock::SystemClock;
use session_warden::observation::Login;
use session_warden::salesforce::{Connection, Page, Piece, Role, Salesforce, SalesforceError, http_client};

pub(crate) async fn org(users: usize, days: u32) -> Simulator {
    Simulator::start(generate(&Seed { users, days, ..Seed::default() })).await.unwrap()
}

pub(crate) async fn small() -> Simulator {
    org(60, 20).await
}

pub(crate) fn connection(document: &Value) -> Connection {
    Connection::parse(&document.to_string()).unwrap()
}

pub(crate) fn client(simulator: &Simulator, role: Role) -> Salesforce {
    let connection = connection(&simulator.connection_document());
    Salesforce::new(&connection, role, http_client().unwrap(), Arc::new(SystemClock)).unwrap()
}

pub(crate) fn scanner(simulator: &Simulator) -> Salesforce {
    client(simulator, Role::Scanner)
}

pub(crate) fn revoker(simulator: &Simulator) -> Salesforce {
    client(simulator, Role::Revoker)
}

pub(crate) fn username(simulator: &Simulator, role: &str) -> String {
    simulator.connection_document()[role]["username"].as_str().unwrap().to_owned()
}

pub(crate) fn order(simulator: &Simulator, method: &str, path: &str, times: u32, effect: Effect) {
    simulator.org().faults_mut().add(Fault::new(method, path, times, effect));
}

pub(crate) fn refusal(status: u16, code: &str) -> Effect {
    Effect::Json(status, json!([{ "message": "as ordered", "errorCode": code }]))
}

/// A user with a live session, and none of the connection's own.
pub(crate) fn somebody(simulator: &Simulator) -> Id {
    let org = simulator.org();
    let own = org.users().iter().filter(|user| user.username.starts_with("session-warden"));
    let own: BTreeSet<_> = own.map(|user| user.id.to_string()).collect();
    org.sessions().iter().find(|s| !own.contains(&s.user_id.to_string())).unwrap().user_id
}

pub(crate) async fn all_logins(client: &Salesforce, from: Timestamp, until: Timestamp) -> Vec<Login> {
    let pages: Vec<_> = client.logins(from, until).try_collect().await.unwrap();
    assert!(pages.iter().all(|page| page.rejected.is_empty()));
    pages.into_iter().flat_map(|page| page.rows).collect()
}

pub(crate) async fn pages_by_jobs(
    client: &Salesforce,
    bounds: &[Timestamp],
) -> Result<Vec<Page<Login>>, SalesforceError> {
    let slices = bounds.windows(2).map(|ends| (ends[0], ends[1])).collect();
    let pieces: Vec<_> = client.slices_by_jobs(slices).try_collect().await?;
    let rows = pieces.into_iter().filter_map(|piece| match piece {
        Piece::Rows(page) => Some(page),
        Piece::End { .. } => None,
    });
    Ok(rows.collect())
}

pub(crate) fn written(simulator: &Simulator, from: Timestamp, until: Timestamp) -> Vec<String> {
    let org = simulator.org();
    let within = org.logins().iter().filter(|login| from <= login.login_time && login.login_time < until);
    let mut rows: Vec<_> = within.map(|login| (login.login_time, login.id.to_string())).collect();
    rows.sort();
    rows.into_iter().map(|(_, id)| id).collect()
}

pub(crate) fn ids(logins: &[Login]) -> Vec<String> {
    logins.iter().map(|login| login.id.to_string()).collect()
}

//! The whole self-test of one org.

use serde::Serialize;

use super::budget::Cadence;
use super::check::{Check, State};
use super::facts::{Facts, Looked, WordOfOther};
use super::{
    account, api_version, budget, clock_skew, egress, identities, lacking, login, privilege, visibility,
};
use crate::clock::Clock;
use crate::observation::UserId;
use crate::salesforce::{Ability, Connection, Role, Salesforce, SalesforceError, Weight};

/// What the self-test of one org came to.
#[derive(Debug, Clone, Serialize)]
pub struct OrgReport {
    /// The operator's name for the org.
    pub org: String,
    /// Each identity of the connection document.
    pub identities: Vec<IdentityReport>,
    /// What is about both.
    pub checks: Vec<Check>,
}

/// What the self-test of one identity came to.
#[derive(Debug, Clone, Serialize)]
pub struct IdentityReport {
    /// `scanner` or `revoker`.
    pub identity: String,
    /// As the connection document names it.
    pub username: Option<String>,
    /// Its user, once it was let in.
    pub user_id: Option<UserId>,
    /// In the order in which one rests on the other.
    pub checks: Vec<Check>,
}

impl OrgReport {
    /// Every check.
    pub fn all_checks(&self) -> impl Iterator<Item = &Check> {
        self.identities.iter().flat_map(|identity| &identity.checks).chain(&self.checks)
    }

    /// The worst state.
    pub fn worst(&self) -> State {
        self.all_checks().map(|check| check.state).max().unwrap_or(State::Ok)
    }
}

/// Examines one org: both identities at once, each by itself. `connect` makes the client of a role.
pub async fn examine(
    connection: &Connection,
    connect: impl Fn(Role) -> Result<Salesforce, SalesforceError>,
    interval: std::time::Duration,
    clock: &dyn Clock,
) -> OrgReport {
    let client = |role| connection.identity(role).map(|_| connect(role));
    let clients = [client(Role::Scanner), client(Role::Revoker)];
    let [scanner, revoker] = &clients;
    let (mut of_scanner, mut of_revoker) = futures::future::join(
        look(connection, Role::Scanner, scanner.as_ref(), clock),
        look(connection, Role::Revoker, revoker.as_ref(), clock),
    )
    .await;
    hear(&mut of_scanner, revoker.as_ref(), clock).await;
    hear(&mut of_revoker, scanner.as_ref(), clock).await;
    let facts: Vec<_> = of_scanner.iter().chain(&of_revoker).collect();
    OrgReport {
        org: connection.org_alias.clone(),
        identities: facts.iter().map(|facts| identity(facts, interval)).collect(),
        checks: vec![
            identities::apart(of_scanner.as_ref(), of_revoker.as_ref()),
            identities::protected(&facts),
        ],
    }
}

async fn look(
    connection: &Connection,
    role: Role,
    client: Option<&Result<Salesforce, SalesforceError>>,
    clock: &dyn Clock,
) -> Option<Facts> {
    Some(match client? {
        Ok(salesforce) => Facts::read(salesforce, connection, role, clock).await,
        Err(error) => Facts::refused(connection, role, error.clone()),
    })
}

/// Asks the other identity about one that was not let in.
async fn hear(
    facts: &mut Option<Facts>,
    other: Option<&Result<Salesforce, SalesforceError>>,
    clock: &dyn Clock,
) {
    if let Some(facts) = facts
        && let Err(SalesforceError::NotAuthorised { .. }) = &facts.login
        && let (Some(username), Some(Ok(other))) = (&facts.username, other)
    {
        facts.word_of_other = Some(WordOfOther::read(other, username, clock.now()).await);
    }
}

fn identity(facts: &Facts, interval: std::time::Duration) -> IdentityReport {
    IdentityReport {
        identity: facts.role.to_string(),
        username: facts.username.clone(),
        user_id: facts.login.as_ref().ok().cloned(),
        checks: checks(facts, interval),
    }
}

fn checks(facts: &Facts, interval: std::time::Duration) -> Vec<Check> {
    let mut checks = vec![login::judge(facts)];
    if facts.skew.is_some() || facts.login.is_ok() {
        checks.push(clock_skew::judge(facts.skew));
    }
    match &facts.looked {
        Some(Ok(looked)) => checks.extend(of_looked(facts, looked, interval)),
        Some(Err(error)) => checks.push(stopped(error)),
        None => {}
    }
    if !matches!(facts.looked, Some(Ok(_))) {
        let role = facts.role;
        let seen = format!("not looked at: nothing is seen or done as {role}");
        checks.push(Check::new("permissions", State::Blind(Weight::Needed), seen, "see above"));
    }
    checks
}

/// At its reserve a scanner looks no more, and Salesforce answers the others.
fn stopped(error: &SalesforceError) -> Check {
    let state = match error {
        SalesforceError::ReserveReached { .. } => State::Blind(Weight::Needed),
        _ => State::Unreachable,
    };
    let todo = "ask again later; where the calls are used up, Setup > Company Information shows by whom";
    Check::new("api", state, error.to_string(), todo)
}

fn of_looked(facts: &Facts, looked: &Looked, interval: std::time::Duration) -> Vec<Check> {
    let version = api_version::judge(&facts.api_version, &looked.versions);
    let mut checks = vec![version];
    checks.push(budget::judge(looked.budget, Cadence { interval, sessions: sessions(looked) }));
    checks.push(egress::judge(&looked.last_login));
    checks.push(account::judge(looked));
    checks.push(privilege::judge(&looked.visibility));
    checks.extend(visibility::judge(facts.role, looked));
    checks.push(lacking::judge(facts.role, looked));
    checks
}

fn sessions(looked: &Looked) -> u64 {
    let rows = looked.rows.iter().find(|(ability, _)| *ability == Ability::Sessions);
    match rows {
        Some((_, Ok(Some(rows)))) => rows.own + rows.others,
        _ => 0,
    }
}

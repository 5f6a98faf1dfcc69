//! `warden doctor`: whether each identity is let in, what it is blind to, and what to do about it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use comfy_table::{Cell, Color};
use futures::future::join_all;
use serde::Serialize;
use session_warden::clock::{Clock as _, SystemClock};
use session_warden::salesforce::{Connection, Salesforce, Weight, http_client};
use session_warden::self_test::{Check, IdentityReport, OrgReport, State, examine};

use crate::arguments::{self, Output, OwnRulesOptions};
use crate::commands::policy::without_packs;
use crate::exit::Exit;
use crate::output;
use crate::workplace::{self, Rules};

/// `warden doctor`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 all is well, 1 warnings or a useful permission that is missing, 2 a credential, \
                        account or connection document that is wrong, 3 Salesforce unreachable or out of calls, \
                        4 something that is needed cannot be seen or done. The worst of all orgs counts: 2, 3, 4, 1, 0."
)]
pub(crate) struct DoctorOptions {
    /// Connection document of an org; may be given several times.
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    connection: Vec<String>,
    /// Time between rounds that is planned for `warden run`, for what it costs in API calls.
    #[arg(long, default_value = "60s", value_name = "DURATION", value_parser = arguments::interval)]
    interval: Duration,
    /// The policy: which detections are off without a data pack; the defaults where none is given.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
}

/// One org, for scripts.
#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    report: &'a OrgReport,
    exit_code: u8,
    /// Detections that are silent because no data pack has what they look at.
    detections_off: &'a [&'static str],
}

/// Examines every org at once; one that cannot be reached keeps no other waiting for its own answer.
pub(crate) async fn run(options: &DoctorOptions, format: Output) -> anyhow::Result<Exit> {
    output::no_csv(format, "doctor")?;
    let rules = Rules::whole(options.policy.as_deref(), &OwnRulesOptions::default())?;
    let off = rules.packs.silences(&rules.detections, SystemClock.now());
    let http = http_client()?;
    let connections: Vec<_> = options.connection.iter().map(|name| workplace::connection(name)).collect();
    let readable = connections.iter().filter_map(|connection| connection.as_ref().ok());
    let reports = join_all(readable.map(|connection| report(connection, &http, options.interval))).await;
    tell(&reports, &off, format)?;
    let unreadable = connections.iter().filter_map(|connection| connection.as_ref().err());
    unreadable.clone().for_each(output::complain);
    let wrong = unreadable.map(|_| Exit::BadInput);
    Ok(reports.iter().map(exit).chain(wrong).max().unwrap_or(Exit::Clean))
}

async fn report(connection: &Connection, http: &reqwest::Client, interval: Duration) -> OrgReport {
    let connect = |role| Salesforce::new(connection, role, http.clone(), Arc::new(SystemClock));
    examine(connection, connect, interval, &SystemClock).await
}

fn exit(report: &OrgReport) -> Exit {
    match report.worst() {
        State::Ok | State::Off => Exit::Clean,
        State::Warning | State::Blind(Weight::Useful) => Exit::Findings,
        State::Blind(Weight::Needed) => Exit::Blind,
        State::Unreachable => Exit::Unreachable,
        State::Failed => Exit::BadInput,
    }
}

fn tell(reports: &[OrgReport], off: &[&'static str], format: Output) -> anyhow::Result<()> {
    if format == Output::Json {
        let document = |report| Document { report, exit_code: exit(report).code(), detections_off: off };
        return output::say_json(&reports.iter().map(document).collect::<Vec<_>>());
    }
    let shown: Vec<_> = reports.iter().map(shown).collect();
    output::say(&shown.join("\n\n"))?;
    if !off.is_empty() {
        output::note(&without_packs(off));
    }
    Ok(())
}

/// One table for each identity, and one for what is about both.
fn shown(report: &OrgReport) -> String {
    let org = output::harmless(&report.org);
    let of_identity = |identity: &IdentityReport| {
        let name = identity.username.as_deref().unwrap_or("the app's run-as user");
        let title = format!("{org}: {} {}", identity.identity, output::harmless(name));
        format!("{title}\n{}", table(&identity.checks))
    };
    let mut parts: Vec<_> = report.identities.iter().map(of_identity).collect();
    parts.push(format!("{org}: both identities\n{}", table(&report.checks)));
    parts.push(summary(report));
    parts.join("\n\n")
}

fn table(checks: &[Check]) -> String {
    let mut table = output::table(&["Check", "State", "Seen", "To do"]);
    for check in checks {
        table.add_row([
            Cell::new(check.check),
            state_cell(check.state),
            output::sentences(&check.seen),
            output::sentences(&check.todo),
        ]);
    }
    table.to_string()
}

fn state_cell(state: State) -> Cell {
    let color = match state {
        State::Ok => Color::Green,
        State::Off | State::Warning | State::Blind(Weight::Useful) => Color::Yellow,
        State::Blind(Weight::Needed) | State::Unreachable | State::Failed => Color::Red,
    };
    Cell::new(state.name()).fg(color)
}

fn summary(report: &OrgReport) -> String {
    let count = |states: &[&str]| report.all_checks().filter(|it| states.contains(&it.state.name())).count();
    let (failed, blind, warnings) =
        (count(&["failed", "unreachable"]), count(&["blind"]), count(&["warning"]));
    format!("{failed} failed, {blind} blind, {warnings} warnings; exit code {}", exit(report).code())
}

#[cfg(test)]
mod tests {
    use session_warden::salesforce::Permission;
    use session_warden::self_test::Missing;

    use super::*;

    fn check(check: &'static str, state: State, seen: &str, todo: &str) -> Check {
        Check { check, state, seen: seen.to_owned(), todo: todo.to_owned(), missing: Vec::new() }
    }

    fn report(checks: Vec<Check>) -> OrgReport {
        let identity = IdentityReport {
            identity: "scanner".to_owned(),
            username: Some("warden-scanner@acme.example".to_owned()),
            user_id: None,
            checks,
        };
        OrgReport {
            org: "production".to_owned(),
            identities: vec![identity],
            checks: vec![check("two-identities", State::Ok, "scanner and revoker are two users", "")],
        }
    }

    #[test]
    fn a_person_sees_what_is_blind_and_what_to_do() {
        let blind = Check {
            missing: vec![Missing(Permission::ManageUsers)],
            ..check(
                "sessions",
                State::Blind(Weight::Needed),
                "no permission for AuthSession: it is not seen who is in now, nor a session used from a strange address",
                "give it Manage Users (PermissionsManageUsers)",
            )
        };
        let report = report(vec![
            check("login", State::Ok, "let in as user 0055g00000AbCdEAAV", ""),
            check(
                "clock",
                State::Warning,
                "this machine is 40 s ahead of Salesforce",
                "synchronise this machine's clock (NTP)",
            ),
            check("places", State::Off, "off by choice", ""),
            blind,
            check("egress", State::Ok, "Salesforce sees this identity come from 198.18.0.1\u{1b}[2J", ""),
        ]);
        insta::assert_snapshot!(shown(&report));
    }

    #[test]
    fn the_worst_state_is_the_exit_code() {
        let code =
            |state| exit(&report(vec![check("x", State::Ok, "", ""), check("y", state, "", "")])).code();
        let states = [
            State::Ok,
            State::Off,
            State::Warning,
            State::Blind(Weight::Useful),
            State::Blind(Weight::Needed),
            State::Unreachable,
            State::Failed,
        ];
        assert_eq!(states.map(code), [0, 0, 1, 1, 4, 3, 2]);
    }
}

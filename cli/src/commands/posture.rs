//! `warden posture`: what an auditor asks of an org, and what the API cannot tell.

mod row;

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use comfy_table::Cell;
use futures::future::join_all;
use session_warden::clock::SystemClock;
use session_warden::posture::{CHECKS, Examined, Facts, PostureCheck};
use session_warden::salesforce::{Role, Salesforce, http_client};

use self::row::{PostureRow, State};
use crate::arguments::Output;
use crate::exit::Exit;
use crate::output;
use crate::progress;
use crate::workplace;

/// How many things a table names for each check; JSON and CSV name all.
const NAMED: usize = 5;

/// `warden posture`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 nothing found, 1 something found, 4 something could not be read, 3 Salesforce unreachable, 2 \
                        wrong use or credential. The worst of all orgs counts: 2, 3, 4, 1, 0. No query shows the IP \
                        relaxation of applications, so that without `--without app-without-ip-limits` an org with \
                        applications ends with 4.\n\n\
                        Example: two orgs for a spreadsheet\n  \
                        warden posture --connection production.json sandbox.json --output csv"
)]
pub(crate) struct PostureOptions {
    /// Connection documents of the orgs; one that fails does not keep the others from being examined.
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    connection: Vec<String>,
    /// Checks that are not wanted; they are told as off.
    #[arg(long, num_args = 1.., value_name = "CHECK", value_parser = check_id)]
    without: Vec<String>,
}

/// An org, and what each check came to; nothing for one that is not wanted.
struct OrgPosture {
    org: String,
    outcome: anyhow::Result<Vec<(&'static PostureCheck, Option<Examined>)>>,
}

/// Examines every org at once; one that fails is told beside the others.
pub(crate) async fn run(options: &PostureOptions, format: Output) -> anyhow::Result<Exit> {
    let http = http_client()?;
    let without: BTreeSet<_> = options.without.iter().map(String::as_str).collect();
    let spinner = progress::spinner("Reading how the org is kept".to_owned());
    let names = options.connection.iter();
    let orgs = join_all(names.map(|name| examine(name, &http, &without))).await;
    spinner.finish_and_clear();
    let rows: Vec<_> = orgs.iter().flat_map(PostureRow::of_org).collect();
    match format {
        Output::Table => orgs.iter().filter_map(shown).try_for_each(|table| output::say(&table))?,
        Output::Json => output::say_json_lines(&rows)?,
        Output::Csv => output::say_csv_rows(PostureRow::CSV, &rows)?,
    }
    let errors = orgs.iter().filter_map(|org| org.outcome.as_ref().err());
    errors.clone().for_each(output::complain);
    Ok(rows.iter().map(|row| row.state.exit()).chain(errors.map(Exit::of)).max().unwrap_or(Exit::Clean))
}

async fn examine(name: &str, http: &reqwest::Client, without: &BTreeSet<&str>) -> OrgPosture {
    let connection = match workplace::connection(name) {
        Ok(connection) => connection,
        Err(error) => return OrgPosture { org: name.to_owned(), outcome: Err(error) },
    };
    let org = connection.org_alias.clone();
    let facts = async {
        let salesforce = Salesforce::new(&connection, Role::Scanner, http.clone(), Arc::new(SystemClock))?;
        Facts::read(&salesforce, &SystemClock).await
    };
    let examined = |facts: Facts| {
        let wanted = |check: &PostureCheck| !without.contains(check.id);
        CHECKS.iter().map(|check| (check, wanted(check).then(|| check.examine(&facts)))).collect()
    };
    let outcome = facts.await.map(examined).with_context(|| format!("Org {}", output::harmless(&org)));
    OrgPosture { org, outcome }
}

fn check_id(text: &str) -> Result<String, String> {
    let known = || CHECKS.iter().map(|check| check.id);
    if known().any(|id| id == text) {
        Ok(text.to_owned())
    } else {
        Err(format!("the checks are {}", known().collect::<Vec<_>>().join(", ")))
    }
}

/// A table; nothing for an org that failed.
fn shown(org: &OrgPosture) -> Option<String> {
    let checks = org.outcome.as_ref().ok()?;
    let mut table = output::table(&["Check", "State", "Who or what", "Why it matters, and what to do"]);
    for (check, examined) in checks {
        for (state, what) in told(examined.as_ref()) {
            let advice = match state {
                State::Found | State::Unreadable => {
                    format!("{}.\n{}.", capital(check.why), capital(check.fix))
                }
                _ => String::new(),
            };
            table.add_row([
                Cell::new(format!("{}\n({})", check.title, check.id)),
                Cell::new(state.name()).fg(state.colour()),
                Cell::new(what),
                Cell::new(advice),
            ]);
        }
    }
    Some(format!("{}\n{table}", output::harmless(&org.org)))
}

/// What a check found, and apart from that what it could not read.
fn told(examined: Option<&Examined>) -> Vec<(State, String)> {
    let Some(Examined { looked_at, findings, unreadable }) = examined else {
        return vec![(State::Off, "off by choice".to_owned())];
    };
    let mut told = Vec::new();
    if !findings.is_empty() {
        let line = |subject: &str, detail: &str| {
            format!("{}: {}", output::harmless(subject), output::harmless(detail))
        };
        let mut lines: Vec<_> =
            findings.iter().take(NAMED).map(|found| line(&found.subject, &found.detail)).collect();
        if findings.len() > NAMED {
            lines.push(format!("and {} more; --output csv names all", findings.len() - NAMED));
        }
        told.push((State::Found, lines.join("\n")));
    }
    if !unreadable.is_empty() {
        let lines: Vec<_> = unreadable.iter().map(|needs| output::lines(needs)).collect();
        told.push((State::Unreadable, lines.join("\n")));
    }
    if told.is_empty() {
        told.push((State::Clean, format!("{looked_at} looked at")));
    }
    told
}

fn capital(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use session_warden::posture::Finding;

    use super::*;

    fn org(examined: &[(&str, Option<Examined>)]) -> OrgPosture {
        let check = |id: &str| CHECKS.iter().find(|check| check.id == id).unwrap();
        let outcome = examined.iter().map(|(id, examined)| (check(id), examined.clone())).collect();
        OrgPosture { org: "production".to_owned(), outcome: Ok(outcome) }
    }

    fn finding(subject: impl Into<String>, detail: &str) -> Finding {
        Finding { subject: subject.into(), detail: detail.to_owned() }
    }

    #[test]
    fn a_person_sees_who_why_and_what_to_do() {
        let tokens = |number: u8| finding(format!("App {number}"), "3 not used for 90 days");
        let left = Examined {
            looked_at: 9,
            findings: vec![finding(
                "eve@acme.example",
                "inactive: 1 live sessions, 2 refresh tokens\u{1b}[2J",
            )],
            unreadable: vec!["UserLogin: needs Freeze Users".to_owned()],
        };
        let org = org(&[
            ("ended-account-with-access", Some(left)),
            ("privileged-without-mfa", Some(Examined { looked_at: 4, ..Examined::default() })),
            ("app-without-ip-limits", None),
            ("old-tokens", Some(Examined { findings: (1..=7).map(tokens).collect(), ..Examined::default() })),
        ]);
        let table = shown(&org).unwrap();
        let lines: Vec<_> = table.lines().map(str::trim_end).collect();
        assert!(lines.iter().all(|line| line.chars().count() <= 110), "{table}");
        insta::assert_snapshot!(lines.join("\n"), @r"
        production
        ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
         Check                            State        Who or what                      Why it matters, and what to
                                                                                        do
        ══════════════════════════════════════════════════════════════════════════════════════════════════════════════
         Inactive or frozen users with    found        eve@acme.example: inactive: 1    Who has left, or was locked
         live sessions or tokens                       live sessions, 2 refresh         out for cause, may still be
         (ended-account-with-access)                   tokens�[2J                       in.
                                                                                        End what they hold: warden
                                                                                        contain --user.
        ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
         Inactive or frozen users with    unreadable   UserLogin: needs Freeze Users    Who has left, or was locked
         live sessions or tokens                                                        out for cause, may still be
         (ended-account-with-access)                                                    in.
                                                                                        End what they hold: warden
                                                                                        contain --user.
        ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
         Privileged people without a      clean        4 looked at
         second factor
         (privileged-without-mfa)
        ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
         Applications with relaxed IP     off          off by choice
         restrictions
         (app-without-ip-limits)
        ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
         Refresh tokens older than a      found        App 1: 3 not used for 90 days    A token does not age: one
         year, or not used for 90 days                 App 2: 3 not used for 90 days    that was copied from a vendor
         (old-tokens)                                  App 3: 3 not used for 90 days    years ago still lets its
                                                       App 4: 3 not used for 90 days    thief in.
                                                       App 5: 3 not used for 90 days    Let the app's refresh token
                                                       and 2 more; --output csv names   policy expire them, have
                                                       all                              vendors rotate theirs, and
                                                                                        revoke what nobody uses
                                                                                        (warden tokens --app lists
                                                                                        them).
        ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
        ");
    }
}

//! `warden policy`: is it right, does it do what is expected, and what is in force.

mod explained;

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use session_warden::clock::{Clock, SystemClock};
use session_warden::detection::{About, Detection, cards, catalogue};
use session_warden::packs::{PackError, PackState, Packs};
use session_warden::policy::{PolicyError, PolicyFault, PolicyText, TestResult, explain, nearest};
use session_warden::settings::Settings;
use session_warden::store::{PolicyRecord, push_policy};

use crate::arguments::{Output, OwnRulesOptions, StoreOptions};
use crate::exit::Exit;
use crate::output::{self, sentence};
use crate::workplace::{Workplace, folder, own_rules, policy_text, read_text};

/// `warden policy`.
#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Name every mistake with its line, its key and what was probably meant.
    Check(CheckOptions),
    /// Run the tests inside the policy: given these logins, this is found.
    Test(CheckOptions),
    /// Show what is in force for a user and a detection, and why.
    Explain(ExplainOptions),
    /// Put a policy in force for the functions that share a store; every one before it is kept.
    Push(PushOptions),
}

/// `warden policy check` and `test`.
#[derive(Debug, Args)]
pub(crate) struct CheckOptions {
    /// The policy.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    own_rules: OwnRulesOptions,
}

/// `warden policy explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainOptions {
    /// The policy.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// For whom: a username or a user id; by default for everybody.
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// One detection or own rule with everything about it; by default all of them.
    #[arg(long, value_name = "ID")]
    detection: Option<String>,
    #[command(flatten)]
    own_rules: OwnRulesOptions,
}

/// `warden policy push`.
#[derive(Debug, Args)]
pub(crate) struct PushOptions {
    /// The policy. Its own tests must pass.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    store: StoreOptions,
}

/// Answers one question about a policy.
pub(crate) async fn run(command: &PolicyCommand, format: Output) -> anyhow::Result<Exit> {
    output::no_csv(format, "policy")?;
    match command {
        PolicyCommand::Check(options) => check(options, format),
        PolicyCommand::Test(options) => test(options, format),
        PolicyCommand::Push(options) => push(options, format).await,
        PolicyCommand::Explain(options) => explained(options, format),
    }
}

fn explained(options: &ExplainOptions, format: Output) -> anyhow::Result<Exit> {
    let (text, own) = read(&options.file, &options.own_rules)?;
    let own = own.iter().map(|rule| rule.about());
    let all: Vec<_> = cards().iter().copied().chain(own).collect();
    let asked = match &options.detection {
        Some(id) => vec![one_of(&all, id)?],
        None => all,
    };
    let explanation = explain(&text, options.user.as_deref(), &asked, SystemClock.now());
    match format {
        Output::Json => output::say_json(&explanation)?,
        Output::Table | Output::Csv if options.detection.is_some() => explained::one(&explanation)?,
        Output::Table | Output::Csv => explained::all(&explanation)?,
    }
    Ok(Exit::Clean)
}

fn one_of(all: &[&'static About], id: &str) -> anyhow::Result<&'static About> {
    let found = all.iter().find(|card| card.id == id).copied();
    found.ok_or_else(|| match nearest(id, all.iter().map(|card| card.id)) {
        Some(meant) => anyhow!("`{id}` is no detection and no own rule; did you mean `{meant}`?"),
        None => anyhow!("`{id}` is no detection and no own rule; docs/detections/README.md lists detections"),
    })
}

/// A policy that does not do what its author expects is not put in force.
async fn push(options: &PushOptions, format: Output) -> anyhow::Result<Exit> {
    let (file, text) = (options.file.display(), read_text(&options.file)?);
    let (PolicyText { policy, .. }, own) = read(&options.file, &OwnRulesOptions::default())?;
    let failed = policy.test(own).into_iter().find(|result| !result.failures.is_empty());
    if let Some(failed) = failed {
        bail!(
            "{file}: its test `{}` fails, so it is not put in force; `warden policy test` says why",
            failed.name
        );
    }
    let store = Workplace::open(&options.store).await?.store;
    let (hash, by, at) = (policy.hash(), Settings::of_process().person(), SystemClock.now());
    let pushed = push_policy(store.as_ref(), PolicyRecord { number: 0, hash, text, by, at }).await?;
    match format {
        Output::Json => output::say_json(&json!({
            "number": pushed.number, "hash": pushed.hash, "by": pushed.by, "at": pushed.at,
        }))?,
        Output::Table | Output::Csv => output::say(&format!(
            "{file}: in force as policy {}, pushed by {} at {}. Its hash is {}.",
            pushed.number,
            output::harmless(&pushed.by),
            pushed.at,
            pushed.hash
        ))?,
    }
    Ok(Exit::Clean)
}

/// A policy, and the own rules that it may speak of.
fn read(file: &Path, rules: &OwnRulesOptions) -> anyhow::Result<(PolicyText, Vec<Box<dyn Detection>>)> {
    let text = policy_text(Some(file))?;
    let own = own_rules(&text, Some(file), rules).with_context(|| file.display().to_string())?;
    Ok((text, own))
}

fn check(options: &CheckOptions, format: Output) -> anyhow::Result<Exit> {
    let file = options.file.as_path();
    let faults = match read(file, &options.own_rules) {
        Ok((text, _)) => {
            let (packs, wrong) = Packs::load(&text.policy.packs, folder(Some(file)));
            let faults: Vec<_> =
                wrong.into_iter().map(|(number, error)| unusable(&text, number, &error)).collect();
            if faults.is_empty() {
                return right(file, &text, &packs, format);
            }
            faults
        }
        Err(error) => match error.downcast()? {
            PolicyError::Wrong(faults) => faults,
            error @ PolicyError::NoFile { .. } => bail!(error),
        },
    };
    match format {
        Output::Json => output::say_json(&json!({ "faults": faults }))?,
        Output::Table | Output::Csv => {
            for fault in &faults {
                output::say(&format!("{}, {}", file.display(), sentence(&fault.to_string())))?;
            }
        }
    }
    Ok(Exit::BadInput)
}

/// A pack that cannot be used, where the policy declares it.
fn unusable(text: &PolicyText, number: usize, error: &PackError) -> PolicyFault {
    let key = format!("packs[{}].path", number + 1);
    PolicyFault { line: text.line(&key).unwrap_or(1), key, problem: error.to_string(), did_you_mean: None }
}

/// A policy without a mistake may still hold what no longer does anything.
fn right(file: &Path, text: &PolicyText, packs: &Packs, format: Output) -> anyhow::Result<Exit> {
    let now = SystemClock.now();
    let over = (1..).zip(&text.policy.exemptions).filter(|(_, exemption)| exemption.until <= now);
    let over: Vec<_> = over.map(|(number, _)| text.line(&format!("exemptions[{number}]"))).collect();
    let (off, states) = (packs.silences(&catalogue(&text.policy), now), packs.states(now));
    let warnings: Vec<_> = states.iter().flat_map(|state| state.warnings(now)).collect();
    match format {
        Output::Json => output::say_json(&json!({
            "faults": [], "hash": text.policy.hash(), "tests": text.policy.tests.len(), "exemptions_over": over,
            "packs": states.iter().map(pack).collect::<Vec<_>>(), "warnings": warnings, "detections_off": off,
        }))?,
        Output::Table | Output::Csv => {
            output::say(&format!("{}: right. Its hash is {}.", file.display(), text.policy.hash()))?;
        }
    }
    for state in &states {
        output::note(&sentence(&words(state)));
    }
    for warning in &warnings {
        output::warn(warning);
    }
    if !off.is_empty() {
        output::note(&without_packs(&off));
    }
    for line in over.into_iter().flatten() {
        output::warn(&format!(
            "{}, line {line}: this exemption is over and can be taken out",
            file.display()
        ));
    }
    Ok(Exit::Clean)
}

/// Which detections are silent, for people.
pub(crate) fn without_packs(off: &[&str]) -> String {
    format!("Off, because no data pack has what they look at (docs/packs.md): {}.", off.join(", "))
}

/// A pack, for scripts.
fn pack(state: &PackState) -> Value {
    json!({
        "name": state.name, "kind": state.kind, "file": state.file, "as_of": state.as_of, "decides_until": state.ends,
        "entries": state.entries, "entries_over": state.over, "rejected": state.rejected.total,
        "database": state.database, "sources": state.manifest.as_ref().map(|manifest| &manifest.sources),
    })
}

/// A pack, for people.
fn words(state: &PackState) -> String {
    let held = match (state.entries, &state.database) {
        (Some(entries), _) => format!("{entries} entries"),
        (None, database) => format!("a database {}", database.as_deref().unwrap_or_default()),
    };
    let (as_of, ends) = (state.as_of.strftime("%F"), state.ends.strftime("%F %R"));
    format!("Pack {} ({}): {held} of {as_of}, believed until {ends} UTC.", state.name, state.kind.name())
}

fn test(options: &CheckOptions, format: Output) -> anyhow::Result<Exit> {
    let (text, own) = read(&options.file, &options.own_rules)?;
    let results = text.policy.test(own);
    if results.is_empty() {
        let file = options.file.display();
        bail!("{file}: has no `tests`: infra/policy.yaml shows how one is written");
    }
    let failed = results.iter().filter(|result| !result.failures.is_empty()).count();
    match format {
        Output::Json => output::say_json(&results)?,
        Output::Table | Output::Csv => tell(&results)?,
    }
    output::note(&format!("{} tests, {failed} failed.", results.len()));
    Ok(if failed == 0 { Exit::Clean } else { Exit::Findings })
}

fn tell(results: &[TestResult]) -> anyhow::Result<()> {
    for result in results {
        let word = if result.failures.is_empty() { "passed" } else { "FAILED" };
        output::say(&format!("{word}  {}", sentence(&result.name)))?;
        for failure in &result.failures {
            output::say(&format!("        {}", sentence(failure)))?;
        }
    }
    Ok(())
}

//! `warden policy`: is it right, does it do what is expected, and what is in force.

mod explained;

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use session_warden::clock::{Clock, SystemClock};
use session_warden::detection::{About, card, cards};
use session_warden::packs::{PackError, PackState, Packs};
use session_warden::policy::{Mode, PolicyError, PolicyFault, PolicyText, TestResult, explain};
use session_warden::settings::Settings;
use session_warden::store::{PolicyRecord, push_policy};

use crate::arguments::{Output, StoreOptions};
use crate::exit::Exit;
use crate::output::{self, sentence};
use crate::workplace::{Workplace, folder, read_text};

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
    /// One detection with all its parameters; by default all of them.
    #[arg(long, value_name = "ID", value_parser = detection)]
    detection: Option<&'static About>,
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

fn detection(id: &str) -> Result<&'static About, String> {
    card(id).ok_or_else(|| "there is no such detection; docs/detections/README.md lists them".to_owned())
}

/// Answers one question about a policy.
pub(crate) async fn run(command: &PolicyCommand, format: Output) -> anyhow::Result<Exit> {
    output::no_csv(format, "policy")?;
    match command {
        PolicyCommand::Check(options) => check(&options.file, format),
        PolicyCommand::Test(options) => test(&options.file, format),
        PolicyCommand::Push(options) => push(options, format).await,
        PolicyCommand::Explain(options) => {
            let text = read(&options.file)?;
            let now = SystemClock.now();
            let explanation = explain(&text, options.user.as_deref(), options.detection, now);
            match format {
                Output::Json => output::say_json(&explanation)?,
                Output::Table | Output::Csv if options.detection.is_some() => explained::one(&explanation)?,
                Output::Table | Output::Csv => explained::all(&explanation)?,
            }
            Ok(Exit::Clean)
        }
    }
}

/// A policy that does not do what its author expects is not put in force.
async fn push(options: &PushOptions, format: Output) -> anyhow::Result<Exit> {
    let (file, text) = (options.file.display(), read_text(&options.file)?);
    let policy = read(&options.file)?.policy;
    let failed = policy.test().into_iter().find(|result| !result.failures.is_empty());
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

fn read(file: &Path) -> anyhow::Result<PolicyText> {
    use anyhow::Context;
    PolicyText::parse(&read_text(file)?).with_context(|| file.display().to_string())
}

fn check(file: &Path, format: Output) -> anyhow::Result<Exit> {
    let faults = match PolicyText::parse(&read_text(file)?) {
        Ok(text) => {
            let (packs, wrong) = Packs::load(&text.policy.packs, folder(Some(file)));
            let faults: Vec<_> =
                wrong.into_iter().map(|(number, error)| unusable(&text, number, &error)).collect();
            if faults.is_empty() {
                return right(file, &text, &packs, format);
            }
            faults
        }
        Err(PolicyError::Wrong(faults)) => faults,
        Err(error) => bail!(error),
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

/// Detections that are silent because no pack has what they look at.
fn off(text: &PolicyText, packs: &Packs) -> Vec<&'static str> {
    let needs_a_pack = |card: &&&About| {
        card.needs.iter().any(|sensor| sensor.is_pack() && !packs.supplies(*sensor, SystemClock.now()))
    };
    let runs = |card: &&&About| text.policy.mode_of(card.id) != Mode::Off;
    cards().iter().filter(needs_a_pack).filter(runs).map(|card| card.id).collect()
}

/// A policy without a mistake may still hold what no longer does anything.
fn right(file: &Path, text: &PolicyText, packs: &Packs, format: Output) -> anyhow::Result<Exit> {
    let now = SystemClock.now();
    let over = (1..).zip(&text.policy.exemptions).filter(|(_, exemption)| exemption.until <= now);
    let over: Vec<_> = over.map(|(number, _)| text.line(&format!("exemptions[{number}]"))).collect();
    let (off, states) = (off(text, packs), packs.states(now));
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
        output::note(&format!(
            "Off, because no data pack has what they look at (docs/packs.md): {}.",
            off.join(", ")
        ));
    }
    for line in over.into_iter().flatten() {
        output::warn(&format!(
            "{}, line {line}: this exemption is over and can be taken out",
            file.display()
        ));
    }
    Ok(Exit::Clean)
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

fn test(file: &Path, format: Output) -> anyhow::Result<Exit> {
    let results = read(file)?.policy.test();
    if results.is_empty() {
        bail!("{}: has no `tests`: infra/policy.yaml shows how one is written", file.display());
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

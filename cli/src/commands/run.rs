//! `warden run`: scan, evaluate and contain, for good or once, over any number of orgs.

use std::pin::{Pin, pin};

use anyhow::Context;
use futures::future::join_all;
use session_warden::salesforce::http_client;

use crate::arguments::{Output, RunOptions};
use crate::exit::Exit;
use crate::output;
use crate::pipeline::Org;
use crate::progress;
use crate::round::Round;
use crate::workplace::{self, Rules, Workplace};

/// How a round came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// Everything was looked at.
    Complete,
    /// The process was asked to end.
    Interrupted,
}

/// Runs until interrupted, or one round. The exit code is the worst of all rounds.
pub(crate) async fn run(options: &RunOptions, format: Output) -> anyhow::Result<Exit> {
    let workplace = Workplace::open(&options.store).await?;
    let rules = Rules::load(options.policy.as_deref())?;
    let http = http_client()?;
    let connect = |name: &String| Org::connect(&workplace::connection(name)?, &http);
    let orgs = options.connection.iter().map(connect).collect::<anyhow::Result<Vec<_>>>()?;
    for org in orgs.iter().filter(|org| org.cannot_contain()) {
        output::note(&format!(
            "Org {}: the connection document has no revoker, so nothing can be contained.",
            org.alias
        ));
    }
    let mut end = pin!(asked_to_end());
    let mut worst = Exit::Clean;
    loop {
        let (exit, ended) = round(&orgs, &workplace, &rules, format, end.as_mut()).await?;
        worst = worst.max(exit);
        match ended {
            Ended::Interrupted if options.once => return Ok(worst.max(Exit::Blind)),
            Ended::Complete if !options.once => {}
            Ended::Interrupted | Ended::Complete => return Ok(worst),
        }
        tokio::select! {
            () = tokio::time::sleep(options.interval) => {}
            asked = &mut end => return asked.map(|()| worst),
        }
    }
}

/// Returns when the process is asked to end: Control-C, or SIGTERM as service managers send it.
async fn asked_to_end() -> anyhow::Result<()> {
    let failed = "Failed to wait for a signal";
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).context(failed)?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted.context(failed),
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await.context(failed)
}

/// One round over every org; one that fails neither stops nor delays another. A round that is interrupted is told as far
/// as it came.
async fn round(
    orgs: &[Org],
    workplace: &Workplace,
    rules: &Rules,
    format: Output,
    end: Pin<&mut impl Future<Output = anyhow::Result<()>>>,
) -> anyhow::Result<(Exit, Ended)> {
    let spinner = progress::spinner("Scanning");
    let tell = |progress: session_warden::stages::Progress| {
        spinner.set_message(format!(
            "Scanning: {} logins, read until {:.0}",
            progress.logins, progress.read_until
        ));
    };
    let mut rounds: Vec<_> = orgs.iter().map(|_| Round::default()).collect();
    let work =
        join_all(orgs.iter().zip(&mut rounds).map(|(org, round)| org.round(workplace, rules, &tell, round)));
    let ended = tokio::select! {
        _ = work => Ended::Complete,
        asked = end => asked.map(|()| Ended::Interrupted)?,
    };
    spinner.finish_and_clear();
    let mut worst = Exit::Clean;
    for (org, round) in orgs.iter().zip(rounds) {
        worst = worst.max(show(org, &round, format)?);
    }
    if ended == Ended::Interrupted {
        output::note("Interrupted before the round was complete; the next run goes on with what was begun.");
    }
    Ok((worst, ended))
}

fn show(org: &Org, round: &Round, format: Output) -> anyhow::Result<Exit> {
    match format {
        Output::Csv => output::say_csv(&round.raised)?,
        Output::Json => output::say_json(&as_json(org, round))?,
        Output::Table => show_table(org, round)?,
    }
    for blind in &round.blind {
        output::note(&format!("Org {}: blind: {}", output::harmless(&org.alias), output::harmless(blind)));
    }
    round.warnings.iter().for_each(|warning| output::warn(warning));
    round.errors.iter().for_each(output::complain);
    Ok(round.exit())
}

fn as_json(org: &Org, round: &Round) -> serde_json::Value {
    let errors: Vec<_> = round.errors.iter().map(|error| format!("{error:#}")).collect();
    serde_json::json!({
        "org": org.alias,
        "logins": round.logins,
        "rows_set_aside": round.rejected,
        "findings": round.raised,
        "containments": round.containments,
        "blind": round.blind,
        "warnings": round.warnings,
        "errors": errors,
    })
}

fn show_table(org: &Org, round: &Round) -> anyhow::Result<()> {
    // Where the scan failed, no new logins would read like good news.
    if round.errors.is_empty() || round.logins > 0 {
        output::note(&format!("Org {}: {} new logins.", output::harmless(&org.alias), round.logins));
    }
    if !round.raised.is_empty() {
        output::say(&output::findings_table(&round.raised).to_string())?;
    }
    for containment in &round.containments {
        let user = output::harmless(&containment.impact.username);
        output::say(&format!("{user}: {}", output::outcome_words(containment)))?;
    }
    Ok(())
}

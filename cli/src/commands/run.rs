//! `warden run`: scan, evaluate and contain, for good or once, over any number of orgs. Each org has a loop of its own: one
//! that is slow, hangs or fails delays no other.

use std::pin::pin;

use anyhow::Context;
use futures::future::{pending, try_join_all};
use indicatif::MultiProgress;
use session_warden::salesforce::http_client;
use tokio::sync::watch;

use crate::arguments::{Output, RunOptions};
use crate::exit::Exit;
use crate::output;
use crate::pipeline::{Org, Taught};
use crate::progress;
use crate::round::Round;
use crate::workplace::{self, Rules, Workplace};

/// What the loops of all orgs share.
struct Office<'a> {
    options: &'a RunOptions,
    format: Output,
    workplace: Workplace,
    rules: Rules,
    bars: MultiProgress,
}

/// How a piece of work came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// By itself.
    Complete,
    /// The process was asked to end.
    Interrupted,
}

/// Tells when the process is asked to end.
#[derive(Clone)]
struct Stop(watch::Receiver<bool>);

/// Runs until interrupted, or one round. The exit code is the worst of all rounds of all orgs. An org whose connection document
/// cannot be used is told, and the others are watched.
pub(crate) async fn run(options: &RunOptions, format: Output) -> anyhow::Result<Exit> {
    let workplace = Workplace::open(&options.store).await?.telling(&options.notify);
    let policy = options.policy.as_deref();
    let rules = Rules::whole(policy, &options.own_rules)?;
    let http = http_client()?;
    let documents = options.connection.iter();
    let first: Vec<_> = documents.map(|document| (document.as_str(), connect(document, &http))).collect();
    // A service manager is to see that nothing at all can be watched.
    if first.iter().all(|(_, connected)| connected.is_err()) {
        let mut errors =
            first.into_iter().filter_map(|(document, connected)| Some((document, connected.err()?)));
        return errors.try_fold(Exit::Clean, |worst, (document, error)| {
            Ok(worst.max(show(document, &Round::failed(error), format)?))
        });
    }
    let office = Office { options, format, workplace, rules, bars: MultiProgress::new() };
    let (ask, asked) = watch::channel(false);
    let watching = first
        .into_iter()
        .map(|(document, connected)| office.watch_document(document, connected, &http, Stop(asked.clone())));
    let watching = try_join_all(watching);
    let told = async {
        asked_to_end().await?;
        ask.send_replace(true);
        pending::<anyhow::Result<()>>().await
    };
    tokio::select! {
        exits = watching => Ok(exits?.into_iter().fold(Exit::Clean, Exit::max)),
        failed = told => failed.map(|()| Exit::Clean),
    }
}

fn connect(document: &str, http: &reqwest::Client) -> anyhow::Result<Org> {
    Org::connect(&workplace::connection(document)?, http)
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

impl Stop {
    /// Does some work, but not beyond the end.
    async fn or(&mut self, work: impl Future<Output = ()>) -> Ended {
        let work = pin!(work);
        tokio::select! {
            () = work => Ended::Complete,
            // Nobody drops the sender before the loops have ended.
            _ = self.0.wait_for(|asked| *asked) => Ended::Interrupted,
        }
    }
}

impl Office<'_> {
    /// The loop of the org of a connection document. One that cannot be used is told and, but with --once, tried again.
    async fn watch_document(
        &self,
        document: &str,
        mut connected: anyhow::Result<Org>,
        http: &reqwest::Client,
        mut stop: Stop,
    ) -> anyhow::Result<Exit> {
        let mut worst = Exit::Clean;
        loop {
            match connected {
                Ok(org) => return Ok(worst.max(self.watch(&org, stop).await?)),
                Err(error) => {
                    let failed = Round::failed(error);
                    worst = worst.max(self.bars.suspend(|| show(document, &failed, self.format))?);
                }
            }
            let pause = tokio::time::sleep(self.options.interval);
            if self.options.once || stop.or(pause).await == Ended::Interrupted {
                return Ok(worst);
            }
            connected = connect(document, http);
        }
    }

    /// The loop of one org: a round, history that still waits to teach, and a pause.
    async fn watch(&self, org: &Org, mut stop: Stop) -> anyhow::Result<Exit> {
        if org.cannot_contain() {
            output::note(&format!(
                "Org {}: the connection document has no revoker, so nothing can be contained.",
                org.alias
            ));
        }
        let mut worst = Exit::Clean;
        loop {
            let (exit, ended) = self.round(org, &mut stop).await?;
            worst = worst.max(exit);
            if ended == Ended::Interrupted {
                return Ok(if self.options.once { worst.max(Exit::Blind) } else { worst });
            }
            let (exit, ended) = Box::pin(self.teach(org, &mut stop)).await?;
            worst = worst.max(exit);
            if ended == Ended::Interrupted || self.options.once {
                return Ok(worst);
            }
        }
    }

    /// One round, told as far as it came.
    async fn round(&self, org: &Org, stop: &mut Stop) -> anyhow::Result<(Exit, Ended)> {
        let bar = self.bars.add(progress::spinner(format!("{}: scanning", org.alias)));
        let tell = |progress| progress::tell(&bar, &org.alias, progress);
        let mut round = Round::default();
        let work = Box::pin(org.round(&self.workplace, &self.rules, &tell, &mut round));
        let ended = stop.or(Box::pin(work)).await;
        bar.finish_and_clear();
        self.bars.remove(&bar);
        let exit = self.bars.suspend(|| show(&org.alias, &round, self.format))?;
        if ended == Ended::Interrupted {
            output::note(&format!(
                "Org {}: interrupted before the round was complete; the next run goes on with what was begun.",
                output::harmless(&org.alias)
            ));
        }
        Ok((exit, ended))
    }

    /// Lets old history teach until the next round is due, or with --once until there is no more.
    async fn teach(&self, org: &Org, stop: &mut Stop) -> anyhow::Result<(Exit, Ended)> {
        let due = tokio::time::Instant::now() + self.options.interval * org.stretch();
        let bar = self.bars.add(progress::spinner(String::new()));
        let tell = |progress| progress::tell(&bar, &org.alias, progress);
        let mut exit = Exit::Clean;
        let work = async {
            loop {
                match org.teach(&self.workplace, &self.rules, &tell).await {
                    Ok(Taught::More) if self.options.once || tokio::time::Instant::now() < due => {}
                    Ok(_) => break,
                    Err(error) => {
                        exit = Exit::of(&error);
                        self.bars.suspend(|| output::complain(&error));
                        break;
                    }
                }
            }
            bar.finish_and_clear();
            if !self.options.once {
                tokio::time::sleep_until(due).await;
            }
        };
        let ended = stop.or(Box::pin(work)).await;
        self.bars.remove(&bar);
        Ok((exit, ended))
    }
}

/// Tells a round of an org, which is named as the operator does: by its alias, or by a document that gives none.
fn show(org: &str, round: &Round, format: Output) -> anyhow::Result<Exit> {
    match format {
        Output::Csv => output::say_csv(&round.raised)?,
        Output::Json => output::say_json(&as_json(org, round))?,
        Output::Table => show_table(org, round)?,
    }
    let note = |what: &str, told: &str| {
        output::note(&format!("Org {}: {what}: {}", output::harmless(org), output::harmless(told)));
    };
    round.blind.iter().for_each(|sentence| note("blind", sentence));
    round.unseen.iter().for_each(|sentence| note("not seen", sentence));
    round.off.iter().for_each(|ability| note("off by choice", ability.id()));
    round.warnings.iter().for_each(|warning| output::warn(warning));
    round.errors.iter().for_each(output::complain);
    Ok(round.exit())
}

fn as_json(org: &str, round: &Round) -> serde_json::Value {
    let errors: Vec<_> = round.errors.iter().map(|error| format!("{error:#}")).collect();
    serde_json::json!({
        "org": org,
        "logins": round.logins,
        "late_logins": round.late,
        "rows_set_aside": round.rejected,
        "findings": round.raised,
        "containments": round.containments,
        "blind": round.blind,
        "unseen": round.unseen,
        "off": round.off.iter().map(|ability| ability.id()).collect::<Vec<_>>(),
        "warnings": round.warnings,
        "errors": errors,
    })
}

fn show_table(org: &str, round: &Round) -> anyhow::Result<()> {
    // Where the scan failed, no new logins would read like good news.
    if round.errors.is_empty() || round.logins > 0 {
        output::note(&format!("Org {}: {} new logins.", output::harmless(org), round.logins));
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

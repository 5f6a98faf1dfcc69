//! `warden run`: scan, evaluate and contain, for good or once, over any number of orgs.

use futures::future::join_all;
use session_warden::salesforce::http_client;

use crate::arguments::{Output, RunOptions};
use crate::exit::Exit;
use crate::output;
use crate::pipeline::{Org, Round};
use crate::progress;
use crate::workplace::{self, Rules, Workplace};

/// Runs until interrupted, or one round.
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
    loop {
        let exit = round(&orgs, &workplace, &rules, format).await?;
        if options.once {
            return Ok(exit);
        }
        tokio::select! {
            () = tokio::time::sleep(options.interval) => {}
            _ = tokio::signal::ctrl_c() => return Ok(exit),
        }
    }
}

/// One round over every org; one that fails neither stops nor delays another.
async fn round(orgs: &[Org], workplace: &Workplace, rules: &Rules, format: Output) -> anyhow::Result<Exit> {
    let spinner = progress::spinner("Scanning");
    let tell = |progress: session_warden::stages::Progress| {
        spinner.set_message(format!(
            "Scanning: {} logins, read until {:.0}",
            progress.logins, progress.read_until
        ));
    };
    let rounds = join_all(orgs.iter().map(|org| org.round(workplace, rules, &tell))).await;
    spinner.finish_and_clear();
    let mut worst = Exit::Clean;
    for (org, round) in orgs.iter().zip(rounds) {
        worst = worst.max(match round {
            Ok(round) => show(org, &round, format)?,
            Err(error) => {
                output::complain(&error);
                Exit::of(&error)
            }
        });
    }
    Ok(worst)
}

fn show(org: &Org, round: &Round, format: Output) -> anyhow::Result<Exit> {
    if format == Output::Csv {
        output::say_csv(&round.raised)?;
    } else if format == Output::Json {
        output::say_json(&serde_json::json!({
            "org": org.alias,
            "logins": round.logins,
            "rows_set_aside": round.rejected,
            "findings": round.raised,
            "containments": round.containments,
            "blind": round.blind,
        }))?;
    } else {
        output::note(&format!("Org {}: {} new logins.", output::harmless(&org.alias), round.logins));
        if !round.raised.is_empty() {
            output::say(&output::findings_table(&round.raised).to_string())?;
        }
        for containment in &round.containments {
            let user = output::harmless(&containment.impact.username);
            output::say(&format!("{user}: {}", output::outcome_words(containment)))?;
        }
    }
    for blind in &round.blind {
        output::note(&format!("Org {}: blind: {}", output::harmless(&org.alias), output::harmless(blind)));
    }
    Ok(round.exit())
}

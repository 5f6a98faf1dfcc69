//! `warden dismiss`: a person says that a finding is no alarm, and why.

use anyhow::{Context, bail};
use clap::Args;
use jiff::SignedDuration;
use session_warden::clock::{Clock, SystemClock};
use session_warden::containment::{Containment, Declined, declined};
use session_warden::detection::{Dismissal, Finding};
use session_warden::settings::Settings;
use session_warden::stages;
use session_warden::store::{Expect, Write};

use crate::arguments::{Output, StoreOptions};
use crate::commands::approve::waiting_by_id;
use crate::exit::Exit;
use crate::output;
use crate::workplace::Workplace;

/// Longer than this nobody remembers what was examined.
const LONGEST: SignedDuration = SignedDuration::from_hours(365 * 24);

/// `warden dismiss`.
#[derive(Debug, Args)]
pub(crate) struct DismissOptions {
    /// The finding: its id, or as many of its first characters as name one only. Or a containment that waits for approval:
    /// its whole id.
    #[arg(value_name = "FINDING")]
    finding: String,
    /// Why it is no alarm, for whoever reads it later.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// How long the same detections stay quiet for the same user, network and client; for example 90d or 12h.
    #[arg(long = "for", value_name = "DURATION", default_value = "90d", value_parser = span)]
    span: SignedDuration,
    #[command(flatten)]
    store: StoreOptions,
}

/// Dismisses one finding as it stands.
pub(crate) async fn run(options: &DismissOptions, format: Output) -> anyhow::Result<Exit> {
    output::no_csv(format, "dismiss")?;
    if options.reason.trim().is_empty() {
        bail!("--reason is empty: say why the finding is no alarm");
    }
    let workplace = Workplace::existing(&options.store).await?;
    if let Some(waiting) = waiting_by_id(&workplace, &options.finding).await? {
        return decline(&workplace, &waiting, &options.reason, format).await;
    }
    let finding = find(&workplace, &options.finding).await?;
    let (by, now) = (Settings::of_process().person(), SystemClock.now());
    let dismissal = Dismissal::of(&finding, by, options.reason.clone(), now, now + options.span);
    let key = stages::dismissals(&finding.org_id).key(finding.finding_id.as_str());
    workplace.store.write(vec![Write::put(key, Expect::Any, &dismissal)?]).await?;
    match format {
        Output::Json => output::say_json(&dismissal)?,
        Output::Table | Output::Csv => output::say(&words(&finding, &dismissal))?,
    }
    Ok(Exit::Clean)
}

/// Says no to a containment that waits; nothing is done, and nothing is learned.
async fn decline(
    workplace: &Workplace,
    waiting: &Containment,
    reason: &str,
    format: Output,
) -> anyhow::Result<Exit> {
    let (by, at) = (Settings::of_process().person(), SystemClock.now());
    let no = Declined { by, reason: reason.to_owned(), at };
    let question = waiting.question().context("it waits for nobody")?;
    let key = declined(&waiting.request.org_id).key(&question);
    workplace.store.write(vec![Write::put(key, Expect::Any, &no)?]).await?;
    match format {
        Output::Json => output::say_json(&no)?,
        Output::Table | Output::Csv => output::say(&format!(
            "Said no: nothing is done about {}. A finding behind it stays open; dismiss it too if it is no alarm.",
            output::harmless(&waiting.request.target.name())
        ))?,
    }
    Ok(Exit::Clean)
}

/// The findings whose ids begin so.
pub(crate) async fn named(workplace: &Workplace, id: &str) -> anyhow::Result<Vec<Finding>> {
    let mut found = Vec::new();
    for org in workplace.orgs().await? {
        let kept = stages::findings(&org).all(workplace.store.as_ref()).await?;
        let named = kept.into_iter().filter(|(name, _)| !id.is_empty() && name.starts_with(id));
        found.extend(named.map(|(_, kept)| kept.value));
    }
    Ok(found)
}

async fn find(workplace: &Workplace, id: &str) -> anyhow::Result<Finding> {
    let mut found = named(workplace, id).await?;
    if found.len() > 1 {
        bail!(
            "{} findings begin with `{id}`; give more of the id, as `warden findings --output json` shows it",
            found.len()
        );
    }
    found.pop().with_context(|| format!("No finding begins with `{id}`; `warden findings --all` lists them"))
}

fn words(finding: &Finding, dismissal: &Dismissal) -> String {
    let quiet: Vec<_> = dismissal.exempts.iter().flat_map(|exempt| exempt.detections.clone()).collect();
    let taught = if quiet.is_empty() {
        "It teaches nothing: what it saw names no user with an address.".to_owned()
    } else {
        format!(
            "Until {} the same of this user, from the same network with the same client, is context: {}.",
            dismissal.until.strftime("%Y-%m-%d"),
            quiet.join(", ")
        )
    };
    format!(
        "Dismissed: {} ({}), version {}. {taught} It opens again if it escalates.",
        output::harmless(&finding.subject.name),
        finding.finding_id,
        finding.version
    )
}

fn span(text: &str) -> Result<SignedDuration, String> {
    let span: jiff::Span = text.parse().map_err(|error: jiff::Error| error.to_string())?;
    let span =
        span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).map_err(|error| error.to_string())?;
    if span.is_positive() && span <= LONGEST {
        Ok(span)
    } else {
        Err("from an hour to a year is needed, for example 90d".to_owned())
    }
}

//! `warden stop` and `warden resume`: the kill switch, which every containment reads last.

use anyhow::bail;
use clap::Args;
use jiff::Timestamp;
use session_warden::clock::{Clock, SystemClock};
use session_warden::containment::{Containment, KillSwitch, Outcome, Switch, containments, kill_switch};
use session_warden::evidence::{EntryKind, Ledger};
use session_warden::observation::OrgId;
use session_warden::settings::Settings;
use session_warden::store::{Expect, StoreError, Write};

use crate::arguments::{Output, StoreOptions};
use crate::exit::Exit;
use crate::output;
use crate::pipeline::anchor;
use crate::workplace::Workplace;

/// `warden stop` and `warden resume`.
#[derive(Debug, Args)]
pub(crate) struct SwitchOptions {
    /// Why, for whoever meets it.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Which org, by its id; without this every org of the store.
    #[arg(long, value_name = "00D…")]
    org: Vec<String>,
    #[command(flatten)]
    store: StoreOptions,
}

/// Throws the switch, or lifts it.
pub(crate) async fn run(options: &SwitchOptions, switch: Switch, format: Output) -> anyhow::Result<Exit> {
    output::no_csv(format, "stop")?;
    if options.reason.trim().is_empty() {
        bail!("--reason is empty: say why, for whoever meets it");
    }
    let workplace = Workplace::open(&options.store).await?;
    let orgs = match &options.org[..] {
        [] => workplace.orgs().await?,
        named => named.iter().map(|org| OrgId::new(org.as_str())).collect(),
    };
    if orgs.is_empty() {
        bail!("The store knows no org yet; name one with --org");
    }
    let kept = KillSwitch {
        switch,
        by: Settings::of_process().person(),
        reason: options.reason.clone(),
        at: SystemClock.now(),
    };
    let left = match switch {
        Switch::Thrown => Vec::new(),
        // What cannot be listed keeps nobody from lifting the switch.
        Switch::Lifted => stopped_meanwhile(&workplace, &orgs).await.unwrap_or_else(|error| {
            output::warn(&format!("What was stopped meanwhile cannot be listed: {error:#}"));
            Vec::new()
        }),
    };
    let missed = throw(&workplace, &orgs, &kept).await;
    for org in &orgs {
        enter(&workplace, org, &kept).await?;
    }
    let known = workplace.orgs().await?;
    let strangers: Vec<_> = orgs.iter().filter(|org| !known.contains(org)).collect();
    for org in &strangers {
        output::warn(&format!(
            "The store does not know the org {} yet: is its id right?",
            output::harmless(org.as_str())
        ));
    }
    if let Some((org, error)) = missed {
        return Err(anyhow::Error::from(error).context(format!("{org} is NOT stopped")));
    }
    match format {
        Output::Json => {
            let json = serde_json::json!({ "orgs": orgs, "kill_switch": kept, "not_tried_again": left });
            output::say_json(&json)?;
        }
        Output::Table | Output::Csv => output::say(&words(&orgs, switch, &left))?,
    }
    Ok(Exit::Clean)
}

/// What was refused, or begun and stopped, since the switch was thrown: nothing of it is tried again by itself.
async fn stopped_meanwhile(workplace: &Workplace, orgs: &[OrgId]) -> anyhow::Result<Vec<Containment>> {
    let (store, mut stopped) = (workplace.store.as_ref(), Vec::new());
    for org in orgs {
        let Some(thrown) = kill_switch(org).get(store, "org").await? else { continue };
        let all = containments(org).all(store).await?.into_iter().map(|(_, kept)| kept.value);
        let since = thrown.value.at;
        stopped
            .extend(all.filter(|record| thrown.value.switch == Switch::Thrown && was_stopped(record, since)));
    }
    Ok(stopped)
}

fn was_stopped(record: &Containment, since: Timestamp) -> bool {
    let is_stopped = match &record.outcome {
        Some(Outcome::Refused { refusals }) => refusals.iter().any(|refusal| refusal.rule == "kill-switch"),
        Some(Outcome::NotContained { .. }) => true,
        _ => false,
    };
    is_stopped && record.finished.is_some_and(|finished| finished >= since)
}

/// Stops every org before anything is written about any; one that cannot be stopped keeps no other one going.
async fn throw(workplace: &Workplace, orgs: &[OrgId], kept: &KillSwitch) -> Option<(OrgId, StoreError)> {
    let mut missed = None;
    for org in orgs.iter().filter(|_| kept.switch == Switch::Thrown) {
        let put = Write::put(kill_switch(org).key("org"), Expect::Any, kept);
        let thrown = match put {
            Ok(put) => workplace.store.write(vec![put]).await,
            Err(error) => Err(error),
        };
        if let Err(error) = thrown {
            output::complain(&anyhow::anyhow!("{org} is NOT stopped: {error}"));
            missed = Some((org.clone(), error));
        }
    }
    missed
}

/// Stopping does not wait for the evidence: a chain that cannot be written must not keep containments going. Going on
/// does.
async fn enter(workplace: &Workplace, org: &OrgId, kept: &KillSwitch) -> anyhow::Result<()> {
    let store = workplace.store.as_ref();
    let also = match kept.switch {
        Switch::Thrown => Vec::new(),
        Switch::Lifted => vec![Write::put(kill_switch(org).key("org"), Expect::Any, kept)?],
    };
    let ledger = Ledger::new(store, org.clone());
    let entered = ledger.append_with(EntryKind::Switch, None, kept.at, kept, &also).await.map(drop);
    let entered = match entered {
        Ok(()) => anchor(workplace, org).await,
        Err(error) => Err(error.into()),
    };
    match entered {
        Err(error) if kept.switch == Switch::Thrown => {
            output::complain(&error.context("Everything is stopped, and the evidence does not show it"));
            Ok(())
        }
        entered => entered,
    }
}

fn words(orgs: &[OrgId], switch: Switch, left: &[Containment]) -> String {
    let named: Vec<_> = orgs.iter().map(|org| output::harmless(org.as_str())).collect();
    let named = named.join(", ");
    if switch == Switch::Thrown {
        return format!(
            "Stopped: no containment begins or goes on in {named}. Scanning and findings go on; `warden resume` lifts it."
        );
    }
    let mut lines = vec![format!("Lifted: containments go on in {named}, under the policy.")];
    lines.extend((!left.is_empty()).then(|| {
        "What was refused or stopped meanwhile is not tried again by itself. Use `warden contain` for:"
            .to_owned()
    }));
    lines.extend(left.iter().map(|record| {
        let done = if record.is_refused() { "refused" } else { "begun, and not ended" };
        let name = output::harmless(&record.request.target.name());
        format!("  {name}, {done} ({})", record.containment_id)
    }));
    lines.join("\n")
}

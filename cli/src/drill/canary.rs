//! `warden drill --connection`: the drill in a real org, with an account that the policy names for it. A person logs in as
//! the canary; from there on everything is as in earnest, and the account stays frozen until `warden release`.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Context;
use futures::{StreamExt, pin_mut};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use session_warden::clock::{Clock, SystemClock};
use session_warden::containment::{Containment, Request, RequestedBy, Target};
use session_warden::observation::{Login, UserId};
use session_warden::salesforce::http_client;
use session_warden::settings::Settings;
use session_warden::stages::Apply;
use session_warden::store;

use super::stages::{Stage, stages};
use crate::arguments::{DrillOptions, Output};
use crate::exit::Exit;
use crate::output;
use crate::pipeline::{Org, anchor};
use crate::round::is_verified;
use crate::workplace::{self, Rules, Workplace};

/// Between two looks for the login.
const LOOK: Duration = Duration::from_secs(5);
/// A login that is older when the drill begins is not its own.
const BEFORE: SignedDuration = SignedDuration::from_mins(1);

/// Waits for a login of the canary, contains him, and tells how long each stage took; it ends with 1 where that is not
/// proven.
pub(super) async fn run(options: &DrillOptions, document: &str, format: Output) -> anyhow::Result<Exit> {
    let rules = Rules::load(options.policy.as_deref())?;
    let name = rules.policy.drill.canary.clone();
    let name = name.context(
        "The policy names no canary: write the username of an account for drills under drill.canary",
    )?;
    let workplace = Workplace::open(&options.store).await?;
    let org = Org::connect(&workplace::connection(document)?, &http_client()?)?;
    let canary = org.find_user(&name).await?;
    let canary = canary.with_context(|| format!("The org {} has no user `{name}`", org.alias))?;
    output::note(&format!("Log in as {} now; waiting {} minutes.", output::harmless(&name), options.wait));
    let login = wait_for_login(&org, &canary.id, SignedDuration::from_mins(options.wait.into())).await?;
    let (seen, org_id) = (SystemClock.now(), org.id().await?);
    workplace.store.write(vec![store::register(&org_id, &org.alias)]).await?;
    let request = Request {
        request_id: format!("drill/{}/{}", canary.id, login.id),
        org_id: org_id.clone(),
        target: Target::User { user_id: canary.id },
        also: BTreeSet::new(),
        reason: "a drill with the canary that the policy names".to_owned(),
        requested_by: RequestedBy::Person { name: Settings::of_process().person() },
        trigger: None,
    };
    let record = org.contain(&workplace, &rules, request, Apply::Act).await?;
    let told = tell(&record, &stages(login.time, seen, &record), format);
    let anchored = anchor(&workplace, &org_id).await.inspect_err(output::complain);
    told?;
    let is_fine = is_verified(record.outcome.as_ref()) && anchored.is_ok();
    Ok(if is_fine { Exit::Clean } else { Exit::Findings })
}

async fn wait_for_login(org: &Org, canary: &UserId, wait: SignedDuration) -> anyhow::Result<Login> {
    let began = SystemClock.now();
    let end = began + wait;
    loop {
        let now = SystemClock.now();
        if let Some(login) = last_login(org, canary, began - BEFORE, now).await? {
            return Ok(login);
        }
        anyhow::ensure!(now < end, "Nobody logged in as the canary within {} minutes", wait.as_mins());
        tokio::time::sleep(LOOK).await;
    }
}

async fn last_login(
    org: &Org,
    canary: &UserId,
    from: Timestamp,
    until: Timestamp,
) -> anyhow::Result<Option<Login>> {
    let pages = org.logins(from, until);
    pin_mut!(pages);
    let mut last = None;
    while let Some(page) = pages.next().await {
        let rows = page?.rows.into_iter();
        last =
            rows.filter(|login| login.succeeded() && login.user_id.as_ref() == Some(canary)).last().or(last);
    }
    Ok(last)
}

fn tell(record: &Containment, stages: &[Stage], format: Output) -> anyhow::Result<()> {
    if format == Output::Json {
        return output::say_json(&json!({ "stages": stages, "containment": record }));
    }
    let mut table = output::table(&["Stage", "At", "After the login"]);
    for stage in stages {
        table.add_row([
            output::cell(&stage.name),
            output::cell(stage.at.strftime("%H:%M:%S%.3fZ").to_string()),
            output::cell(format!("{:.1} s", stage.seconds_after_login)),
        ]);
    }
    output::say(&table.to_string())?;
    output::say(&format!(
        "{}, {} API calls. The canary stays as he is until `warden release`.",
        output::outcome_words(record),
        record.api_calls
    ))
}

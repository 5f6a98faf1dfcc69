//! `warden drill --connection`: the drill in a real org, with an account that the policy names for it. A person logs in as
//! the canary; the scan sees the login, a detection of the drill's own makes a finding of it, and it is contained, all as in
//! earnest. The account stays frozen until `warden release`.

use std::time::Duration;

use anyhow::Context;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use session_warden::clock::{Clock, SystemClock};
use session_warden::containment::Containment;
use session_warden::observation::UserId;
use session_warden::salesforce::http_client;

use super::canary_login;
use super::stages::{Stage, stages};
use crate::arguments::{DrillOptions, Output};
use crate::exit::Exit;
use crate::output;
use crate::pipeline::Org;
use crate::round::{Round, is_verified};
use crate::workplace::{self, Rules, Workplace};

/// Between two looks for the login.
const LOOK: Duration = Duration::from_secs(5);
/// A login that is older when the drill begins is not its own.
const BEFORE: SignedDuration = SignedDuration::from_mins(1);

/// Waits until a login of the canary was found and contained, and tells how long each stage took; it ends with 1 where that is not
/// proven.
pub(super) async fn run(options: &DrillOptions, document: &str, format: Output) -> anyhow::Result<Exit> {
    let rules = Rules::load(options.policy.as_deref())?;
    let name = rules.policy.drill.canary.clone();
    let name = name.context(
        "The policy names no canary: write the username of an account for drills under drill.canary",
    )?;
    let workplace = Workplace::open(&options.store).await?;
    let org = Org::connect(&workplace::connection(document)?, &http_client()?)?;
    anyhow::ensure!(
        !org.cannot_contain(),
        "The connection document of {} has no revoker: a drill contains",
        org.alias
    );
    let canary = org.find_user(&name).await?;
    let canary = canary.with_context(|| format!("The org {} has no user `{name}`", org.alias))?.id;
    let since = SystemClock.now() - BEFORE;
    let rules = canary_login::also_found(rules, canary.clone(), since);
    let waiting = Waiting { canary, name, since, minutes: options.wait };
    let (record, found) = Box::pin(waiting.contained(&org, &workplace, &rules)).await?;
    let stages = record.request.trigger.as_ref().map(|trigger| stages(trigger.first_seen, found, &record));
    tell(&record, &stages.unwrap_or_default(), format)?;
    Ok(if is_verified(record.outcome.as_ref()) { Exit::Clean } else { Exit::Findings })
}

/// What the drill waits for.
struct Waiting {
    canary: UserId,
    name: String,
    since: Timestamp,
    minutes: u16,
}

impl Waiting {
    /// Scans and judges, as `warden run` does, until a login of the canary was found; what was done about it, and when it was
    /// found.
    async fn contained(
        &self,
        org: &Org,
        workplace: &Workplace,
        rules: &Rules,
    ) -> anyhow::Result<(Containment, Timestamp)> {
        let mut asked = None;
        loop {
            let mut round = Round::default();
            org.round(workplace, rules, &|_| {}, &mut round).await;
            if let Some(done) = self.answer_in(&round) {
                round.warnings.iter().for_each(|warning| output::warn(warning));
                return Ok(done);
            }
            round.whole()?;
            let asked = *asked.get_or_insert_with(|| self.ask());
            anyhow::ensure!(
                SystemClock.now() < asked + SignedDuration::from_mins(self.minutes.into()),
                "No login of the canary was found within {} minutes: did somebody log in, and was nothing else scanning \
                 this store?",
                self.minutes
            );
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Asks once the history is learned, which may take minutes in a new store.
    fn ask(&self) -> Timestamp {
        let name = output::harmless(&self.name);
        output::note(&format!("Log in as {name} now; waiting {} minutes.", self.minutes));
        SystemClock.now()
    }

    /// The answer to a finding about the canary that shows something of the drill.
    fn answer_in(&self, round: &Round) -> Option<(Containment, Timestamp)> {
        let is_about = |record: &&Containment| record.request.target.user() == Some(&self.canary);
        round.containments.iter().rev().filter(is_about).find_map(|record| {
            let trigger =
                record.request.trigger.as_ref().filter(|trigger| trigger.last_seen >= self.since)?;
            Some((record.clone(), trigger.detected_at.unwrap_or(record.started)))
        })
    }
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

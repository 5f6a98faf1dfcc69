//! `warden hunt`: whether an attacker that others have seen was here, in any org.

mod hit;
mod live;
mod quarry;
mod search;
mod summary;
mod tally;

use std::future::ready;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, bail};
use clap::Args;
use session_warden::clock::{Clock, SystemClock};
use session_warden::salesforce::http_client;

use self::hit::HitRow;
use self::quarry::{Quarry, QuarryOptions};
use self::search::OrgHunt;
use self::summary::{FoundRow, OrgRecord};
use crate::arguments::Output;
use crate::exit::Exit;
use crate::moment::Moment;
use crate::output::{self, List};
use crate::progress;
use crate::reading::Reading;

/// `warden hunt`.
#[derive(Debug, Args)]
#[command(
    after_help = "Each indicator is looked for on its own. An IOC file is plain text (one a line), CSV with a header, or a STIX \
                        2.1 bundle. Entries that cannot be used are named and left out; only if none is left does the \
                        command end with exit code 2. Expired ones are looked for all the same, and marked.\n\n\
                        Example: an advisory's indicators and one address, over two orgs\n  \
                        warden hunt --connection production.json sandbox.json --iocs advisory.json --ip 198.51.100[.]7"
)]
pub(crate) struct HuntOptions {
    /// Connection documents of the orgs; one that fails does not keep the others from being searched.
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    connection: Vec<String>,
    #[command(flatten)]
    quarry: QuarryOptions,
    /// From then on: 36h, 7d, 2026-10-01 (midnight UTC) or 2026-10-01T08:00:00Z. Salesforce keeps six months.
    #[arg(long, value_name = "TIME", default_value = "183d")]
    since: Moment,
    /// List every hit; a table shows the last 100 unless told otherwise.
    #[arg(long)]
    all: bool,
}

/// Where hits go as they are found, from all orgs at once.
type Hits = Arc<Mutex<List<HitRow>>>;

/// Looks for indicators in logins, live sessions and refresh tokens of every org, at once and isolated.
pub(crate) async fn run(options: &HuntOptions, format: Output) -> anyhow::Result<Exit> {
    let now = SystemClock.now();
    let quarry = Arc::new(Quarry::gather(&options.quarry, (options.since.before(now), now))?);
    let http = http_client()?;
    let hits: Hits = Arc::new(Mutex::new(List::begin(format, options.all.then_some(usize::MAX))?));
    let bar = progress::bar(0, "Hunting");
    let search = |document: &String| match Reading::connect(document, &http) {
        Ok(reading) => {
            tokio::spawn(search::org(reading, Arc::clone(&quarry), Arc::clone(&hits), bar.clone()))
        }
        Err(error) => tokio::spawn(ready(OrgHunt::failed(document, error))),
    };
    let tasks: Vec<_> = options.connection.iter().map(search).collect();
    let mut hunts = Vec::with_capacity(tasks.len());
    for task in tasks {
        hunts.push(task.await.context("A search has broken off")?);
    }
    bar.finish_and_clear();
    let hits = Arc::into_inner(hits).context("A search has not ended")?;
    show(hunts, &quarry, hits.into_inner().unwrap_or_else(PoisonError::into_inner), format)
}

fn show(
    mut hunts: Vec<OrgHunt>,
    quarry: &Quarry,
    hits: List<HitRow>,
    format: Output,
) -> anyhow::Result<Exit> {
    if let Some(closed) =
        hunts.iter_mut().find_map(|hunt| hunt.error.take_if(|error| output::is_closed_pipe(error)))
    {
        return Err(closed);
    }
    let exit = hunts.iter().map(OrgHunt::exit).max().unwrap_or(Exit::Clean);
    if format == Output::Table {
        let found: Vec<_> = hunts.iter().flat_map(|hunt| FoundRow::of_org(hunt, quarry)).collect();
        if found.is_empty() {
            output::say(if exit == Exit::Clean {
                "Nothing found."
            } else {
                "Nothing found in what could be seen."
            })?;
        } else {
            output::say_table(&found, quarry.now)?;
        }
    }
    hits.end(quarry.now, "--all")?;
    if format == Output::Json {
        let records: Vec<_> = hunts.iter().map(|hunt| OrgRecord::of(hunt, quarry)).collect();
        output::say_json_lines(&records)?;
    }
    for hunt in &hunts {
        hunt.tell(quarry);
    }
    Ok(exit)
}

/// A person who looks for nothing has mistyped something.
fn or_nothing_usable(usable: usize, rejected: u64) -> anyhow::Result<()> {
    match (usable, rejected) {
        (0, 0) => bail!("There is nothing to look for: the IOC file holds no entry"),
        (0, _) => bail!("There is nothing to look for: none of the {rejected} entries can be used"),
        _ => Ok(()),
    }
}

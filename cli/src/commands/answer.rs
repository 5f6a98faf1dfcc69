//! `warden answer`: records what a user said to the question whether it was him. It ends nothing and releases nothing.

use anyhow::bail;
use clap::{Args, ValueEnum};
use session_warden::clock::{Clock, SystemClock};
use session_warden::containment::{Containment, containments};
use session_warden::detection::Finding;
use session_warden::evidence::{EntryKind, Ledger};
use session_warden::notice::{Answer, WasIt, answers};
use session_warden::settings::Settings;
use session_warden::store::{Expect, Write};

use crate::arguments::{Output, StoreOptions};
use crate::commands::dismiss::find;
use crate::exit::Exit;
use crate::output;
use crate::pipeline::anchor;
use crate::workplace::Workplace;

/// `warden answer`.
#[derive(Debug, Args)]
pub(crate) struct AnswerOptions {
    /// The finding: its id, or as many of its first characters as name one only.
    #[arg(value_name = "FINDING")]
    finding: String,
    /// Whether it was the user.
    #[arg(value_enum)]
    was_it_you: YesOrNo,
    /// Who says so: the user, by the name that records are to show.
    #[arg(long, value_name = "NAME")]
    by: String,
    /// How he was asked, or what else he said.
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
    #[command(flatten)]
    store: StoreOptions,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum YesOrNo {
    /// It was him.
    Yes,
    /// It was not.
    No,
}

/// Records one answer, in the store and in the evidence.
pub(crate) async fn run(options: &AnswerOptions, format: Output) -> anyhow::Result<Exit> {
    output::no_csv(format, "answer")?;
    if options.by.trim().is_empty() {
        bail!("--by is empty: say whose answer it is");
    }
    let workplace = Workplace::existing(&options.store).await?;
    let finding = find(&workplace, &options.finding).await?;
    let answer = Answer {
        finding_id: finding.finding_id.clone(),
        version: finding.version,
        was_it_you: match options.was_it_you {
            YesOrNo::Yes => WasIt::Yes,
            YesOrNo::No => WasIt::No,
        },
        by: options.by.clone(),
        recorded_by: Settings::of_process().person(),
        note: options.note.clone(),
        at: SystemClock.now(),
    };
    record(&workplace, &finding, &answer).await?;
    anchor(&workplace, &finding.org_id).await?;
    match format {
        Output::Json => output::say_json(&answer)?,
        Output::Table | Output::Csv => output::say(&words(&finding, &answer))?,
    }
    Ok(Exit::Clean)
}

/// The entry stands with the containment that the finding has led to, so that its case file shows it.
async fn record(workplace: &Workplace, finding: &Finding, answer: &Answer) -> anyhow::Result<()> {
    let store = workplace.store.as_ref();
    let all = containments(&finding.org_id).all(store).await?.into_iter().map(|(_, kept)| kept.value);
    let led_to = all.filter(|record| is_about(record, finding)).max_by_key(|record| record.started);
    let id = led_to.as_ref().map(|record| record.containment_id.as_str());
    let key = answers(&finding.org_id).key(&answer.sort());
    let also = [Write::put(key, Expect::Any, answer)?];
    Ledger::new(store, finding.org_id.clone())
        .append_with(EntryKind::Answer, id, answer.at, answer, &also)
        .await?;
    Ok(())
}

fn is_about(record: &Containment, finding: &Finding) -> bool {
    let mut triggers = record.request.trigger.iter().chain(&record.joined);
    triggers.any(|trigger| trigger.finding_id == finding.finding_id)
}

fn words(finding: &Finding, answer: &Answer) -> String {
    let next = match answer.was_it_you {
        WasIt::Yes => {
            format!("If that is enough to go by: `warden dismiss {} --reason …`.", finding.finding_id)
        }
        WasIt::No => "Look at the finding again; `warden contain` ends what is still open.".to_owned(),
    };
    format!("Recorded: {}. Nothing was ended or released. {next}", output::harmless(&answer.words()))
}

//! `warden answer`: records what a user said to the question whether it was him. It ends nothing and releases nothing.

use anyhow::{Context, bail, ensure};
use clap::{Args, ValueEnum};
use session_warden::clock::{Clock, SystemClock};
use session_warden::containment::{Containment, containments};
use session_warden::detection::Finding;
use session_warden::evidence::{EntryKind, Ledger};
use session_warden::notice::{Answer, Question, WasIt, answers};
use session_warden::observation::OrgId;
use session_warden::settings::Settings;
use session_warden::store::{Expect, Store, Write};

use crate::arguments::{Output, StoreOptions};
use crate::commands::dismiss;
use crate::commands::evidence::export;
use crate::exit::Exit;
use crate::output;
use crate::pipeline::anchor;
use crate::workplace::Workplace;

/// `warden answer`.
#[derive(Debug, Args)]
pub(crate) struct AnswerOptions {
    /// The finding, or the containment that had none, as the notice names it: its id, or as many of its first characters as
    /// name one only.
    #[arg(value_name = "CASE")]
    case: String,
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
    let case = Case::find(&workplace, &options.case).await?;
    let answer = Answer {
        question: case.question(),
        was_it_you: match options.was_it_you {
            YesOrNo::Yes => WasIt::Yes,
            YesOrNo::No => WasIt::No,
        },
        by: options.by.clone(),
        recorded_by: Settings::of_process().person(),
        note: options.note.clone(),
        at: SystemClock.now(),
    };
    record(&workplace, &case, &answer).await?;
    anchor(&workplace, case.org()).await?;
    match format {
        Output::Json => output::say_json(&answer)?,
        Output::Table | Output::Csv => output::say(&words(&answer))?,
    }
    Ok(Exit::Clean)
}

/// What the user was asked about.
enum Case {
    Finding(Box<Finding>),
    Containment(Box<Containment>),
}

impl Case {
    async fn find(workplace: &Workplace, id: &str) -> anyhow::Result<Self> {
        let findings = dismiss::named(workplace, id).await?.into_iter();
        let records = export::named(workplace, id).await?.into_iter();
        let findings = findings.map(|finding| Self::Finding(Box::new(finding)));
        let mut found: Vec<_> =
            findings.chain(records.map(|record| Self::Containment(Box::new(record)))).collect();
        ensure!(
            found.len() < 2,
            "{} findings and containments begin with `{id}`; give more of the id",
            found.len()
        );
        found.pop().with_context(|| {
            format!(
                "No finding and no containment begins with `{id}`; `warden findings --all` lists findings"
            )
        })
    }

    fn org(&self) -> &OrgId {
        match self {
            Self::Finding(finding) => &finding.org_id,
            Self::Containment(record) => &record.request.org_id,
        }
    }

    fn question(&self) -> Question {
        match self {
            Self::Finding(finding) => {
                Question::Finding { finding_id: finding.finding_id.clone(), version: finding.version }
            }
            Self::Containment(record) => {
                Question::Containment { containment_id: record.containment_id.clone() }
            }
        }
    }

    /// The containment with which the entry stands, so that its case file shows it.
    async fn led_to(&self, store: &dyn Store) -> anyhow::Result<Option<String>> {
        let finding = match self {
            Self::Containment(record) => return Ok(Some(record.containment_id.to_string())),
            Self::Finding(finding) => finding,
        };
        let all = containments(&finding.org_id).all(store).await?.into_iter().map(|(_, kept)| kept.value);
        let led_to = all.filter(|record| is_about(record, finding)).max_by_key(|record| record.started);
        Ok(led_to.map(|record| record.containment_id.to_string()))
    }
}

async fn record(workplace: &Workplace, case: &Case, answer: &Answer) -> anyhow::Result<()> {
    let store = workplace.store.as_ref();
    let id = case.led_to(store).await?;
    let key = answers(case.org()).key(&answer.sort());
    let also = [Write::put(key, Expect::Any, answer)?];
    Ledger::new(store, case.org().clone())
        .append_with(EntryKind::Answer, id.as_deref(), answer.at, answer, &also)
        .await?;
    Ok(())
}

fn is_about(record: &Containment, finding: &Finding) -> bool {
    let mut triggers = record.request.trigger.iter().chain(&record.joined);
    triggers.any(|trigger| trigger.finding_id == finding.finding_id)
}

fn words(answer: &Answer) -> String {
    let next = match (answer.was_it_you, &answer.question) {
        (WasIt::Yes, Question::Finding { finding_id, .. }) => {
            format!("If that is enough to go by: `warden dismiss {finding_id} --reason …`.")
        }
        (WasIt::Yes, Question::Containment { .. }) => {
            "If that is enough to go by: `warden release` gives the access back.".to_owned()
        }
        (WasIt::No, _) => "Look at the finding again; `warden contain` ends what is still open.".to_owned(),
    };
    format!("Recorded: {}. Nothing was ended or released. {next}", output::harmless(&answer.words()))
}

//! `warden digest`: the review of a week, and whether the monitor ran without gaps.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use jiff::{SignedDuration, Timestamp};
use session_warden::clock::{Clock, SystemClock};
use session_warden::digest::{Digest, Kept, OpenSessions};
use session_warden::observation::OrgId;
use session_warden::policy::Review;
use session_warden::report::{render_digest, watch_words};
use session_warden::salesforce::http_client;

use crate::arguments::{Output, StoreOptions};
use crate::exit::Exit;
use crate::moment::Moment;
use crate::output;
use crate::pipeline::Org;
use crate::workplace::{self, Rules, Workplace};

/// `warden digest`.
#[derive(Debug, Args)]
pub(crate) struct DigestOptions {
    #[command(flatten)]
    store: StoreOptions,
    /// Connection documents, to look at live sessions too; without one they are told as not looked at.
    #[arg(long, num_args = 1.., value_name = "FILE")]
    connection: Vec<String>,
    /// The policy, which says how long a session and a pause of the monitor may be.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// From when on: a date, an instant, or how long ago, such as 7d.
    #[arg(long, value_name = "WHEN", default_value = "7d")]
    since: Moment,
    /// Write it for people here too.
    #[arg(long, value_name = "OUT.html")]
    html: Option<PathBuf>,
}

/// Prints one review an org.
pub(crate) async fn run(options: &DigestOptions, format: Output) -> anyhow::Result<Exit> {
    output::no_csv(format, "digest")?;
    let workplace = Workplace::existing(&options.store).await?;
    let review = Rules::load(options.policy.as_deref())?.policy.review;
    let connected = connected(options).await?;
    let (mut reviews, until) = (Vec::new(), SystemClock.now());
    let mut is_blind = false;
    let from = options.since.before(until);
    let orgs = workplace.orgs().await?;
    for (org, _) in connected.iter().filter(|(org, _)| !orgs.contains(org)) {
        is_blind = true;
        output::warn(&format!("The store knows nothing of {org}: nobody has watched it."));
    }
    for org in orgs {
        let found = connected.iter().find(|(id, _)| *id == org).map(|(_, connected)| connected);
        let sessions = open_sessions(found, &review, until).await;
        is_blind |= found.is_some() && matches!(sessions, OpenSessions::NotRead { .. });
        let kept = Kept::read(workplace.store.as_ref(), &org).await?;
        let name = found.map_or_else(|| org.to_string(), |found| found.alias.clone());
        reviews.push((name, Digest::of(&org, (from, until), &kept, sessions, &review)));
    }
    match format {
        Output::Json => output::say_json(&reviews.iter().map(|(_, digest)| digest).collect::<Vec<_>>())?,
        Output::Table | Output::Csv if reviews.is_empty() => output::say("The store holds no org yet.")?,
        Output::Table | Output::Csv => {
            for (name, digest) in &reviews {
                output::say(&words(name, digest))?;
            }
        }
    }
    if let Some(file) = &options.html {
        write(file, &reviews, until)?;
    }
    let needs = reviews.iter().any(|(_, digest)| digest.needs_attention());
    Ok(match (is_blind, needs) {
        (true, _) => Exit::Blind,
        (false, true) => Exit::Findings,
        (false, false) => Exit::Clean,
    })
}

async fn connected(options: &DigestOptions) -> anyhow::Result<Vec<(OrgId, Org)>> {
    let (http, mut orgs) = (http_client()?, Vec::new());
    for document in &options.connection {
        let org = Org::connect(&workplace::connection(document)?, &http)?;
        orgs.push((org.id().await?, org));
    }
    Ok(orgs)
}

async fn open_sessions(org: Option<&Org>, review: &Review, now: Timestamp) -> OpenSessions {
    let Some(org) = org else {
        return OpenSessions::NotRead {
            reason: "not looked at: no --connection leads to this org".to_owned(),
        };
    };
    match org.live_sessions(now).await {
        Ok(live) => OpenSessions::of(&live, review.longest_session, now),
        Err(error) => OpenSessions::NotRead { reason: format!("could not be read: {error:#}") },
    }
}

fn write(file: &Path, reviews: &[(String, Digest)], now: Timestamp) -> anyhow::Result<()> {
    let page = render_digest(reviews, now).context("Failed to draw the review")?;
    output::write_file(file, page.as_bytes())
}

fn words(name: &str, digest: &Digest) -> String {
    let mut table = output::table(&["Org", &output::harmless(name)]);
    let mut row = |what: &str, told: String| {
        table.add_row([output::cell(what), output::cell(told)]);
    };
    row("Period", format!("{} to {}", day(digest.from), day(digest.until)));
    row("Monitor", watch_words(&digest.watch));
    for gap in &digest.watch.gaps {
        let length = gap.until.duration_since(gap.from);
        row("", format!("gap of {:#} from {}", SignedDuration::from_secs(length.as_secs()), day(gap.from)));
    }
    digest.watch.blind.iter().for_each(|sentence| row("", format!("could not be seen: {sentence}")));
    digest.unreadable_words().into_iter().for_each(|words| row("NOT readable", words));
    row("Findings", digest.finding_words());
    digest.answers.iter().for_each(|answer| row("", format!("{}: {}", answer.question.id(), answer.words())));
    row("Containments", digest.containments.words());
    digest.not_contained.iter().for_each(|case| row("NOT contained", case.words()));
    digest.waiting.iter().for_each(|case| row("Waiting", case.words()));
    row(
        "Long sessions",
        match &digest.open_sessions {
            OpenSessions::Read { total, .. } => total.to_string(),
            OpenSessions::NotRead { reason } => reason.clone(),
        },
    );
    if let OpenSessions::Read { oldest, .. } = &digest.open_sessions {
        for open in oldest {
            row(
                "",
                format!(
                    "{} {} from {} since {}",
                    open.user_id,
                    open.session_type,
                    open.address,
                    day(open.began)
                ),
            );
        }
    }
    table.to_string()
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

//! `warden drill`: the whole job against a simulated org, or against a real one with a canary. It learns the org's history, lets three attackers and six
//! harmless oddities loose at once, finds the attackers, ends their access, and lets them try again.

mod canary;
mod canary_login;
mod judgement;
mod policy;
mod report;
mod stages;

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Context;
use salesforce_simulator::{BenignKind, Campaign, CampaignKind, Id, Simulator, generate};
use session_warden::clock::{Clock, SystemClock};
use session_warden::salesforce::{Connection, http_client};
use session_warden::store::StoreLocation;

use crate::arguments::{DrillOptions, Output, Scenario};
use crate::commands::simulate::{MOST_HELD, seed};
use crate::exit::Exit;
use crate::output;
use crate::pipeline::Org;
use crate::progress;
use crate::round::Round;
use crate::workplace::{Rules, Workplace};

/// Salesforce writes login times in whole seconds, and a scan reads what lies before the present: a login of this
/// second is seen in the next.
const NEXT_SECOND: Duration = Duration::from_millis(1_100);

/// The attackers, and the people who only look like some.
pub(crate) struct Cast {
    pub(crate) campaigns: Vec<Campaign>,
    pub(crate) harmless: Vec<(BenignKind, Vec<Id>)>,
}

/// Runs the drill; it ends with 1 when an attacker was missed or a harmless user was touched.
pub(crate) async fn run(options: &DrillOptions, format: Output) -> anyhow::Result<Exit> {
    output::no_csv(format, "drill")?;
    if let Some(document) = &options.connection {
        return Box::pin(canary::run(options, document, format)).await;
    }
    anyhow::ensure!(options.world.users <= MOST_HELD, "A drill plays among at most {MOST_HELD} users");
    let simulator = Simulator::start(generate(&seed(&options.world)))
        .await
        .context("Failed to start the simulated org")?;
    let directory = tempfile::tempdir().context("Failed to make a directory for the drill's store")?;
    let workplace = Workplace::at(&StoreLocation::Sqlite(directory.path().join("drill.sqlite"))).await?;
    let connection = Connection::parse(&simulator.connection_document().to_string())?;
    let org = Org::connect(&connection, &http_client()?)?;
    let rules = policy::rules(&simulator)?;

    learn(&org, &workplace, &rules).await?;
    let cast = attack(&simulator, options.scenario);
    tokio::time::sleep(NEXT_SECOND).await;
    let mut round = Round::default();
    org.round(&workplace, &rules, &|_| {}, &mut round).await;
    let round = round.whole()?;

    let judgement = judgement::judge(&simulator, &cast, &round);
    report::write(&options.report, &org, &round, &judgement).await?;
    show(&judgement, &round, options, format)?;
    Ok(if judgement.passed() { Exit::Clean } else { Exit::Findings })
}

async fn learn(org: &Org, workplace: &Workplace, rules: &Rules) -> anyhow::Result<()> {
    let started = SystemClock.now();
    let bar = progress::history(started, "Learning six months of login history");
    let mut round = Round::default();
    org.round(workplace, rules, &|progress| progress::reached(&bar, started, progress), &mut round).await;
    bar.finish_and_clear();
    let round = round.whole()?;
    let seconds = SystemClock.now().duration_since(started).as_secs_f64();
    output::note(&format!("Learned {} logins in {seconds:.1} s.", round.logins));
    Ok(())
}

fn attack(simulator: &Simulator, scenario: Option<Scenario>) -> Cast {
    let now = SystemClock.now();
    let mut org = simulator.org();
    let harmless = BenignKind::DRILL.map(|kind| (kind, org.live_benign(kind, now))).into();
    let played =
        CampaignKind::DRILL.into_iter().filter(|kind| scenario.is_none_or(|one| kind_of(one) == *kind));
    let campaigns = played.map(|kind| org.launch(kind, now)).collect();
    Cast { campaigns, harmless }
}

fn kind_of(scenario: Scenario) -> CampaignKind {
    match scenario {
        Scenario::BruteForce => CampaignKind::BruteForce,
        Scenario::StolenRefreshToken => CampaignKind::StolenRefreshToken,
        Scenario::PhishedSso => CampaignKind::PhishedSso,
    }
}

fn show(
    judgement: &judgement::Judgement,
    round: &Round,
    options: &DrillOptions,
    format: Output,
) -> anyhow::Result<()> {
    if format == Output::Json {
        return output::say_json(judgement);
    }
    let mut table = output::table(&[
        "Attack",
        "User",
        "Found by",
        "Outcome",
        "Login to verified",
        "Attacker tries again",
    ]);
    for attack in &judgement.attacks {
        let seconds =
            attack.login_to_verified_seconds.map_or("-".to_owned(), |seconds| format!("{seconds} s"));
        table.add_row([
            output::cell(&attack.campaign),
            output::cell(&attack.username),
            output::cell(attack.found_by.join(", ")),
            output::cell(&attack.outcome),
            output::cell(seconds),
            output::cell(&attack.second_try),
        ]);
    }
    output::say(&table.to_string())?;
    let raised: BTreeSet<_> = round.raised.iter().map(|finding| finding.finding_id.as_str()).collect();
    output::say(&format!(
        "{} harmless users played their part, {} of them touched. {} findings in all.",
        judgement.harmless,
        judgement.touched.len(),
        raised.len()
    ))?;
    for attack in judgement.attacks.iter().filter(|attack| !attack.stages.is_empty()) {
        output::say(&format!("{}, after the login: {}.", attack.campaign, stages::words(&attack.stages)))?;
    }
    for problem in &judgement.problems {
        output::say(&format!("PROBLEM: {}", output::harmless(problem)))?;
    }
    output::say(&format!("Report: {}", options.report.display()))
}

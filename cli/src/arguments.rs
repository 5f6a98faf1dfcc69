//! The command line. Its shape is a contract: operators script against it.

use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::commands::answer::AnswerOptions;
use crate::commands::approve::ApproveOptions;
use crate::commands::backtest::BacktestOptions;
use crate::commands::contain::ContainOptions;
use crate::commands::digest::DigestOptions;
use crate::commands::dismiss::DismissOptions;
use crate::commands::doctor::DoctorOptions;
use crate::commands::evaluate::EvaluateOptions;
use crate::commands::evidence::export::ExportOptions;
use crate::commands::evidence::prune::PruneOptions;
use crate::commands::evidence::redact::RedactOptions;
use crate::commands::findings::FindingsOptions;
use crate::commands::hunt::HuntOptions;
use crate::commands::logins::LoginsOptions;
use crate::commands::pack::PackCommand;
use crate::commands::policy::PolicyCommand;
use crate::commands::posture::PostureOptions;
use crate::commands::release::ReleaseOptions;
use crate::commands::sessions::SessionsOptions;
use crate::commands::stop::SwitchOptions;
use crate::commands::tokens::TokensOptions;
use crate::notifying::NotifyOptions;

/// Finds hostile Salesforce logins and ends them.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, max_term_width = 100)]
pub(crate) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
    /// How data is printed; it goes to standard output, progress and logs go to standard error.
    #[arg(long, global = true, value_enum, default_value_t = Output::Table)]
    pub(crate) output: Output,
    /// Tell more on standard error; twice for everything.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

/// How data is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people.
    Table,
    /// For scripts: JSON.
    Json,
    /// For spreadsheets; lists only.
    Csv,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Scan, evaluate and contain, once or for good.
    Run(RunOptions),
    /// Judge a login history from a file, without any credential.
    Evaluate(EvaluateOptions),
    /// Try policies on a history: which findings, how many a week, and who would have been contained.
    Backtest(BacktestOptions),
    /// Show what ending a session, a user's, an application's or all access would mean, and with --apply do it and prove it.
    Contain(ContainOptions),
    /// Say who froze an account, and with --apply give it back if it was us.
    Release(ReleaseOptions),
    /// List live sessions: who is in, from where, since when.
    Sessions(SessionsOptions),
    /// List refresh tokens: which application may come back as whom.
    Tokens(TokensOptions),
    /// List logins, as JSON and CSV without end.
    Logins(LoginsOptions),
    /// Look for addresses, user agents, applications or users over every org given and six months.
    Hunt(HuntOptions),
    /// Show how well orgs are kept: second factors, login ranges, applications, old tokens, and what cannot be read.
    Posture(PostureOptions),
    /// Show for each identity whether it is let in, what it is blind to, and what to do.
    Doctor(DoctorOptions),
    /// List findings.
    Findings(FindingsOptions),
    /// Show what waits for approval, and with --key approve it.
    Approve(ApproveOptions),
    /// Say that a finding is no alarm, and why: the same is kept quiet for a time.
    Dismiss(DismissOptions),
    /// Record what a user said to the question whether it was him; it ends and releases nothing.
    Answer(AnswerOptions),
    /// Stop every containment, at once and until `warden resume`; scanning goes on.
    Stop(SwitchOptions),
    /// Let containments go on after `warden stop`.
    Resume(SwitchOptions),
    /// Review a week: findings, containments, what waits, long sessions, and whether the monitor ran without gaps.
    Digest(DigestOptions),
    /// Check a policy, run its tests, show what is in force.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Build and show packs of what is known of networks.
    #[command(subcommand)]
    Pack(PackCommand),
    /// Verify the evidence.
    #[command(subcommand)]
    Evidence(EvidenceCommand),
    /// The whole job against a simulated org: learn, attack, find, contain, prove.
    Drill(DrillOptions),
    /// Serve a simulated org.
    Simulate(crate::commands::simulate::SimulateOptions),
}

/// Where findings, profiles and evidence are kept.
#[derive(Debug, Args)]
pub(crate) struct StoreOptions {
    /// sqlite:PATH; by default a file in the user's state directory that all commands share.
    #[arg(long, value_name = "STORE")]
    pub(crate) store: Option<String>,
}

/// An organisation's own rules.
#[derive(Debug, Default, Args)]
pub(crate) struct OwnRulesOptions {
    /// Your own rules in Sigma (docs/own-rules.md); may be given several times.
    #[arg(long, value_name = "FILE")]
    pub(crate) rules: Vec<PathBuf>,
}

/// `warden run`.
#[derive(Debug, Args)]
pub(crate) struct RunOptions {
    #[command(flatten)]
    pub(crate) own_rules: OwnRulesOptions,
    /// Connection document of an org; may be given several times.
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    pub(crate) connection: Vec<String>,
    #[command(flatten)]
    pub(crate) store: StoreOptions,
    /// The policy; without one nothing acts.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) notify: NotifyOptions,
    /// One round, then end.
    #[arg(long)]
    pub(crate) once: bool,
    /// Time between rounds, for example 60s or 5m.
    #[arg(long, default_value = "60s", value_name = "DURATION", value_parser = interval)]
    pub(crate) interval: Duration,
}

/// `warden evidence`.
#[derive(Debug, Subcommand)]
pub(crate) enum EvidenceCommand {
    /// Check every org's chain, and that it leads through the signed head.
    Verify(VerifyOptions),
    /// Write one containment's case file, which others can verify without this program.
    Export(ExportOptions),
    /// Take away what is older than the policy keeps; the chain of hashes stays, and says so.
    Prune(PruneOptions),
    /// Take away what some entries say, and record why; the chain of hashes stays.
    Redact(RedactOptions),
}

/// `warden evidence verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyOptions {
    #[command(flatten)]
    pub(crate) store: StoreOptions,
    /// A head that was kept elsewhere: a signed one, or one from the evidence bucket; by default those beside the store.
    #[arg(long, value_name = "FILE")]
    pub(crate) head: Option<PathBuf>,
}

/// An attack that the drill can play.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    /// Passwords are guessed until one is right.
    BruteForce,
    /// A vendor's refresh token is used from an unknown network.
    StolenRefreshToken,
    /// A single-sign-on user is phished.
    PhishedSso,
}

/// `warden drill`.
#[derive(Debug, Args)]
pub(crate) struct DrillOptions {
    /// Play one attack only; by default all of them at once.
    #[arg(long, value_enum, value_name = "NAME")]
    pub(crate) scenario: Option<Scenario>,
    /// Write the report here.
    #[arg(long, value_name = "OUT.html", default_value = "warden-output/drill.html")]
    pub(crate) report: PathBuf,
    #[command(flatten)]
    pub(crate) world: WorldOptions,
    /// Drill in a real org instead: a person logs in as the canary that the policy names, and he is contained.
    #[arg(long, value_name = "FILE", requires = "policy", conflicts_with_all = ["scenario", "report"])]
    pub(crate) connection: Option<String>,
    /// The policy that names the canary, in drill.canary.
    #[arg(long, value_name = "FILE", requires = "connection")]
    pub(crate) policy: Option<PathBuf>,
    /// Minutes in which somebody logs in as the canary.
    #[arg(long, value_name = "MINUTES", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=120))]
    pub(crate) wait: u16,
    #[command(flatten)]
    pub(crate) store: StoreOptions,
}

/// The simulated org.
#[derive(Debug, Args)]
pub(crate) struct WorldOptions {
    /// The same number gives the same org.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// People and programs; more than 20,000 make a large world, which a drill cannot use.
    #[arg(long, default_value_t = 240, value_parser = clap::value_parser!(u32).range(60..=10_000_000))]
    pub(crate) users: u32,
    /// Days of history.
    #[arg(long, default_value_t = 180, value_parser = clap::value_parser!(u32).range(15..=183))]
    pub(crate) days: u32,
}

impl Arguments {
    /// What was asked for; ends the process where it cannot be meant.
    pub(crate) fn of_process() -> Self {
        let arguments = Self::parse();
        match &arguments.command {
            Command::Contain(options) if options.apply && options.policy.is_none() => without_policy().exit(),
            _ => arguments,
        }
    }
}

/// clap's own words for a missing argument do not say why.
fn without_policy() -> clap::Error {
    let mut command = Arguments::command();
    command.build();
    let why =
        "--apply needs --policy, so that protected users and caps are known; infra/policy.yaml is a start";
    command
        .find_subcommand("contain")
        .cloned()
        .unwrap_or(command)
        .error(ErrorKind::MissingRequiredArgument, why)
}

/// An instant, or a date that begins at midnight UTC.
pub(crate) fn instant(text: &str) -> Result<Timestamp, String> {
    if let Ok(instant) = text.parse() {
        return Ok(instant);
    }
    let date = text.parse::<Date>().and_then(|date| TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)));
    match date {
        Ok(midnight) if text.len() == "2026-10-01".len() => Ok(midnight),
        _ => {
            Err("write a date such as 2026-10-01 (midnight UTC), or an instant such as 2026-10-01T08:00:00Z"
                .to_owned())
        }
    }
}

/// A second at least: each round costs the org API calls.
pub(crate) fn interval(text: &str) -> Result<Duration, String> {
    let interval: jiff::SignedDuration = text.parse().map_err(|error: jiff::Error| error.to_string())?;
    let interval = Duration::try_from(interval).map_err(|_| "it cannot be negative".to_owned())?;
    if interval.as_secs() == 0 {
        Err("a second at least is needed, for example 60s".to_owned())
    } else {
        Ok(interval)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_its_midnight_and_an_instant_is_itself() {
        let written = |text: &str| instant(text).map(|instant| instant.to_string());
        assert_eq!(written("2026-10-01"), Ok("2026-10-01T00:00:00Z".to_owned()));
        assert_eq!(written("2026-10-01T08:00:00+02:00"), Ok("2026-10-01T06:00:00Z".to_owned()));
        for text in ["", "yesterday", "01/10/2026", "2026-13-01", "2026-10-01T08:00:00"] {
            assert!(written(text).is_err_and(|reason| reason.contains("2026-10-01")), "{text}");
        }
    }
}

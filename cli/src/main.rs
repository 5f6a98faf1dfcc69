//! `warden`: the three stages in one process, and the runbook commands.

mod arguments;
mod commands;
mod containing;
mod drill;
mod exit;
mod history;
mod moment;
mod notifying;
mod output;
mod pipeline;
mod progress;
mod reading;
mod replay;
mod report;
mod round;
mod silent;
mod workplace;

use session_warden::containment::Switch;

use crate::arguments::{Arguments, Command};
use crate::exit::Exit;

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let arguments = Arguments::of_process();
    session_warden::telemetry::for_terminal(arguments.verbose);
    let output = arguments.output;
    let outcome = match arguments.command {
        Command::Run(options) => commands::run::run(&options, output).await,
        Command::Evaluate(options) => commands::evaluate::run(&options, output),
        Command::Backtest(options) => commands::backtest::run(&options, output).await,
        Command::Contain(options) => commands::contain::run(&options, output).await,
        Command::Release(options) => Box::pin(commands::release::run(&options, output)).await,
        Command::Sessions(options) => commands::sessions::run(&options, output).await,
        Command::Tokens(options) => commands::tokens::run(&options, output).await,
        Command::Logins(options) => commands::logins::run(&options, output).await,
        Command::Hunt(options) => commands::hunt::run(&options, output).await,
        Command::Posture(options) => Box::pin(commands::posture::run(&options, output)).await,
        Command::Doctor(options) => Box::pin(commands::doctor::run(&options, output)).await,
        Command::Findings(options) => commands::findings::run(&options, output).await,
        Command::Approve(options) => Box::pin(commands::approve::run(&options, output)).await,
        Command::Dismiss(options) => commands::dismiss::run(&options, output).await,
        Command::Answer(options) => commands::answer::run(&options, output).await,
        Command::Stop(options) => commands::stop::run(&options, Switch::Thrown, output).await,
        Command::Resume(options) => commands::stop::run(&options, Switch::Lifted, output).await,
        Command::Digest(options) => Box::pin(commands::digest::run(&options, output)).await,
        Command::Policy(command) => commands::policy::run(&command, output).await,
        Command::Pack(command) => commands::pack::run(&command, output),
        Command::Evidence(options) => commands::evidence::run(&options, output).await,
        Command::Drill(options) => Box::pin(drill::run(&options, output)).await,
        Command::Simulate(options) => commands::simulate::run(&options).await,
    };
    outcome
        .unwrap_or_else(|error| {
            if output::is_closed_pipe(&error) {
                return Exit::Clean;
            }
            output::complain(&error);
            Exit::of(&error)
        })
        .into()
}

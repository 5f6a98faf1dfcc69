//! `warden simulate`: a simulated org on this machine, for trying things out.

mod login_history;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use salesforce_simulator::{LargeSeed, Org, Seed, Simulator, generate, generate_large};
use session_warden::clock::{Clock, SystemClock};

use crate::arguments::WorldOptions;
use crate::exit::Exit;
use crate::output;

/// Users above which an org is not made from everybody's habits and held, but computed when it is looked at.
pub(crate) const MOST_HELD: u32 = 20_000;

/// `warden simulate`.
#[derive(Debug, Args)]
pub(crate) struct SimulateOptions {
    /// The port on 127.0.0.1.
    #[arg(long, default_value_t = 8788)]
    pub(crate) port: u16,
    /// Write the connection document here (it holds private keys of the simulated org).
    #[arg(long, value_name = "FILE", default_value = "warden-output/simulated.json")]
    pub(crate) connection: PathBuf,
    #[command(flatten)]
    pub(crate) world: WorldOptions,
    /// Logins of the history. Makes a large world, whose rows are computed when they are asked for and never held.
    #[arg(long, value_name = "COUNT")]
    pub(crate) logins: Option<u32>,
    /// Serve nothing; write the login history here, as Setup downloads it, with every attack and oddity in its second half.
    #[arg(long, value_name = "OUT.csv", conflicts_with = "logins")]
    pub(crate) login_history: Option<PathBuf>,
    /// How long each page of a query waits before it is sent, for example 100ms.
    #[arg(long, value_name = "DURATION", default_value = "0ms", value_parser = latency)]
    pub(crate) latency: Duration,
}

/// Serves until it is interrupted.
pub(crate) async fn run(options: &SimulateOptions) -> anyhow::Result<Exit> {
    if let Some(path) = &options.login_history {
        anyhow::ensure!(
            options.world.users <= MOST_HELD,
            "A history is written of at most {MOST_HELD} users"
        );
        let rows = login_history::write(path, &options.world, SystemClock.now())?;
        output::note(&format!("{rows} logins of {} users are in {}.", options.world.users, path.display()));
        return Ok(Exit::Clean);
    }
    let mut org = world(options);
    org.set_page_latency(options.latency);
    let size = format!("{} users and {} logins", org.user_count(), org.login_count());
    let simulator = Simulator::start_on(org, options.port)
        .await
        .with_context(|| format!("Failed to listen on 127.0.0.1:{}", options.port))?;
    let document = serde_json::to_vec_pretty(&simulator.connection_document())?;
    output::write_file(&options.connection, &document)?;
    output::note(&format!(
        "A simulated org of {size} answers at {}. In another terminal:\n  warden run --connection {} --once\nControl-C ends it.",
        simulator.url(),
        options.connection.display()
    ));
    tokio::signal::ctrl_c().await.context("Failed to wait for an interrupt")?;
    // Whoever called it may have done as he likes.
    simulator.org().forgive_exposed();
    Ok(Exit::Clean)
}

fn world(options: &SimulateOptions) -> Org {
    let (logins, world) = (options.logins, &options.world);
    if logins.is_none() && world.users <= MOST_HELD {
        return generate(&seed(world));
    }
    let WorldOptions { seed, users, days } = *world;
    generate_large(&LargeSeed { seed, users, logins, days, now: SystemClock.now() })
}

/// The world that was asked for, up to now.
pub(crate) fn seed(world: &WorldOptions) -> Seed {
    Seed { seed: world.seed, users: world.users as usize, days: world.days, now: SystemClock.now() }
}

fn latency(text: &str) -> Result<Duration, String> {
    let latency: jiff::SignedDuration = text.parse().map_err(|error: jiff::Error| error.to_string())?;
    Duration::try_from(latency).map_err(|_| "it cannot be negative".to_owned())
}

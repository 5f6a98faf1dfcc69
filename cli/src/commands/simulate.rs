//! `warden simulate`: a simulated org on this machine, for trying things out.

use anyhow::Context;
use salesforce_simulator::{Seed, Simulator, generate};
use session_warden::clock::{Clock, SystemClock};

use crate::arguments::{SimulateOptions, WorldOptions};
use crate::exit::Exit;
use crate::output;

/// Serves until it is interrupted.
pub(crate) async fn run(options: &SimulateOptions) -> anyhow::Result<Exit> {
    let org = generate(&seed(&options.world));
    let simulator = Simulator::start_on(org, options.port)
        .await
        .with_context(|| format!("Failed to listen on 127.0.0.1:{}", options.port))?;
    let document = serde_json::to_vec_pretty(&simulator.connection_document())?;
    output::write_file(&options.connection, &document)?;
    output::note(&format!(
        "A simulated org answers at {}. In another terminal:\n  warden run --connection {} --once\nControl-C ends it.",
        simulator.url(),
        options.connection.display()
    ));
    tokio::signal::ctrl_c().await.context("Failed to wait for an interrupt")?;
    Ok(Exit::Clean)
}

/// The world that was asked for, up to now.
pub(crate) fn seed(world: &WorldOptions) -> Seed {
    Seed { seed: world.seed, users: world.users as usize, days: world.days, now: SystemClock.now() }
}

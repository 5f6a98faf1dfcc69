//! How well the detections do on simulated orgs whose truth is known: what they find of attacks, what they say of people
//! who have done nothing, whom they would contain. Simple rules of others are held beside them on the same logins.
//!
//! Seeds below 100 are for tuning. Those from 100 on are for checking: their totals are published, their rows looked at by nobody.

mod baselines;
mod options;
mod reading;
mod report;
mod run;
mod tally;
mod watch;
mod world;

use clap::Parser as _;

fn main() -> anyhow::Result<()> {
    let options = options::Options::parse();
    let tally = run::all(&options)?;
    report::write(&tally, &options)
}

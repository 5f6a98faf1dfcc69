//! What is hunted for.

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;
use session_warden::indicators::{Indicator, Indicators, Observable, Provenance, read_file};

use super::or_nothing_usable;
use crate::output;

/// What to look for; at least one.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(crate) struct QuarryOptions {
    /// Addresses or networks, also written 198.51.100[.]7.
    #[arg(long, num_args = 1.., value_name = "ADDRESS|CIDR", value_parser = Observable::address)]
    ip: Vec<Observable>,
    /// Text in the browser, platform or application of a client, case aside.
    #[arg(long, num_args = 1.., value_name = "TEXT", value_parser = Observable::user_agent)]
    user_agent: Vec<Observable>,
    /// Text in an application's name, case aside.
    #[arg(long, num_args = 1.., value_name = "NAME", value_parser = Observable::application)]
    app: Vec<Observable>,
    /// User ids or usernames.
    #[arg(long, num_args = 1.., value_name = "USER", value_parser = Observable::user)]
    user: Vec<Observable>,
    /// Files of indicators.
    #[arg(long, num_args = 1.., value_name = "FILE")]
    iocs: Vec<PathBuf>,
}

/// What is hunted for, and when.
pub(super) struct Quarry {
    pub(super) indicators: Vec<Indicator>,
    pub(super) since: Timestamp,
    pub(super) now: Timestamp,
}

impl Quarry {
    /// Reads every indicator, and names those that cannot be used.
    pub(super) fn gather(
        options: &QuarryOptions,
        (since, now): (Timestamp, Timestamp),
    ) -> anyhow::Result<Self> {
        if since >= now {
            anyhow::bail!("--since ({since}) is not in the past");
        }
        let mut list = Indicators::default();
        let typed = [&options.ip, &options.user_agent, &options.app, &options.user];
        for observable in typed.into_iter().flatten() {
            list.add(Indicator::new(observable.clone(), Provenance::CommandLine));
        }
        for file in &options.iocs {
            read_file(file, &mut list)?;
        }
        for entry in &list.rejected.first {
            output::warn(&format!("not usable: {entry}"));
        }
        let more = list.rejected.total - list.rejected.first.len() as u64;
        if more > 0 {
            output::warn(&format!("and {more} more entries that are not usable"));
        }
        or_nothing_usable(list.all().len(), list.rejected.total)?;
        Ok(Self { indicators: list.all().to_vec(), since, now })
    }

    /// An indicator, as people call it.
    pub(super) fn name(&self, place: usize) -> String {
        self.indicators.get(place).map(|indicator| indicator.observable.to_string()).unwrap_or_default()
    }
}

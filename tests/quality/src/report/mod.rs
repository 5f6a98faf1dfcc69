//! The figures, for a terminal, for scripts and as a page.

mod machine;
mod page;
mod tables;

use std::io::Write as _;

use anyhow::Context as _;

use crate::options::Options;
use crate::tally::Tally;

/// Tells what came of the worlds, everywhere it is asked for.
pub(crate) fn write(tally: &Tally, options: &Options) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    if options.explain {
        let mut explained = tally.explained.clone();
        explained.sort();
        for line in explained {
            writeln!(out, "{line}")?;
        }
    }
    for (heading, table) in tables::all(tally) {
        writeln!(out, "\n{heading}\n\n{}", table.markdown())?;
    }
    writeln!(out, "\n{} worlds in {:.0} s.", tally.seeds.len(), tally.seconds)?;
    if let Some(directory) = options.json.parent() {
        std::fs::create_dir_all(directory)?;
    }
    std::fs::write(&options.json, serde_json::to_vec_pretty(tally)?)
        .with_context(|| format!("Failed to write {}", options.json.display()))?;
    if let Some(file) = &options.page {
        std::fs::write(file, page::of(tally, options))
            .with_context(|| format!("Failed to write {}", file.display()))?;
    }
    Ok(())
}

//! What the command takes.

use std::path::PathBuf;

use clap::Parser;

/// From this seed on, worlds are for checking.
pub(crate) const CHECKING: u64 = 100;

/// Measures the quality of the detections on simulated orgs.
#[derive(Debug, Parser)]
pub(crate) struct Options {
    /// The worlds, as FIRST..LAST, both included.
    #[arg(long, default_value = "1..8", value_parser = seeds)]
    pub(crate) seeds: Seeds,
    /// Worlds judged at the same time.
    #[arg(long, default_value_t = 2)]
    pub(crate) threads: usize,
    /// Days that are judged in each world.
    #[arg(long, default_value_t = 28)]
    pub(crate) days: u32,
    /// Where the figures go as JSON.
    #[arg(long, default_value = "target/quality.json")]
    pub(crate) json: PathBuf,
    /// Where the figures go as a page for people.
    #[arg(long)]
    pub(crate) page: Option<PathBuf>,
    /// Also tell each false alarm and each miss; for tuning seeds only.
    #[arg(long)]
    pub(crate) explain: bool,
}

/// The first and the last seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seeds {
    pub(crate) first: u64,
    pub(crate) last: u64,
}

fn seeds(text: &str) -> Result<Seeds, String> {
    let (first, last) = text.split_once("..").ok_or("FIRST..LAST is needed, for example 1..8")?;
    let number = |text: &str| text.parse::<u64>().map_err(|error| format!("`{text}`: {error}"));
    let (first, last) = (number(first)?, number(last)?);
    if first > last {
        return Err(format!("{first} comes after {last}"));
    }
    Ok(Seeds { first, last })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_a_range_with_both_ends() {
        assert_eq!(seeds("101..120"), Ok(Seeds { first: 101, last: 120 }));
        assert!(seeds("9").is_err() && seeds("3..x").is_err() && seeds("4..3").is_err());
    }
}

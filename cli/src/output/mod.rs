//! What people and scripts see on standard output and standard error.

mod containment;
mod csv;
mod file;
mod findings;
mod harmless;
mod json;
mod listing;
mod table;

pub(crate) use containment::{outcome_words, step_words, survivor_words};
pub(crate) use csv::say_csv_rows;
pub(crate) use file::write_file;
pub(crate) use findings::{findings_table, say_csv};
pub(crate) use harmless::{harmless, lines, sentence};
pub(crate) use json::{pretty_json, say_json, say_json_line, say_json_lines};
pub(crate) use listing::{List, Listed, say_table};
#[cfg(test)]
pub(crate) use table::fitted;
pub(crate) use table::{Column, cell, sentences, table};

use std::io::{ErrorKind, Write};

use anyhow::{Context, bail};
use session_warden::store::Each;

use crate::arguments::Output;

/// Prints a line of data.
pub(crate) fn say(text: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout().lock(), "{text}").context("Failed to write to standard output")
}

/// Prints a line for people beside the data.
pub(crate) fn note(text: &str) {
    // A closed standard error is no reason to stop.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Prints an error with its causes.
pub(crate) fn complain(error: &anyhow::Error) {
    let causes: Vec<_> = error.chain().map(|cause| harmless::lines(&cause.to_string())).collect();
    note(&format!("warden: {}", causes.join(": ")));
}

/// Prints what a person should look at although the work went on.
pub(crate) fn warn(text: &str) {
    note(&format!("warden: warning: {}", harmless::lines(text)));
}

/// The records that can be read; of each other one a person is told.
pub(crate) fn readable<T>(each: Vec<Each<T>>) -> impl Iterator<Item = T> {
    each.into_iter().filter_map(|(_, kept)| match kept {
        Ok(kept) => Some(kept.value),
        Err(error) => {
            complain(&error.into());
            None
        }
    })
}

/// Whether whoever read standard output has seen enough, as `head` does.
pub(crate) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let io = error.chain().filter_map(|cause| cause.downcast_ref::<std::io::Error>());
    io.into_iter().any(|error| error.kind() == ErrorKind::BrokenPipe)
}

/// Refuses CSV where there is no list; to be asked before anything is done.
pub(crate) fn no_csv(format: Output, command: &str) -> anyhow::Result<()> {
    if format == Output::Csv {
        bail!("`{command}` prints no list, so there is no CSV of it; use --output table or json");
    }
    Ok(())
}

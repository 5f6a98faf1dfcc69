//! A login history from a file, as the command line names it.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use session_warden::history_file::{
    ColumnName, DateFormat, History, HistoryOptions, Rejected, read_csv, read_jsonl,
};

use crate::arguments::instant;
use crate::exit::Exit;
use crate::output;
use crate::progress;
use crate::replay::Window;

/// Where the login history comes from, and how it is written.
#[derive(Debug, Args)]
pub(crate) struct HistoryFile {
    /// The file that Setup > Login History downloads, packed or not.
    #[arg(long, value_name = "FILE")]
    pub(crate) csv: Option<PathBuf>,
    /// LoginHistory records as the REST API returns them, one a line.
    #[arg(long, value_name = "FILE")]
    pub(crate) jsonl: Option<PathBuf>,
    /// Rows before this teach and raise nothing: 2026-10-01 (midnight UTC) or 2026-10-01T08:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub(crate) since: Option<Timestamp>,
    /// Rows from here on are left out; written as for --since.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub(crate) until: Option<Timestamp>,
    /// How dates are written: mdy, dmy, ymd, iso, or a pattern such as %d.%m.%Y %H:%M.
    #[arg(long, value_name = "FORMAT", conflicts_with = "jsonl")]
    pub(crate) date_format: Option<DateFormat>,
    /// The time zone of dates that name none, for example Europe/Paris.
    #[arg(long, value_name = "ZONE", value_parser = TimeZone::get, conflicts_with = "jsonl")]
    pub(crate) time_zone: Option<TimeZone>,
    /// Which column is which where its header is not known, for example 'Source IP=Adresse'; may be given several times.
    #[arg(long, value_name = "NAME=HEADER", conflicts_with = "jsonl")]
    pub(crate) column: Vec<ColumnName>,
}

impl HistoryFile {
    /// The file that was named.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.csv.as_deref().or(self.jsonl.as_deref())
    }

    /// The part of it that is judged.
    pub(crate) fn window(&self) -> Window {
        Window { since: self.since.unwrap_or(Timestamp::MIN), until: self.until.unwrap_or(Timestamp::MAX) }
    }

    /// The part of a history that is judged, from when until when; `None` of one without logins.
    ///
    /// # Errors
    /// No login and nothing that is `beside` them lies in it: that nothing was found would look like a clean history.
    pub(crate) fn period(
        &self,
        history: &History,
        beside: Option<(Timestamp, Timestamp)>,
    ) -> anyhow::Result<Option<(Timestamp, Timestamp)>> {
        let Some((first, last)) = history.spill.period() else { return Ok(None) };
        let (earliest, latest) = beside.map_or((first, last), |(from, to)| (first.min(from), last.max(to)));
        let rows = format!("the rows are from {first} to {last}");
        if let Some(since) = self.since.filter(|since| *since > latest) {
            bail!("--since {since} lies after the last row, so that nothing would be judged: {rows}");
        }
        if let Some(until) = self.until.filter(|until| *until <= earliest) {
            bail!("--until {until} lies before the first row, so that nothing would be judged: {rows}");
        }
        Ok(Some((first.max(self.window().since), last.min(self.window().until))))
    }

    /// Reads it.
    pub(crate) fn read(&self) -> anyhow::Result<History> {
        let path = self.path().context("No file was named")?;
        if let Some((since, until)) = self.since.zip(self.until).filter(|(since, until)| since >= until) {
            bail!("--since {since} is not before --until {until}, so that nothing would be judged");
        }
        let bar = progress::bar(0, "Reading");
        let mut tell = |read, of| {
            bar.set_length(of);
            bar.set_position(read);
        };
        let options = HistoryOptions {
            date_format: self.date_format.clone(),
            time_zone: self.time_zone.clone(),
            columns: self.column.clone(),
        };
        let history = match &self.csv {
            Some(csv) => read_csv(csv, &options, &mut tell)?,
            None => read_jsonl(path, &mut tell)?,
        };
        bar.finish_and_clear();
        Ok(history)
    }
}

/// Tells which rows could not be used: the first 20, then how many more.
pub(crate) fn tell_rejected(path: &Path, rejected: &Rejected) -> u64 {
    for row in &rejected.first {
        output::note(&format!("{}: {}", path.display(), output::harmless(&row.to_string())));
    }
    let more = rejected.total - rejected.first.len() as u64;
    if more > 0 {
        output::note(&format!("{}: and {more} more rows that could not be used", path.display()));
    }
    rejected.total
}

/// Tells what of a history is not understood. Where nobody got in, as far as the statuses are known, the rows do not say who
/// did: they are judged, and count as input that could not be used.
pub(crate) fn tell_doubt(history: &History) -> Exit {
    let statuses = &history.statuses_unknown;
    if statuses.total() > 0 {
        output::note(&output::harmless(&format!(
            "Statuses that are not known count as failures: {statuses}. If the file is not in English, download it as a \
             user whose language is English",
        )));
    }
    if history.places_unknown.total() > 0 {
        output::note(&output::harmless(&format!(
            "Places whose country is not known: {}. Countries are read by their ISO code or English name",
            history.places_unknown
        )));
    }
    if history.rows == 0 || history.successes > 0 {
        return Exit::Clean;
    }
    output::note("No row is a success: nobody can be seen to have got in");
    if statuses.total() > 0 { Exit::BadInput } else { Exit::Clean }
}

//! Rows in any order go in, rows in the order of time come out, and memory does not grow with their number.

use std::collections::{HashMap, HashSet};
use std::fmt::Display;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use super::HistoryError;
use super::likeness::Likenesses;
use super::packed::{pack, pack_like};
use super::run::{Merge, Naming, Own, Row, Rows, RunWriter};
use crate::observation::{Login, LoginId, Source};

/// Rows that are held in memory until they are sorted and written.
const RUN: usize = 20_000;
/// Files of one level; with more, they are merged into one of the next.
const RUNS: usize = 64;

/// Takes logins in any order: an external merge sort.
#[derive(Debug)]
pub(super) struct Filling {
    directory: tempfile::TempDir,
    /// The runs, and what was merged of them once, twice and so on.
    levels: Vec<Vec<PathBuf>>,
    /// The run being written, and the last row that it holds.
    open: Option<(RunWriter, (Timestamp, LoginId))>,
    written: usize,
    /// The rows that are held, packed one behind the other.
    packed: Vec<u8>,
    rows: Vec<Held>,
    /// What the rows of every run are like.
    likenesses: Likenesses,
    capacity: usize,
    period: Option<(Timestamp, Timestamp)>,
}

/// Where a row that is held lies, and what it is sorted by.
#[derive(Debug)]
struct Held {
    key: (Timestamp, LoginId),
    bytes: Range<usize>,
}

impl Filling {
    /// Opens an empty one in the directory for temporary files, readable by the owner alone.
    pub(super) fn open() -> Result<Self, HistoryError> {
        Self::with_runs_of(RUN)
    }

    fn with_runs_of(capacity: usize) -> Result<Self, HistoryError> {
        let directory = tempfile::Builder::new().prefix("warden-").tempdir().map_err(lost)?;
        Ok(Self {
            directory,
            levels: vec![Vec::new()],
            open: None,
            written: 0,
            packed: Vec::new(),
            rows: Vec::new(),
            likenesses: Likenesses::default(),
            capacity,
            period: None,
        })
    }

    /// Takes a login in, and answers the number of one that it is like, where one is held.
    pub(super) fn insert(&mut self, login: &Login, naming: Naming) -> Result<Option<u32>, HistoryError> {
        let like = self.likenesses.number(login);
        let Login { id, time, user_id, source, .. } = login;
        match like {
            Some(like) => {
                let (id, user_id, source) = (id.clone(), user_id.clone(), source.clone());
                self.insert_like(&Own { id, time: *time, user_id, source }, naming, like)?;
            }
            None => self.hold((*time, id.clone()), |packed| pack(login, naming, packed))?,
        }
        Ok(like)
    }

    /// Takes in what is a login's own that is like the one of a number.
    pub(super) fn insert_like(&mut self, own: &Own, naming: Naming, like: u32) -> Result<(), HistoryError> {
        self.hold((own.time, own.id.clone()), |packed| pack_like(own, naming, like, packed))
    }

    /// The login of a number.
    pub(super) fn held(&self, like: u32) -> Option<&Login> {
        self.likenesses.of(like)
    }

    fn hold(
        &mut self,
        key: (Timestamp, LoginId),
        pack: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>,
    ) -> Result<(), HistoryError> {
        let (first, last) = self.period.unwrap_or((key.0, key.0));
        self.period = Some((first.min(key.0), last.max(key.0)));
        let begins = self.packed.len();
        pack(&mut self.packed).map_err(lost)?;
        self.rows.push(Held { key, bytes: begins..self.packed.len() });
        if self.rows.len() < self.capacity { Ok(()) } else { self.write().map_err(lost) }
    }

    pub(super) fn finish(mut self) -> Result<Spill, HistoryError> {
        self.write().and_then(|()| self.close()).map_err(lost)?;
        let (runs, likenesses) = (self.levels.concat(), Arc::new(self.likenesses));
        Ok(Spill { runs, likenesses, period: self.period, _directory: self.directory })
    }

    /// Sorts what is held and writes it: at the end of the open run, where it follows on that.
    fn write(&mut self) -> std::io::Result<()> {
        self.rows.sort_by(|a, b| a.key.cmp(&b.key));
        let (Some(first), Some(last)) = (self.rows.first(), self.rows.last()) else { return Ok(()) };
        let last = last.key.clone();
        let mut writer = match self.open.take() {
            Some((writer, before)) if before <= first.key => writer,
            before => {
                self.open = before;
                self.close()?;
                self.begin()?
            }
        };
        self.rows.iter().try_for_each(|row| writer.write(&self.packed[row.bytes.clone()]))?;
        self.rows.clear();
        self.packed.clear();
        self.open = Some((writer, last));
        Ok(())
    }

    fn begin(&mut self) -> std::io::Result<RunWriter> {
        let mut level = 0;
        while self.levels[level].len() >= RUNS {
            let runs = std::mem::take(&mut self.levels[level]);
            let path = self.name();
            let mut merged = RunWriter::create(&path)?;
            let mut rows = Merge::of(&runs)?;
            while let Some(row) = rows.next_packed()? {
                merged.write(row)?;
            }
            merged.finish()?;
            runs.iter().try_for_each(std::fs::remove_file)?;
            level += 1;
            if level == self.levels.len() {
                self.levels.push(Vec::new());
            }
            self.levels[level].push(path);
        }
        let path = self.name();
        let writer = RunWriter::create(&path)?;
        self.levels[0].push(path);
        Ok(writer)
    }

    fn name(&mut self) -> PathBuf {
        self.written += 1;
        self.directory.path().join(self.written.to_string())
    }

    fn close(&mut self) -> std::io::Result<()> {
        self.open.take().map_or(Ok(()), |(writer, _)| writer.finish())
    }
}

/// Logins in temporary files, which are removed on drop.
#[derive(Debug)]
pub struct Spill {
    runs: Vec<PathBuf>,
    likenesses: Arc<Likenesses>,
    period: Option<(Timestamp, Timestamp)>,
    _directory: tempfile::TempDir,
}

impl Spill {
    /// Time and address of those logins of `ids` that are here.
    pub fn find(
        &self,
        ids: &HashSet<LoginId>,
    ) -> Result<HashMap<LoginId, (Timestamp, Source)>, HistoryError> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let wanted =
            self.in_order()?.filter(|login| login.as_ref().map_or(true, |login| ids.contains(&login.id)));
        let place = |Login { id, time, source, .. }| (id, (time, source));
        wanted.map(|login| login.map(|login| place(*login))).collect()
    }

    /// The first and the last instant; `None` when there is no login.
    pub fn period(&self) -> Option<(Timestamp, Timestamp)> {
        self.period
    }

    /// Every login in the order of time and id. It may be asked for more than once. Of several with the same time and record
    /// id the one that says more is given, in whichever order they came; of an id that was made from a row's content,
    /// the second and later are other logins, whose ids end in `-2` and so on.
    ///
    /// # Errors
    /// The temporary files cannot be read.
    pub fn in_order(&self) -> Result<InOrder, HistoryError> {
        let rows = Rows::of(&self.runs, Arc::clone(&self.likenesses)).map_err(lost)?.peekable();
        Ok(InOrder { rows, repeated: None })
    }
}

/// Logins in the order of time and id.
#[derive(Debug)]
pub struct InOrder {
    rows: std::iter::Peekable<Rows>,
    /// The id that was made from content last, and how often it came.
    repeated: Option<(LoginId, u32)>,
}

impl InOrder {
    /// The one that says more of the rows that follow with the same time and id.
    fn of_its_id(&mut self, mut login: Box<Login>) -> Box<Login> {
        let json = |login: &Login| serde_json::to_string(login).unwrap_or_default();
        let mut said = None;
        while let Some(Ok(row)) =
            self.rows.next_if(|row| row.as_ref().is_ok_and(|row| row.key() == (login.time, &login.id)))
        {
            let (kept, new) = (said.take().unwrap_or_else(|| json(&login)), json(&row.login));
            if new > kept {
                login = row.login;
            }
            said = Some(new.max(kept));
        }
        login
    }

    fn renamed(&mut self, mut login: Box<Login>) -> Box<Login> {
        match &mut self.repeated {
            Some((id, count)) if *id == login.id => {
                *count += 1;
                login.id = LoginId::new(format!("{id}-{count}"));
            }
            repeated => *repeated = Some((login.id.clone(), 1)),
        }
        login
    }
}

impl Iterator for InOrder {
    type Item = Result<Box<Login>, HistoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(match self.rows.next()? {
            Ok(Row { login, naming: Naming::Recorded }) => Ok(self.of_its_id(login)),
            Ok(Row { login, naming: Naming::Content }) => Ok(self.renamed(login)),
            Err(error) => Err(lost(error)),
        })
    }
}

fn lost(error: impl Display) -> HistoryError {
    HistoryError::Spill { reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn login(second: i64, id: &str, status: &str) -> Login {
        let time = Timestamp::from_second(1_790_000_000 + second).unwrap();
        let login = json!({ "id": id, "time": time, "user_id": "ada", "outcome": "success", "status": status,
            "login_type": "Application", "source": "198.18.0.1", "detail": { "login_url": "acme.my.salesforce.com" } });
        serde_json::from_value(login).unwrap()
    }

    fn told(runs_of: usize, rows: &[(i64, u8, Naming)]) -> Vec<Login> {
        let mut filling = Filling::with_runs_of(runs_of).unwrap();
        for (second, id, naming) in rows {
            filling.insert(&login(*second, &id.to_string(), "Success"), *naming).unwrap();
        }
        let spill = filling.finish().unwrap();
        assert_eq!(spill.period().is_some(), !rows.is_empty());
        spill.in_order().unwrap().map(|login| *login.unwrap()).collect()
    }

    proptest! {
        #[test]
        fn runs_of_any_length_give_what_one_gives(
            rows in proptest::collection::vec((0..40_i64, 0..6_u8), 0..300),
            runs_of in 1..40_usize,
            naming in prop_oneof![Just(Naming::Recorded), Just(Naming::Content)],
        ) {
            let rows: Vec<_> = rows.into_iter().map(|(second, id)| (second, id, naming)).collect();
            let told = told(runs_of, &rows);
            prop_assert_eq!(&told, &self::told(usize::MAX, &rows));
            prop_assert!(told.is_sorted_by_key(|login| login.time));
            let different: HashSet<_> = rows.iter().collect();
            prop_assert_eq!(told.len(), if naming == Naming::Content { rows.len() } else { different.len() });
        }
    }

    #[test]
    fn a_login_comes_back_as_it_was() {
        let full = json!({ "id": "0Ya1", "time": "2026-11-23T18:43:00.123456789Z", "outcome": "challenged", "status": "Two-factor required",
            "user_id": null, "login_type": "a", "login_sub_type": "b", "source": "2001:db8::9", "application": "c",
            "place": { "latitude": 45.76, "longitude": -4.84, "radius_km": 50.0, "country": "FR", "city": "Lyon" },
            "client": { "browser": "d", "platform": "e", "tls_protocol": "f", "cipher_suite": "g" },
            "detail": { "forwarded_for": "h", "auth_method": "i", "auth_context": "j", "auth_service_id": "k", "login_url": "l",
                "api_type": "m", "api_version": "n", "client_version": "o", "by_get": true } });
        let mut bare: Login = login(7, "0Ya2", "Success");
        let full: Login = serde_json::from_value(full).unwrap();
        for source in [Source::from("Salesforce.com IP"), Source::Missing] {
            bare.source = source;
            let mut filling = Filling::with_runs_of(1).unwrap();
            for login in [&bare, &full] {
                filling.insert(login, Naming::Recorded).unwrap();
            }
            let spill = filling.finish().unwrap();
            let told: Vec<_> = spill.in_order().unwrap().map(|login| *login.unwrap()).collect();
            assert_eq!(told, [bare.clone(), full.clone()]);
        }
    }

    #[test]
    fn logins_that_are_like_no_other_come_back_as_they_were() {
        let text = |number: i64| {
            if number % 7 == 0 { "x".repeat(2_000 + number as usize) } else { number.to_string() }
        };
        let logins: Vec<_> = (0..4_500).map(|second| login(second, "0Ya1", &text(second))).collect();
        let mut filling = Filling::with_runs_of(usize::MAX).unwrap();
        for login in &logins {
            filling.insert(login, Naming::Recorded).unwrap();
        }
        let spill = filling.finish().unwrap();
        let told: Vec<_> = spill.in_order().unwrap().map(|login| *login.unwrap()).collect();
        assert!(told == logins);
    }

    #[test]
    fn more_runs_than_may_be_open_are_merged() {
        let rows: Vec<_> = (0..4_500).rev().map(|second| (second, 1, Naming::Recorded)).collect();
        assert_eq!(told(1, &rows), told(usize::MAX, &rows));
    }

    #[test]
    fn the_row_that_says_more_is_kept_and_found() {
        for statuses in [["Invalid Password", "Success"], ["Success", "Invalid Password"]] {
            let mut filling = Filling::with_runs_of(1).unwrap();
            for status in statuses {
                filling.insert(&login(7, "0Ya1", status), Naming::Recorded).unwrap();
            }
            let spill = filling.finish().unwrap();
            let kept: Vec<_> = spill.in_order().unwrap().map(|login| login.unwrap().status.clone()).collect();
            assert_eq!(kept, ["Success"]);
            let ids = ["0Ya1", "0Ya2"].map(LoginId::new).into_iter().collect();
            let found = spill.find(&ids).unwrap();
            assert_eq!(found[&LoginId::new("0Ya1")].1, Source::from("198.18.0.1"));
            assert_eq!(found.len(), 1);
        }
    }
}

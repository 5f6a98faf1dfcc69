//! `--users`, `--sessions`, `--tokens`, `--verifications`: JSON arrays of records as the REST API returns them.

use std::io::BufReader;
use std::path::Path;

use serde_json::Value;

use super::rejected::Fault;
use super::source_file::SourceFile;
use super::{HistoryError, Rejected, Spill};
use crate::observation::{Session, Token, User, Verification};
use crate::salesforce::{
    TokenHashKey, session_from_record, token_from_record, user_from_record, verification_from_record,
};

/// Records that accompany the logins.
#[derive(Debug, Clone, PartialEq)]
pub struct Companions<T> {
    /// What could be read, in the file's order.
    pub rows: Vec<T>,
    /// What could not; lines count the elements of the array, from 1.
    pub rejected: Rejected,
}

/// Reads User records.
pub fn read_users(path: &Path) -> Result<Companions<User>, HistoryError> {
    read(path, &user_from_record)
}

/// Reads AuthSession records. The time and address of a session's login come from `logins`, where it is there.
pub fn read_sessions(path: &Path, logins: &Spill) -> Result<Companions<Session>, HistoryError> {
    let mut sessions = read(path, &|record| session_from_record(record).map(|found| found.session))?;
    let named = |session: &Session| session.login.as_ref().map(|login| login.id.clone());
    let found = logins.find(&sessions.rows.iter().filter_map(named).collect())?;
    for login in sessions.rows.iter_mut().filter_map(|session| session.login.as_mut()) {
        login.read = found.get(&login.id).cloned();
    }
    Ok(sessions)
}

/// Reads OauthToken records. DeleteToken is replaced by its hash under `key`.
pub fn read_tokens(path: &Path, key: &TokenHashKey) -> Result<Companions<Token>, HistoryError> {
    read(path, &|record| token_from_record(record, key).map(|found| found.token))
}

/// Reads VerificationHistory records.
pub fn read_verifications(path: &Path) -> Result<Companions<Verification>, HistoryError> {
    read(path, &verification_from_record)
}

fn read<T>(path: &Path, decode: &dyn Fn(Value) -> Result<T, String>) -> Result<Companions<T>, HistoryError> {
    let source = SourceFile::open(path)?;
    let reader = BufReader::new(source.rewound()?);
    let mut deserializer = serde_json::Deserializer::from_reader(reader);
    let mut companions = Companions { rows: Vec::new(), rejected: Rejected::default() };
    let mut element = 0;
    let mut take = |record| {
        element += 1;
        match decode(record) {
            Ok(row) => companions.rows.push(row),
            Err(reason) => companions.rejected.add(Fault::of_row(reason).on_line(element)),
        }
    };
    let not_json = |error: serde_json::Error| {
        let (line, column) = (error.line(), error.column());
        let reason = format!("{:?} error on line {line}, column {column}", error.classify());
        HistoryError::NotJson { file: path.to_owned(), reason }
    };
    serde::Deserializer::deserialize_seq(&mut deserializer, Elements(&mut take)).map_err(not_json)?;
    deserializer.end().map_err(not_json)?;
    match companions.rejected.first.first() {
        Some(first) if companions.rows.is_empty() => Err(HistoryError::NothingUsable {
            file: path.to_owned(),
            first: first.clone(),
            total: companions.rejected.total,
        }),
        _ => Ok(companions),
    }
}

/// Hands on one element at a time, so that the array is never held as a whole.
struct Elements<'a>(&'a mut dyn FnMut(Value));

impl<'de> serde::de::Visitor<'de> for Elements<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an array of records")
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while let Some(element) = elements.next_element::<Value>()? {
            (self.0)(element);
        }
        Ok(())
    }
}

//! SOQL queries, page by page.

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::client::{Call, Salesforce};
use super::error::SalesforceError;
use super::http::cut_off;
use super::refusal::printable;

/// One page of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The rows that could be read, in Salesforce's order.
    pub rows: Vec<T>,
    /// The rows that could not; they never stop the rest.
    pub rejected: Vec<Rejected>,
    /// How many rows the whole query has, as Salesforce counts them.
    pub total: u64,
}

/// A row that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// Its record id, if it had one.
    pub id: Option<String>,
    /// Why, without the row's content.
    pub reason: String,
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), rejected: Vec::new(), total: 0 }
    }
}

/// How often a query is begun anew after it broke off between two pages.
const SETBACKS: u32 = 2;
/// Where Salesforce ends every answer of OauthToken: asking for the same again gives the same.
const TOKENS_END: u64 = 2_500;

/// How far a query has been read.
pub(super) enum Cursor {
    Start(String),
    Next { path: String, read: u64 },
    Short { expected: u64, read: u64 },
    End,
}

/// A page as it stands in the answer's bytes.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "R: Deserialize<'de>"))]
struct QueryAnswer<R> {
    total_size: u64,
    done: bool,
    #[serde(default)]
    next_records_url: Option<String>,
    #[serde(default)]
    records: Vec<R>,
}

#[derive(Deserialize)]
struct WithId {
    #[serde(rename = "Id")]
    id: Option<String>,
}

impl Salesforce {
    /// Reads all pages into one. `read` takes a record as `R`, its wire form, and makes a `T` of it. A reading that breaks
    /// off between two pages is begun anew.
    pub(super) async fn query<R: DeserializeOwned, T>(
        &self,
        object: &'static str,
        soql: String,
        read: impl Fn(R) -> Result<T, String>,
    ) -> Result<Page<T>, SalesforceError> {
        let mut setbacks = 0;
        loop {
            match self.query_once(object, &soql, &read).await {
                Err(error) if setbacks < SETBACKS && broke_off(&error) => {
                    tracing::warn!(error = %error, "reading anew from the first page");
                    setbacks += 1;
                }
                outcome => return outcome,
            }
        }
    }

    async fn query_once<R: DeserializeOwned, T>(
        &self,
        object: &'static str,
        soql: &str,
        read: &impl Fn(R) -> Result<T, String>,
    ) -> Result<Page<T>, SalesforceError> {
        let mut cursor = Cursor::Start(soql.to_owned());
        let mut all = Page::default();
        while let Some((page, next)) = self.page(object, cursor, read).await? {
            all.append(page);
            cursor = next;
        }
        Ok(all)
    }

    /// Reads the rows of all pages; one that cannot be read is told to the log.
    pub(super) async fn rows<R: DeserializeOwned, T>(
        &self,
        object: &'static str,
        soql: String,
        read: impl Fn(R) -> Result<T, String>,
    ) -> Result<Vec<T>, SalesforceError> {
        Ok(self.query(object, soql, read).await?.into_rows(object))
    }

    /// Reads the rows of all pages, for whom one that cannot be read must not look like one that is not there.
    pub(super) async fn every_row<R: DeserializeOwned, T>(
        &self,
        object: &'static str,
        soql: String,
        read: impl Fn(R) -> Result<T, String>,
    ) -> Result<Vec<T>, SalesforceError> {
        self.query(object, soql, read).await?.into_every_row(object)
    }

    /// How many rows a `SELECT COUNT()` finds.
    pub(super) async fn count(&self, object: &'static str, soql: &str) -> Result<u64, SalesforceError> {
        let read = |body: Vec<u8>| parse::<QueryAnswer<IgnoredAny>>(object, &body);
        Ok(self.send_and_read(&self.first(object, soql), read).await?.total_size)
    }

    /// Reads the page that `cursor` points to, and says where the next one is. After the last page, a query that
    /// gave fewer rows than it counted fails.
    pub(super) async fn page<R: DeserializeOwned, T>(
        &self,
        object: &'static str,
        cursor: Cursor,
        read: impl Fn(R) -> Result<T, String>,
    ) -> Result<Option<(Page<T>, Cursor)>, SalesforceError> {
        let (call, before) = match cursor {
            Cursor::Start(soql) => (self.first(object, &soql), 0),
            Cursor::Next { path, read } => (Call::get(object, path), read),
            Cursor::Short { expected, read } => {
                return Err(SalesforceError::Incomplete { object: object.to_owned(), expected, read });
            }
            Cursor::End => return Ok(None),
        };
        let answered = self.send_and_read(&call, |body| read_page(object, &body, before, &read)).await;
        answered.map(Some).inspect_err(|error| {
            if error.code() == Some("INVALID_FIELD") {
                self.descriptions.forget();
            }
        })
    }

    fn first(&self, object: &'static str, soql: &str) -> Call {
        Call { query: vec![("q", soql.to_owned())], ..Call::get(object, self.path("query")) }
    }
}

impl<T> Page<T> {
    /// How many rows came, readable or not.
    pub(super) fn came(&self) -> u64 {
        (self.rows.len() + self.rejected.len()) as u64
    }

    pub(super) fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { rows: self.rows.into_iter().map(change).collect(), rejected: self.rejected, total: self.total }
    }

    pub(super) fn append(&mut self, page: Self) {
        self.rows.extend(page.rows);
        self.rejected.extend(page.rejected);
        self.total = self.total.max(page.total);
    }

    pub(super) fn into_rows(self, object: &str) -> Vec<T> {
        for Rejected { id, reason } in &self.rejected {
            tracing::warn!(
                object,
                id = id.as_deref().unwrap_or("none"),
                reason,
                "a record could not be read"
            );
        }
        self.rows
    }

    /// The rows, unless one of them could not be read.
    pub(super) fn into_every_row(self, object: &str) -> Result<Vec<T>, SalesforceError> {
        match self.rejected.into_iter().next() {
            None => Ok(self.rows),
            Some(Rejected { id, reason }) => {
                Err(SalesforceError::UnreadableRow { object: object.to_owned(), id, reason })
            }
        }
    }

    fn push(&mut self, raw: &RawValue, row: Result<T, String>) {
        match row {
            Ok(row) => self.rows.push(row),
            Err(reason) => {
                let id = serde_json::from_str::<WithId>(raw.get()).ok().and_then(|row| row.id);
                self.rejected.push(Rejected { id: id.map(|id| printable(&id, 18)), reason });
            }
        }
    }
}

fn broke_off(error: &SalesforceError) -> bool {
    match error {
        SalesforceError::Incomplete { read, .. } => *read != TOKENS_END,
        error => error.code() == Some("INVALID_QUERY_LOCATOR"),
    }
}

/// Reads a page straight from its bytes, all records in one go; only a page that holds one that cannot be read is read
/// again record by record. `before` rows came on earlier pages.
pub(super) fn read_page<R: DeserializeOwned, T>(
    object: &str,
    body: &[u8],
    before: u64,
    read: &impl Fn(R) -> Result<T, String>,
) -> Result<(Page<T>, Cursor), SalesforceError> {
    if let Ok(mut answer) = serde_json::from_slice::<QueryAnswer<R>>(body) {
        let cursor = next(object, &answer, before)?;
        let records = std::mem::take(&mut answer.records);
        if let Ok(rows) = records.into_iter().map(read).collect() {
            return Ok((Page { rows, rejected: Vec::new(), total: answer.total_size }, cursor));
        }
    }
    let answer: QueryAnswer<&RawValue> = parse(object, body)?;
    let mut page = Page { total: answer.total_size, ..Page::default() };
    for raw in &answer.records {
        page.push(raw, record_from(raw.get()).and_then(read));
    }
    Ok((page, next(object, &answer, before)?))
}

/// Reads a success's body; what the decoder says about it could repeat a value and is not shown.
pub(super) fn parse<'de, T: Deserialize<'de>>(object: &str, body: &'de [u8]) -> Result<T, SalesforceError> {
    serde_json::from_slice(body).map_err(|error| match error.classify() {
        Category::Eof => cut_off(object),
        _ => unexpected(object, "it is not the JSON that is documented"),
    })
}

/// Reads a record of a file into its wire form; the reason names no value.
pub(super) fn record<T: DeserializeOwned>(record: Value) -> Result<T, String> {
    serde_path_to_error::deserialize(record).map_err(|error| reason(&error))
}

/// Reads a record of a file from its text; the reason names no value.
pub(super) fn record_from<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| match error.classify() {
        // Which field it is costs something to follow, and is asked only of a record that cannot be read.
        Category::Data => {
            let mut again = serde_json::Deserializer::from_str(text);
            let error = serde_path_to_error::deserialize::<_, T>(&mut again).err();
            error.map_or_else(|| "cannot be read".to_owned(), |error| reason(&error))
        }
        kind => format!("is not one JSON record: {kind:?} error at column {}", error.column()),
    })
}

/// The path is made of names that are documented: what else a record holds is not looked at.
fn reason(error: &serde_path_to_error::Error<serde_json::Error>) -> String {
    let (text, path) = (error.inner().to_string(), error.path().to_string());
    match text.split_once(" at line") {
        _ if !text.starts_with("missing field") => {
            not_documented(if path == "." { "the record" } else { &path })
        }
        Some((text, _)) => text.to_owned(),
        None => text,
    }
}

/// What is wrong with a field whose value is not repeated.
pub(super) fn not_documented(field: &str) -> String {
    format!("{field} is not of its documented type")
}

fn unexpected(object: &str, reason: impl Into<String>) -> SalesforceError {
    SalesforceError::UnexpectedAnswer { object: object.to_owned(), status: 200, reason: reason.into() }
}

fn next<R>(object: &str, answer: &QueryAnswer<R>, before: u64) -> Result<Cursor, SalesforceError> {
    let read = before + answer.records.len() as u64;
    match &answer.next_records_url {
        Some(path) if !answer.done => {
            if answer.records.is_empty() {
                return Err(unexpected(object, "a page without rows that is not the last"));
            }
            Ok(Cursor::Next { path: checked(object, path)?, read })
        }
        None if !answer.done => Err(unexpected(object, "a page that is not the last and names no next one")),
        // A count has a total and no rows; nobody reads on from it.
        _ if read < answer.total_size => Ok(Cursor::Short { expected: answer.total_size, read }),
        _ => Ok(Cursor::End),
    }
}

/// `nextRecordsUrl` is a path of the REST API on the same host, and nothing else is followed.
fn checked(object: &str, path: &str) -> Result<String, SalesforceError> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'_' | b'.');
    if path.starts_with("/services/data/") && path.bytes().all(plain) && !path.contains("..") {
        return Ok(path.to_owned());
    }
    Err(unexpected(object, format!("nextRecordsUrl is no path of the REST API: `{}`", printable(path, 80))))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde_json::json;

    use super::*;

    #[test]
    fn only_paths_of_the_rest_api_are_followed() {
        assert!(checked("x", "/services/data/v67.0/query/01gD0000002HU6KIAW-2000").is_ok());
        for path in [
            "https://evil.example/services/data/v67.0/query/01g",
            "//evil.example/services/data/",
            "/services/oauth2/revoke",
            "/services/data/../oauth2/revoke",
            "/services/data/v67.0/query?q=SELECT",
            "/services/data/v67.0/%2e%2e/x",
            "",
        ] {
            assert!(checked("x", path).is_err(), "{path}");
        }
    }

    #[test]
    fn a_query_that_ends_early_or_never_is_an_error() {
        let answer = |json: Value| serde_json::from_value::<QueryAnswer<Value>>(json).unwrap();
        let short = answer(json!({ "totalSize": 3, "done": true, "records": [{}, {}] }));
        assert!(matches!(next("x", &short, 0), Ok(Cursor::Short { expected: 3, read: 2 })));
        assert!(matches!(next("x", &short, 1), Ok(Cursor::End)));
        let endless =
            json!({ "totalSize": 3, "done": false, "nextRecordsUrl": "/services/data/v67.0/query/01g-1" });
        assert!(next("x", &answer(endless), 0).is_err());
        assert!(next("x", &answer(json!({ "totalSize": 3, "done": false, "records": [{}] })), 0).is_err());
    }

    #[test]
    fn one_bad_row_does_not_stop_the_rest() {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Row {
            x: u64,
        }
        let read = |row: Row| if row.x == 7 { Err("X is 7".to_owned()) } else { Ok(row.x) };
        let page = |records: Value| {
            let body = json!({ "totalSize": 4, "done": true, "records": records }).to_string();
            read_page("x", body.as_bytes(), 0, &read).unwrap()
        };
        let (good, _) = page(json!([{ "X": 1 }, { "X": 2 }]));
        assert_eq!((good.rows, good.rejected), (vec![1, 2], vec![]));
        let (page, cursor) =
            page(json!([{ "Id": "0Ya1", "X": "SECRET" }, { "X": 1 }, { "X": 7 }, { "Id": "0Ya4" }]));
        assert_eq!(page.rows, [1]);
        let rejected = |id: Option<&str>, reason: &str| Rejected {
            id: id.map(str::to_owned),
            reason: reason.to_owned(),
        };
        let wrong = "X is not of its documented type";
        let missing = rejected(Some("0Ya4"), "missing field `X`");
        assert_eq!(page.rejected, [rejected(Some("0Ya1"), wrong), rejected(None, "X is 7"), missing]);
        assert!(matches!(cursor, Cursor::End));
    }

    #[test]
    fn an_answer_that_is_cut_off_may_be_asked_for_again() {
        let body = br#"{"totalSize":2,"done":true,"records":[{"Id":"0Ya1"},{"Id":"0Y"#;
        for cut in 0..body.len() {
            let error = parse::<QueryAnswer<Value>>("x", &body[..cut]).err().unwrap();
            assert!(error.is_passing(), "{cut}: {error}");
        }
    }

    type Row = HashMap<String, HashMap<String, String>>;

    #[test]
    fn reasons_repeat_no_value() {
        let error = record::<u64>(json!("SECRET")).unwrap_err();
        assert_eq!(error, "the record is not of its documented type");
        let record = json!({ "LoginGeo": { "City": { "SECRET": 1 } } });
        let error = super::record::<Row>(record.clone()).unwrap_err();
        assert_eq!(error, "LoginGeo.City is not of its documented type");
        assert_eq!(record_from::<Row>(&record.to_string()).unwrap_err(), error);
    }
}

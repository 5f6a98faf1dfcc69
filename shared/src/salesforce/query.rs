//! SOQL queries, page by page.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::client::{Call, Salesforce};
use super::error::SalesforceError;
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

/// How far a query has been read.
pub(super) enum Cursor {
    Start(String),
    Next { path: String, read: u64 },
    Short { expected: u64, read: u64 },
    End,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct QueryAnswer {
    total_size: u64,
    done: bool,
    #[serde(default)]
    next_records_url: Option<String>,
    #[serde(default)]
    records: Vec<Value>,
}

/// Reads one record.
pub(super) type Reader<T> = fn(Value) -> Result<T, String>;

impl Salesforce {
    /// Reads all pages into one.
    pub(super) async fn query<T>(
        &self,
        object: &'static str,
        soql: String,
        read: Reader<T>,
    ) -> Result<Page<T>, SalesforceError> {
        let mut cursor = Cursor::Start(soql);
        let mut all = Page::default();
        while let Some((page, next)) = self.page(object, cursor, read).await? {
            all.append(page);
            cursor = next;
        }
        Ok(all)
    }

    /// Reads the rows of all pages; one that cannot be read is told to the log.
    pub(super) async fn rows<T>(
        &self,
        object: &'static str,
        soql: String,
        read: Reader<T>,
    ) -> Result<Vec<T>, SalesforceError> {
        Ok(self.query(object, soql, read).await?.into_rows(object))
    }

    /// Reads the rows of all pages, every one of them: what cannot be read could be what is looked for.
    pub(super) async fn every_row<T>(
        &self,
        object: &'static str,
        soql: String,
        read: Reader<T>,
    ) -> Result<Vec<T>, SalesforceError> {
        self.query(object, soql, read).await?.into_every_row(object)
    }

    /// How many rows a `SELECT COUNT()` finds.
    pub(super) async fn count(&self, object: &'static str, soql: &str) -> Result<u64, SalesforceError> {
        Ok(self.answer(object, self.first(object, soql)).await?.total_size)
    }

    /// Reads the page that `cursor` points to, and says where the next one is. After the last page, a query that
    /// gave fewer rows than it counted fails.
    pub(super) async fn page<T>(
        &self,
        object: &'static str,
        cursor: Cursor,
        read: Reader<T>,
    ) -> Result<Option<(Page<T>, Cursor)>, SalesforceError> {
        let (call, before) = match cursor {
            Cursor::Start(soql) => (self.first(object, &soql), 0),
            Cursor::Next { path, read } => (Call::get(object, path), read),
            Cursor::Short { expected, read } => {
                return Err(SalesforceError::Incomplete { object: object.to_owned(), expected, read });
            }
            Cursor::End => return Ok(None),
        };
        let answer = self.answer(object, call).await?;
        let next = next(object, &answer, before)?;
        Ok(Some((Page::of(answer, read), next)))
    }

    fn first(&self, object: &'static str, soql: &str) -> Call {
        Call { query: vec![("q", soql.to_owned())], ..Call::get(object, self.path("query")) }
    }

    async fn answer(&self, object: &'static str, call: Call) -> Result<QueryAnswer, SalesforceError> {
        parse(object, &self.send(&call).await?)
    }
}

impl<T> Page<T> {
    /// How many rows came, readable or not.
    pub(super) fn came(&self) -> u64 {
        (self.rows.len() + self.rejected.len()) as u64
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

    fn of(answer: QueryAnswer, read: Reader<T>) -> Self {
        let mut page = Self { total: answer.total_size, ..Self::default() };
        for record in answer.records {
            let id = record.get("Id").and_then(Value::as_str).map(|id| printable(id, 18));
            match read(record) {
                Ok(row) => page.rows.push(row),
                Err(reason) => page.rejected.push(Rejected { id, reason }),
            }
        }
        page
    }
}

/// Reads a success's body; what the decoder says about it could repeat a value and is not shown.
pub(super) fn parse<T: DeserializeOwned>(object: &str, body: &[u8]) -> Result<T, SalesforceError> {
    serde_json::from_slice(body).map_err(|_| unexpected(object, "it is not the JSON that is documented"))
}

/// Reads a record into its wire form; the reason names no value.
pub(super) fn record<T: DeserializeOwned>(record: Value) -> Result<T, String> {
    T::deserialize(record).map_err(|error| match error.to_string() {
        text if text.starts_with("missing field") => text,
        _ => "a field is not of its documented type".to_owned(),
    })
}

fn unexpected(object: &str, reason: impl Into<String>) -> SalesforceError {
    SalesforceError::UnexpectedAnswer { object: object.to_owned(), status: 200, reason: reason.into() }
}

fn next(object: &str, answer: &QueryAnswer, before: u64) -> Result<Cursor, SalesforceError> {
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
        let answer = |json: Value| serde_json::from_value::<QueryAnswer>(json).unwrap();
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
        let answer =
            json!({ "totalSize": 2, "done": true, "records": [{ "Id": "0Ya", "X": "s" }, { "X": 1 }] });
        let read: Reader<u64> = |value| {
            record::<std::collections::HashMap<String, Value>>(value)?["X"]
                .as_u64()
                .ok_or_else(|| "X is no number".to_owned())
        };
        let page = Page::of(serde_json::from_value(answer).unwrap(), read);
        assert_eq!(page.rows, [1]);
        assert_eq!(page.rejected, [Rejected { id: Some("0Ya".into()), reason: "X is no number".into() }]);
    }

    #[test]
    fn reasons_repeat_no_value() {
        let error = record::<u64>(json!("SECRET")).unwrap_err();
        assert!(!error.contains("SECRET"));
    }
}

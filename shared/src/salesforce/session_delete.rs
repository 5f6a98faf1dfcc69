//! Deletes sessions, many in a call. Source: REST API Developer Guide, "Delete Records Using sObject Collections".

use reqwest::Method;
use serde::Deserialize;

use super::Applied;
use super::client::{Call, Salesforce};
use super::error::{SalesforceError, is_passing_code};
use super::query::parse;
use super::refusal::printable;
use super::retry::{RETRIES, pause};
use super::soql::is_record_id;
use crate::observation::SessionId;

const OBJECT: &str = "the deletion of AuthSession";
/// The most ids that one call takes.
const PER_CALL: usize = 200;
/// What a record that is already gone is answered with; a session's children go with it, also within one call.
const GONE: [&str; 3] = ["ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "NOT_FOUND"];

/// What became of one session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deletion {
    /// Which.
    pub id: SessionId,
    /// Gone, or the code with which Salesforce refuses.
    pub result: Result<Applied, String>,
}

/// In request order; `id` may be missing.
#[derive(Deserialize)]
struct Item {
    success: bool,
    #[serde(default)]
    errors: Vec<ItemError>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ItemError {
    status_code: String,
}

impl Salesforce {
    /// Deletes sessions in the order given and answers once for each, in any order. One that is already gone counts as
    /// done. Once a call has succeeded, a later call that fails is told per session and hides nothing that was done.
    pub async fn delete_sessions(&self, ids: &[SessionId]) -> Result<Vec<Deletion>, SalesforceError> {
        let mut deletions: Vec<Deletion> = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(PER_CALL) {
            match self.delete_persistently(chunk).await {
                Ok(done) => deletions.extend(done),
                Err(error) if deletions.is_empty() => return Err(error),
                Err(error) => deletions.extend(chunk.iter().map(|id| failed(id, &error))),
            }
        }
        Ok(deletions)
    }

    /// Items refused for a passing reason, such as a locked row, are asked for again.
    async fn delete_persistently(&self, ids: &[SessionId]) -> Result<Vec<Deletion>, SalesforceError> {
        let mut deletions = self.delete_once(ids).await?;
        for repetition in 0..RETRIES {
            let (passing, mut settled): (Vec<_>, Vec<_>) = deletions.into_iter().partition(Deletion::passes);
            let again: Vec<_> = passing.iter().map(|deletion| deletion.id.clone()).collect();
            if !again.is_empty() {
                pause(repetition).await;
            }
            settled.extend(self.delete_once(&again).await.unwrap_or(passing));
            deletions = settled;
        }
        Ok(deletions)
    }

    async fn delete_once(&self, ids: &[SessionId]) -> Result<Vec<Deletion>, SalesforceError> {
        let sound: Vec<_> = ids.iter().filter(|id| is_record_id(id.as_str())).collect();
        let mut results = self.delete_call(&sound).await?.into_iter();
        let malformed = || Err("MALFORMED_ID".to_owned());
        let result = |id: &SessionId| {
            if is_record_id(id.as_str()) { results.next().unwrap_or_else(malformed) } else { malformed() }
        };
        let results: Vec<_> = ids.iter().map(result).collect();
        Ok(ids.iter().cloned().zip(results).map(|(id, result)| Deletion { id, result }).collect())
    }

    async fn delete_call(&self, ids: &[&SessionId]) -> Result<Vec<Result<Applied, String>>, SalesforceError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let joined = ids.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(",");
        let call = Call {
            method: Method::DELETE,
            query: vec![("allOrNone", "false".to_owned()), ("ids", joined)],
            ..Call::get(OBJECT, self.path("composite/sobjects"))
        };
        match self.send(&call).await {
            Ok(body) => read(&body, ids.len()),
            failed if ids.len() == 1 => unless_gone(failed).map(|applied| vec![Ok(applied)]),
            Err(error) => Err(error),
        }
    }
}

impl Deletion {
    fn passes(&self) -> bool {
        self.result.as_ref().is_err_and(|code| is_passing_code(code))
    }
}

fn read(body: &[u8], asked: usize) -> Result<Vec<Result<Applied, String>>, SalesforceError> {
    let items: Vec<Item> = parse(OBJECT, body)?;
    if items.len() != asked {
        let reason = format!("{} results for {asked} sessions", items.len());
        return Err(SalesforceError::UnexpectedAnswer { object: OBJECT.to_owned(), status: 200, reason });
    }
    Ok(items.into_iter().map(Item::result).collect())
}

impl Item {
    fn result(self) -> Result<Applied, String> {
        let code = self.errors.into_iter().next().map(|error| printable(&error.status_code, 80));
        match code {
            None if self.success => Ok(Applied::Done),
            Some(code) if GONE.contains(&code.as_str()) => Ok(Applied::AlreadySo),
            Some(code) => Err(code),
            None => Err("UNKNOWN".to_owned()),
        }
    }
}

fn failed(id: &SessionId, error: &SalesforceError) -> Deletion {
    Deletion { id: id.clone(), result: Err(error.code().unwrap_or("UNREACHABLE").to_owned()) }
}

/// A deletion, where finding nothing to delete is as good.
pub(super) fn unless_gone(answer: Result<Vec<u8>, SalesforceError>) -> Result<Applied, SalesforceError> {
    match answer {
        Ok(_) => Ok(Applied::Done),
        Err(error) if error.code().is_some_and(|code| GONE.contains(&code)) => Ok(Applied::AlreadySo),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_follow_the_order_of_the_request() {
        let body = br#"[
            {"id":"0Ak5g00000AbCdEAAV","success":true,"errors":[]},
            {"success":false,"errors":[{"statusCode":"ENTITY_IS_DELETED","message":"m","fields":[]}]},
            {"success":false,"errors":[{"statusCode":"INSUFFICIENT_ACCESS_OR_READONLY","message":"m"}]},
            {"success":false}
        ]"#;
        let refused = |code: &str| Err(code.to_owned());
        assert_eq!(
            read(body, 4).unwrap(),
            [
                Ok(Applied::Done),
                Ok(Applied::AlreadySo),
                refused("INSUFFICIENT_ACCESS_OR_READONLY"),
                refused("UNKNOWN")
            ]
        );
    }

    #[test]
    fn an_answer_of_another_length_proves_nothing() {
        assert!(read(b"[]", 1).is_err());
        assert!(read(b"{}", 1).is_err());
    }
}

//! Readings that are under way at once share calls. Source: REST API Developer Guide, "Send Multiple Requests Using
//! Composite": the entire series counts as a single call toward the API limits, as that of a batch does not.
//!
//! It is not documented for every object that is read here: whatever is not answered in a shared call is asked for alone.

use std::pin::pin;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use reqwest::{Method, Url};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use tokio::sync::{Notify, oneshot};

use super::client::{Call, Salesforce};
use super::error::SalesforceError;
use super::query::parse;

const OBJECT: &str = "several readings at once";
/// Readings in one call, and how many of them may be queries; Salesforce takes no more.
const READINGS: usize = 25;
const QUERIES: usize = 5;

tokio::task_local! {
    /// Where the readings of this task wait for company.
    static DESK: Arc<Desk>;
}

/// What became of one reading: the body of its success.
type Answer = Result<Vec<u8>, SalesforceError>;

/// Readings that nobody has asked for yet.
#[derive(Default)]
struct Desk {
    waiting: Mutex<Vec<Reading>>,
    came: Notify,
}

struct Reading {
    object: &'static str,
    url: String,
    is_query: bool,
    /// Dropped, the reading is asked for alone.
    answer: oneshot::Sender<Answer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Composite {
    composite_response: Vec<Part>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Part {
    body: Box<RawValue>,
    http_status_code: u16,
    reference_id: String,
}

impl Salesforce {
    /// Runs readings so that those under way at once share calls.
    pub(crate) async fn together<T>(&self, readings: impl Future<Output = T>) -> T {
        let desk = Arc::new(Desk::default());
        let mut readings = pin!(DESK.scope(Arc::clone(&desk), readings));
        let mut under_way = FuturesUnordered::new();
        loop {
            // The readings come first: whatever can be asked for now is on the desk when they wait.
            tokio::select! {
                biased;
                done = &mut readings => return done,
                Some(()) = under_way.next() => {}
                () = desk.came.notified() => {}
            }
            under_way.extend(shares(desk.take()).into_iter().map(|share| self.ask(share)));
        }
    }

    /// The answer from a call that was shared; `None` where the reading is to be asked for alone.
    pub(super) async fn shared_answer(&self, call: &Call) -> Option<Answer> {
        let is_query = call.path == self.path("query");
        let is_reading = call.method == Method::GET && (is_query || call.path.ends_with("/describe"));
        let desk = DESK.try_with(Arc::clone).ok().filter(|_| is_reading)?;
        if self.alone.load(Relaxed) {
            return None;
        }
        let (answer, answered) = oneshot::channel();
        desk.put(Reading { object: call.object, url: address(call)?, is_query, answer });
        answered.await.ok()
    }

    async fn ask(&self, share: Vec<Reading>) {
        if share.len() < 2 {
            return;
        }
        match self.composite(&share).await {
            Ok(answers) => {
                for (reading, answer) in share.into_iter().zip(answers) {
                    match answer {
                        // Who no longer waits needs no answer.
                        Ok(body) => drop(reading.answer.send(Ok(body))),
                        // It is asked for alone, for what is refused here may be granted there.
                        Err(error) => tracing::debug!(error = %error, "a reading is asked for alone"),
                    }
                }
            }
            Err(error) => {
                tracing::debug!(error = %error, "readings are asked for one by one");
                self.alone.fetch_or(!error.retryable() && !error.session_has_ended(), Relaxed);
            }
        }
    }

    async fn composite(&self, share: &[Reading]) -> Result<Vec<Answer>, SalesforceError> {
        let subrequests: Vec<_> = share
            .iter()
            .enumerate()
            .map(|(number, reading)| json!({ "method": "GET", "url": reading.url, "referenceId": name(number) }))
            .collect();
        let body = Some(json!({ "allOrNone": false, "compositeRequest": subrequests }));
        let call = Call { method: Method::POST, body, ..Call::get(OBJECT, self.path("composite")) };
        let body = self.attempt_alone(&call, &*self.grant().await?).await?.body;
        let parts = parse::<Composite>(OBJECT, &body)?.composite_response;
        let are_in_order = parts.iter().enumerate().all(|(number, part)| part.reference_id == name(number));
        if parts.len() != share.len() || !are_in_order {
            let reason = "its parts are not those that were asked for".to_owned();
            return Err(SalesforceError::UnexpectedAnswer { object: OBJECT.to_owned(), status: 200, reason });
        }
        Ok(share.iter().zip(parts).map(|(reading, part)| self.part(reading.object, &part)).collect())
    }

    fn part(&self, object: &'static str, part: &Part) -> Answer {
        let body = part.body.get().as_bytes();
        if (200..300).contains(&part.http_status_code) {
            return Ok(body.to_vec());
        }
        Err(self.refused(object, part.http_status_code, body))
    }
}

impl Desk {
    fn put(&self, reading: Reading) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(reading);
        self.came.notify_one();
    }

    fn take(&self) -> Vec<Reading> {
        std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Readings in as many calls as it takes.
fn shares(readings: Vec<Reading>) -> Vec<Vec<Reading>> {
    let mut shares: Vec<Vec<Reading>> = Vec::new();
    for reading in readings {
        let has_room = |share: &&mut Vec<Reading>| {
            let queries = share.iter().filter(|other| other.is_query).count();
            share.len() < READINGS && !(reading.is_query && queries >= QUERIES)
        };
        match shares.iter_mut().find(has_room) {
            Some(share) => share.push(reading),
            None => shares.push(vec![reading]),
        }
    }
    shares
}

fn name(number: usize) -> String {
    format!("r{number}")
}

/// A call's path and query. Everything that a reference to another part (`@{…}`) is made of is encoded, for a query may
/// hold text from outside.
fn address(call: &Call) -> Option<String> {
    let mut url = Url::parse("http://localhost").ok()?.join(&call.path).ok()?;
    if !call.query.is_empty() {
        url.query_pairs_mut().extend_pairs(&call.query);
    }
    let query = url.query().map(|query| format!("?{}", query.replace('+', "%20"))).unwrap_or_default();
    Some(format!("{}{query}", url.path()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(is_query: bool) -> Reading {
        Reading { object: "x", url: String::new(), is_query, answer: oneshot::channel().0 }
    }

    #[test]
    fn no_call_holds_more_than_salesforce_takes() {
        let mixed = (0..40).map(|number| reading(number % 3 == 0)).collect();
        let shares = shares(mixed);
        assert_eq!(shares.iter().map(Vec::len).sum::<usize>(), 40);
        for share in &shares {
            let queries = share.iter().filter(|reading| reading.is_query).count();
            assert!(share.len() <= READINGS && queries <= QUERIES, "{} with {queries}", share.len());
        }
        assert_eq!(shares.len(), 3, "fourteen queries");
    }

    #[test]
    fn text_from_outside_is_no_reference_to_another_part() {
        let soql = "SELECT Id FROM User WHERE Username = '@{r0.records[0].Id} a+b&c'".to_owned();
        let call =
            Call { query: vec![("q", soql)], ..Call::get("User", "/services/data/v67.0/query".to_owned()) };
        let address = address(&call).unwrap();
        assert_eq!(
            address,
            "/services/data/v67.0/query?q=SELECT%20Id%20FROM%20User%20WHERE%20Username%20%3D%20%27%40%7Br0.records\
             %5B0%5D.Id%7D%20a%2Bb%26c%27"
        );
    }
}

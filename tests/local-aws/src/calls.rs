//! Who asked AWS for what, for `infra/tests/observed.py`, which holds it against the roles of the templates. Where `SIMULATOR_RECORD` names
//! a directory, each process with a way to AWS writes there (`….calls`) a line for every call that is unlike those before.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{LazyLock, Mutex, PoisonError};

use axum::http::HeaderMap;
use axum::http::request::Parts;
use serde_json::{Value, json};

struct Recorded {
    file: File,
    lines: HashSet<String>,
}

static RECORDED: LazyLock<Option<Mutex<Recorded>>> =
    LazyLock::new(|| open().expect("the directory of `SIMULATOR_RECORD` takes a file"));

/// Records a call, by the access key that signed it.
pub(crate) fn note(request: &Parts, body: &[u8]) {
    let Some(recorded) = &*RECORDED else { return };
    let mut recorded = recorded.lock().unwrap_or_else(PoisonError::into_inner);
    for line in lines(request, body) {
        if !recorded.lines.contains(&line) {
            writeln!(recorded.file, "{line}").expect("the call is recorded");
            recorded.lines.insert(line);
        }
    }
}

fn open() -> io::Result<Option<Mutex<Recorded>>> {
    let Some(directory) = variable("SIMULATOR_RECORD") else { return Ok(None) };
    let program = std::env::current_exe()?;
    let program = program.file_name().unwrap_or_default().to_string_lossy();
    let file = Path::new(&directory).join(format!("{program}-{}.calls", std::process::id()));
    Ok(Some(Mutex::new(Recorded { file: File::create(file)?, lines: HashSet::new() })))
}

fn lines(request: &Parts, body: &[u8]) -> Vec<String> {
    let (by, service) = signed(&request.headers).unwrap_or_default();
    let read: Value = serde_json::from_slice(body).unwrap_or_default();
    let form = form(body);
    let target = request.headers.get("x-amz-target").and_then(|name| name.to_str().ok());
    let operation = target.and_then(|name| name.rsplit('.').next());
    let operation = operation.or(form["Action"].as_str()).unwrap_or(request.method.as_str());
    let path = json!({ "Path": request.uri.path() });
    let about = match service {
        "s3" => vec![(Value::Null, named(&path))],
        "sns" => vec![(Value::Null, named(&form))],
        _ => about(&read),
    };
    let line = |(part, about)| json!({ "by": by, "service": service, "operation": operation, "part": part, "about": about });
    about.into_iter().map(|about| line(about).to_string()).collect()
}

/// The access key and the service, of `… Credential=KEY/DATE/REGION/SERVICE/aws4_request, …`.
fn signed(headers: &HeaderMap) -> Option<(&str, &str)> {
    let (_, scope) = headers.get("authorization")?.to_str().ok()?.split_once("Credential=")?;
    let mut parts = scope.split(',').next()?.split('/');
    Some((parts.next()?, parts.nth(2)?))
}

/// The parts of the call, where it has some, and what each names.
fn about(call: &Value) -> Vec<(Value, Value)> {
    if let Some(parts) = call["TransactItems"].as_array() {
        let parts = parts.iter().filter_map(Value::as_object).flatten();
        return parts.map(|(part, of)| (json!(part), named(of))).collect();
    }
    if let Some(entries) = call["Entries"].as_array().filter(|_| call.get("QueueUrl").is_none()) {
        return entries.iter().map(|entry| (Value::Null, named(entry))).collect();
    }
    vec![(Value::Null, named(call))]
}

fn named(call: &Value) -> Value {
    let names = ["TableName", "QueueUrl", "SecretId", "EventBusName", "TopicArn", "Path"];
    names.iter().find_map(|name| call.get(*name)).cloned().unwrap_or_default()
}

/// What is sent as a form, as SNS takes it.
fn form(body: &[u8]) -> Value {
    let text = String::from_utf8_lossy(body);
    let url = reqwest::Url::parse(&format!("http://localhost/?{text}")).ok();
    let pairs = url.iter().flat_map(reqwest::Url::query_pairs);
    pairs.map(|(name, value)| (name.into_owned(), Value::from(value.into_owned()))).collect()
}

#[expect(clippy::disallowed_methods, reason = "a test run is set up by its environment")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

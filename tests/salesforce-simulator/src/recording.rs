//! For a search of a whole test run for secrets. Where `SIMULATOR_RECORD` names a directory, each process that serves an
//! org writes there what it logs, at the levels of `SIMULATOR_RECORD_LEVELS` (`….log`), and secrets of every kind that the
//! org gave out (`….issued`), so that the search can prove that it would have found them.

use crate::org::Org;
use serde_json::Value as Json;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::{LazyLock, Mutex, PoisonError};
use tracing_subscriber::EnvFilter;

static ISSUED: LazyLock<io::Result<Option<Mutex<File>>>> = LazyLock::new(open);

/// Begins once in a process, and records secrets that the org holds from the start.
pub(crate) fn begin(org: &Org, document: &Json) -> io::Result<()> {
    ISSUED.as_ref().map_err(|error| io::Error::new(error.kind(), error.to_string()))?;
    let session = org.sessions().iter().find_map(|session| session.access_token.as_deref());
    let token = org.tokens().first();
    let secrets = [
        ("private_key", document["scanner"]["private_key"].as_str()),
        ("access_token", session),
        ("refresh_token", token.map(|token| token.refresh_token.as_str())),
        ("delete_token", token.map(|token| token.delete_token.as_str())),
        ("password", org.users().iter().map(|user| user.password.as_str()).find(|text| !text.is_empty())),
    ];
    for (kind, secret) in secrets {
        if let Some(secret) = secret {
            issued(kind, secret);
        }
    }
    Ok(())
}

/// Records a secret. One that cannot be written is missed by the search.
pub(crate) fn issued(kind: &str, secret: &str) {
    if let Ok(Some(file)) = &*ISSUED {
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        drop(writeln!(file, "{kind} {}", secret.replace('\n', " ")));
    }
}

fn open() -> io::Result<Option<Mutex<File>>> {
    let Some(directory) = variable("SIMULATOR_RECORD").map(PathBuf::from) else { return Ok(None) };
    let program = std::env::current_exe()?;
    let program = program.file_name().unwrap_or_default().to_string_lossy();
    let process = format!("{program}-{}", std::process::id());
    let log = directory.join(format!("{process}.log"));
    let levels = EnvFilter::new(variable("SIMULATOR_RECORD_LEVELS").unwrap_or_default());
    let lines = tracing_subscriber::fmt().with_env_filter(levels).with_ansi(false);
    match lines.with_writer(Mutex::new(File::create(&log)?)).try_init() {
        Ok(()) => tracing::info!("the log is recorded"),
        // The process writes its log elsewhere.
        Err(_) => std::fs::remove_file(&log)?,
    }
    Ok(Some(Mutex::new(File::create(directory.join(format!("{process}.issued")))?)))
}

#[expect(clippy::disallowed_methods, reason = "a test run is set up by its environment")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

//! How people are told on one machine: a file beside the store, and a program of the operator's.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use async_trait::async_trait;
use clap::Args;
use session_warden::notice::{Notice, NoticeFile, Notifier, NotifyError};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::timeout;

/// A program that takes longer is ended, and its notice waits.
const PATIENCE: Duration = Duration::from_secs(30);

/// How people are told.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct NotifyOptions {
    /// Run this program for each notice, with the notice as JSON on its standard input; every notice also stands in
    /// notices.jsonl beside the store.
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) notify: Option<PathBuf>,
}

/// The program first: a notice that it did not take waits, and comes into the file once it is told.
pub(crate) struct LocalNotifier {
    file: NoticeFile,
    program: Option<PathBuf>,
}

impl LocalNotifier {
    pub(crate) fn new(beside: &Path, options: &NotifyOptions) -> Self {
        Self { file: NoticeFile(beside.join("notices.jsonl")), program: options.notify.clone() }
    }
}

#[async_trait]
impl Notifier for LocalNotifier {
    async fn notify(&self, notice: &Notice) -> Result<(), NotifyError> {
        if let Some(program) = &self.program {
            let failed = |reason| NotifyError { channel: program.display().to_string(), reason };
            let given = timeout(PATIENCE, give(program, notice)).await;
            given
                .unwrap_or_else(|_| Err(format!("no end within {} s", PATIENCE.as_secs())))
                .map_err(failed)?;
        }
        match self.file.notify(notice).await {
            // Whoever had to be told has been.
            Err(error) if self.program.is_some() => {
                tracing::error!(%error, "a notice was told, and does not stand in the file");
                Ok(())
            }
            outcome => outcome,
        }
    }
}

/// No shell: nothing in a notice is a command.
async fn give(program: &Path, notice: &Notice) -> Result<(), String> {
    let text = serde_json::to_vec(notice).map_err(|error| error.to_string())?;
    let mut command = Command::new(program);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    if let Some(mut input) = child.stdin.take() {
        // A program that reads nothing is judged by how it ends.
        let _ = input.write_all(&text).await;
    }
    let status = child.wait().await.map_err(|error| error.to_string())?;
    if status.success() { Ok(()) } else { Err(format!("it ended with {status}")) }
}

//! Notices in a file, one JSON object a line: what reads it tells people by mail, chat or telephone.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::PathBuf;

use async_trait::async_trait;

use super::{Notice, Notifier, NotifyError};

/// Appends each notice to a file that only its owner may read.
#[derive(Debug, Clone)]
pub struct NoticeFile(pub PathBuf);

#[async_trait]
impl Notifier for NoticeFile {
    async fn notify(&self, notice: &Notice) -> Result<(), NotifyError> {
        self.append(notice)
            .map_err(|error| NotifyError { channel: self.0.display().to_string(), reason: error.to_string() })
    }
}

impl NoticeFile {
    /// One write a line, so that two processes do not mix theirs.
    fn append(&self, notice: &Notice) -> io::Result<()> {
        let mut line = serde_json::to_vec(notice)?;
        line.push(b'\n');
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        let mut file = options.open(&self.0)?;
        file.write_all(&line)?;
        file.sync_data()
    }
}

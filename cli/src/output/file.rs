//! Files that a command leaves behind.

use std::io::Write;
use std::path::Path;

use anyhow::Context;

/// Writes a file by rename, so that nobody reads half of it. Only its owner may read it: a temporary file is made so, and
/// a rename keeps that.
pub(crate) fn write_file(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let failed = || format!("Failed to write {}", path.display());
    std::fs::create_dir_all(directory).with_context(failed)?;
    let mut file = tempfile::NamedTempFile::new_in(directory).with_context(failed)?;
    file.write_all(content).with_context(failed)?;
    file.persist(path).with_context(failed)?;
    Ok(())
}

//! A file that is mapped into memory for reading.

use std::path::Path;

use mmap_io::MemoryMappedFile;

use super::PackError;

/// A file's bytes, read by the operating system where they are looked at. Whoever replaces the file must do so by rename,
/// as `warden pack build` does: one that is cut short while it is mapped ends the process.
#[derive(Debug)]
pub(super) struct Mapping(MemoryMappedFile);

impl Mapping {
    pub(super) fn open(file: &Path) -> Result<Self, PackError> {
        let wrong = |reason: String| PackError::unreadable(file, reason);
        let about = std::fs::metadata(file).map_err(|error| wrong(error.to_string()))?;
        if !about.is_file() || about.len() == 0 {
            return Err(PackError::new(file, "is empty, or no file"));
        }
        MemoryMappedFile::open_ro(file).map(Self).map_err(|error| wrong(error.to_string()))
    }
}

impl AsRef<[u8]> for Mapping {
    fn as_ref(&self) -> &[u8] {
        self.0.as_slice_bytes(0, self.0.len()).unwrap_or_default()
    }
}

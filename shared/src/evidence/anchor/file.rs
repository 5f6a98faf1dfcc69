//! Files that are whole or not there.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::AnchorError;

pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, AnchorError> {
    match fs::read(path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(named(path)(error)),
    }
}

/// Puts the content in the place of what was there: readers find the one or the other.
pub(super) fn replace(path: &Path, content: &[u8]) -> Result<(), AnchorError> {
    let temporary = write_beside(path, content, Readers::AsUsual).map_err(named(path))?;
    fs::rename(&temporary, path).and_then(|()| keep_name(path)).map_err(|error| {
        // The reason to report is the rename's.
        let _ = fs::remove_file(&temporary);
        named(path)(error)
    })
}

/// Makes a file that only its owner may read, unless one is there: then it is left as it is.
pub(super) fn create_private(path: &Path, content: &[u8]) -> Result<(), AnchorError> {
    let temporary = write_beside(path, content, Readers::Owner).map_err(named(path))?;
    // A link, unlike a rename, does not replace what another process has made meanwhile.
    let linked = fs::hard_link(&temporary, path);
    let removed = fs::remove_file(&temporary);
    match linked {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        linked => linked.and(removed).and_then(|()| keep_name(path)).map_err(named(path)),
    }
}

/// Refuses a file that its owner's group or others may read.
#[cfg(unix)]
pub(super) fn is_private(path: &Path) -> Result<(), AnchorError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(path).map_err(named(path))?.permissions().mode();
    if mode & 0o077 != 0 {
        let reason = "others may read it; give it mode 0600";
        return Err(AnchorError::Key { path: path.to_owned(), reason });
    }
    Ok(())
}

#[cfg(not(unix))]
pub(super) fn is_private(_path: &Path) -> Result<(), AnchorError> {
    Ok(())
}

#[derive(Clone, Copy)]
enum Readers {
    Owner,
    AsUsual,
}

fn write_beside(path: &Path, content: &[u8], readers: Readers) -> io::Result<PathBuf> {
    fs::create_dir_all(directory_of(path))?;
    let temporary = name_beside(path)?;
    let mut file = options(readers).open(&temporary)?;
    let written = file.write_all(content).and_then(|()| file.sync_all());
    if written.is_err() {
        // The reason to report is the write's.
        let _ = fs::remove_file(&temporary);
    }
    written.map(|()| temporary)
}

#[cfg_attr(not(unix), expect(unused_variables, reason = "modes are a matter of Unix"))]
fn options(readers: Readers) -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if let Readers::Owner = readers {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    options
}

fn name_beside(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "names no file"))?;
    let mut random = [0; 8];
    aws_lc_rs::rand::fill(&mut random).map_err(|_| io::Error::other("no random numbers"))?;
    let mut beside = OsString::from(".");
    beside.push(name);
    beside.push(format!(".{}", hex::encode(random)));
    Ok(path.with_file_name(beside))
}

fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory,
        _ => Path::new("."),
    }
}

/// Makes the new name survive a power failure.
#[cfg(unix)]
fn keep_name(path: &Path) -> io::Result<()> {
    fs::File::open(directory_of(path))?.sync_all()
}

#[cfg(not(unix))]
fn keep_name(_path: &Path) -> io::Result<()> {
    Ok(())
}

fn named(path: &Path) -> impl Fn(io::Error) -> AnchorError {
    let path = path.to_owned();
    move |reason| AnchorError::File { path: path.clone(), reason }
}

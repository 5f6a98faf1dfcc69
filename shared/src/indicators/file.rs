//! A file of indicators, in whichever form.

use std::io;
use std::path::{Path, PathBuf};

use super::list::Indicators;
use super::{plain, stix, table};

/// A file of which nothing could be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndicatorFileError {
    /// It cannot be opened or read.
    #[error("{}: cannot be read: {reason}", file.display())]
    Unreadable {
        /// Which file.
        file: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// It is not text.
    #[error("{}: is not UTF-8 text; save it as plain text, CSV or a STIX 2.1 bundle", file.display())]
    NotText {
        /// Which file.
        file: PathBuf,
    },
    /// It begins like JSON and is none.
    #[error("{}: begins like a STIX bundle and is no JSON: {reason}", file.display())]
    NotJson {
        /// Which file.
        file: PathBuf,
        /// What the parser says, with line and column.
        reason: String,
    },
}

/// Adds a file's indicators to a list: a STIX bundle if it begins with `{`, CSV if its first line that is no comment
/// names a column of values, else plain text.
///
/// # Errors
/// The file as a whole cannot be read. Entries that cannot be used are kept in the list.
pub fn read_file(path: &Path, list: &mut Indicators) -> Result<(), IndicatorFileError> {
    let file = || path.to_owned();
    let bytes =
        std::fs::read(path).map_err(|reason| IndicatorFileError::Unreadable { file: file(), reason })?;
    let text = String::from_utf8(bytes).map_err(|_| IndicatorFileError::NotText { file: file() })?;
    let (text, name) = (text.trim_start_matches('\u{feff}'), path.display().to_string());
    if text.trim_start().starts_with('{') {
        let document = serde_json::from_str(text)
            .map_err(|error| IndicatorFileError::NotJson { file: file(), reason: error.to_string() })?;
        stix::read(&name, document, list);
        return Ok(());
    }
    match table::header(text) {
        Some((columns, header)) => table::read(&name, text, &columns, header, list),
        None => plain::read(&name, text, list),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &[u8]) -> Result<Indicators, String> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("iocs");
        std::fs::write(&path, content).unwrap();
        let mut list = Indicators::default();
        read_file(&path, &mut list).map_err(|error| error.to_string()).map(|()| list)
    }

    #[test]
    fn the_content_tells_the_form() {
        let stix = br#" {"type":"bundle","objects":[{"type":"indicator","pattern":"[ipv4-addr:value = '198.51.100.7']"}]}"#;
        let forms: [&[u8]; 4] = [
            stix,
            b"\xef\xbb\xbf# a feed\r\ntype,value\r\nip,198.51.100.7\r\n",
            b"value\n198.51.100.7\n",
            b"\xef\xbb\xbf198.51.100.7\r\n",
        ];
        for form in forms {
            let list = read(form).unwrap();
            let seen: Vec<_> = list.all().iter().map(|indicator| indicator.observable.to_string()).collect();
            assert_eq!((seen, list.rejected.total), (vec!["198.51.100.7".to_owned()], 0));
        }
        assert!(read(b"").unwrap().all().is_empty());
    }

    #[test]
    fn a_header_may_stand_in_the_last_comment_as_abuse_ch_writes_it() {
        let feed =
            b"# ThreatFox IOCs #\n#\n# \"first_seen_utc\",\"ioc_id\",\"ioc_value\",\"ioc_type\",\"tags\"\n\
            \"2026-10-01 08:00:00\", \"7\", \"198.51.100.7:443\", \"ip:port\", \"a,b\"\n\
            \"2026-10-01 08:00:00\", \"8\", \"evil.example\", \"domain\", \"\"\n# Number of entries: 2\n";
        let list = read(feed).unwrap();
        let seen: Vec<_> = list.all().iter().map(|indicator| indicator.observable.to_string()).collect();
        assert_eq!((seen, list.rejected.total), (vec!["198.51.100.7".to_owned()], 1));
        let plain = read(b"# address, who told\n198.51.100.7\n").unwrap();
        assert_eq!((plain.all().len(), plain.rejected.total), (1, 0));
    }

    #[test]
    fn a_file_that_is_none_is_named_with_what_to_do() {
        assert!(read(b"\xff\xfe1\x00").unwrap_err().contains("is not UTF-8 text; save it as"));
        assert!(read(b"{ \"type\": ").unwrap_err().contains("is no JSON: EOF while parsing"));
        let mut list = Indicators::default();
        let unread = read_file(Path::new("/nowhere/iocs"), &mut list).unwrap_err();
        assert!(std::error::Error::source(&unread).is_none(), "the reason is told once");
    }
}

//! Indicators of compromise: what others have seen an attacker use, and whether it was seen here.
//!
//! A file is plain text, CSV or a STIX 2.1 bundle, told apart by its content. An entry that cannot be used is kept as
//! [`RejectedEntry`] with its place and the rest goes on. An entry whose validity has ended is used all the same: whoever
//! looks back over six months looks for what was true then.

mod defanged;
mod file;
mod indicator;
mod list;
mod matcher;
mod plain;
mod stix;
mod stix_pattern;
mod table;

pub use file::{IndicatorFileError, read_file};
pub use indicator::{Indicator, Observable, Provenance, Validity};
pub use list::{Indicators, RejectedEntries, RejectedEntry};
pub use matcher::{Matcher, Seen};

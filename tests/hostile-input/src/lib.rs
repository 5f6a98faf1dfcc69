//! Every parser of outside data, each as a function that takes whatever bytes there are. What holds for all input is asserted,
//! and nothing may panic. `fuzz/` feeds them with what a fuzzer makes, and a test with every file that is kept in
//! `fuzz/corpus/`.
#![allow(
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "what does not hold for all input fails by panicking"
)]

mod answers;
mod files;
mod lists;
mod packs;
mod words;

pub use answers::answers;
pub use files::{csv, jsonl, policy, rules};
pub use lists::{indicators, stix};
pub use packs::{mmdb, network_pack};
pub use words::{addresses, clients, soql};

use std::io::Write;

use tempfile::NamedTempFile;

/// A parser that is fed.
pub type Target = fn(&[u8]);

/// Every parser, under the name of its folder in `fuzz/corpus/`.
pub const TARGETS: [(&str, Target); 12] = [
    ("addresses", addresses),
    ("answers", answers),
    ("clients", clients),
    ("csv", csv),
    ("indicators", indicators),
    ("jsonl", jsonl),
    ("mmdb", mmdb),
    ("network_pack", network_pack),
    ("policy", policy),
    ("rules", rules),
    ("soql", soql),
    ("stix", stix),
];

/// A file that holds `data`, until it is dropped.
#[expect(clippy::expect_used, reason = "without a temporary file nothing can be fed")]
fn file(data: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a temporary file");
    file.write_all(data).expect("room for it");
    file
}

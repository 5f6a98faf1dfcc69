//! The three jobs, each a page that reads as the story. The functions and the command are thin doors to them.

mod accounts;
mod contain;
mod contain_error;
mod cursor;
mod evaluate;
mod knowledge;
mod known;
mod scan;
mod snapshot;

pub use contain::{Apply, Contain};
pub use contain_error::ContainError;
pub use cursor::HISTORY;
pub use evaluate::{Evaluate, EvaluateError, Evaluated};
pub use knowledge::findings;
pub use scan::{Progress, Scan, ScanError, Scanned};

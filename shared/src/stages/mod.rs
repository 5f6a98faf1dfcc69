//! The three jobs, each a page that reads as the story. The functions and the command are thin doors to them.

mod accounts;
mod contain;
mod cursor;
mod evaluate;
mod knowledge;
mod scan;
mod snapshot;

pub use contain::{Apply, Contain, ContainError};
pub use cursor::HISTORY;
pub use evaluate::{Evaluate, EvaluateError, Evaluated};
pub use knowledge::findings;
pub use scan::{Progress, Scan, ScanError, Scanned};

//! The three jobs, each a page that reads as the story. The functions and the command are thin doors to them.

mod accounts;
mod back_fill;
mod contain;
mod contain_error;
mod counts;
mod cursor;
mod evaluate;
mod knowledge;
mod known;
mod late_rows;
mod own_fitness;
mod scan;
mod sending;
mod slices;
mod snapshot;
mod telling;
mod token_watch;
mod upkeep;
mod watched;

pub use back_fill::BackFill;
pub use contain::{Apply, Contain, GivenBack, Password, Release};
pub use contain_error::ContainError;
pub use cursor::HISTORY;
pub use evaluate::{Evaluate, EvaluateError, Evaluated};
pub use knowledge::{Memory, accounts, dismissals, findings};
pub use scan::{Progress, Scan, ScanError, Scanned};
pub use telling::{Notified, Tell};
pub use token_watch::TokensSeen;
pub use upkeep::{Pruned, Upkeep, prune};
pub use watched::{WatchedHour, watched};

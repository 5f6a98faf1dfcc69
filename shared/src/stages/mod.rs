//! The three jobs, each a page that reads as the story. The functions and the command are thin doors to them.

mod evaluate;
mod knowledge;

pub use evaluate::{Evaluate, EvaluateError, Evaluated};
pub use knowledge::findings;

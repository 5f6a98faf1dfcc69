//! One command a file.

pub(crate) mod contain;
pub(crate) mod evaluate;
pub(crate) mod evidence;
pub(crate) mod findings;
pub(crate) mod run;
pub(crate) mod simulate;

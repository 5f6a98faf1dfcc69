//! What happened, in order, as a drawing.

mod axis;
mod drawing;
mod event;
mod group;
mod labels;
mod ticks;

pub(super) use drawing::{Drawing, Format};
pub use event::{EventOutcome, Lane, TimelineEvent};

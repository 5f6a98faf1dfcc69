//! What happened, in order, as a drawing.

mod axis;
mod drawing;
mod event;
mod labels;
mod ticks;

pub(super) use drawing::{Drawing, Format};
pub(super) use event::step_name;
pub use event::{EventOutcome, Lane, TimelineEvent};

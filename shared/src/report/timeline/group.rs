//! Events that stand too near to one another to be told apart become one marker.

use jiff::Timestamp;

use super::axis::Axis;
use super::event::{EventOutcome, Lane, TimelineEvent};
use crate::detection::Severity;
use crate::report::shown::Shown;
use crate::report::wording::instant;

/// Markers nearer than this, in pixels, are one marker with a count.
const MERGE: f64 = 8.0;
/// The same event again within this, in pixels, prolongs a marker.
const PROLONG: f64 = 30.0;
/// The least distance of two markers' centres, in pixels.
const APART: f64 = 15.0;

/// One marker: one event, or several.
pub(super) struct Group<'a> {
    /// The first and the last centre.
    pub(super) span: (f64, f64),
    pub(super) first: &'a TimelineEvent,
    last: &'a TimelineEvent,
    count: usize,
    alike: Alike,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Alike {
    Yes,
    No,
}

/// The markers of one lane from left to right, moved apart by as little as makes each visible.
pub(super) fn groups<'a>(events: &[&'a TimelineEvent], axis: &Axis, right: f64) -> Vec<Group<'a>> {
    let mut events = events.to_vec();
    events.sort_by_key(|event| event.at);
    let mut groups: Vec<Group<'a>> = Vec::new();
    // Steps are told in their order; attempts may overtake one another.
    let reach = if events.iter().all(|event| event.lane == Lane::Containment) { 1 } else { 3 };
    for event in events {
        let x = axis.x(event.at);
        match groups.iter_mut().rev().take(reach).find(|group| group.takes(event, x)) {
            Some(group) => group.add(event, x),
            None => {
                groups.push(Group { span: (x, x), first: event, last: event, count: 1, alike: Alike::Yes });
            }
        }
    }
    move_apart(&mut groups, right);
    groups
}

fn move_apart(groups: &mut [Group<'_>], right: f64) {
    let mut free = f64::NEG_INFINITY;
    for group in groups.iter_mut() {
        group.shift((free - group.span.0).max(0.0));
        free = group.span.1 + APART;
    }
    let mut free = right - 6.0;
    for group in groups.iter_mut().rev() {
        group.shift((free - group.span.1).min(0.0));
        free = group.span.0 - APART;
    }
}

impl<'a> Group<'a> {
    fn takes(&self, event: &TimelineEvent, x: f64) -> bool {
        let is_kin = self.first.severity == event.severity && self.first.outcome == event.outcome;
        let is_same = self.alike == Alike::Yes && self.first.label == event.label;
        is_kin && (x - self.span.1 < MERGE || is_same && x - self.span.1 < PROLONG)
    }

    fn add(&mut self, event: &'a TimelineEvent, x: f64) {
        self.span.1 = self.span.1.max(x);
        self.last = event;
        self.count += 1;
        if self.first.label != event.label {
            self.alike = Alike::No;
        }
    }

    fn shift(&mut self, by: f64) {
        self.span = (self.span.0 + by, self.span.1 + by);
    }

    /// What is told first where there is no room for everything.
    pub(super) fn weight(&self) -> (bool, Option<Severity>, Timestamp) {
        let is_failed_act =
            self.first.lane == Lane::Containment && self.first.outcome == EventOutcome::Failed;
        (is_failed_act, self.first.severity, self.last.at)
    }

    /// Of what was done, the end counts; of what happened, the beginning.
    fn told(&self) -> &TimelineEvent {
        if self.first.lane == Lane::Containment { self.last } else { self.first }
    }

    pub(super) fn words(&self) -> String {
        match (self.count, self.alike) {
            (1, _) => self.first.label.clone(),
            (count, Alike::Yes) => format!("{count} × {}", self.first.label),
            (count, Alike::No) => format!("{} and {} more", Shown::cut(&self.told().label, 30), count - 1),
        }
    }

    pub(super) fn hint(&self) -> Shown {
        let from = instant(self.first.at);
        let until = if self.last.at == self.first.at {
            String::new()
        } else {
            format!(" to {}", instant(self.last.at))
        };
        Shown::of(format!("{from}{until}: {}", self.words()))
    }

    /// Lanes differ in shape as well, for those who cannot tell the colours apart.
    pub(super) fn shape(&self) -> String {
        let length = ((self.span.1 - self.span.0) * 10.0).round() / 10.0;
        match self.first.lane {
            Lane::Login | Lane::Verification => {
                format!("M0-6h{length}a6 6 0 0 1 0 12h-{length}a6 6 0 0 1 0-12z")
            }
            Lane::Session => format!("M-6.5 5.5L0-6h{length}l6.5 11.5z"),
            Lane::Detection => format!("M-7.5 0L0-7.5h{length}l7.5 7.5l-7.5 7.5h-{length}z"),
            Lane::Containment => format!("M-5.5-5.5h{0}v11h-{0}z", length + 11.0),
        }
    }

    pub(super) fn class(&self) -> String {
        let colour = match (self.first.lane, self.first.outcome) {
            (Lane::Containment, EventOutcome::Succeeded) => "good",
            (Lane::Containment, EventOutcome::Failed) => "critical",
            _ => self.first.severity.map_or("plain", Severity::name),
        };
        let failed = if self.first.outcome == EventOutcome::Failed { " failed" } else { "" };
        format!("marker {colour}{failed}")
    }
}

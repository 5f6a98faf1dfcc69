//! What happened lately: bounded, in the order of time.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

/// Notes something among what happened lately. What is older than the newest by more than `memory` is forgotten, or never noted;
/// with more than `capacity` the oldest gives way.
pub(super) fn note<T>(
    recent: &mut VecDeque<T>,
    new: T,
    time_of: impl Fn(&T) -> Timestamp,
    memory: SignedDuration,
    capacity: usize,
) {
    let time = time_of(&new);
    if recent.back().is_some_and(|newest| time_of(newest).duration_since(time) > memory) {
        return;
    }
    while recent.front().is_some_and(|old| time.duration_since(time_of(old)) > memory) {
        recent.pop_front();
    }
    if recent.back().is_none_or(|newest| time_of(newest) <= time) {
        recent.push_back(new);
    } else {
        recent.insert(recent.partition_point(|known| time_of(known) <= time), new);
    }
    if recent.len() > capacity {
        recent.pop_front();
    }
}

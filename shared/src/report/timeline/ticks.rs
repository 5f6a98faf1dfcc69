//! Round instants along the axis.

use jiff::Timestamp;

use super::axis::{Axis, Segment};

/// The least distance of two ticks, in pixels.
const SPACING: f64 = 66.0;
/// The least distance of two dates, in pixels.
const DATES: f64 = 88.0;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Steps that people count in, in seconds.
const STEPS: [i64; 22] = [
    1,
    2,
    5,
    10,
    15,
    30,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
    14 * DAY,
    28 * DAY,
];

/// One tick with its one or two lines of text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick {
    pub(super) x: f64,
    pub(super) label: String,
    /// The date, where it differs from that of the tick before.
    pub(super) date: String,
}

/// The ticks of an axis, none nearer to another than its text needs.
pub(super) fn ticks(axis: &Axis) -> Vec<Tick> {
    let mut ticks: Vec<Tick> = Vec::new();
    let (mut date, mut date_x) = (String::new(), f64::NEG_INFINITY);
    for segment in &axis.segments {
        for (at, step) in instants(segment) {
            let x = segment.x(at);
            if ticks.last().is_some_and(|last| x - last.x < SPACING * 0.85) {
                continue;
            }
            let own = second_line(at, step);
            if own != date && x - date_x < DATES {
                continue;
            }
            let shown = if own == date { String::new() } else { own.clone() };
            if own != date {
                (date, date_x) = (own, x);
            }
            ticks.push(Tick { x, label: first_line(at, step), date: shown });
        }
    }
    ticks
}

/// The round instants of a segment with the step between them; its beginning where no two have room.
fn instants(segment: &Segment) -> Vec<(Timestamp, i64)> {
    let length = segment.length().as_secs_f64();
    let width = segment.x(segment.until) - segment.x(segment.from);
    let fits = |step: i64| step as f64 / length * width >= SPACING;
    let step = STEPS.into_iter().find(|step| length > 0.0 && fits(*step));
    let round = step.map(|step| multiples(segment, step)).filter(|round| !round.is_empty());
    round.unwrap_or_else(|| vec![(segment.from, if length < 60.0 { 1 } else { MINUTE })])
}

fn multiples(segment: &Segment, step: i64) -> Vec<(Timestamp, i64)> {
    let first = (segment.from.as_second() + step - 1).div_euclid(step);
    let last = segment.until.as_second().div_euclid(step);
    let instants = (first..=last).filter_map(|n| Timestamp::from_second(n * step).ok());
    instants.map(|at| (at, step)).collect()
}

fn first_line(at: Timestamp, step: i64) -> String {
    let format = match step {
        step if step < MINUTE => "%H:%M:%S",
        step if step < DAY => "%H:%M",
        _ => "%-d %b",
    };
    at.strftime(format).to_string()
}

fn second_line(at: Timestamp, step: i64) -> String {
    at.strftime(if step < DAY { "%-d %b %Y" } else { "%Y" }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(seconds: &[i64]) -> Vec<String> {
        let times: Vec<_> =
            seconds.iter().map(|s| Timestamp::from_second(1_795_459_380 + s).unwrap()).collect();
        let ticks = ticks(&Axis::of(&times, 100.0, 900.0).unwrap());
        assert!(ticks.windows(2).all(|pair| pair[1].x - pair[0].x > 50.0));
        ticks.iter().map(|tick| format!("{} {}", tick.label, tick.date).trim().to_owned()).collect()
    }

    #[test]
    fn from_seconds_to_months() {
        assert_eq!(labels(&[0, 20, 40])[..2], ["18:43:00 23 Nov 2026", "18:43:05"]);
        assert_eq!(labels(&[0, 1_500, 3_000])[..2], ["18:45 23 Nov 2026", "18:50"]);
        assert_eq!(labels(&[0, 86_400 * 70, 86_400 * 140])[..2], ["3 Dec 2026", "17 Dec"]);
        assert_eq!(labels(&[0]), ["18:43:00 23 Nov 2026"]);
    }
}

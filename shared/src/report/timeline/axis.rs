//! The time axis: linear, with long empty stretches cut out and marked.

use jiff::{SignedDuration, Timestamp};

/// The share of the axis from which an empty stretch is cut out.
const CUT_SHARE: f64 = 0.75;
/// At most this many stretches are cut out.
const CUTS: usize = 3;
/// Room between a segment's edge and its first marker, in pixels.
const PAD: f64 = 12.0;
/// What a segment has at least, in pixels.
const LEAST_WIDTH: f64 = 88.0;
/// The width of a cut, in pixels.
const CUT_WIDTH: f64 = 34.0;

/// A stretch of time without cuts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Segment {
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
    pub(super) left: f64,
    pub(super) right: f64,
}

/// The time axis.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Axis {
    pub(super) segments: Vec<Segment>,
}

impl Segment {
    pub(super) fn length(&self) -> SignedDuration {
        self.until.duration_since(self.from)
    }

    /// Where an instant of this segment stands.
    pub(super) fn x(&self, at: Timestamp) -> f64 {
        let length = self.length().as_secs_f64();
        if length <= 0.0 {
            return f64::midpoint(self.left, self.right);
        }
        let share = (at.duration_since(self.from).as_secs_f64() / length).clamp(0.0, 1.0);
        self.left + PAD + share * (self.right - self.left - 2.0 * PAD)
    }
}

impl Axis {
    /// An axis from `left` to `right`, in pixels, for these instants; `None` when there are none.
    pub(super) fn of(times: &[Timestamp], left: f64, right: f64) -> Option<Self> {
        let mut times = times.to_vec();
        times.sort_unstable();
        times.dedup();
        let mut segments = cut(&times);
        (!segments.is_empty()).then(|| {
            place(&mut segments, left, right);
            Self { segments }
        })
    }

    /// Where an instant stands.
    pub(super) fn x(&self, at: Timestamp) -> f64 {
        let last = self.segments.last();
        let segment = self.segments.iter().find(|segment| at <= segment.until).or(last);
        segment.map_or(0.0, |segment| segment.x(at))
    }
}

/// Cuts at the longest gap again and again, as long as it takes up most of what is left.
fn cut(times: &[Timestamp]) -> Vec<Segment> {
    let Some((first, last)) = times.first().zip(times.last()) else { return Vec::new() };
    let mut gaps: Vec<_> =
        times.windows(2).map(|pair| (pair[1].duration_since(pair[0]), pair[0], pair[1])).collect();
    gaps.sort_unstable_by(|a, b| b.cmp(a));
    let mut rest = last.duration_since(*first);
    let mut cuts = Vec::new();
    for (gap, before, after) in gaps.into_iter().take(CUTS) {
        let left_over = rest - gap;
        if left_over < SignedDuration::from_secs(1) || gap.as_secs_f64() < CUT_SHARE * rest.as_secs_f64() {
            break;
        }
        cuts.push((before, after));
        rest = left_over;
    }
    cuts.sort_unstable();
    let starts = std::iter::once(*first).chain(cuts.iter().map(|(_, after)| *after));
    let ends = cuts.iter().map(|(before, _)| *before).chain([*last]);
    starts.zip(ends).map(|(from, until)| Segment { from, until, left: 0.0, right: 0.0 }).collect()
}

/// Shares out the width: a least width for each segment, the rest by length of time.
fn place(segments: &mut [Segment], left: f64, right: f64) {
    let count = segments.len() as f64;
    let room = right - left - (count - 1.0) * CUT_WIDTH;
    let least = LEAST_WIDTH.min(room / count);
    let total: f64 = segments.iter().map(|segment| segment.length().as_secs_f64()).sum();
    let mut at = left;
    for segment in segments {
        let share = if total > 0.0 { segment.length().as_secs_f64() / total } else { 1.0 / count };
        segment.left = at;
        segment.right = at + least + share * (room - count * least);
        at = segment.right + CUT_WIDTH;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(seconds: &[i64]) -> Axis {
        let times: Vec<_> = seconds.iter().map(|s| Timestamp::from_second(*s).unwrap()).collect();
        Axis::of(&times, 100.0, 900.0).unwrap()
    }

    #[test]
    fn a_long_empty_stretch_is_cut_out_and_order_is_kept() {
        let axis = axis(&[0, 60, 72_000, 72_030, 72_045]);
        assert_eq!(axis.segments.len(), 2);
        let x: Vec<_> =
            [0, 60, 72_000, 72_030, 72_045].map(|s| axis.x(Timestamp::from_second(s).unwrap())).into();
        assert!(x.is_sorted() && x[0] >= 100.0 && x[4] <= 900.0, "{x:?}");
    }

    #[test]
    fn even_and_single_instants_are_not_cut() {
        assert_eq!(axis(&[0, 100, 200, 300]).segments.len(), 1);
        assert_eq!(axis(&[0, 7_000_000]).segments.len(), 1);
        let one = axis(&[5]);
        assert!((one.x(Timestamp::from_second(5).unwrap()) - 500.0).abs() < 1.0);
        assert_eq!(Axis::of(&[], 0.0, 1.0), None);
    }
}

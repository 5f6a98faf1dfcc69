//! How a long span of the login history is cut: into steps that are sent on and evaluated before the next begins, and
//! each step into slices that are read at the same time.

use jiff::{SignedDuration, Timestamp};

use super::cursor::Span;

/// Rows a step should hold: about twenty seconds of reading, after which the evaluation, and live rows, get their turn.
const STEP_ROWS: u64 = 50_000;
/// Rows a slice should hold: they fit on a page of 2,000 even where rows are a quarter denser than on average, so that
/// a slice is one request and slices are truly read at once.
const SLICE_ROWS: u64 = 1_600;

/// From which end a span is taken up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The oldest rows.
    First,
    /// The newest rows.
    Last,
}

/// The slices of one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slices {
    /// All of them together.
    pub(super) whole: Span,
    /// Slice i lies between bounds i and i + 1.
    pub(super) bounds: Vec<Timestamp>,
}

impl Slices {
    pub(super) fn one(whole: Span) -> Self {
        Self { whole, bounds: vec![whole.from, whole.until] }
    }

    /// As much from one end of `span`, in which `rows` were counted, as a step should hold if the rows are spread evenly.
    pub(super) fn cut(span: Span, rows: u64, end: End) -> Self {
        let whole = step(span, rows, STEP_ROWS, end);
        let slices = rows.min(STEP_ROWS).div_ceil(SLICE_ROWS).max(1);
        let bound = |number: u64| whole.from + part(whole.width(), number, slices);
        let mut bounds: Vec<_> = (0..slices).map(bound).chain([whole.until]).collect();
        bounds.dedup();
        Self { whole, bounds }
    }
}

/// As much from one end of `span`, in which `rows` were counted, as holds `wanted` of them if they are spread evenly.
pub(super) fn step(span: Span, rows: u64, wanted: u64, end: End) -> Span {
    if rows <= wanted {
        return span;
    }
    // At least a second: LoginTime has nothing finer.
    let width = part(span.width(), wanted, rows).max(SignedDuration::from_secs(1));
    match end {
        End::First => Span { until: (span.from + width).min(span.until), ..span },
        End::Last => Span { from: (span.until - width).max(span.from), ..span },
    }
}

/// `number` of `of` equal parts of a width, in whole seconds.
fn part(width: SignedDuration, number: u64, of: u64) -> SignedDuration {
    let seconds = i128::from(width.as_secs()) * i128::from(number) / i128::from(of.max(1));
    SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn span(from: i64, seconds: i64) -> Span {
        let at = |second| Timestamp::from_second(second).unwrap();
        Span { from: at(from), until: at(from + seconds) }
    }

    #[test]
    fn few_rows_are_one_slice_and_many_are_several_steps() {
        let day = span(1_000, 86_400);
        assert_eq!(Slices::cut(day, 0, End::First), Slices::one(day));
        assert_eq!(Slices::cut(day, 1_600, End::Last), Slices::one(day));
        assert_eq!(Slices::cut(day, 6_400, End::First).bounds.len(), 5);
        let noon = day.from + SignedDuration::from_hours(12);
        let first = Slices::cut(day, 2 * STEP_ROWS, End::First);
        assert_eq!(first.whole, Span { until: noon, ..day });
        let last = Slices::cut(day, 2 * STEP_ROWS, End::Last);
        assert_eq!(last.whole, Span { from: noon, ..day });
        assert_eq!((last.bounds.first(), last.bounds.last()), (Some(&noon), Some(&day.until)));
    }

    proptest! {
        #[test]
        fn slices_adjoin_and_steps_make_headway(seconds in 1..20_000_000_i64, rows in 0..2_000_000_000_u64) {
            let all = span(1_790_000_000, seconds);
            for end in [End::First, End::Last] {
                let Slices { whole, bounds } = Slices::cut(all, rows, end);
                prop_assert_eq!((bounds[0], bounds[bounds.len() - 1]), (whole.from, whole.until));
                prop_assert!(bounds.is_sorted() && bounds.len() <= 33);
                prop_assert!(all.from <= whole.from && whole.from < whole.until && whole.until <= all.until);
                let (kept, is_kept) = match end {
                    End::First => (all.from, whole.from),
                    End::Last => (all.until, whole.until),
                };
                prop_assert_eq!(kept, is_kept);
            }
        }
    }
}

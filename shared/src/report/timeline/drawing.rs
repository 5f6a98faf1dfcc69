//! A timeline as what an SVG draws: numbers and short texts, nothing left to decide.

use super::axis::Axis;
use super::event::{Lane, TimelineEvent};
use super::group::{Group, groups};
use super::labels::{Place, Rows};
use super::ticks::ticks;
use crate::report::shown::Shown;
use crate::report::wording::duration;

/// The longest label beside a marker, in characters.
const LABEL: usize = 44;
/// The height of a line of text, in pixels.
const LINE: f64 = 17.0;

/// How wide a drawing is and how it is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Format {
    /// For a desk: names of lanes stand on the left.
    Wide,
    /// For a telephone: names of lanes stand above them.
    Narrow,
}

/// A timeline, drawn.
#[derive(Debug)]
pub(in crate::report) struct Drawing {
    pub(in crate::report) class: &'static str,
    pub(in crate::report) width: f64,
    pub(in crate::report) height: f64,
    pub(in crate::report) names_x: f64,
    pub(in crate::report) axis_y: f64,
    pub(in crate::report) segments: Vec<(f64, f64)>,
    pub(in crate::report) cuts: Vec<CutDrawn>,
    pub(in crate::report) ticks: Vec<TickDrawn>,
    pub(in crate::report) lanes: Vec<LaneDrawn>,
}

#[derive(Debug)]
pub(in crate::report) struct CutDrawn {
    pub(in crate::report) x: f64,
    pub(in crate::report) label: String,
}

#[derive(Debug)]
pub(in crate::report) struct TickDrawn {
    pub(in crate::report) x: f64,
    pub(in crate::report) text_x: f64,
    pub(in crate::report) anchor: &'static str,
    pub(in crate::report) label: String,
    pub(in crate::report) date: String,
}

#[derive(Debug)]
pub(in crate::report) struct LaneDrawn {
    pub(in crate::report) name: &'static str,
    pub(in crate::report) name_y: f64,
    pub(in crate::report) y: f64,
    pub(in crate::report) markers: Vec<Marker>,
}

#[derive(Debug)]
pub(in crate::report) struct Marker {
    pub(in crate::report) x: f64,
    pub(in crate::report) y: f64,
    /// An SVG path around 0,0.
    pub(in crate::report) shape: String,
    pub(in crate::report) class: String,
    pub(in crate::report) hint: Shown,
    pub(in crate::report) label: Option<LabelDrawn>,
}

#[derive(Debug)]
pub(in crate::report) struct LabelDrawn {
    pub(in crate::report) x: f64,
    pub(in crate::report) y: f64,
    pub(in crate::report) anchor: &'static str,
    pub(in crate::report) text: Shown,
    pub(in crate::report) leader_x: f64,
    /// Where the line down to the label ends.
    pub(in crate::report) leader_y: f64,
}

impl Format {
    fn width(self) -> f64 {
        match self {
            Self::Wide => 980.0,
            Self::Narrow => 344.0,
        }
    }

    fn left(self) -> f64 {
        match self {
            Self::Wide => 112.0,
            Self::Narrow => 4.0,
        }
    }

    fn rows(self) -> usize {
        match self {
            Self::Wide => 4,
            Self::Narrow => 6,
        }
    }

    /// Where a lane's name stands below the lane's top, and where its markers do.
    fn lines(self) -> (f64, f64) {
        match self {
            Self::Wide => (22.0, 18.0),
            Self::Narrow => (16.0, 34.0),
        }
    }
}

impl Drawing {
    /// Draws events; `None` when there are none.
    pub(in crate::report) fn of(events: &[TimelineEvent], format: Format) -> Option<Self> {
        let times: Vec<_> = events.iter().map(|event| event.at).collect();
        let axis = Axis::of(&times, format.left(), format.width())?;
        let mut top = 18.0;
        let mut lanes = Vec::new();
        for lane in Lane::ALL {
            let of_lane: Vec<_> = events.iter().filter(|event| event.lane == lane).collect();
            if !of_lane.is_empty() {
                let (drawn, height) = draw_lane(lane, &of_lane, &axis, format, top);
                lanes.push(drawn);
                top += height;
            }
        }
        let axis_y = top + 4.0;
        Some(Self {
            class: if format == Format::Wide { "wide" } else { "narrow" },
            width: format.width(),
            height: px(axis_y + 42.0),
            names_x: 2.0,
            axis_y: px(axis_y),
            segments: axis.segments.iter().map(|segment| (px(segment.left), px(segment.right))).collect(),
            cuts: draw_cuts(&axis),
            ticks: draw_ticks(&axis, format.width()),
            lanes,
        })
    }
}

/// A tenth of a pixel is as fine as anyone sees.
fn px(pixels: f64) -> f64 {
    (pixels * 10.0).round() / 10.0
}

fn draw_cuts(axis: &Axis) -> Vec<CutDrawn> {
    let pairs = axis.segments.windows(2);
    pairs
        .map(|pair| CutDrawn {
            x: px(f64::midpoint(pair[0].right, pair[1].left)),
            label: duration(pair[1].from.duration_since(pair[0].until)),
        })
        .collect()
}

/// Text at the edges of the drawing stays within it.
fn draw_ticks(axis: &Axis, width: f64) -> Vec<TickDrawn> {
    let drawn = ticks(axis).into_iter().map(|tick| {
        let (text_x, anchor) = match tick.x {
            x if x < 36.0 => (2.0, "start"),
            x if x > width - 36.0 => (width - 2.0, "end"),
            x => (x, "middle"),
        };
        TickDrawn { x: px(tick.x), text_x: px(text_x), anchor, label: tick.label, date: tick.date }
    });
    drawn.collect()
}

fn draw_lane(
    lane: Lane,
    events: &[&TimelineEvent],
    axis: &Axis,
    format: Format,
    top: f64,
) -> (LaneDrawn, f64) {
    let groups = groups(events, axis, format.width());
    let (name_y, marker_y) = format.lines();
    let (rows, places) = place_labels(&groups, format);
    let y = top + marker_y;
    let markers = groups.iter().zip(places).map(|(group, place)| draw_marker(group, y, place)).collect();
    let height = marker_y + (rows.used() + 1) as f64 * LINE;
    (LaneDrawn { name: lane.name(), name_y: px(top + name_y), y: px(y), markers }, height)
}

/// The weightiest label is placed first; among equals, the order that leaves the fewest without room.
fn place_labels(groups: &[Group<'_>], format: Format) -> (Rows, Vec<Option<Place>>) {
    let mut order: Vec<_> = (0..groups.len()).collect();
    order.sort_by_key(|number| std::cmp::Reverse(groups[*number].weight()));
    let latest_first = place_in(&order, groups, format);
    order.sort_by_key(|number| {
        let (is_failed_act, severity, at) = groups[*number].weight();
        (std::cmp::Reverse((is_failed_act, severity)), at)
    });
    let earliest_first = place_in(&order, groups, format);
    let placed = |places: &[Option<Place>]| places.iter().flatten().count();
    if placed(&earliest_first.1) > placed(&latest_first.1) { earliest_first } else { latest_first }
}

fn place_in(order: &[usize], groups: &[Group<'_>], format: Format) -> (Rows, Vec<Option<Place>>) {
    let mut rows = Rows::of(format.rows(), format.left(), format.width());
    let mut places = vec![None; groups.len()];
    for number in order {
        let group = &groups[*number];
        places[*number] = rows.place(group.span, group.words().chars().count().min(LABEL));
    }
    (rows, places)
}

fn draw_marker(group: &Group<'_>, y: f64, place: Option<Place>) -> Marker {
    let words = group.words();
    let below = y + place.as_ref().map_or(0, |place| place.row + 1) as f64 * LINE;
    let label = place.map(|place| LabelDrawn {
        x: px(place.x),
        y: px(below + 4.0),
        anchor: place.anchor,
        text: shortened(&words, place.characters),
        leader_x: px(place.leader),
        leader_y: px(below + 4.0),
    });
    Marker {
        x: px(group.span.0),
        y: px(y),
        shape: group.shape(),
        class: group.class(),
        hint: group.hint(),
        label,
    }
}

/// The mark that something was cut off takes the last character's room.
fn shortened(words: &str, characters: usize) -> Shown {
    let length = words.chars().count();
    Shown::cut(words, if length > characters { characters.saturating_sub(1) } else { length })
}

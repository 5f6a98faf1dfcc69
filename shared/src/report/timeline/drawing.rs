//! A timeline as what an SVG draws: numbers and short texts, nothing left to decide.

use jiff::Timestamp;

use super::axis::Axis;
use super::event::{EventOutcome, Lane, TimelineEvent};
use super::labels::{Place, Rows};
use super::ticks::ticks;
use crate::detection::Severity;
use crate::report::shown::Shown;
use crate::report::wording::{duration, instant};

/// Markers nearer than this, in pixels, are one marker with a count.
const MERGE: f64 = 11.0;
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
    pub(in crate::report) top: f64,
    pub(in crate::report) y: f64,
    pub(in crate::report) markers: Vec<Marker>,
}

#[derive(Debug)]
pub(in crate::report) struct Marker {
    pub(in crate::report) x: f64,
    pub(in crate::report) y: f64,
    /// An SVG path around 0,0.
    pub(in crate::report) shape: &'static str,
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
    /// Where the line down to the label ends; 0 when the label is beside its marker.
    pub(in crate::report) leader: f64,
}

/// Events that stand so near to one another that they are one marker.
struct Group<'a> {
    x: f64,
    first: &'a TimelineEvent,
    last: Timestamp,
    count: usize,
    alike: bool,
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
            Self::Wide => 5,
            Self::Narrow => 7,
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
            height: axis_y + 42.0,
            names_x: 2.0,
            axis_y,
            segments: axis.segments.iter().map(|segment| (segment.left, segment.right)).collect(),
            cuts: draw_cuts(&axis),
            ticks: draw_ticks(&axis, format.width()),
            lanes,
        })
    }
}

fn draw_cuts(axis: &Axis) -> Vec<CutDrawn> {
    let pairs = axis.segments.windows(2);
    pairs
        .map(|pair| CutDrawn {
            x: f64::midpoint(pair[0].right, pair[1].left),
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
        TickDrawn { x: tick.x, text_x, anchor, label: tick.label, date: tick.date }
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
    let groups = group(events, axis);
    let (name_y, marker_y) = format.lines();
    let y = top + marker_y;
    let markers: Vec<_> = groups.iter().map(|group| group.x).collect();
    let mut rows = Rows::of(format.rows(), format.left(), format.width(), &markers);
    let mut order: Vec<_> = (0..groups.len()).collect();
    order.sort_by_key(|place| {
        std::cmp::Reverse((
            groups[*place].first.severity,
            groups[*place].first.outcome == EventOutcome::Succeeded,
        ))
    });
    let mut places: Vec<Option<Place>> = vec![None; groups.len()];
    for place in order {
        let length = groups[place].label().as_str().chars().count();
        places[place] = rows.place(groups[place].x, length);
    }
    let markers = groups.iter().zip(places).map(|(group, place)| group.draw(y, place)).collect();
    let height = marker_y + rows.used() as f64 * LINE;
    (LaneDrawn { name: lane.name(), name_y: top + name_y, top, y, markers }, height)
}

fn group<'a>(events: &[&'a TimelineEvent], axis: &Axis) -> Vec<Group<'a>> {
    let mut events = events.to_vec();
    events.sort_by_key(|event| event.at);
    let mut groups: Vec<Group<'a>> = Vec::new();
    for event in events {
        let x = axis.x(event.at);
        let same = |group: &&mut Group<'_>| {
            x - group.x < MERGE
                && group.first.severity == event.severity
                && group.first.outcome == event.outcome
        };
        match groups.iter_mut().rev().take(3).find(same) {
            Some(group) => {
                group.count += 1;
                group.last = event.at;
                group.alike &= group.first.label == event.label;
            }
            None => groups.push(Group { x, first: event, last: event.at, count: 1, alike: true }),
        }
    }
    groups
}

impl Group<'_> {
    fn label(&self) -> Shown {
        Shown::cut(&self.words(), LABEL)
    }

    fn words(&self) -> String {
        match (self.count, self.alike) {
            (1, _) => self.first.label.clone(),
            (count, true) => format!("{count} × {}", self.first.label),
            (count, false) => format!("{} and {} more", Shown::cut(&self.first.label, 30), count - 1),
        }
    }

    fn hint(&self) -> Shown {
        let until =
            if self.last == self.first.at { String::new() } else { format!(" to {}", instant(self.last)) };
        Shown::of(format!("{}{until}: {}", instant(self.first.at), self.words()))
    }

    fn draw(&self, y: f64, place: Option<Place>) -> Marker {
        let label = place.map(|place| LabelDrawn {
            x: place.x,
            y: y + 4.0 + place.row as f64 * LINE,
            anchor: place.anchor,
            text: Shown::cut(self.label().as_str(), place.characters),
            leader: if place.row == 0 { 0.0 } else { y + place.row as f64 * LINE + 4.0 },
        });
        Marker {
            x: self.x,
            y,
            shape: shape(self.first.lane),
            class: class(self.first),
            hint: self.hint(),
            label,
        }
    }
}

/// Lanes differ in shape as well, for those who cannot tell the colours apart.
fn shape(lane: Lane) -> &'static str {
    match lane {
        Lane::Login | Lane::Verification => "M-6 0a6 6 0 1 0 12 0a6 6 0 1 0-12 0z",
        Lane::Session => "M-6 5.5L0-6L6 5.5z",
        Lane::Detection => "M0-7.5L7.5 0L0 7.5L-7.5 0z",
        Lane::Containment => "M-5.5-5.5h11v11h-11z",
    }
}

fn class(event: &TimelineEvent) -> String {
    let colour = match (event.lane, event.outcome) {
        (Lane::Containment, EventOutcome::Succeeded) => "good",
        (Lane::Containment, EventOutcome::Failed) => "critical",
        _ => event.severity.map_or("plain", Severity::name),
    };
    let failed = if event.outcome == EventOutcome::Failed { " failed" } else { "" };
    format!("marker {colour}{failed}")
}

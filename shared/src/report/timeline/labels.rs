//! Puts labels beside markers so that none covers another.

/// The width of a character, in pixels: generous for a proportional typeface at the size of a label.
const CHARACTER: f64 = 7.2;
/// Room between two texts, in pixels.
const GAP: f64 = 8.0;
/// From the line down to a label to the label, in pixels.
const OFFSET: f64 = 4.0;
/// Fewer characters than this say nothing.
const FEWEST: usize = 6;

/// From left to right, in pixels.
type Span = (f64, f64);

/// Where a label stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Place {
    /// 0 is the row below the marker, 1 the next …
    pub(super) row: usize,
    pub(super) x: f64,
    pub(super) anchor: &'static str,
    /// How many characters of the label have room.
    pub(super) characters: usize,
    /// Where the line from the marker down to the label runs.
    pub(super) leader: f64,
    span: Span,
}

/// What is taken in the rows of a lane.
pub(super) struct Rows {
    taken: Vec<Vec<Span>>,
    left: f64,
    right: f64,
}

#[derive(Clone, Copy)]
enum Side {
    Right,
    Left,
}

impl Rows {
    /// `count` empty rows between `left` and `right`, in pixels, below a line of markers.
    pub(super) fn of(count: usize, left: f64, right: f64) -> Self {
        Self { taken: vec![Vec::new(); count], left, right }
    }

    /// Finds room for the label of a marker, given by its first and last centre: to the right, else to the left,
    /// in the first row that has any. It is cut only where it fits nowhere as a whole.
    pub(super) fn place(&mut self, marker: Span, characters: usize) -> Option<Place> {
        let whole = self.first_fit(marker, characters, characters);
        let place = whole.or_else(|| self.first_fit(marker, characters, FEWEST))?;
        self.taken[place.row].push(place.span);
        for row in 0..place.row {
            self.taken[row].push((place.leader - 1.0, place.leader + 1.0));
        }
        Some(place)
    }

    fn first_fit(&self, marker: Span, characters: usize, fewest: usize) -> Option<Place> {
        let rows = 0..self.taken.len();
        let tries =
            [Side::Right, Side::Left].into_iter().flat_map(|side| rows.clone().map(move |row| (row, side)));
        let mut places = tries.filter_map(|(row, side)| self.fit(row, side, marker, characters));
        places.find(|place| place.characters >= fewest)
    }

    fn fit(&self, row: usize, side: Side, marker: Span, characters: usize) -> Option<Place> {
        let (leader, x, room, anchor) = match side {
            Side::Right => (marker.0, marker.0 + OFFSET, self.right - marker.0 - OFFSET, "start"),
            Side::Left => (marker.1, marker.1 - OFFSET, marker.1 - OFFSET - self.left, "end"),
        };
        let characters = characters.min((room / CHARACTER).max(0.0) as usize);
        let width = characters as f64 * CHARACTER;
        let span = match side {
            Side::Right => (x, x + width),
            Side::Left => (x - width, x),
        };
        let leader_is_free = (0..row).all(|between| self.is_free(between, (leader, leader)));
        let fits = characters > 0 && leader_is_free && self.is_free(row, span);
        fits.then_some(Place { row, x, anchor, characters, leader, span })
    }

    fn is_free(&self, row: usize, span: Span) -> bool {
        self.taken[row].iter().all(|taken| span.1 + GAP <= taken.0 || taken.1 + GAP <= span.0)
    }

    /// How many rows hold anything.
    pub(super) fn used(&self) -> usize {
        self.taken.iter().rposition(|row| !row.is_empty()).map_or(0, |row| row + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_near_markers_go_to_different_rows() {
        let markers = [100.0, 120.0, 140.0, 395.0].map(|x| (x, x));
        let mut rows = Rows::of(4, 0.0, 400.0);
        let places: Vec<_> = markers.iter().rev().filter_map(|marker| rows.place(*marker, 12)).collect();
        assert_eq!(places.len(), 4);
        for (row, taken) in rows.taken.iter().enumerate() {
            let mut taken = taken.clone();
            taken.sort_by(|a, b| a.0.total_cmp(&b.0));
            assert!(taken.windows(2).all(|pair| pair[0].1 <= pair[1].0), "row {row}: {taken:?}");
        }
        assert_eq!(places[0].anchor, "end", "there is no room on the right");
        assert!(places.iter().all(|place| place.characters == 12));
    }

    #[test]
    fn what_has_no_room_is_left_out() {
        let mut rows = Rows::of(1, 0.0, 60.0);
        assert_eq!(rows.place((30.0, 30.0), 12), None);
    }
}

//! Puts labels beside markers so that none covers another.

/// The width of a character, in pixels: generous for a proportional typeface at the size of a label.
const CHARACTER: f64 = 6.6;
/// Room between two texts, in pixels.
const GAP: f64 = 8.0;
/// Half the width of a marker with the room around it, in pixels.
const MARKER: f64 = 9.0;
/// Fewer characters than this say nothing.
const FEWEST: usize = 6;

/// Where a label stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Place {
    /// 0 is the marker's own line, below it 1, 2 …
    pub(super) row: usize,
    pub(super) x: f64,
    pub(super) anchor: &'static str,
    /// How many characters of the label have room.
    pub(super) characters: usize,
}

/// What is taken in the rows of a lane.
pub(super) struct Rows {
    taken: Vec<Vec<(f64, f64)>>,
    left: f64,
    right: f64,
}

impl Rows {
    /// `count` rows between `left` and `right`, in pixels, the first of which holds the markers.
    pub(super) fn of(count: usize, left: f64, right: f64, markers: &[f64]) -> Self {
        let mut taken = vec![Vec::new(); count];
        if let Some(row) = taken.first_mut() {
            row.extend(markers.iter().map(|x| (x - MARKER + 1.0, x + MARKER - 1.0)));
        }
        Self { taken, left, right }
    }

    /// Finds room for a label of a marker: to its right or left, in the first row that has any.
    pub(super) fn place(&mut self, marker: f64, characters: usize) -> Option<Place> {
        let tries = (0..self.taken.len()).flat_map(|row| [(row, Side::Right), (row, Side::Left)]);
        let mut found = tries.filter_map(|(row, side)| self.fit(row, side, marker, characters));
        let (place, span) = found.next()?;
        drop(found);
        self.taken[place.row].push(span);
        for row in 1..place.row {
            self.taken[row].push((marker - 1.0, marker + 1.0));
        }
        Some(place)
    }

    fn fit(&self, row: usize, side: Side, marker: f64, characters: usize) -> Option<(Place, (f64, f64))> {
        let offset = if row == 0 { MARKER + 1.0 } else { 4.0 };
        let (x, room) = match side {
            Side::Right => (marker + offset, self.right - marker - offset),
            Side::Left => (marker - offset, marker - offset - self.left),
        };
        let characters = characters.min((room / CHARACTER).max(0.0) as usize);
        let width = characters as f64 * CHARACTER;
        let (span, anchor) = match side {
            Side::Right => ((x, x + width), "start"),
            Side::Left => ((x - width, x), "end"),
        };
        let leader_is_free = (1..row).all(|between| self.is_free(between, (marker, marker)));
        let fits = characters >= FEWEST && leader_is_free && self.is_free(row, span);
        fits.then_some((Place { row, x, anchor, characters }, span))
    }

    fn is_free(&self, row: usize, span: (f64, f64)) -> bool {
        self.taken[row].iter().all(|taken| span.1 + GAP <= taken.0 || taken.1 + GAP <= span.0)
    }

    /// How many rows hold anything, the markers' own included.
    pub(super) fn used(&self) -> usize {
        self.taken.iter().rposition(|row| !row.is_empty()).map_or(1, |row| row + 1)
    }
}

#[derive(Clone, Copy)]
enum Side {
    Right,
    Left,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_near_markers_go_to_different_rows() {
        let markers = [100.0, 120.0, 140.0, 395.0];
        let mut rows = Rows::of(5, 0.0, 400.0, &markers);
        let places: Vec<_> = markers.iter().filter_map(|x| rows.place(*x, 12)).collect();
        assert_eq!(places.len(), 4);
        for (row, taken) in rows.taken.iter().enumerate().skip(1) {
            let mut taken = taken.clone();
            taken.sort_by(|a, b| a.0.total_cmp(&b.0));
            assert!(taken.windows(2).all(|pair| pair[0].1 <= pair[1].0), "row {row}: {taken:?}");
        }
        assert_eq!(places[3].anchor, "end", "there is no room on the right");
    }

    #[test]
    fn what_has_no_room_is_left_out() {
        let mut rows = Rows::of(1, 0.0, 60.0, &[30.0]);
        assert_eq!(rows.place(30.0, 12), None);
    }
}

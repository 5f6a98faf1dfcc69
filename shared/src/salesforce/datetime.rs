//! Salesforce's way of writing instants.

use std::fmt;

use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, civil};
use serde::de::Visitor;
use serde::{Deserialize, Deserializer, de};

/// SOQL knows no instant outside these years. Source: SOQL Reference, "Date Formats and Date Literals".
const YEARS: std::ops::RangeInclusive<i16> = 1700..=4000;

/// Reads an instant: REST answers write `2026-11-23T18:43:00.000+0000`, whose offset has no colon and which RFC 3339
/// does not know; `Z` and `+00:00` are read as well.
pub(super) fn parse(text: &str) -> Result<Timestamp, String> {
    let text = text.trim();
    if let Some(instant) = usual(text) {
        return Ok(instant);
    }
    text.parse().map_err(|_| {
        let shown: String = text.chars().filter(|c| !c.is_control()).take(40).collect();
        format!("`{shown}` is not an instant such as 2026-11-23T18:43:00.000+0000")
    })
}

/// Reads `2026-11-23T18:43:00.000+0000`, which is how a million rows in a row are written.
fn usual(text: &str) -> Option<Timestamp> {
    let text: &[u8; 28] = text.as_bytes().try_into().ok()?;
    let is_form = |(shape, byte): (u8, u8)| if shape == b'0' { byte.is_ascii_digit() } else { shape == byte };
    let shape = b"0000-00-00T00:00:00.000+0000";
    if !std::iter::zip(*shape, *text).all(is_form) || !text.ends_with(b"+0000") {
        return None;
    }
    let number = |from: usize, to: usize| {
        text[from..to].iter().fold(0, |number: i16, digit| number * 10 + i16::from(digit - b'0'))
    };
    let two = |from| number(from, from + 2) as i8;
    let (nanosecond, date) = (i32::from(number(20, 23)) * 1_000_000, (number(0, 4), two(5), two(8)));
    let (year, month, day) = date;
    let civil = civil::DateTime::new(year, month, day, two(11), two(14), two(17), nanosecond).ok()?;
    Offset::UTC.to_timestamp(civil).ok()
}

/// An instant as a SOQL literal, unquoted, whole seconds rounded down, limited to the years SOQL knows.
pub(super) fn literal(instant: Timestamp) -> String {
    let date = TimeZone::UTC.to_datetime(instant);
    let date = if YEARS.contains(&date.year()) { date } else { nearest(date.year()) };
    date.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn nearest(year: i16) -> civil::DateTime {
    if year < *YEARS.start() {
        civil::date(*YEARS.start(), 1, 1).at(0, 0, 0, 0)
    } else {
        civil::date(*YEARS.end(), 12, 31).at(23, 59, 59, 0)
    }
}

/// An instant in a record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Instant(pub(super) Timestamp);

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(ReadInstant)
    }
}

struct ReadInstant;

impl Visitor<'_> for ReadInstant {
    type Value = Instant;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an instant")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Instant, E> {
        parse(text).map(Instant).map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_the_offset_is_the_same_instant() {
        let z: Timestamp = "2026-11-23T18:43:00Z".parse().unwrap();
        for text in [
            "2026-11-23T18:43:00.000+0000",
            "2026-11-23T18:43:00.000Z",
            "2026-11-23T18:43:00+00:00",
            "2026-11-23T19:43:00.000+0100",
            " 2026-11-23T18:43:00.000+0000 ",
        ] {
            assert_eq!(parse(text).unwrap(), z, "{text}");
        }
    }

    #[test]
    fn what_is_usual_reads_as_anything_else_does() {
        for text in [
            "2026-11-23T18:43:07.089",
            "0001-01-01T00:00:00.000",
            "9999-12-30T21:59:59.999",
            "2024-02-29T23:59:59.001",
        ] {
            let other: Timestamp = format!("{text}Z").parse().unwrap();
            assert_eq!(
                (usual(&format!("{text}+0000")), parse(&format!("{text}+0000"))),
                (Some(other), Ok(other))
            );
        }
        for text in
            ["2026-02-29T00:00:00.000+0000", "2026-11-23T24:00:00.000+0000", "2026-11-23T18:43:07.089+0100"]
        {
            assert_eq!(usual(text), None, "{text}");
        }
    }

    #[test]
    fn nonsense_is_refused_with_a_short_reason() {
        for text in ["", "yesterday", "2026-11-23", "2026-11-23T18:43:00", "2026-13-01T00:00:00Z"] {
            assert!(parse(text).is_err(), "{text:?}");
        }
        assert!(parse(&"x\u{1b}".repeat(9_000)).unwrap_err().len() < 120);
    }

    #[test]
    fn literals_are_unquoted_and_within_the_years_of_soql() {
        assert_eq!(literal("2026-11-23T00:00:00.9Z".parse().unwrap()), "2026-11-23T00:00:00Z");
        assert_eq!(literal(Timestamp::MIN), "1700-01-01T00:00:00Z");
        assert_eq!(literal(Timestamp::MAX), "4000-12-31T23:59:59Z");
    }
}

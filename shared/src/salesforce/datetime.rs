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
    as_answers_write(text.as_bytes()).map_or_else(|| text.parse(), Ok).map_err(|_| {
        let shown: String = text.chars().filter(|c| !c.is_control()).take(40).collect();
        format!("`{shown}` is not an instant such as 2026-11-23T18:43:00.000+0000")
    })
}

/// What answers write, to the letter, those of jobs with a `Z`: every row has one, and a reader of all that RFC 3339 allows takes its time.
pub(crate) fn as_answers_write(text: &[u8]) -> Option<Timestamp> {
    let text = text.strip_suffix(b"+0000").or_else(|| text.strip_suffix(b"Z"))?;
    let bytes: &[u8; 23] = text.try_into().ok()?;
    let number = |from: usize, digits: usize| {
        let digits = &bytes[from..from + digits];
        let read = |number: i32, digit: &u8| number * 10 + i32::from(digit - b'0');
        digits.iter().all(u8::is_ascii_digit).then(|| digits.iter().fold(0, read))
    };
    let small = |from| number(from, 2).map(|number| number as i8);
    let marks = [bytes[4], bytes[7], bytes[10], bytes[13], bytes[16], bytes[19]];
    if marks != *b"--T::." {
        return None;
    }
    let date = civil::Date::new(number(0, 4)? as i16, small(5)?, small(8)?).ok()?;
    let time = civil::Time::new(small(11)?, small(14)?, small(17)?, number(20, 3)? * 1_000_000).ok()?;
    Offset::UTC.to_timestamp(date.to_datetime(time)).ok()
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
    fn what_answers_write_is_read_as_any_other_spelling() {
        let edges = ["0000-01-01T00:00:00.000", "2024-02-29T23:59:59.999", "9999-12-30T21:59:59.001"];
        let wrong = [
            "2025-02-29T00:00:00.000",
            "2026-11-23T24:00:00.000",
            "2026-11-23 18:43:00.000",
            "+026-11-23T18:43:00.00 ",
        ];
        for text in edges.into_iter().chain(wrong).chain(["2016-12-31T23:59:60.500"]) {
            let (rest, job) = (format!("{text}+0000"), format!("{text}Z"));
            assert_eq!([parse(&rest).ok(), parse(&job).ok()], [job.parse().ok(); 2], "{text}");
        }
        assert!(edges.into_iter().all(|text| as_answers_write(format!("{text}+0000").as_bytes()).is_some()));
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

//! The time zone that stands behind an instant.

use jiff::tz::{Offset, TimeZone};

/// What was written behind an instant.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Zone {
    /// Nothing.
    Absent,
    /// A zone.
    Known(TimeZone),
    /// Letters that name no one zone.
    Unknown,
}

/// Reads `Z`, `+0100`, `GMT+1`, `PST`, `Europe/Paris` and the same in brackets. What is no zone at all, such as a
/// half of the day that is not known here, is `None`: it would move the instant.
pub(super) fn zone(text: &str) -> Option<Zone> {
    let text = text.trim().trim_matches(['(', ')', '[', ']']);
    if text.is_empty() {
        return Some(Zone::Absent);
    }
    let named = || text.contains('/').then(|| TimeZone::get(text).ok()).flatten();
    let fixed = abbreviation(text).or_else(|| offset(text)).map(TimeZone::fixed);
    let is_abbreviation =
        (2..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    fixed.or_else(named).map(Zone::Known).or_else(|| is_abbreviation.then_some(Zone::Unknown))
}

fn offset(text: &str) -> Option<Offset> {
    let text = text.trim_start_matches("UTC").trim_start_matches("GMT");
    let sign = match text.chars().next()? {
        '+' => 1,
        '-' | '\u{2212}' => -1,
        _ => return None,
    };
    let digits: String = text.chars().skip(1).filter(|c| *c != ':').collect();
    let number =
        |digits: &str| digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse::<i32>().ok());
    let (hours, minutes) = match digits.len() {
        1 | 2 => (number(&digits)??, 0),
        4 => (number(digits.get(..2)?)??, number(digits.get(2..)?)??),
        _ => return None,
    };
    let in_range = hours <= 14 && minutes < 60;
    in_range.then(|| Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()).flatten()
}

fn abbreviation(text: &str) -> Option<Offset> {
    let found = ABBREVIATIONS.iter().find(|(name, _)| name.eq_ignore_ascii_case(text))?;
    Offset::from_seconds(i32::from(found.1) * 60).ok()
}

/// Abbreviations with their minutes east of UTC. Those that several zones share are left out (IST, AST), except where
/// one meaning is by far the usual one in this kind of file (CST, EST, BST).
const ABBREVIATIONS: &[(&str, i16)] = &[
    ("Z", 0),
    ("UTC", 0),
    ("GMT", 0),
    ("WET", 0),
    ("BST", 60),
    ("WEST", 60),
    ("CET", 60),
    ("CEST", 120),
    ("MEZ", 60),
    ("MESZ", 120),
    ("EET", 120),
    ("EEST", 180),
    ("HST", -600),
    ("AKST", -540),
    ("AKDT", -480),
    ("PST", -480),
    ("PDT", -420),
    ("MST", -420),
    ("MDT", -360),
    ("CST", -360),
    ("CDT", -300),
    ("EST", -300),
    ("EDT", -240),
    ("JST", 540),
    ("AEST", 600),
    ("AEDT", 660),
    ("NZST", 720),
    ("NZDT", 780),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(text: &str) -> Option<f64> {
        match zone(text) {
            Some(Zone::Known(zone)) => zone.to_fixed_offset().ok().map(|o| f64::from(o.seconds()) / 3600.0),
            Some(Zone::Absent | Zone::Unknown) | None => None,
        }
    }

    #[test]
    fn offsets_and_abbreviations() {
        let cases = [
            ("Z", 0.0),
            ("+0000", 0.0),
            ("+05:30", 5.5),
            ("-8", -8.0),
            ("GMT+1", 1.0),
            ("UTC-03:00", -3.0),
            ("PST", -8.0),
            ("(cest)", 2.0),
        ];
        for (text, expected) in cases {
            assert_eq!(hours(text), Some(expected), "{text}");
        }
        assert_eq!(zone(" "), Some(Zone::Absent));
        assert_eq!(zone("IST"), Some(Zone::Unknown));
        for text in ["+99:00", "+1:2:3", "Mars/Olympus", "é+1", "+é", "p. m.", "下午"] {
            assert_eq!(zone(text), None, "{text}");
        }
    }

    #[test]
    fn a_named_zone_knows_its_summer() {
        let Some(Zone::Known(paris)) = zone("[Europe/Paris]") else { panic!("Paris has a time zone") };
        let summer = jiff::civil::date(2026, 7, 1).at(12, 0, 0, 0);
        assert_eq!(paris.to_timestamp(summer).unwrap().to_string(), "2026-07-01T10:00:00Z");
    }
}

//! Instants as people write them: `2026-12-01` or `2026-12-01T08:00:00Z`.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::de::Error;
use serde::{Deserialize, Deserializer};

const WANTED: &str = "write a date such as 2026-12-01 (UTC), or an instant such as 2026-12-01T08:00:00Z";

/// A date is its midnight, `days` later.
fn read(text: &str, days: i64) -> Result<Timestamp, String> {
    if let Ok(instant) = text.parse() {
        return Ok(instant);
    }
    let date = text.parse::<Date>().and_then(|date| date.checked_add(days.days()));
    let midnight = date.and_then(|date| TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)));
    midnight.map_err(|_| format!("`{text}` is no time: {WANTED}"))
}

/// From the beginning of a date.
pub(crate) fn begin<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    text.map(|text| read(&text, 0).map_err(D::Error::custom)).transpose()
}

/// Until the end of a date.
pub(crate) fn end<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
    read(&String::deserialize(from)?, 1).map_err(D::Error::custom)
}

/// The same where it may be omitted.
pub(crate) fn end_if_written<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    text.map(|text| read(&text, 1).map_err(D::Error::custom)).transpose()
}

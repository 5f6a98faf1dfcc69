//! A field's value: how it compares and how it reads in JSON.

use crate::id::Id;
use jiff::Timestamp;
use jiff::tz::Offset;
use serde_json::Value as Json;
use std::borrow::Cow;
use std::cmp::Ordering;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value<'r> {
    Null,
    Flag(bool),
    Number(f64),
    Count(i64),
    Text(Cow<'r, str>),
    Time(Timestamp),
    Id(Id),
}

impl<'r> Value<'r> {
    pub(crate) fn text(text: &'r str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    pub(crate) fn maybe_text(text: Option<&'r str>) -> Self {
        text.map_or(Self::Null, Self::text)
    }

    pub(crate) fn maybe_id(id: Option<Id>) -> Self {
        id.map_or(Self::Null, Self::Id)
    }

    pub(crate) fn maybe_time(time: Option<Timestamp>) -> Self {
        time.map_or(Self::Null, Self::Time)
    }

    pub(crate) fn into_owned(self) -> Value<'static> {
        match self {
            Self::Null => Value::Null,
            Self::Flag(flag) => Value::Flag(flag),
            Self::Number(number) => Value::Number(number),
            Self::Count(count) => Value::Count(count),
            Self::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Self::Time(time) => Value::Time(time),
            Self::Id(id) => Value::Id(id),
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        *self == Value::Null
    }

    /// Texts ignore case, ids do not; unlike kinds do not compare.
    pub(crate) fn compare(&self, other: &Value<'_>) -> Option<Ordering> {
        match (self, other) {
            (Value::Text(a), Value::Text(b)) => Some(ignoring_case(a, b)),
            (Value::Id(a), Value::Id(b)) => Some(a.cmp(b)),
            (Value::Time(a), Value::Time(b)) => Some(a.cmp(b)),
            (Value::Flag(a), Value::Flag(b)) => Some(a.cmp(b)),
            (Value::Null, Value::Null) => Some(Ordering::Equal),
            (a, b) => a.number()?.partial_cmp(&b.number()?),
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            Value::Number(number) => Some(*number),
            Value::Count(count) => Some(*count as f64),
            _ => None,
        }
    }

    pub(crate) fn json(&self) -> Json {
        match self {
            Value::Null => Json::Null,
            Value::Flag(flag) => Json::from(*flag),
            Value::Number(number) => Json::from(*number),
            Value::Count(count) => Json::from(*count),
            Value::Text(text) => Json::from(text.as_ref()),
            Value::Time(time) => Json::from(datetime(*time)),
            Value::Id(id) => Json::from(id.as_str()),
        }
    }
}

fn ignoring_case(a: &str, b: &str) -> Ordering {
    let lower = |text: &str| text.bytes().map(|byte| byte.to_ascii_lowercase()).collect::<Vec<_>>();
    if a.eq_ignore_ascii_case(b) { Ordering::Equal } else { lower(a).cmp(&lower(b)) }
}

/// As REST writes a dateTime: `2026-11-23T18:43:00.000+0000`.
pub(crate) fn datetime(time: Timestamp) -> String {
    let civil = Offset::UTC.to_datetime(time);
    let (year, month, day) = (civil.year(), civil.month(), civil.day());
    let (hour, minute, second, millisecond) =
        (civil.hour(), civil.minute(), civil.second(), civil.millisecond());
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}+0000")
}

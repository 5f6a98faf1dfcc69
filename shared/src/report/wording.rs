//! Instants, durations and facts as people write them.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::shown::Shown;

/// `23 Nov 2026, 18:43:05 UTC`.
pub(super) fn instant(at: Timestamp) -> String {
    format!("{} UTC", civil(at))
}

/// `23 Nov 2026, 18:43:05`, where a heading says that it is UTC.
pub(super) fn civil(at: Timestamp) -> String {
    at.strftime("%-d %b %Y, %H:%M:%S").to_string()
}

/// The two largest units: `45 s`, `1 min 12 s`, `3 h 5 min`, `12 d 4 h`.
pub(super) fn duration(length: SignedDuration) -> String {
    const UNITS: [(i64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let seconds = length.as_secs().max(0);
    let place = UNITS.iter().position(|(size, _)| seconds >= *size).unwrap_or(UNITS.len() - 1);
    let (size, name) = UNITS[place];
    let first = format!("{} {name}", seconds / size);
    match UNITS.get(place + 1) {
        Some((smaller, name)) if seconds % size >= *smaller => {
            format!("{first} {} {name}", seconds % size / smaller)
        }
        _ => first,
    }
}

/// `1 finding`, `3 findings`.
pub(super) fn count(n: u64, one: &str, many: &str) -> String {
    let mut digits = n.to_string();
    let mut place = digits.len();
    while place > 3 {
        place -= 3;
        digits.insert(place, '\u{202f}');
    }
    format!("{digits} {}", if n == 1 { one } else { many })
}

/// A fact's name: `least_distance_km` is `least distance (km)`.
pub(super) fn fact_name(name: &str) -> Shown {
    let (name, unit) = match name.rsplit_once('_') {
        Some((name, "km")) => (name, " (km)"),
        Some((name, "kmh")) => (name, " (km/h)"),
        _ => (name, ""),
    };
    Shown::of(format!("{}{unit}", name.replace('_', " ")))
}

/// A fact's value; of a list the first ten.
pub(super) fn fact_value(value: &Value) -> Shown {
    Shown::of(match value {
        Value::Null => "not known".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => plain_number(number),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let shown: Vec<_> = items.iter().take(10).map(|item| fact_value(item).to_string()).collect();
            shown.join(", ")
        }
        Value::Object(_) => value.to_string(),
    })
}

/// Whole numbers lose the `.0` that the score arithmetic leaves.
fn plain_number(number: &serde_json::Number) -> String {
    match number.as_f64() {
        Some(value) if value.fract() == 0.0 && value.abs() < 1e15 => format!("{value:.0}"),
        _ => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_two_units() {
        let said = |seconds| duration(SignedDuration::from_secs(seconds));
        assert_eq!([said(0), said(45), said(72), said(3_600)], ["0 s", "45 s", "1 min 12 s", "1 h"]);
        assert_eq!([said(-5), said(90_061), said(86_400 * 12)], ["0 s", "1 d 1 h", "12 d"]);
    }

    #[test]
    fn facts() {
        assert_eq!(fact_name("least_speed_kmh").as_str(), "least speed (km/h)");
        assert_eq!(fact_value(&Value::from(3_900.0)).as_str(), "3900");
        assert_eq!(fact_value(&serde_json::json!(["a", true])).as_str(), "a, yes");
        assert_eq!(count(1_234_567, "row", "rows"), "1\u{202f}234\u{202f}567 rows");
    }
}

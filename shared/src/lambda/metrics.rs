//! Numbers for alarms and dashboards, as CloudWatch's embedded metric format: a line on standard output, and no call.
//! Source: CloudWatch User Guide, "Specification: Embedded metric format".

use std::io::{self, Write};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::observation::OrgId;

const NAMESPACE: &str = "SessionWarden";

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Count,
    /// Seconds.
    Seconds,
    /// Percent.
    Percent,
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::Seconds => "Seconds",
            Self::Percent => "Percent",
        }
    }
}

/// Numbers about one thing.
#[derive(Debug)]
pub struct Metrics {
    dimension: &'static str,
    about: String,
    numbers: Vec<(&'static str, Unit, f64)>,
}

impl Metrics {
    /// About an org.
    pub fn of_org(org: &OrgId) -> Self {
        Self { dimension: "Org", about: org.to_string(), numbers: Vec::new() }
    }

    /// About a function as a whole.
    pub fn of_function(name: &str) -> Self {
        Self { dimension: "Function", about: name.to_owned(), numbers: Vec::new() }
    }

    /// With a number more.
    #[must_use]
    pub fn with(mut self, name: &'static str, unit: Unit, number: f64) -> Self {
        self.numbers.push((name, unit, number));
        self
    }

    /// With how many there are of something, where there are any: a number is paid for each hour in which it is told.
    #[must_use]
    pub fn count(self, name: &'static str, count: usize) -> Self {
        if count == 0 { self } else { self.with(name, Unit::Count, count as f64) }
    }

    /// The same also where there are none, so that silence is not taken for nought.
    #[must_use]
    pub fn count_always(self, name: &'static str, count: usize) -> Self {
        self.with(name, Unit::Count, count as f64)
    }

    /// Writes them out; without numbers nothing is written.
    pub fn tell(&self, now: Timestamp) {
        if !self.numbers.is_empty() {
            // Nobody is left to be told of a standard output that is closed.
            let _ = writeln!(io::stdout().lock(), "{}", self.line(now));
        }
    }

    fn line(&self, now: Timestamp) -> Value {
        let named: Vec<_> =
            self.numbers.iter().map(|(name, unit, _)| json!({ "Name": name, "Unit": unit.name() })).collect();
        let directive = json!({ "Namespace": NAMESPACE, "Dimensions": [[self.dimension]], "Metrics": named });
        let mut line = Map::new();
        line.insert(
            "_aws".to_owned(),
            json!({ "Timestamp": now.as_millisecond(), "CloudWatchMetrics": [directive] }),
        );
        line.insert(self.dimension.to_owned(), Value::from(self.about.clone()));
        line.extend(self.numbers.iter().map(|(name, _, number)| ((*name).to_owned(), Value::from(*number))));
        Value::Object(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nought_is_told_only_where_silence_would_say_something_else() {
        let metrics = Metrics::of_org(&OrgId::new("00D000000000001EAA"));
        let names = |metrics: Metrics| metrics.numbers.iter().map(|(name, ..)| *name).collect::<Vec<_>>();
        assert_eq!(names(metrics.count("FindingsHigh", 0).count_always("Blind", 0)), ["Blind"]);
    }

    #[test]
    fn a_line_says_what_its_numbers_are() {
        let now = "2026-11-02T12:00:00Z".parse().unwrap();
        let metrics = Metrics::of_org(&OrgId::new("00D000000000001EAA")).count("LoginsScanned", 3).with(
            "LagSeconds",
            Unit::Seconds,
            61.0,
        );
        let expected = json!({
            "_aws": { "Timestamp": 1_793_620_800_000_i64, "CloudWatchMetrics": [{
                "Namespace": "SessionWarden", "Dimensions": [["Org"]],
                "Metrics": [{ "Name": "LoginsScanned", "Unit": "Count" }, { "Name": "LagSeconds", "Unit": "Seconds" }],
            }] },
            "Org": "00D000000000001EAA", "LoginsScanned": 3.0, "LagSeconds": 61.0,
        });
        assert_eq!(metrics.line(now), expected);
    }
}

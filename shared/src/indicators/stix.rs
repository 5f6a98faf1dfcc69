//! STIX 2.1 bundles. Source: STIX 2.1, section 4.7, Indicator.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use super::indicator::{Indicator, Observable, Provenance, instant, quoted};
use super::list::Indicators;
use super::stix_pattern::{Comparison, comparisons};

const AGENT_PATHS: [&str; 2] =
    ["network-traffic:extensions.http-request-ext.request_header.user-agent", "user-agent:value"];

#[derive(Deserialize)]
struct Sdo {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    id: String,
    name: Option<String>,
    pattern: Option<String>,
    pattern_type: Option<String>,
    valid_from: Option<String>,
    valid_until: Option<String>,
    confidence: Option<u8>,
    created_by_ref: Option<String>,
    #[serde(default)]
    revoked: bool,
    #[serde(default)]
    indicator_types: Vec<String>,
    /// Where STIX 2.0 has the types.
    #[serde(default)]
    labels: Vec<String>,
}

/// Reads the indicators of a bundle, of a list of objects, or of one object.
pub(super) fn read(file: &str, document: Value, list: &mut Indicators) {
    let objects = objects(document);
    let identities: HashMap<_, _> = objects.iter().filter_map(identity).collect();
    for (number, object) in (1..).zip(objects) {
        if object.get("type").and_then(Value::as_str) != Some("indicator") {
            continue;
        }
        let named = object.get("id").and_then(Value::as_str).map(str::to_owned);
        let id = named.unwrap_or_else(|| format!("object {number}"));
        let at = Provenance::Object { file: file.to_owned(), id };
        match Sdo::deserialize(object) {
            Ok(sdo) => take(&sdo, &at, &identities, list),
            Err(error) => list.take(at, Err(error.to_string())),
        }
    }
}

fn objects(document: Value) -> Vec<Value> {
    match document {
        Value::Array(objects) => objects,
        Value::Object(mut bundle) => match bundle.remove("objects") {
            Some(Value::Array(objects)) => objects,
            _ => vec![Value::Object(bundle)],
        },
        _ => Vec::new(),
    }
}

fn identity(object: &Value) -> Option<(String, String)> {
    let sdo = Sdo::deserialize(object).ok().filter(|sdo| sdo.kind == "identity")?;
    Some((sdo.id, sdo.name?))
}

/// Each comparison is an indicator of its own; one that cannot be used does not keep the others from being used.
fn take(sdo: &Sdo, at: &Provenance, identities: &HashMap<String, String>, list: &mut Indicators) {
    match usable(sdo, at, identities) {
        Err(reason) => list.take(at.clone(), Err(reason)),
        Ok((about, comparisons)) => {
            for comparison in comparisons {
                let read =
                    observable(&comparison).map(|observable| Indicator { observable, ..about.clone() });
                list.take(at.clone(), read);
            }
        }
    }
}

/// What is said about all of a pattern's comparisons, and the comparisons.
fn usable(
    sdo: &Sdo,
    at: &Provenance,
    identities: &HashMap<String, String>,
) -> Result<(Indicator, Vec<Comparison>), String> {
    if sdo.revoked {
        return Err("its author has revoked it".to_owned());
    }
    // Source: STIX 2.1, section 10.6: no threat on its own, and not to be taken for one.
    if sdo.indicator_types.iter().chain(&sdo.labels).any(|kind| kind.eq_ignore_ascii_case("benign")) {
        return Err("its author says that it is benign".to_owned());
    }
    if let Some(other) = sdo.pattern_type.as_deref().filter(|kind| *kind != "stix") {
        return Err(format!("its pattern is of the type {}, not stix", quoted(other)));
    }
    let comparisons = comparisons(sdo.pattern.as_deref().ok_or("it has no pattern")?)?;
    let author = sdo.created_by_ref.as_ref().and_then(|id| identities.get(id)).cloned();
    // The observable is replaced by each comparison's own.
    let about = Indicator {
        valid_from: sdo.valid_from.as_deref().map(instant).transpose()?,
        valid_until: sdo.valid_until.as_deref().map(instant).transpose()?,
        confidence: sdo.confidence.map(|percent| percent.min(100)),
        source: author.or_else(|| sdo.name.clone()),
        ..Indicator::new(Observable::User(String::new()), at.clone())
    };
    Ok((about, comparisons))
}

fn observable(comparison: &Comparison) -> Result<Observable, String> {
    let Comparison { path, operator, value } = comparison;
    match (path.as_str(), operator.as_str()) {
        ("ipv4-addr:value" | "ipv6-addr:value", "=" | "ISSUBSET") => Observable::address(value),
        (path, "=") if AGENT_PATHS.contains(&path) => Observable::user_agent(value),
        (path, operator) => Err(format!(
            "Salesforce records nothing that {} could be compared with",
            quoted(&format!("{path} {operator}"))
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn list_of(document: Value) -> Indicators {
        let mut list = Indicators::default();
        read("bundle.json", document, &mut list);
        list
    }

    #[test]
    fn a_bundle_gives_its_usable_comparisons_and_names_the_rest() {
        let list = list_of(json!({ "type": "bundle", "id": "bundle--1", "objects": [
            { "type": "identity", "id": "identity--1", "name": "A CERT" },
            { "type": "indicator", "id": "indicator--1", "pattern_type": "stix", "created_by_ref": "identity--1",
              "pattern": "[ipv4-addr:value = '198.51.100.7' OR domain-name:value = 'evil.example']",
              "valid_from": "2026-01-01T00:00:00Z", "valid_until": "2026-02-01T00:00:00.000Z", "confidence": 85 },
            { "type": "indicator", "id": "indicator--2", "name": "a botnet", "pattern_type": "stix",
              "pattern": "[ipv6-addr:value ISSUBSET '2001:db8::/32'] OR [network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'python-requests/2.32.4']" },
            { "type": "indicator", "id": "indicator--3", "pattern_type": "stix", "pattern": "[a:b = 'x' AND c:d = 'y']" },
            { "type": "indicator", "id": "indicator--4", "pattern_type": "snort", "pattern": "alert" },
            { "type": "indicator", "id": "indicator--5", "pattern": "[ipv4-addr:value = '198.51.100.8']", "revoked": true },
            { "type": "indicator", "pattern": 7 },
            { "type": "indicator", "id": "indicator--6", "pattern": "[ipv4-addr:value = '198.51.100.9']", "indicator_types": ["anomalous-activity", "benign"] },
            { "type": "indicator", "id": "indicator--7", "pattern": "[ipv4-addr:value = '198.51.100.9']", "labels": ["benign"] },
            { "type": "malware", "id": "malware--1" },
        ] }));
        let seen: Vec<_> = list.all().iter().map(|i| i.observable.to_string()).collect();
        assert_eq!(seen, ["198.51.100.7", "2001:db8::/32", "python-requests/2.32.4"]);
        let first = &list.all()[0];
        assert_eq!((first.source.as_deref(), first.confidence), (Some("A CERT"), Some(85)));
        assert_eq!(first.valid_until.unwrap().to_string(), "2026-02-01T00:00:00Z");
        assert_eq!(list.all()[2].source.as_deref(), Some("a botnet"));
        let bad: Vec<_> = list.rejected.first.iter().map(ToString::to_string).collect();
        assert_eq!(
            bad[0],
            "bundle.json, indicator--1: Salesforce records nothing that `domain-name:value =` could be compared with"
        );
        assert_eq!(
            bad[1],
            "bundle.json, indicator--3: only comparisons with a text that are joined by OR can be used"
        );
        assert_eq!(bad[2], "bundle.json, indicator--4: its pattern is of the type `snort`, not stix");
        assert_eq!(bad[3], "bundle.json, indicator--5: its author has revoked it");
        assert!(bad[4].starts_with("bundle.json, object 7: "), "{bad:?}");
        assert_eq!(bad[5], "bundle.json, indicator--6: its author says that it is benign");
        assert!(bad[6].ends_with("it is benign") && bad.len() == 7, "{bad:?}");
    }

    #[test]
    fn a_list_and_a_single_object_are_read_too() {
        let one = json!({ "type": "indicator", "id": "indicator--1", "pattern": "[ipv4-addr:value = '198.51.100.7']" });
        assert_eq!(list_of(one.clone()).all().len(), 1);
        assert_eq!(list_of(json!([one])).all().len(), 1);
        assert!(list_of(json!(7)).all().is_empty());
    }
}

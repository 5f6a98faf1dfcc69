//! What fields of few values hold: a rule that looks for anything else matches nothing, and would be taken for one that watches.

use std::collections::HashMap;

use rsigma_eval::event::JsonEvent;
use rsigma_eval::{Engine, EvalError};
use rsigma_parser::{ConditionExpr, Detection, DetectionItem, SigmaRule, SigmaValue};
use serde_json::{Value, json};

use super::Service;
use super::error::{Spot, Unsupported};
use crate::observation::{AccessPath, CountryCode, Outcome};
use crate::policy::nearest;

/// A value of a field that no event has there. `bare` is the rule without its detections.
pub(super) fn absent(
    bare: &SigmaRule,
    service: Service,
    detection: &str,
    item: &DetectionItem,
) -> Option<Unsupported> {
    let field = item.field.name.as_deref()?;
    let told = |value: &SigmaValue, why: String, meant: Option<String>| {
        let meant = meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
        let what = format!("`{detection}` looks for `{value}` in `{field}`, {why}{meant}");
        let at = Spot::Field {
            detection: detection.to_owned(),
            field: field.to_owned(),
            value: Some(value.to_string()),
        };
        Unsupported { what, at }
    };
    if field == "source.ip" && item.field.modifiers.is_empty() {
        let network = item.values.iter().find(|value| value.to_string().parse::<ipnet::IpNet>().is_ok())?;
        return Some(told(network, "which holds addresses".to_owned(), Some("source.ip|cidr".to_owned())));
    }
    let all = values(field)?;
    let value = item.values.iter().find(|value| !matches(bare, item, value, field, &all))?;
    let holds = service.fields().iter().find(|(known, _)| *known == field).map_or("", |(_, holds)| *holds);
    Some(told(value, format!("which holds {holds}"), meant(value, &all)))
}

/// All that a field of few values can hold.
fn values(field: &str) -> Option<Vec<Value>> {
    let outcomes = [
        Outcome::Success,
        Outcome::WrongPassword,
        Outcome::LockedOut,
        Outcome::Challenged,
        Outcome::OtherFailure,
    ];
    let paths = [
        AccessPath::Password,
        AccessPath::SingleSignOn,
        AccessPath::OauthInteractive,
        AccessPath::OauthUnattended,
        AccessPath::Api,
        AccessPath::Other,
    ];
    Some(match field {
        "source.is_new" | "country.is_new" | "client.is_new" => vec![json!(true), json!(false)],
        "login.outcome" => outcomes.iter().map(|outcome| json!(outcome)).collect(),
        "login.path" => paths.iter().map(|path| json!(path)).collect(),
        "login.hour" => (0..24).map(|hour| json!(hour)).collect(),
        "session.security_level" => vec![json!("LOW"), json!("STANDARD"), json!("HIGH_ASSURANCE")],
        // It is not known of every address.
        "source.country" => CountryCode::all().map(|code| json!(code)).chain([Value::Null]).collect(),
        _ => return None,
    })
}

/// Whether a value, by itself and with the field's modifiers, matches any of those that there are. What the engine refuses is
/// told before.
fn matches(bare: &SigmaRule, item: &DetectionItem, value: &SigmaValue, field: &str, all: &[Value]) -> bool {
    let item = DetectionItem { values: vec![value.clone()], ..item.clone() };
    let is_matched =
        |engine: &Engine, held| !engine.evaluate(&JsonEvent::borrow(&json!({ field: held }))).is_empty();
    alone(bare, item).is_ok_and(|engine| all.iter().any(|held| is_matched(&engine, held)))
}

/// An engine that looks at one field.
///
/// # Errors
/// What it cannot use.
pub(super) fn alone(bare: &SigmaRule, item: DetectionItem) -> Result<Engine, EvalError> {
    let mut rule = bare.clone();
    rule.detection.named = HashMap::from([("one".to_owned(), Detection::AllOf(vec![item]))]);
    rule.detection.conditions = vec![ConditionExpr::Identifier("one".to_owned())];
    rule.detection.condition_strings = vec!["one".to_owned()];
    let mut engine = Engine::new();
    engine.add_rule(&rule)?;
    Ok(engine)
}

/// What was probably meant.
fn meant(value: &SigmaValue, all: &[Value]) -> Option<String> {
    let text = value.to_string();
    if all.contains(&Value::Bool(true)) {
        return match text.to_lowercase().as_str() {
            "yes" | "y" | "on" | "true" | "1" => Some("true".to_owned()),
            "no" | "n" | "off" | "false" | "0" => Some("false".to_owned()),
            _ => None,
        };
    }
    if all.contains(&Value::Null) {
        return CountryCode::named(&text).map(|code| code.to_string());
    }
    nearest(&text, all.iter().filter_map(Value::as_str))
}

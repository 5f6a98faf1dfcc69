//! What of Sigma is supported: everything about one event. What is not is named.

use rsigma_parser::{Detection, DetectionItem, Modifier, SigmaCollection, SigmaRule};

use super::Service;
use super::error::Unsupported;
use crate::policy::nearest;

/// Nothing but rules about single events.
pub(super) fn only_rules(collection: &SigmaCollection) -> Result<(), String> {
    if let Some(correlation) = collection.correlations.first() {
        return Err(format!(
            "the correlation “{}” is not supported: a rule sees one event; what takes several is what the built-in \
             detections are for",
            correlation.title
        ));
    }
    match collection.filters.first() {
        Some(filter) => Err(format!(
            "the filter “{}” is not supported: write `and not` in the rule’s condition",
            filter.title
        )),
        None => Ok(()),
    }
}

/// What a rule watches, and that it uses nothing else.
pub(super) fn service(rule: &SigmaRule) -> Result<Service, Unsupported> {
    let source = &rule.logsource;
    let service = match (source.product.as_deref(), source.service.as_deref(), &source.category) {
        (Some("salesforce"), Some("login"), None) => Service::Login,
        (Some("salesforce"), Some("session"), None) => Service::Session,
        _ => {
            let wanted =
                "needs `product: salesforce` and `service: login` or `service: session`, and no category";
            return Err(Unsupported(format!("its logsource {wanted}")));
        }
    };
    if rule.detection.timeframe.is_some() {
        return Err(Unsupported("`timeframe` is not supported: a rule sees one event".to_owned()));
    }
    for (name, detection) in &rule.detection.named {
        detections(service, name, detection)?;
    }
    Ok(service)
}

fn detections(service: Service, name: &str, detection: &Detection) -> Result<(), Unsupported> {
    match detection {
        Detection::AllOf(items) => items.iter().try_for_each(|item| field(service, name, item)),
        Detection::AnyOf(all) | Detection::And(all) => {
            all.iter().try_for_each(|detection| detections(service, name, detection))
        }
        Detection::Keywords(_) => {
            Err(Unsupported(format!("`{name}` looks for keywords in no field: that is not supported")))
        }
        Detection::ArrayMatch { field, .. } => {
            Err(Unsupported(format!("`{name}` looks into the list `{field}`: no field is a list")))
        }
        Detection::Conditional { .. } => {
            Err(Unsupported(format!("`{name}` has a condition of its own: that is not supported")))
        }
    }
}

fn field(service: Service, name: &str, item: &DetectionItem) -> Result<(), Unsupported> {
    let Some(field) = &item.field.name else {
        return Err(Unsupported(format!("`{name}` looks for keywords in no field: that is not supported")));
    };
    let modifier =
        item.field.modifiers.iter().find(|one| matches!(one, Modifier::FieldRef | Modifier::Expand));
    if let Some(modifier) = modifier {
        return Err(Unsupported(format!("`{name}` uses the modifier {modifier:?}, which is not supported")));
    }
    let fields = || service.fields().iter().map(|(known, _)| *known);
    if fields().any(|known| known == field) {
        return Ok(());
    }
    let meant = nearest(field, fields()).map_or_else(
        || format!("there are {}", fields().collect::<Vec<_>>().join(", ")),
        |known| format!("did you mean `{known}`?"),
    );
    Err(Unsupported(format!("`{name}` uses `{field}`, which a {} does not have; {meant}", service.name())))
}

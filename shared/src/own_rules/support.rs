//! What of Sigma is supported: everything about one event. What is not is named.

use rsigma_parser::{Detection, DetectionItem, Modifier, SigmaCollection, SigmaRule};

use super::document::in_one_line;
use super::error::{Spot, Unsupported};
use super::{Service, vocabulary};
use crate::policy::nearest;

/// Nothing but rules about single events. Answers the title of what is none, and what it is.
pub(super) fn only_rules(collection: &SigmaCollection) -> Result<(), (&str, Unsupported)> {
    if let Some(correlation) = collection.correlations.first() {
        let what = "a correlation is not supported: a rule sees one event; what takes several is what the built-in \
                    detections are for";
        return Err((&correlation.title, Unsupported::at(&["correlation"], what)));
    }
    match collection.filters.first() {
        Some(filter) => {
            let what = "a filter is not supported: write `and not` in the rule’s condition";
            Err((&filter.title, Unsupported::at(&["filter"], what)))
        }
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
            return Err(Unsupported::at(&["logsource"], format!("its logsource {wanted}")));
        }
    };
    if rule.detection.timeframe.is_some() {
        let what = "`timeframe` is not supported: a rule sees one event";
        return Err(Unsupported::at(&["detection", "timeframe"], what));
    }
    let mut named: Vec<_> = rule.detection.named.iter().collect();
    named.sort_by_key(|(name, _)| *name);
    let mut bare = rule.clone();
    bare.detection.named.clear();
    for (name, detection) in named {
        Checked { bare: &bare, service, name }.detections(detection)?;
    }
    Ok(service)
}

/// One of a rule's detections.
#[derive(Clone, Copy)]
struct Checked<'r> {
    /// The rule without its detections.
    bare: &'r SigmaRule,
    service: Service,
    name: &'r str,
}

impl Checked<'_> {
    fn detections(self, detection: &Detection) -> Result<(), Unsupported> {
        let name = self.name;
        let refused = |what: String| Err(Unsupported::at(&["detection", name], what));
        match detection {
            Detection::AllOf(items) => items.iter().try_for_each(|item| self.item(item)),
            Detection::AnyOf(all) | Detection::And(all) => {
                all.iter().try_for_each(|detection| self.detections(detection))
            }
            Detection::Keywords(_) => {
                refused(format!("`{name}` looks for keywords in no field: that is not supported"))
            }
            Detection::ArrayMatch { field, .. } => {
                refused(format!("`{name}` looks into the list `{field}`: no field is a list"))
            }
            Detection::Conditional { .. } => {
                refused(format!("`{name}` has a condition of its own: that is not supported"))
            }
        }
    }

    fn item(self, item: &DetectionItem) -> Result<(), Unsupported> {
        let name = self.name;
        let Some(field) = &item.field.name else {
            let what = format!("`{name}` looks for keywords in no field: that is not supported");
            return Err(Unsupported::at(&["detection", name], what));
        };
        let refused = |what| {
            let at = Spot::Field { detection: name.to_owned(), field: field.clone(), value: None };
            Err(Unsupported { what, at })
        };
        let modifier =
            item.field.modifiers.iter().find(|one| matches!(one, Modifier::FieldRef | Modifier::Expand));
        if let Some(modifier) = modifier {
            return refused(format!("`{name}` uses the modifier {modifier:?}, which is not supported"));
        }
        let fields = || self.service.fields().iter().map(|(known, _)| *known);
        if fields().any(|known| known == field) {
            if let Err(error) = vocabulary::alone(self.bare, item.clone()) {
                return refused(format!(
                    "`{name}` cannot use `{field}` so: {}",
                    in_one_line(&error.to_string())
                ));
            }
            return vocabulary::absent(self.bare, self.service, name, item).map_or(Ok(()), Err);
        }
        let meant = nearest(field, fields()).map_or_else(
            || format!("there are {}", fields().collect::<Vec<_>>().join(", ")),
            |known| format!("did you mean `{known}`?"),
        );
        let of = self.service.name();
        refused(format!("`{name}` uses `{field}`, which a {of} does not have; {meant}"))
    }
}

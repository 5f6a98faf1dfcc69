//! Fields that a reading asks for as they are described, and goes without where a query for them is refused all the same.
//! The objects on which every verdict rests are read like this: a description that cannot be had must not blind anybody.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::client::Salesforce;
use super::describe::Wanted;
use super::error::SalesforceError;

/// What is asked of each object, once that is known.
#[derive(Debug, Default)]
pub(super) struct LearnedFields(Mutex<HashMap<&'static str, Vec<&'static str>>>);

impl Salesforce {
    /// The fields to ask for: those that are described, and everything where no description can be had.
    ///
    /// # Errors
    /// [`SalesforceError::NotVisible`] names required fields that the description lacks.
    pub(super) async fn fields(&self, wanted: &Wanted) -> Result<Vec<&'static str>, SalesforceError> {
        if let Some(known) = self.learned_fields.of(wanted) {
            return Ok(known);
        }
        let first = match self.seen_if_described(wanted).await {
            Ok(Some(seen)) => seen.worth_asking(),
            Ok(None) => wanted.all().collect(),
            Err(error) if error.is_refusal() => wanted.all().collect(),
            Err(error) => return Err(error),
        };
        Ok(self.learned_fields.begin(wanted, first))
    }

    /// Goes without what the refusal (`INVALID_FIELD`) of a query for the fields `asked` names, and without everything
    /// that is not required where it names nothing of that.
    ///
    /// # Errors
    /// The refusal, where it is another one or the next query would meet it again.
    pub(super) fn leave_out(
        &self,
        wanted: &Wanted,
        asked: &[&'static str],
        refusal: SalesforceError,
    ) -> Result<(), SalesforceError> {
        let out = match &refusal {
            SalesforceError::Api { code, message, .. } if code == "INVALID_FIELD" => {
                self.learned_fields.leave_out(wanted, asked, message)
            }
            _ => None,
        };
        let out = out.ok_or(refusal)?;
        if !out.is_empty() {
            let (object, fields) = (wanted.object, out.join(", "));
            tracing::warn!(object, fields, "a query for these fields was refused; reading without them");
        }
        Ok(())
    }
}

impl LearnedFields {
    fn of(&self, wanted: &Wanted) -> Option<Vec<&'static str>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(wanted.object).cloned()
    }

    /// What to begin with, unless another reading was faster.
    fn begin(&self, wanted: &Wanted, fields: Vec<&'static str>) -> Vec<&'static str> {
        let mut learned = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        learned.entry(wanted.object).or_insert(fields).clone()
    }

    /// What is newly left out: nothing where another reading has met the same refusal meanwhile, and `None` where there
    /// is nothing to leave out.
    fn leave_out(&self, wanted: &Wanted, asked: &[&'static str], refusal: &str) -> Option<Vec<&'static str>> {
        let mut learned = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fields = learned.get_mut(wanted.object)?;
        if fields != asked {
            return Some(Vec::new());
        }
        let is_optional = |field: &&str| !wanted.required.contains(field);
        let is_named = |field: &&str| is_optional(field) && names(refusal, field);
        let none_is_named = !fields.iter().any(&is_named);
        let (out, kept): (Vec<_>, Vec<_>) =
            fields.iter().partition(|field| is_named(field) || none_is_named && is_optional(field));
        if out.is_empty() || kept.is_empty() {
            return None;
        }
        *fields = kept;
        Some(out)
    }
}

/// Whether a refusal names a field, or the relationship that leads to it.
fn names(refusal: &str, field: &str) -> bool {
    let first = field.split('.').next().unwrap_or(field);
    [format!("'{first}'"), format!("'{first}.")].iter().any(|name| refusal.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: Wanted = Wanted {
        object: "LoginHistory",
        required: &["Id"],
        optional: &["LoginGeo.Latitude", "LoginGeo.City", "ApiType", "ApiVersion"],
    };

    fn everything() -> (LearnedFields, Vec<&'static str>) {
        let fields = LearnedFields::default();
        let all = fields.begin(&WANTED, WANTED.all().collect());
        (fields, all)
    }

    #[test]
    fn what_a_refusal_names_is_left_out() {
        let (fields, all) = everything();
        let refusal =
            "Id, ApiType\n ^\nERROR at Row:1:Column:30\nNo such column 'ApiType' on entity 'LoginHistory'.";
        assert_eq!(fields.leave_out(&WANTED, &all, refusal).unwrap(), ["ApiType"]);
        assert!(
            fields.leave_out(&WANTED, &all, refusal).unwrap().is_empty(),
            "a reading beside it met the same"
        );
        let left = fields.of(&WANTED).unwrap();
        assert_eq!(left, ["Id", "LoginGeo.Latitude", "LoginGeo.City", "ApiVersion"]);
        let refusal = "Didn't understand relationship 'LoginGeo' in field path 'LoginGeo.Latitude'";
        assert_eq!(
            fields.leave_out(&WANTED, &left, refusal).unwrap(),
            ["LoginGeo.Latitude", "LoginGeo.City"]
        );
        assert_eq!(fields.of(&WANTED).unwrap(), ["Id", "ApiVersion"]);
    }

    #[test]
    fn a_refusal_in_other_words_leaves_only_what_is_required() {
        let (fields, all) = everything();
        assert_eq!(fields.leave_out(&WANTED, &all, "field not visible").unwrap(), WANTED.optional);
        assert_eq!(fields.leave_out(&WANTED, &["Id"], "field not visible"), None);
        assert_eq!(fields.of(&WANTED).unwrap(), ["Id"]);
    }

    #[test]
    fn nothing_is_never_asked_for() {
        let wanted = Wanted { required: &[], ..WANTED };
        let fields = LearnedFields::default();
        let all = fields.begin(&wanted, wanted.all().collect());
        assert_eq!(fields.leave_out(&wanted, &all, "field not visible"), None);
    }
}

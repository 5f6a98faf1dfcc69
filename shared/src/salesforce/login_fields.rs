//! Which fields of LoginHistory are asked for.

use std::sync::{Mutex, PoisonError};

/// Fields that every org has since API version 37.0.
const ALWAYS: &str = "Id, UserId, LoginTime, LoginType, LoginSubType, Status, SourceIp, CountryIso, TlsProtocol, \
                      CipherSuite, Application, Browser, Platform";
/// Needs Manage Users; without it the whole query is refused.
const PLACES: Optional =
    Optional { name: "LoginGeo", select: "LoginGeo.Latitude, LoginGeo.Longitude, LoginGeo.City" };
/// Fields that some orgs and API versions lack, or that an identity may not see.
const OPTIONAL: [Optional; 10] = [
    PLACES,
    field("ForwardedForIp"),
    field("AuthContextClassRef"),
    field("AuthMethodReference"),
    field("AuthenticationServiceId"),
    field("LoginUrl"),
    field("ApiType"),
    field("ApiVersion"),
    field("ClientVersion"),
    field("OptionsIsGet"),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Optional {
    /// How a refusal names it.
    name: &'static str,
    select: &'static str,
}

const fn field(name: &'static str) -> Optional {
    Optional { name, select: name }
}

/// The fields that one identity may ask for; starts with all and learns from refusals.
#[derive(Debug)]
pub(super) struct LoginFields(Mutex<Vec<Optional>>);

impl Default for LoginFields {
    fn default() -> Self {
        Self(Mutex::new(OPTIONAL.to_vec()))
    }
}

impl LoginFields {
    /// The SELECT list.
    pub(super) fn select(&self) -> String {
        list(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Leaves out what the refusal (`INVALID_FIELD`) of a SELECT list names, or everything that can be left out where it
    /// names nothing of that. Answers what is newly left out: nothing where another reading has met the same refusal
    /// meanwhile, and `None` where the same query would be refused again.
    pub(super) fn leave_out(&self, asked: &str, refusal: &str) -> Option<Vec<&'static str>> {
        let mut optional = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if list(&optional) != asked {
            return Some(Vec::new());
        }
        let is_named = |field: &Optional| refusal.contains(&format!("'{}", field.name));
        let (named, others): (Vec<_>, Vec<_>) = optional.iter().partition(|field| is_named(field));
        let (out, kept) = if named.is_empty() { (others, named) } else { (named, others) };
        *optional = kept;
        (!out.is_empty()).then(|| out.iter().map(|field| field.name).collect())
    }
}

fn list(optional: &[Optional]) -> String {
    optional.iter().fold(ALWAYS.to_owned(), |list, field| list + ", " + field.select)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_refusal_names_is_left_out() {
        let fields = LoginFields::default();
        assert!(fields.select().ends_with("LoginUrl, ApiType, ApiVersion, ClientVersion, OptionsIsGet"));
        let refusal = "ForwardedForIp, AuthContextClassRef\n ^\nERROR at Row:1:Column:300\nNo such column \
                       'AuthContextClassRef' on entity 'LoginHistory'.";
        assert_eq!(fields.leave_out(&fields.select(), refusal).unwrap(), ["AuthContextClassRef"]);
        assert!(
            !fields.select().contains("AuthContextClassRef") && fields.select().contains("LoginGeo.City")
        );
        let refusal = "Didn't understand relationship 'LoginGeo' in field path 'LoginGeo.Latitude'";
        let asked = fields.select();
        assert_eq!(fields.leave_out(&asked, refusal).unwrap(), ["LoginGeo"]);
        let left = fields.select();
        assert!(
            fields.leave_out(&asked, refusal).unwrap().is_empty(),
            "a slice beside it met the same refusal"
        );
        assert_eq!(fields.select(), left);
        assert!(!fields.select().contains("LoginGeo"));
    }

    #[test]
    fn a_refusal_in_other_words_leaves_nothing_to_refuse() {
        let fields = LoginFields::default();
        let out = fields.leave_out(&fields.select(), "field not visible").unwrap();
        assert_eq!(out.len(), OPTIONAL.len());
        assert_eq!(fields.select(), ALWAYS);
        assert_eq!(fields.leave_out(ALWAYS, "field not visible"), None);
    }
}

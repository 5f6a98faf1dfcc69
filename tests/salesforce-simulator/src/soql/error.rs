//! The refusals of a query, with their texts in one place.

use crate::journal::Matched;

/// A refused query, as the REST error array words it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SoqlError {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// No, when the simulator does not have the object at all.
    pub(crate) matched: Matched,
}

impl SoqlError {
    fn new(code: &'static str, message: String) -> Self {
        Self { code, message, matched: Matched::Yes }
    }

    pub(crate) fn malformed(query: &str, position: usize, text: &str) -> Self {
        let from: String = query.chars().skip(position.saturating_sub(20)).take(40).collect();
        let caret = " ".repeat(position.min(20));
        let column = position + 1;
        Self::new("MALFORMED_QUERY", format!("\n{from}\n{caret}^\nERROR at Row:1:Column:{column}\n{text}"))
    }

    pub(crate) fn unsupported(text: &str) -> Self {
        Self::new("MALFORMED_QUERY", text.to_owned())
    }

    pub(crate) fn longer_than(what: &str, most: usize) -> Self {
        Self::unsupported(&format!("a SOQL {what} cannot be longer than {most} characters"))
    }

    pub(crate) fn too_complicated() -> Self {
        Self::new(
            "QUERY_TOO_COMPLICATED",
            "Query is either selecting too many fields or the filter conditions are too complicated.".into(),
        )
    }

    pub(crate) fn unknown_object(name: &str) -> Self {
        Self::new("INVALID_TYPE", format!("sObject type '{name}' is not supported."))
    }

    /// For an object that is there, but not for this caller, the words are the same.
    pub(crate) fn unmatched(self) -> Self {
        Self { matched: Matched::No, ..self }
    }

    pub(crate) fn unknown_field(field: &str, entity: &str) -> Self {
        Self::new(
            "INVALID_FIELD",
            format!(
                "No such column '{field}' on entity '{entity}'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name."
            ),
        )
    }

    pub(crate) fn unknown_relation(relation: &str, path: &str) -> Self {
        Self::new(
            "INVALID_FIELD",
            format!(
                "Didn't understand relationship '{relation}' in field path '{path}'. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name."
            ),
        )
    }

    pub(crate) fn not_filterable(field: &str) -> Self {
        Self::new("INVALID_FIELD", format!("field '{field}' can not be filtered in a query call"))
    }

    pub(crate) fn not_groupable(field: &str) -> Self {
        Self::new("INVALID_FIELD", format!("field '{field}' can not be grouped in a query call"))
    }

    pub(crate) fn not_sortable(field: &str) -> Self {
        Self::new("INVALID_FIELD", format!("field '{field}' can not be sorted in a query call"))
    }

    pub(crate) fn not_grouped(field: &str) -> Self {
        Self::unsupported(&format!("Field must be grouped or aggregated: {field}"))
    }

    pub(crate) fn not_aggregatable(function: &str, field: &str) -> Self {
        Self::unsupported(&format!("field {field} does not support aggregate operator {function}"))
    }

    pub(crate) fn wrong_literal(field: &str, kind: &str, quotes: &str) -> Self {
        let text = format!(
            "value of filter criterion for field '{field}' must be of type {kind} and should {quotes} enclosed in quotes"
        );
        Self::new("INVALID_FIELD", text)
    }

    pub(crate) fn wrong_operator(operator: &str, field: &str) -> Self {
        let text = format!("invalid operator '{operator}' on field '{field}'");
        Self::new("INVALID_FIELD", text)
    }

    pub(crate) fn invalid_id(id: &str) -> Self {
        Self::new("INVALID_QUERY_FILTER_OPERATOR", format!("invalid ID field: {id}"))
    }

    pub(crate) fn too_long() -> Self {
        Self::new("QUERY_TIMEOUT", "Your query request was running for too long.".to_owned())
    }

    pub(crate) fn out_of_range(what: &str) -> Self {
        Self::new("NUMBER_OUTSIDE_VALID_RANGE", format!("Maximum SOQL {what} exceeded"))
    }
}

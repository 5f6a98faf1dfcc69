//! What one check came to.

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use crate::salesforce::{Permission, SalesforceError, Weight};

/// What one check came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at: a stable name.
    pub check: &'static str,
    /// How it is.
    pub state: State,
    /// What was seen.
    pub seen: String,
    /// What to do about it; empty where nothing is to be done.
    pub todo: String,
    /// Where it is blind: any one of these permissions ends that.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Missing>,
}

/// How it is. Worse states come later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// As it should be.
    Ok,
    /// Not looked at, because the operator does without.
    Off,
    /// It works, and should be looked at.
    Warning,
    /// Something cannot be seen or done.
    Blind(Weight),
    /// Salesforce cannot be reached, or has no calls left.
    Unreachable,
    /// The connection document, the credential or the identity's account is wrong.
    Failed,
}

/// A permission to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing(pub Permission);

impl Check {
    /// Nothing to do.
    pub(super) fn ok(check: &'static str, seen: impl Into<String>) -> Self {
        Self::new(check, State::Ok, seen, "")
    }

    pub(super) fn new(
        check: &'static str,
        state: State,
        seen: impl Into<String>,
        todo: impl Into<String>,
    ) -> Self {
        Self { check, state, seen: seen.into(), todo: todo.into(), missing: Vec::new() }
    }

    /// What failed although the identity is let in, where the rest was looked at all the same.
    pub(super) fn unknown(check: &'static str, error: &SalesforceError) -> Self {
        Self::new(check, State::Warning, format!("not known: {error}"), "ask again")
    }
}

impl State {
    /// One word, the same for people and scripts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Off => "off",
            Self::Warning => "warning",
            Self::Blind(_) => "blind",
            Self::Unreachable => "unreachable",
            Self::Failed => "failed",
        }
    }
}

impl Serialize for State {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl Serialize for Missing {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut missing = serializer.serialize_struct("Missing", 2)?;
        missing.serialize_field("permission", self.0.label())?;
        missing.serialize_field("api_name", self.0.api_name())?;
        missing.end()
    }
}

//! The organisation's own rules, as the policy declares and names them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::faults::{Wrong, named};
use super::wording::nearest;
use super::{Mode, PolicyFault, PolicyText};
use crate::detection::{About, OWN_RULE};

/// Where the rules are, and what was decided about each.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeclaredRules {
    /// Files of rules; from the policy's folder where they are not absolute.
    pub files: Vec<PathBuf>,
    /// The mode of each rule that has its own, by the id that findings name; the policy's where omitted.
    pub modes: BTreeMap<String, Mode>,
}

impl DeclaredRules {
    /// The paths of the files, where the policy lies in a folder.
    pub fn paths(&self, folder: &Path) -> Vec<PathBuf> {
        self.files.iter().map(|file| folder.join(file)).collect()
    }
}

impl PolicyText {
    /// Whatever names a rule that is not among those that were read.
    pub fn unknown_rules(&self, known: &[&About]) -> Vec<PolicyFault> {
        let ids = || known.iter().map(|card| card.id);
        let named = named(&self.policy).into_iter();
        let unknown = named.filter(|(id, _)| id.starts_with(OWN_RULE) && !ids().any(|known| known == *id));
        let wrong = unknown.map(|(id, path)| Wrong {
            path,
            problem: format!("no rule that was read is called `{id}`"),
            did_you_mean: nearest(id, ids()),
        });
        wrong.map(|wrong| self.fault(&wrong)).collect()
    }
}

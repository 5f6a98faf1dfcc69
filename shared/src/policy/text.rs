//! A policy with the text it was read from: every mistake is found, and what is in force can be shown where it stands.

use super::faults::{self, Wrong};
use super::sections::Sections;
use super::tree::{NoYaml, Node, Step, at, place, read as tree, remove, steps};
use super::wording::{Worded, no_duration, worded};
use super::{Policy, PolicyError, PolicyFault};

/// More mistakes than this are no slips of the pen.
const MOST: usize = 100;

/// A policy and its text.
#[derive(Debug, Clone)]
pub struct PolicyText {
    /// What was decided.
    pub policy: Policy,
    tree: Node,
}

impl PolicyText {
    /// Reads a policy.
    ///
    /// # Errors
    /// Every mistake with its line, its key and, where one is near, what was probably meant.
    pub fn parse(yaml: &str) -> Result<Self, PolicyError> {
        let tree = tree(yaml).map_err(|NoYaml { line, problem }| {
            PolicyError::Wrong(vec![PolicyFault { line, key: String::new(), problem, did_you_mean: None }])
        })?;
        let (policy, readable, mut found) = read(tree.clone());
        found.extend(faults::of(&policy).into_iter().map(|wrong| fault(&readable, &wrong)));
        found.sort_by_key(|fault| fault.line);
        if found.is_empty() { Ok(Self { policy, tree }) } else { Err(PolicyError::Wrong(found)) }
    }

    /// A value that makes no sense, where it stands.
    pub(super) fn fault(&self, wrong: &Wrong) -> PolicyFault {
        fault(&self.tree, wrong)
    }

    /// On which line a key is written, by its dotted name; `None` where it is omitted. Entries of a list count from 1.
    pub fn line(&self, key: &str) -> Option<u64> {
        let steps: Vec<_> = key.split('.').flat_map(keyed).collect();
        let found = place(&self.tree, &steps);
        (found.key == key).then_some(found.line).filter(|_| at(&self.tree, &steps).is_some())
    }
}

/// `exemptions[2]` as its two steps.
fn keyed(part: &str) -> Vec<Step> {
    let (name, number) = part.split_once('[').unwrap_or((part, ""));
    let number = number.trim_end_matches(']').parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    [Some(Step::Key(name.to_owned())), number.map(Step::Entry)].into_iter().flatten().collect()
}

/// Reads what can be read; each mistake is noted, taken away, and the rest read anew.
fn read(mut tree: Node) -> (Policy, Node, Vec<PolicyFault>) {
    let mut found = Vec::new();
    while found.len() < MOST {
        let error = match serde_path_to_error::deserialize::<_, Policy>(Sections(tree.value.value())) {
            Ok(policy) => return (policy, tree, found),
            Err(error) => error,
        };
        let path = steps(error.path());
        let (said, value) = (error.inner().to_string(), at(&tree, &path).map(|node| node.value.value()));
        let no_duration = value.as_ref().and_then(|value| no_duration(value.as_str()?, &said));
        let Worded { problem, did_you_mean, is_surplus } = no_duration.unwrap_or_else(|| worded(&said));
        let at = place(&tree, &path);
        found.push(PolicyFault { line: at.line, key: at.key, problem, did_you_mean });
        if path.is_empty() {
            break;
        }
        remove(&mut tree, &path, is_surplus);
    }
    (Policy::default(), tree, found)
}

fn fault(tree: &Node, wrong: &Wrong) -> PolicyFault {
    let at = place(tree, &wrong.path);
    let (problem, did_you_mean) = (wrong.problem.clone(), wrong.did_you_mean.clone());
    PolicyFault { line: at.line, key: at.key, problem, did_you_mean }
}

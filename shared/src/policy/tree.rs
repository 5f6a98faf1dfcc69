//! The text of a policy as a tree that knows on which line each part stands.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_path_to_error::{Path, Segment};
use serde_saphyr::Spanned;

/// A part of the text.
#[derive(Debug, Clone)]
pub(crate) enum Tree {
    Map(Vec<(Spanned<String>, Node)>),
    /// Entries with their numbers from 0, which they keep when others are taken away.
    List(Vec<(usize, Node)>),
    Scalar(Value),
}

/// A part, and where it stands.
pub(crate) type Node = Spanned<Tree>;

/// A place in the tree: where it stands, and its key as people write it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: u64,
    pub(crate) key: String,
}

impl Tree {
    /// What the tree holds; keys without a value count as omitted.
    pub(crate) fn value(&self) -> Value {
        match self {
            Self::Scalar(value) => value.clone(),
            Self::List(entries) => entries.iter().map(|(_, entry)| entry.value.value()).collect(),
            Self::Map(entries) => {
                let said = entries.iter().map(|(key, entry)| (key.value.clone(), entry.value.value()));
                Value::Object(said.filter(|(_, value)| !value.is_null()).collect())
            }
        }
    }
}

/// What keeps a text from being YAML, and on which line.
#[derive(Debug)]
pub(crate) struct NoYaml {
    pub(crate) line: u64,
    pub(crate) problem: String,
}

/// Reads one document; an empty one is an empty section.
pub(crate) fn read(yaml: &str) -> Result<Node, NoYaml> {
    let empty = || Tree::Map(Vec::new());
    // `off` and `NO` are words here, and a user id may be all digits.
    let options = serde_saphyr::options! {
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        // The value behind a tag would count as omitted.
        reject_unsupported_tags: true,
    };
    match serde_saphyr::from_str_with_options::<Node>(yaml, options) {
        Ok(Spanned { value: Tree::Scalar(value), referenced, defined }) if value.is_null() => {
            Ok(Spanned { value: empty(), referenced, defined })
        }
        Ok(tree) => Ok(tree),
        Err(error) => {
            let line = error.location().map_or(1, |location| location.line());
            let problem = no_yaml(&error.without_snippet().to_string());
            Err(NoYaml { line, problem })
        }
    }
}

/// What the parser says, without what is of use only to a program.
fn no_yaml(said: &str) -> String {
    let said = said.split(" at line ").next().unwrap_or(said);
    if said.contains("multiple YAML documents") {
        return "a second document begins here, behind `---` or `...`, and there may be only one".to_owned();
    }
    said.split(", set DuplicateKeyPolicy").next().unwrap_or(said).to_owned()
}

/// Where a path leads, as far as it leads.
pub(crate) fn place(root: &Node, path: &[Step]) -> Place {
    let mut place = Place { line: root.referenced.line(), key: String::new() };
    let mut node = root;
    for step in path {
        let next = match (&node.value, step) {
            (Tree::Map(entries), Step::Key(name)) => {
                let found = entries.iter().find(|(key, _)| key.value == *name);
                let dot = if place.key.is_empty() { "" } else { "." };
                place.key = format!("{}{dot}{name}", place.key);
                found.map(|(key, next)| (key.referenced.line(), next))
            }
            (Tree::List(entries), Step::Entry(number)) => entries.get(*number).map(|(number, next)| {
                place.key = format!("{}[{}]", place.key, number + 1);
                (next.referenced.line(), next)
            }),
            _ => None,
        };
        let Some((line, next)) = next else { break };
        (place.line, node) = (line, next);
    }
    place
}

/// What a path leads to, where it leads anywhere.
pub(crate) fn at<'n>(root: &'n Node, path: &[Step]) -> Option<&'n Node> {
    path.iter().try_fold(root, |node, step| match (&node.value, step) {
        (Tree::Map(entries), Step::Key(name)) => {
            entries.iter().find(|(key, _)| key.value == *name).map(|(_, next)| next)
        }
        (Tree::List(entries), Step::Entry(number)) => entries.get(*number).map(|(_, next)| next),
        _ => None,
    })
}

/// Takes away what a path leads to. An entry of a list goes as a whole, unless it is just a key too many.
pub(crate) fn remove(root: &mut Node, path: &[Step], is_surplus: bool) {
    let end = path.iter().position(|step| matches!(step, Step::Entry(_)) && !is_surplus);
    let path = end.map_or(path, |end| &path[..=end]);
    let Some((last, way)) = path.split_last() else { return };
    let mut node = root;
    for step in way {
        let next = match (&mut node.value, step) {
            (Tree::Map(entries), Step::Key(name)) => {
                entries.iter_mut().find(|(key, _)| key.value == *name).map(|(_, next)| next)
            }
            (Tree::List(entries), Step::Entry(number)) => entries.get_mut(*number).map(|(_, next)| next),
            _ => None,
        };
        let Some(next) = next else { return };
        node = next;
    }
    match (&mut node.value, last) {
        (Tree::Map(entries), Step::Key(name)) => entries.retain(|(key, _)| key.value != *name),
        (Tree::List(entries), Step::Entry(number)) if *number < entries.len() => {
            entries.remove(*number);
        }
        _ => {}
    }
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// To the value of a key.
    Key(String),
    /// To an entry of a list, from 0.
    Entry(usize),
}

impl Step {
    pub(crate) fn key(name: &str) -> Self {
        Self::Key(name.to_owned())
    }
}

/// The steps of a path that an error names.
pub(crate) fn steps(path: &Path) -> Vec<Step> {
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Map { key } => Some(Step::Key(key.clone())),
            Segment::Seq { index } => Some(Step::Entry(*index)),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect()
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyPart)
    }
}

struct AnyPart;

impl<'de> Visitor<'de> for AnyPart {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Scalar(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree::Scalar(Value::Null))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Tree, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(Tree::Map(entries))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Tree, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_element()? {
            entries.push((entries.len(), entry));
        }
        Ok(Tree::List(entries))
    }
}

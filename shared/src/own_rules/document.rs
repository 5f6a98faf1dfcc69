//! The YAML documents of a file, each with its lines: the Sigma parser tells of a mistake neither in which rule nor where it is.

use std::str::FromStr;

use rsigma_parser::{Modifier, parse_sigma_yaml};
use serde_json::Value;

use super::error::{Spot, Unsupported};
use crate::policy::nearest;
use crate::policy::tree::{self, Node, Step, Tree};

/// The keys that a rule may have. What is none of these is an attribute of the organisation's own. Source: Sigma Rules
/// Specification 2.1, and `custom_attributes` of pySigma.
const KEYS: [&str; 22] = [
    "action",
    "author",
    "custom_attributes",
    "date",
    "description",
    "detection",
    "falsepositives",
    "fields",
    "id",
    "level",
    "license",
    "logsource",
    "modified",
    "name",
    "references",
    "related",
    "scope",
    "sigma-version",
    "status",
    "tags",
    "taxonomy",
    "title",
];
/// The modifiers by the names that people write.
const MODIFIERS: [&str; 20] = [
    "contains",
    "startswith",
    "endswith",
    "all",
    "base64",
    "base64offset",
    "wide",
    "utf16be",
    "utf16",
    "windash",
    "re",
    "cidr",
    "cased",
    "exists",
    "gt",
    "gte",
    "lt",
    "lte",
    "neq",
    "ignorecase",
];

/// One document.
pub(super) struct Document {
    text: String,
    /// The line before its first.
    before: u64,
    tree: Node,
}

impl Document {
    /// Every document of a file that is not empty. One that is no YAML ends them.
    pub(super) fn all(file: &str) -> Vec<Self> {
        let mut texts = vec![(0, String::new())];
        for (number, line) in (0..).zip(file.split_inclusive('\n')) {
            // No line of a document's own begins so. Source: YAML 1.2, section 9.1.2.
            if line
                .strip_prefix("---")
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
            {
                texts.push((number, String::new()));
            }
            if let Some((_, text)) = texts.last_mut() {
                text.push_str(line);
            }
        }
        let read = |(before, text): (u64, String)| Some(Self { tree: tree::read(&text).ok()?, before, text });
        let is_empty = |tree: &Tree| matches!(tree, Tree::Map(entries) if entries.is_empty());
        let documents = texts.into_iter().map_while(read);
        documents.filter(|document| !is_empty(&document.tree.value)).collect()
    }

    /// Whether it becomes a rule, rather than being a part of those behind it.
    pub(super) fn is_rule(&self) -> bool {
        !matches!(self.text_of("action"), Some("global" | "reset"))
    }

    /// The rule's title; empty where it has none.
    pub(super) fn title(&self) -> &str {
        self.text_of("title").unwrap_or_default()
    }

    fn text_of(&self, key: &str) -> Option<&str> {
        match &tree::at(&self.tree, &[Step::key(key)])?.value {
            Tree::Scalar(value) => value.as_str(),
            Tree::Map(_) | Tree::List(_) => None,
        }
    }

    /// On which line of the file something stands, or else what is around it.
    pub(super) fn line(&self, spot: &Spot) -> u64 {
        let way = |keys: &[&str]| {
            tree::place(&self.tree, &keys.iter().map(|key| Step::key(key)).collect::<Vec<_>>()).line
        };
        let line = match spot {
            Spot::Key(keys) => way(&keys.iter().map(String::as_str).collect::<Vec<_>>()),
            Spot::Field { detection, field, value } => {
                let inside = tree::at(&self.tree, &[Step::key("detection"), Step::key(detection)]);
                let places = inside.map(|node| fields(node, field)).unwrap_or_default();
                let holds = |node: &Node| value.as_ref().is_none_or(|value| holds(node, value));
                let place = places.iter().find(|(_, node)| holds(node)).or(places.first());
                place.map_or_else(|| way(&["detection", detection]), |(line, _)| *line)
            }
        };
        self.before + line
    }

    /// What of it cannot be used, as far as that is seen without the Sigma parser, or else by having it read this
    /// document alone.
    pub(super) fn fault(&self) -> Option<Unsupported> {
        let slip = self.slip().or_else(|| self.slip_of_condition());
        slip.or_else(|| self.modifier()).or_else(|| self.aggregation()).or_else(|| self.said_of_it_alone())
    }

    /// A key that is written almost like one that has a meaning, and would be ignored.
    pub(super) fn slip(&self) -> Option<Unsupported> {
        let Tree::Map(entries) = &self.tree.value else { return None };
        let unknown = entries.iter().map(|(key, _)| key.value.as_str()).filter(|key| !KEYS.contains(key));
        let mut slips = unknown.filter_map(|key| Some((key, nearest(key, KEYS.into_iter())?)));
        let (key, meant) = slips.next()?;
        let own = "an attribute of your own stands below `custom_attributes`";
        Some(Unsupported::at(&[key], format!("there is no key `{key}`; did you mean `{meant}`? ({own})")))
    }

    /// A condition that would be taken for a detection of that name.
    fn slip_of_condition(&self) -> Option<Unsupported> {
        let Tree::Map(entries) = &tree::at(&self.tree, &[Step::key("detection")])?.value else { return None };
        let mut names = entries
            .iter()
            .map(|(key, _)| key.value.as_str())
            .filter(|_| !self.has(&["detection", "condition"]));
        let slip = names.find(|name| nearest(name, ["condition"].into_iter()).is_some())?;
        let what = format!("there is no condition, but `{slip}`; did you mean `condition`?");
        Some(Unsupported::at(&["detection", slip], what))
    }

    fn modifier(&self) -> Option<Unsupported> {
        let Tree::Map(detections) = &tree::at(&self.tree, &[Step::key("detection")])?.value else {
            return None;
        };
        detections.iter().find_map(|(name, node)| {
            let mut keys = keys(node).into_iter().map(|(key, _)| key);
            keys.find_map(|key| {
                let (field, modifiers) = key.split_once('|')?;
                let unknown = modifiers.split('|').find(|modifier| Modifier::from_str(modifier).is_err())?;
                let meant = nearest(unknown, MODIFIERS.into_iter());
                let meant = meant.map_or_else(
                    || format!("there are {}", MODIFIERS.join(", ")),
                    |meant| format!("did you mean `{meant}`?"),
                );
                let what = format!(
                    "`{}` uses the modifier `{unknown}` in `{key}`, which Sigma does not have; {meant}",
                    name.value
                );
                let (detection, field) = (name.value.clone(), field.to_owned());
                Some(Unsupported { what, at: Spot::Field { detection, field, value: None } })
            })
        })
    }

    fn aggregation(&self) -> Option<Unsupported> {
        let node = tree::at(&self.tree, &[Step::key("detection"), Step::key("condition")])?;
        let conditions = match &node.value {
            Tree::List(entries) => entries.iter().map(|(_, entry)| &entry.value).collect(),
            one => vec![one],
        };
        let texts = conditions.into_iter().filter_map(|tree| match tree {
            Tree::Scalar(Value::String(text)) => text.split_once('|'),
            _ => None,
        });
        let (_, aggregation) = texts.into_iter().next()?;
        let what = format!(
            "the condition counts over several events (`| {}`), which is not supported: a rule sees one event; what takes \
             several is what the built-in detections are for",
            aggregation.trim()
        );
        Some(Unsupported::at(&["detection", "condition"], what))
    }

    fn said_of_it_alone(&self) -> Option<Unsupported> {
        let said = match parse_sigma_yaml(&self.text) {
            Ok(collection) => collection.errors.into_iter().next()?,
            Err(error) => error.to_string(),
        };
        if let Some((place, expected)) =
            said.strip_prefix("Condition parse error at 1:").and_then(|said| said.split_once(':'))
        {
            // Between the two is a drawing of the condition.
            let expected = expected.rsplit("= ").next().unwrap_or(expected).trim();
            let what = format!("the condition cannot be read from its character {place} on: {expected}");
            return Some(Unsupported::at(&["detection", "condition"], what));
        }
        // Most name a key.
        let words = said.to_lowercase();
        let named = |keys: &&&[&str]| keys.last().is_some_and(|key| words.contains(key)) && self.has(keys);
        let keys: [&[&str]; 6] = [
            &["detection", "condition"],
            &["level"],
            &["status"],
            &["related"],
            &["logsource"],
            &["detection"],
        ];
        let keys = keys.iter().find(named).copied().unwrap_or_default();
        Some(Unsupported::at(keys, format!("is no Sigma rule: {}", in_one_line(&said))))
    }

    fn has(&self, keys: &[&str]) -> bool {
        tree::at(&self.tree, &keys.iter().map(|key| Step::key(key)).collect::<Vec<_>>()).is_some()
    }
}

/// What a parser draws in several lines, in one.
pub(super) fn in_one_line(said: &str) -> String {
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The keys of all maps within a node, with their lines and what stands there.
fn keys(node: &Node) -> Vec<(&str, (u64, &Node))> {
    match &node.value {
        Tree::Map(entries) => entries
            .iter()
            .flat_map(|(key, inner)| {
                let own = (key.value.as_str(), (key.referenced.line(), inner));
                [own].into_iter().chain(keys(inner))
            })
            .collect(),
        Tree::List(entries) => entries.iter().flat_map(|(_, entry)| keys(entry)).collect(),
        Tree::Scalar(_) => Vec::new(),
    }
}

/// Where a field is written, with or without modifiers.
fn fields<'n>(node: &'n Node, field: &str) -> Vec<(u64, &'n Node)> {
    let is_it = |key: &str| key.split('|').next() == Some(field);
    keys(node).into_iter().filter(|(key, _)| is_it(key)).map(|(_, place)| place).collect()
}

fn holds(node: &Node, value: &str) -> bool {
    match &node.value {
        Tree::Scalar(Value::String(text)) => text == value,
        Tree::Scalar(other) => {
            let shown = other.to_string();
            shown == value
        }
        Tree::List(entries) => entries.iter().any(|(_, entry)| holds(entry, value)),
        Tree::Map(_) => false,
    }
}

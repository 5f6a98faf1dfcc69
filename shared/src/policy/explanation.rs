//! What is in force for a user and a detection, and why.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::document::names;
use super::{IntegrationConsent, Mode, Policy, PolicyText, Standing};
use crate::detection::{About, Confidence, Exemption, Level, OWN_RULE};

/// What is in force.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// For whom; `None` for everybody.
    pub user: Option<String>,
    /// What the policy says of the user; empty for everybody.
    pub standing: String,
    /// Every level, the narrowest first.
    pub levels: Vec<LevelInForce>,
    /// Every detection that was asked for.
    pub detections: Vec<DetectionInForce>,
}

/// One level, as it is in force.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LevelInForce {
    /// Which.
    pub level: Level,
    /// Its mode.
    pub mode: Mode,
    /// On which line it is written; `None` for a default.
    pub line: Option<u64>,
    /// What it comes to at most.
    pub outcome: &'static str,
}

/// One detection, as it is in force.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DetectionInForce {
    /// Its id.
    pub id: &'static str,
    /// One line for a list.
    pub title: &'static str,
    /// Its mode.
    pub mode: Mode,
    /// Where that is decided.
    pub mode_from: String,
    /// What it comes to at most, and why not to more.
    pub outcome: String,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
    /// What keeps it quiet for the user; for everybody, all that names it.
    pub exemptions: Vec<Exempt>,
}

/// A parameter as it is in force.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it means, with its unit.
    pub meaning: &'static str,
    /// Its value.
    pub value: Value,
    /// On which line it is written; `None` for a default.
    pub line: Option<u64>,
}

/// An exemption that concerns a detection.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Exempt {
    /// On which line it is written.
    pub line: Option<u64>,
    /// Whether it holds now: `now`, `not yet` or `over`.
    pub holds: &'static str,
    /// Under which conditions beside the user.
    pub only: Vec<String>,
    /// Until when.
    pub until: Timestamp,
    /// Why.
    pub reason: String,
}

/// What is in force for a user, or for everybody, and for detections or own rules.
pub fn explain(
    text: &PolicyText,
    user: Option<&str>,
    detections: &[&'static About],
    now: Timestamp,
) -> Explanation {
    Explanation {
        user: user.map(str::to_owned),
        standing: user.map(|user| standing(text, user).0).unwrap_or_default(),
        levels: Level::ALL.map(|level| of_level(text, level)).into(),
        detections: detections.iter().map(|card| in_force(text, user, card, now)).collect(),
    }
}

fn of_level(text: &PolicyText, level: Level) -> LevelInForce {
    let mode = text.policy.containment.modes.of(level);
    let outcome = match (mode, level) {
        (Mode::Off, _) => "nobody ends access at this level, people neither",
        (_, Level::App | Level::Org) => "a person asks, and two agree",
        (Mode::Observe, _) => "the policy only records and tells; people may",
        (Mode::Ask, _) => "the policy asks a person, whatever a detection's own mode is",
        (Mode::Contain, _) => "the detection's own mode decides",
    };
    LevelInForce { level, mode, line: text.line(&format!("containment.modes.{}", level.name())), outcome }
}

fn in_force(text: &PolicyText, user: Option<&str>, card: &'static About, now: Timestamp) -> DetectionInForce {
    let policy = &text.policy;
    let mode = policy.mode_of(card.id);
    let own = if card.id.starts_with(OWN_RULE) {
        format!("own_rules.modes.{}", card.id)
    } else {
        format!("detections.{}.mode", card.id)
    };
    let mode_from = match (text.line(&own), text.line("mode")) {
        (Some(line), _) => format!("{own}, line {line}"),
        (None, Some(line)) => format!("mode, line {line}, which holds for every detection without its own"),
        (None, None) => "nothing is written: observe is the default".to_owned(),
    };
    let values = serde_json::to_value(&policy.detections).unwrap_or_default();
    let parameter = |(name, meaning): &(&'static str, &'static str)| Parameter {
        name,
        meaning: meaning.trim(),
        value: values[card.id]["parameters"][*name].clone(),
        line: text.line(&format!("detections.{}.parameters.{name}", card.id)),
    };
    let exemptions =
        (1..).zip(&policy.exemptions).filter(|(_, exemption)| concerns(exemption, card.id, user));
    DetectionInForce {
        id: card.id,
        title: card.title,
        mode,
        mode_from,
        outcome: outcome(text, user, card, mode),
        parameters: card.parameters.iter().map(parameter).collect(),
        exemptions: exemptions.map(|(number, exemption)| exempt(text, number, exemption, now)).collect(),
    }
}

/// What the policy says of a user, and whether that stops automatic containment.
fn standing(text: &PolicyText, user: &str) -> (String, Option<&'static str>) {
    let policy = &text.policy;
    let at = |list: &str, entries: &[String]| {
        let number = entries.iter().position(|entry| names(entry, user, user)).map_or(0, |place| place + 1);
        let key = format!("{list}[{number}]");
        text.line(&key).map_or(key.clone(), |line| format!("{key}, line {line}"))
    };
    match policy.standing(user, user) {
        Standing::Protected => {
            let from = at("protected.users", &policy.protected.users);
            (format!("protected ({from}): never contained automatically"), Some("the user is protected"))
        }
        Standing::BreakGlass => {
            let from = at("protected.break_glass", &policy.protected.break_glass);
            (
                format!("for emergencies ({from}): never contained automatically"),
                Some("the user is for emergencies"),
            )
        }
        Standing::Ordinary => (integration(text, user), None),
    }
}

fn integration(text: &PolicyText, user: &str) -> String {
    let is_this = |entry: &super::Integration| names(&entry.user, user, user);
    let Some(place) = text.policy.integrations.iter().position(is_this) else {
        return "nothing is said of this user".to_owned();
    };
    let entry = &text.policy.integrations[place];
    let consent = match entry.contain {
        IntegrationConsent::Allowed => "may be contained automatically",
        IntegrationConsent::Ask => "is contained only when a person says so",
    };
    let networks: Vec<_> = entry.networks.iter().map(ToString::to_string).collect();
    let bound = match networks.len() {
        0 => "its networks are learned".to_owned(),
        _ => format!("it is bound to {}", networks.join(", ")),
    };
    let line = text.line(&format!("integrations[{}]", place + 1)).unwrap_or_default();
    format!("an integration (integrations[{}], line {line}): it {consent}, and {bound}", place + 1)
}

fn outcome(text: &PolicyText, user: Option<&str>, card: &About, mode: Mode) -> String {
    let policy = &text.policy;
    let level = policy.containment.level;
    let at_level = policy.containment.modes.of(level);
    let because = if at_level < mode {
        format!(": the mode of the level {} (containment.modes) holds", level.name())
    } else {
        String::new()
    };
    match mode.min(at_level) {
        _ if mode == Mode::Off => "it does not run".to_owned(),
        Mode::Off | Mode::Observe => {
            format!("findings are recorded and told, and nobody is touched{because}")
        }
        Mode::Ask => format!("a person is asked{because}"),
        Mode::Contain => contained(text, policy, user, card),
    }
}

fn contained(text: &PolicyText, policy: &Policy, user: Option<&str>, card: &About) -> String {
    if let Some(refused) = user.and_then(|user| standing(text, user).1) {
        return format!("findings are told: {refused}");
    }
    let consent = user.and_then(|user| policy.integration(user, user)).map(|integration| integration.contain);
    if consent == Some(IntegrationConsent::Ask) {
        return "a person is asked: the account belongs to an integration that has not been opted in"
            .to_owned();
    }
    let minimum = policy.containment.minimum_severity;
    if card.severity < minimum {
        return format!(
            "it contains only together with others: it says at most {}, and containment.minimum_severity is {}",
            card.severity.name(),
            minimum.name()
        );
    }
    match card.confidence {
        Confidence::High => "it contains by itself when it says high, under the caps".to_owned(),
        Confidence::Low | Confidence::Medium => {
            "it contains when another kind of evidence speaks too, under the caps; alone it asks a person"
                .to_owned()
        }
    }
}

fn concerns(exemption: &Exemption, detection: &str, user: Option<&str>) -> bool {
    let is_about = |user: &str| exemption.user.as_ref().is_none_or(|entry| names(entry, user, user));
    exemption.detections.iter().any(|id| id == detection) && user.is_none_or(is_about)
}

fn exempt(text: &PolicyText, number: usize, exemption: &Exemption, now: Timestamp) -> Exempt {
    let holds = match exemption.from {
        _ if exemption.until <= now => "over",
        Some(from) if from > now => "not yet",
        _ => "now",
    };
    let listed =
        |what: &str, all: Vec<String>| (!all.is_empty()).then(|| format!("{what} {}", all.join(", ")));
    let user = exemption.user.iter().cloned().collect();
    let networks = exemption.networks.iter().map(ToString::to_string).collect();
    let countries = exemption.countries.iter().map(ToString::to_string).collect();
    let clients = exemption.clients.iter().map(ToString::to_string).collect();
    let conditions = [
        listed("user", user),
        listed("networks", networks),
        listed("countries", countries),
        listed("clients", clients),
        listed("applications", exemption.applications.clone()),
    ];
    Exempt {
        line: text.line(&format!("exemptions[{number}]")),
        holds,
        only: conditions.into_iter().flatten().collect(),
        until: exemption.until,
        reason: exemption.reason.clone(),
    }
}

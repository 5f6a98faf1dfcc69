//! One rule as a detection.

use rsigma_eval::event::JsonEvent;
use rsigma_eval::{Engine, EvalError};
use rsigma_parser::{Level, SigmaRule};
use serde_json::Value;

use super::Service;
use super::error::Unsupported;
use super::{event, support};
use crate::detection::{About, Confidence, Detection, Family, Hit, OWN_RULE, Sensor, Severity, Shown, View};
use crate::observation::{Login, Session};
use crate::policy::nearest;

/// A rule, ready to match.
pub(super) struct OwnRule {
    about: &'static About,
    service: Service,
    engine: Engine,
}

impl OwnRule {
    pub(super) fn of(rule: &SigmaRule) -> Result<Self, Unsupported> {
        let service = support::service(rule)?;
        if name(rule).is_empty() {
            return Err(Unsupported::at(&["title"], "needs an `id`, or a title with letters"));
        }
        let mut engine = Engine::new();
        engine.add_rule(rule).map_err(|error| refused(rule, &error))?;
        Ok(Self { about: about(rule, service), service, engine })
    }

    fn matches(&self, event: &Value) -> bool {
        !self.engine.evaluate(&JsonEvent::borrow(event)).is_empty()
    }

    fn told(&self, hit: Hit) -> Hit {
        hit.fact("rule", self.about.id).because(
            format!("Your own rule “{}” matched.", self.about.title),
            "It looks at one event and at no history.".to_owned(),
            "Another condition in the rule would keep it quiet.",
        )
    }
}

/// What the engine says of a rule whose fields it can use.
fn refused(rule: &SigmaRule, error: &EvalError) -> Unsupported {
    let meant = match error {
        EvalError::UnknownDetection(name) => nearest(name, rule.detection.named.keys().map(String::as_str)),
        _ => None,
    };
    let meant = meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
    Unsupported::at(&["detection", "condition"], format!("cannot be used: {error}{meant}"))
}

impl Detection for OwnRule {
    fn about(&self) -> &'static About {
        self.about
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let matches =
            self.service == Service::Login && self.matches(view.event(|| event::login(view, login)));
        matches.then(|| self.told(Hit::on_login(self.about, self.about.severity, login)))
    }

    fn on_session(&self, view: &View<'_>, session: &Session) -> Option<Hit> {
        let matches =
            self.service == Service::Session && self.matches(view.event(|| event::session(view, session)));
        matches.then(|| self.told(Hit::on_session(self.about, self.about.severity, session)))
    }
}

/// Rules are read once and live as long as the process: their cards may too.
fn about(rule: &SigmaRule, service: Service) -> &'static About {
    let kept = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    let techniques = rule.tags.iter().filter_map(|tag| tag.strip_prefix("attack.t"));
    let mitre: Vec<_> = techniques.map(|number| kept(format!("T{number}"))).collect();
    let name = name(rule);
    let needs: &'static [Sensor] = match service {
        Service::Login => &[Sensor::Logins],
        Service::Session => &[Sensor::Sessions],
    };
    Box::leak(Box::new(About {
        id: kept(format!("{OWN_RULE}{name}")),
        row: "own",
        title: kept(rule.title.clone()),
        why: kept(rule.description.clone().unwrap_or_default()),
        severity: severity(rule.level),
        // It is the organisation's own word.
        confidence: Confidence::High,
        family: Family::Whole,
        shown: Shown::EVERY,
        mitre: Box::leak(mitre.into_boxed_slice()),
        needs,
        parameters: &[],
        quiet: &[],
    }))
}

fn name(rule: &SigmaRule) -> String {
    slug(rule.id.as_deref().or(rule.name.as_deref()).unwrap_or(&rule.title))
}

/// Sigma's levels are ours by the same names; a rule without one is `medium`.
fn severity(level: Option<Level>) -> Severity {
    match level {
        Some(Level::Informational) => Severity::Info,
        Some(Level::Low) => Severity::Low,
        Some(Level::Medium) | None => Severity::Medium,
        Some(Level::High) => Severity::High,
        Some(Level::Critical) => Severity::Critical,
    }
}

/// A name that can be a key of the policy.
fn slug(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '-' });
    plain.collect::<String>().split('-').filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
}

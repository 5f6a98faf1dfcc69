//! From a finding to what is done about it.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::document::names;
use super::{IntegrationConsent, Mode, Policy};
use crate::detection::{Action, Confidence, Detected, Family, Finding, Level, Severity, card};
use crate::observation::{AccountKind, User, UserId};

/// What the policy says of an account, from what lets most be done about it to what lets nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Nothing special.
    Ordinary,
    /// For emergencies.
    BreakGlass,
    /// On the list of protected users.
    Protected,
}

/// What the policy asks for, and why not more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What is asked for.
    pub action: Action,
    /// How wide, where somebody can be contained.
    pub level: Option<Level>,
    /// Why it is not more, as a clause; empty when it is the most there is.
    pub because: String,
}

impl Policy {
    /// What the policy says of an account, by id or username (compared without case).
    pub fn standing(&self, user_id: &str, username: &str) -> Standing {
        let named = |entry: &String| names(entry, user_id, username);
        if self.protected.break_glass.iter().any(named) {
            Standing::BreakGlass
        } else if self.protected.users.iter().any(named) {
            Standing::Protected
        } else {
            Standing::Ordinary
        }
    }

    /// The mode a detection runs in.
    pub fn mode_of(&self, detection: &str) -> Mode {
        let own = || self.own_rules.modes.get(detection).copied();
        self.detections.mode_of(detection).or_else(own).unwrap_or(self.mode)
    }

    /// What is to be done about a finding. `user` is the subject's account where it is a user that is known.
    pub fn decide(&self, finding: &Finding, user: Option<&User>, now: Timestamp) -> Decision {
        self.decide_at(self.containment.level, finding, user, now)
    }

    /// The same at a level that was asked for when another policy was in force.
    pub fn decide_at(
        &self,
        level: Level,
        finding: &Finding,
        user: Option<&User>,
        now: Timestamp,
    ) -> Decision {
        let told = if finding.severity >= Severity::Medium { Action::Notify } else { Action::None };
        let no_more = |because: &str| Decision { action: told, level: None, because: because.to_owned() };
        let Some(user_id) = finding.user_id.as_ref().filter(|id| finding.containable_users.contains(id))
        else {
            return no_more("no success, live session or used token of one user was seen");
        };
        if finding.severity < self.containment.minimum_severity {
            return no_more("the severity is below containment.minimum_severity");
        }
        if now.duration_since(finding.last_seen) > self.containment.max_age {
            return no_more("the last observation is older than containment.max_age");
        }
        let username = user.map_or("", |user| user.username.as_str());
        match self.standing(user_id.as_str(), username) {
            Standing::Ordinary => self.decide_by_mode(level, finding, user_id, user),
            Standing::Protected => no_more("the user is protected"),
            Standing::BreakGlass => no_more("the user is for emergencies"),
        }
    }

    fn decide_by_mode(
        &self,
        level: Level,
        finding: &Finding,
        user_id: &UserId,
        user: Option<&User>,
    ) -> Decision {
        let username = user.map_or("", |user| user.username.as_str());
        let consent = self.integration(user_id.as_str(), username).map(|integration| integration.contain);
        let is_integration =
            consent.is_some() || user.is_some_and(|user| user.kind == AccountKind::Integration);
        let (own, at_level) = (self.mode_for(finding), self.containment.modes.of(level));
        let (action, because) = match own.min(at_level) {
            Mode::Off | Mode::Observe if own > at_level => {
                (Action::Notify, "the mode of the level (containment.modes) is observe or off")
            }
            Mode::Off | Mode::Observe => (Action::Notify, "the mode is observe"),
            Mode::Ask if own > at_level => (Action::Ask, "the mode of the level (containment.modes) is ask"),
            Mode::Ask => (Action::Ask, "the mode is ask"),
            Mode::Contain if level > self.containment.level => {
                (Action::Ask, "it reaches further than the level of the policy in force")
            }
            Mode::Contain if is_integration && consent != Some(IntegrationConsent::Allowed) => {
                (Action::Ask, "the account belongs to an integration that has not been opted in")
            }
            Mode::Contain if !self.is_corroborated(finding) => (
                Action::Ask,
                "one kind of evidence alone speaks: two independent ones or a conclusive one are needed",
            ),
            Mode::Contain => (Action::Contain, ""),
        };
        Decision { action, level: Some(level), because: because.to_owned() }
    }

    /// The strongest mode whose own detections are severe enough together: what one that only observes has seen does
    /// not make another act.
    fn mode_for(&self, finding: &Finding) -> Mode {
        let severe = |mode: &Mode| {
            let own = finding.detections.iter().filter(|detected| self.mode_of(&detected.id) >= *mode);
            let said = own.map(|detected| (detected.id.as_str(), detected.severity));
            Severity::joined(said) >= self.containment.minimum_severity
        };
        [Mode::Contain, Mode::Ask].into_iter().find(severe).unwrap_or(Mode::Observe)
    }

    /// Whether two families of detections that may contain have something of weight to say, or one conclusive
    /// detection has. A login that is unlikely as a whole is no evidence of its own. One that is not in the catalogue counts as a family of its own.
    fn is_corroborated(&self, finding: &Finding) -> bool {
        let own = || finding.detections.iter().filter(|detected| self.mode_of(&detected.id) == Mode::Contain);
        let is_conclusive = |detected: &Detected| {
            detected.severity >= Severity::High
                && card(&detected.id).is_none_or(|card| card.confidence == Confidence::High)
        };
        let families: BTreeSet<_> = own()
            .filter(|detected| detected.severity >= Severity::Medium)
            .map(|detected| card(&detected.id).map(|card| card.family))
            .filter(|family| *family != Some(Family::Whole))
            .collect();
        families.len() > 1 || own().any(is_conclusive)
    }
}

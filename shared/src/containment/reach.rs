//! What a containment reaches: its target, less whom nothing may touch.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Holdings, Marks, Refusal, Request, Target};
use crate::observation::{Session, SessionId, UserId};
use crate::policy::{Also, Policy};
use crate::salesforce::{FoundSession, FoundToken, Owned};

/// More holders, or more of their sessions, than this would not fit into a record.
const HOLDERS: usize = 5_000;

/// Salesforce tells whole seconds, and its clock is known to two.
const SECONDS: i64 = 2;

/// What a containment reaches. It is told from what has been read so far, so that what is ended first does not hide
/// what belongs to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reach {
    /// Whose access ends.
    pub(crate) target: Target,
    /// The protected and our own; a containment that is about one user meets them in the guard.
    pub(crate) spared: BTreeSet<UserId>,
    /// The applications behind hostile OAuth sessions of a user.
    pub(crate) applications: BTreeSet<String>,
    /// Who held tokens of an application.
    pub(crate) holders: BTreeSet<UserId>,
    /// How many more of them there were than a record keeps.
    #[serde(default)]
    pub(crate) holders_cut: usize,
    /// The sessions that an application's clients made, with those derived from them: what is derived from one that has
    /// ended is known by it alone.
    #[serde(default)]
    pub(crate) made: BTreeSet<SessionId>,
    /// How many more of them there were than a record keeps.
    #[serde(default)]
    pub(crate) made_cut: usize,
    /// What else is done about a user.
    #[serde(default)]
    pub(crate) also: BTreeSet<Also>,
    /// When the password had last been changed as it was first read, the epoch for never: a reset is told by another time.
    #[serde(default)]
    pub(crate) password_before: Option<Timestamp>,
    /// When Salesforce answered that it had reset the password. Without it another time of change is somebody else's change.
    #[serde(default)]
    pub(crate) password_reset: Option<Timestamp>,
    /// Since when, by Salesforce's clock, who logs in does so anew, where the target's people may: nothing that was there
    /// before lets them in. Known only to whoever acts.
    #[serde(skip)]
    pub(crate) shut: Option<Timestamp>,
    /// What is hostile also where it logs in anew.
    #[serde(skip)]
    pub(crate) hostile: Marks,
}

impl Reach {
    /// The reach of a target of which nothing was read yet.
    pub(crate) fn of(target: Target) -> Self {
        Self {
            target,
            spared: BTreeSet::new(),
            applications: BTreeSet::new(),
            holders: BTreeSet::new(),
            holders_cut: 0,
            made: BTreeSet::new(),
            made_cut: 0,
            also: BTreeSet::new(),
            password_before: None,
            password_reset: None,
            shut: None,
            hostile: Marks::default(),
        }
    }

    /// The reach of a request under a policy.
    pub(crate) fn asked(request: &Request, policy: &Policy) -> Self {
        let also = match &request.target {
            Target::User { .. } => policy.containment.also.union(&request.also).copied().collect(),
            _ => BTreeSet::new(),
        };
        Self { also, ..Self::of(request.target.clone()) }
    }

    /// The same access, and nothing else of its user.
    pub(crate) fn access_only(self) -> Self {
        Self { also: BTreeSet::new(), ..self }
    }

    /// As a record keeps it: of an application that very many use, not everybody who held its tokens.
    pub(crate) fn kept_in_record(&self) -> Self {
        let holders: BTreeSet<_> = self.holders.iter().take(HOLDERS).cloned().collect();
        let holders_cut = self.holders_cut + (self.holders.len() - holders.len());
        let made: BTreeSet<_> = self.made.iter().take(HOLDERS).cloned().collect();
        let made_cut = self.made_cut + (self.made.len() - made.len());
        let (shut, hostile) = (None, Marks::default());
        Self { holders, holders_cut, made, made_cut, shut, hostile, ..self.clone() }
    }

    /// Which sessions a look that starts from a record does not find, if it is so: theirs whose token is revoked, and
    /// those derived from what has ended.
    pub(super) fn unknown_sessions(&self) -> Option<String> {
        let (holders, made) = (self.holders_cut, self.made_cut);
        let words = format!(
            "of those who held its tokens, {holders} are in no record, and {made} of the sessions that it made: what is \
             left of theirs may live on; log off everybody to end it"
        );
        (holders + made > 0).then_some(words)
    }

    /// Whether a user has held tokens of the application, as far as the record knows.
    pub(super) fn may_hold(&self, user: &UserId) -> bool {
        self.holders_cut > 0 || self.holders.contains(user)
    }

    /// Adds what a reading shows.
    pub(crate) fn learn(&mut self, holdings: &Holdings) {
        match &self.target {
            Target::Session { .. } => self.learn_families(holdings),
            Target::App { .. } => {
                let tokens = holdings.tokens.iter().flatten();
                self.holders.extend(tokens.map(|found| found.token.user_id.clone()));
                let made = holdings.sessions.iter().flatten();
                self.made.extend(made.map(|found| found.session.id.clone()));
            }
            Target::User { .. } => {
                let changed = holdings.password_changed.as_ref().ok().copied().flatten();
                self.password_before = self.password_before.or(changed);
            }
            Target::Org => {}
        }
    }

    /// Whether the password may still be one that the attacker knows: that from before, or one that he has set himself.
    pub(super) fn has_old_password(&self, holdings: &Holdings) -> bool {
        let changed = holdings.password_changed.as_ref().ok().copied().flatten();
        let is_reset = self.password_reset.is_some() && changed.is_some() && changed != self.password_before;
        self.also.contains(&Also::ResetPassword) && !is_reset
    }

    /// By which ids the rest of a hostile family is known when what was marked of it is gone, and which applications
    /// made it.
    fn learn_families(&mut self, holdings: &Holdings) {
        let (mut ids, mut names) = (Vec::new(), Vec::new());
        for session in self.hostile(holdings) {
            ids.extend([session.id.clone(), session.parent_id.clone()]);
            names.extend(session.login_id().and_then(|login| holdings.applications.get(login)).cloned());
        }
        self.applications.extend(names);
        if let Target::Session { hostile, .. } = &mut self.target {
            hostile.session_ids.extend(ids);
        }
    }

    /// The sessions that are to end; neither ours nor those of the spared.
    pub(super) fn sessions<'a>(&self, found: &'a [FoundSession]) -> Vec<&'a Session> {
        let others = found.iter().filter(|found| found.owned == Owned::ByOthers).map(|found| &found.session);
        if let Target::Session { hostile, .. } = &self.target {
            return hostile.told_apart(others).0.into_iter().flat_map(|family| family.members).collect();
        }
        let created: HashMap<_, _> =
            found.iter().map(|found| (&found.session.id, found.session.created)).collect();
        let others = others.filter(|session| !self.spared.contains(&session.user_id));
        others.filter(|session| !self.is_new_login(session, &created)).collect()
    }

    /// Whether somebody has logged in again since access was ended. What is derived from a session that was there before, or
    /// is not there any more, is no new login.
    fn is_new_login(&self, session: &Session, created: &HashMap<&SessionId, Timestamp>) -> bool {
        let Some(shut) = self.shut else { return false };
        let is_after = |at: &Timestamp| at.as_second() > shut.as_second() + SECONDS;
        is_after(&session.created)
            && created.get(&session.parent_id).is_some_and(is_after)
            && !self.hostile.name(session)
    }

    /// The tokens that are to end.
    pub(super) fn tokens<'a>(&self, found: &'a [FoundToken]) -> Vec<&'a FoundToken> {
        let is_reached = |found: &&FoundToken| match &self.target {
            Target::Session { .. } => self.applications.contains(&found.token.app_name),
            _ => !self.spared.contains(&found.token.user_id),
        };
        found.iter().filter(is_reached).collect()
    }

    /// How many users and families a reading shows that are left as they are.
    pub(super) fn kept(&self, holdings: &Holdings) -> (usize, usize) {
        let sessions = holdings.sessions.iter().flatten().map(|found| &found.session);
        let families = match &self.target {
            Target::Session { hostile, .. } => hostile.told_apart(sessions).1.len(),
            _ => 0,
        };
        let tokens = holdings.tokens.iter().flatten().map(|found| &found.token.user_id);
        let sessions = holdings.sessions.iter().flatten().map(|found| &found.session.user_id);
        let spared: BTreeSet<_> = tokens.chain(sessions).filter(|user| self.spared.contains(*user)).collect();
        (spared.len(), families)
    }

    /// Why the target itself cannot be contained.
    pub(crate) fn faults(&self, policy: &Policy, holdings: &Holdings) -> Vec<Refusal> {
        let refuse = |rule: &str, reason: String| Refusal { rule: rule.to_owned(), reason };
        match &self.target {
            Target::Session { hostile, .. } if hostile.is_empty() => vec![refuse(
                "cannot-tell-apart",
                "neither a session nor an address is named, so the hostile sessions cannot be told from the user's \
                 own; name one, or contain the user"
                    .to_owned(),
            )],
            Target::Session { hostile, .. } => {
                let own = |address: &&std::net::IpAddr| policy.egress.declared.iter().any(|net| net.contains(*address));
                let shared = hostile.addresses.iter().filter(own).map(|address| {
                    let reason = format!(
                        "{address} is a way out of the organisation's own (egress.declared), from which the user's own \
                         sessions come too; name the hostile session, or contain the user"
                    );
                    refuse("cannot-tell-apart", reason)
                });
                shared.collect()
            }
            Target::App { app_name } if holdings.is_empty() => vec![refuse(
                "unknown-application",
                format!("no token and no session of an application called exactly `{app_name}` is there"),
            )],
            Target::User { .. } | Target::App { .. } | Target::Org => Vec::new(),
        }
    }

    fn hostile<'a>(&self, holdings: &'a Holdings) -> Vec<&'a Session> {
        holdings.sessions.as_ref().map_or_else(|_| Vec::new(), |found| self.sessions(found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_says_how_many_holders_it_does_not_name() {
        let mut reach = Reach::of(Target::App { app_name: "Chat".to_owned() });
        reach.holders = (0..HOLDERS).map(|number| UserId::new(format!("005{number:015}"))).collect();
        assert_eq!(reach.kept_in_record(), reach);
        reach.made = (0..HOLDERS).map(|number| SessionId::new(format!("0Ak{number:015}"))).collect();
        assert_eq!(reach.kept_in_record(), reach);
        assert_eq!(reach.unknown_sessions(), None);
        let mut more = reach.clone();
        more.made.insert(SessionId::new("0AkA"));
        assert!(
            more.kept_in_record().unknown_sessions().is_some_and(|words| words.contains("1 of the sessions"))
        );
        reach.holders.insert(UserId::new("005A"));
        let kept = reach.kept_in_record();
        assert_eq!((kept.holders.len(), kept.holders_cut), (HOLDERS, 1));
        assert_eq!(kept.kept_in_record(), kept, "once");
        assert!(
            kept.unknown_sessions().is_some() && reach.unknown_sessions().is_none(),
            "who knows them has them"
        );
    }
}

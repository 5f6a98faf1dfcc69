//! What carrying a plan out means, shown before anything is done.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{CutOff, Freezing, FrozenBy, Holdings, People, Plan, Reach, Target};
use crate::evidence::{Digest, Encoding};
use crate::observation::{Family, Session, SessionId, User, UserId, families};
use crate::policy::Also;

/// Applications and families that an impact lists.
const LISTED: usize = 50;

/// What a containment would end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Impact {
    /// The login name, where it is about one user.
    pub username: String,
    /// Users whose access ends, wholly or in part.
    pub users: usize,
    /// Protected users and our own who hold some of it and are left alone.
    pub spared_users: usize,
    /// Live sessions, rows of every family.
    pub sessions: usize,
    /// Session families: the places where somebody is logged in.
    pub session_families: usize,
    /// The families that end, at most 50.
    pub families: Vec<FamilyShown>,
    /// Families of the user that live on.
    pub kept_families: usize,
    /// Families of the user that are not hostile, and came through an application whose tokens are revoked, or may have:
    /// Salesforce may end what a token made together with the token.
    pub families_with_tokens: usize,
    /// Refresh tokens.
    pub tokens: usize,
    /// Applications that hold one and will be cut off, at most 50.
    pub applications: Vec<String>,
    /// Of more applications than are listed, the hash of all their names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub all_applications: Option<Digest>,
    /// The same with whom they work for, and programs that hold none: integrations first, then phones, at most 50.
    pub cut_off: Vec<CutOff>,
    /// Whether the account is frozen afterwards.
    pub freezes: bool,
    /// Who has frozen it before, where it was not we: his decision is not taken back by us.
    pub frozen_by_others: Option<FrozenBy>,
    /// What else is done about the user.
    pub also: BTreeSet<Also>,
    /// What could not be read before the act, and why, as sentences.
    pub unread: Vec<String>,
    /// What cannot be undone, as sentences.
    pub irreversible: Vec<String>,
    /// What else may surprise, as sentences.
    pub warnings: Vec<String>,
}

/// A session family, as a person tells it from another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FamilyShown {
    /// Its root.
    pub root: SessionId,
    /// Whose.
    pub user_id: UserId,
    /// The type of the root, or of the first row that is there: `UI`, `Oauth2` …
    pub session_type: String,
    /// The address that holds it.
    pub address: String,
    /// When it began.
    pub began: Timestamp,
    /// Its rows.
    pub rows: usize,
}

impl FamilyShown {
    fn of(family: &Family<'_>) -> Option<Self> {
        let first = family.members.first()?;
        Some(Self {
            root: family.root.clone(),
            user_id: first.user_id.clone(),
            session_type: first.session_type.as_str().to_owned(),
            address: first.source.to_string(),
            began: first.created,
            rows: family.members.len(),
        })
    }
}

impl Plan {
    /// What carrying it out means.
    pub(crate) fn impact(
        &self,
        user: Option<&User>,
        people: &People,
        holdings: &Holdings,
        reach: &Reach,
    ) -> Impact {
        let empty = (Vec::new(), Vec::new());
        let sessions = self.sessions.as_ref().unwrap_or(&empty.0);
        let tokens = self.tokens.as_ref().unwrap_or(&empty.1);
        let applications: BTreeSet<_> =
            tokens.iter().map(|found| found.token.app_name.as_str().to_owned()).collect();
        let users: BTreeSet<_> = sessions
            .iter()
            .map(|session| &session.user_id)
            .chain(tokens.iter().map(|found| &found.token.user_id))
            .chain(reach.target.user())
            .collect();
        let (spared_users, kept_families) = reach.kept(holdings);
        let families = families(sessions);
        let with_tokens = own_with_tokens(&applications, holdings, reach);
        Impact {
            username: user.map_or_else(String::new, |user| user.username.as_str().to_owned()),
            users: users.len(),
            spared_users,
            sessions: sessions.len(),
            session_families: families.len(),
            families: families.iter().filter_map(FamilyShown::of).take(LISTED).collect(),
            kept_families: kept_families.saturating_sub(with_tokens),
            families_with_tokens: with_tokens,
            tokens: tokens.len(),
            cut_off: self.cut_off(people, holdings),
            irreversible: self.irreversible(reach),
            warnings: self.warnings(user, &applications, with_tokens, holdings, reach),
            all_applications: (applications.len() > LISTED).then(|| hash_of(&applications)),
            applications: applications.into_iter().take(LISTED).collect(),
            freezes: self.freeze == Freezing::Wanted,
            also: reach.also.clone(),
            frozen_by_others: None,
            unread: holdings.unread().into_iter().chain(people.unread.clone()).collect(),
        }
    }

    fn irreversible(&self, reach: &Reach) -> Vec<String> {
        let revokes = self.tokens.as_ref().map_or(true, |tokens| !tokens.is_empty());
        told([
            (
                !self.is_empty(),
                "Deleted sessions and revoked tokens cannot be brought back: the user logs in again.",
            ),
            (
                revokes,
                "Integrations that work through these tokens stop until somebody authorises them again.",
            ),
            (revokes, "Mobile and desktop applications lose data that they have not sent yet."),
            (
                reach.also.contains(&Also::ResetPassword),
                "The password becomes invalid, and Salesforce sends a link to the user's mailbox, which must not be lost \
                 too.",
            ),
            (
                reach.also.contains(&Also::ForgetAddresses),
                "Every address from which the user need not confirm who he is is forgotten: his next login is challenged.",
            ),
        ])
    }

    fn warnings(
        &self,
        user: Option<&User>,
        applications: &BTreeSet<String>,
        with_tokens: usize,
        holdings: &Holdings,
        reach: &Reach,
    ) -> Vec<String> {
        told([
            (
                user.is_some_and(|user| !user.is_active),
                "The account is inactive; what it still holds is ended all the same.",
            ),
            (
                self.may_leave_jwt(),
                "A JWT access token that is already out may go on working for up to 30 minutes.",
            ),
            (
                with_tokens > 0,
                "Sessions of the user's own that came through a hostile application may end with its tokens.",
            ),
            (
                self.has_untold_token(applications, holdings, reach),
                "An OAuth session ends whose refresh token cannot be told: it may be made anew; contain the user to \
                 end that too.",
            ),
            (
                reach.kept_in_record().unknown_sessions().is_some(),
                "More than 5,000 people hold its tokens, or it made more than 5,000 sessions, and the record keeps 5,000 of \
                 each: should the worker die, sessions of the others may live on, and it is not called ended.",
            ),
            (
                self.freeze == Freezing::Meanwhile,
                "The account is frozen only until nothing is left: then whoever knows its password can log in again.",
            ),
            (self.freeze == Freezing::NotWanted, not_frozen(&reach.target)),
        ])
    }

    /// Whether a hostile OAuth session ends of whose application no token is known, and revoked with it.
    fn has_untold_token(&self, revoked: &BTreeSet<String>, holdings: &Holdings, reach: &Reach) -> bool {
        let is_untold = |session: &Session| {
            let name = session.login_id().and_then(|login| holdings.applications.get(login));
            !name.is_some_and(|name| revoked.contains(name))
        };
        let mut ending = self.sessions.iter().flatten().filter(|session| super::plan::is_oauth(session));
        matches!(reach.target, Target::Session { .. }) && ending.any(is_untold)
    }
}

/// How many families of the user's own may go with the tokens of these applications.
fn own_with_tokens(revoked: &BTreeSet<String>, holdings: &Holdings, reach: &Reach) -> usize {
    let Target::Session { hostile, .. } = &reach.target else { return 0 };
    let may_go = |session: &&Session| {
        let name = session.login_id().and_then(|login| holdings.applications.get(login));
        super::plan::is_oauth(session) && name.is_none_or(|name| revoked.contains(name))
    };
    let sessions = holdings.sessions.iter().flatten().map(|found| &found.session);
    let own = hostile.told_apart(sessions).1.into_iter();
    let going = own.filter(|family| family.members.iter().copied().any(|session| may_go(&session)));
    if revoked.is_empty() { 0 } else { going.count() }
}

/// The sentences that apply.
fn told<const N: usize>(sentences: [(bool, &str); N]) -> Vec<String> {
    let applying = sentences.into_iter().filter(|(applies, _)| *applies);
    applying.map(|(_, sentence)| sentence.to_owned()).collect()
}

fn hash_of(applications: &BTreeSet<String>) -> Digest {
    let begun = Encoding::of("session-warden applications");
    applications.iter().fold(begun, |encoding, name| encoding.text(name)).hash()
}

impl Impact {
    /// The same about an account that others have frozen before.
    pub(crate) fn of_frozen(mut self, by: Option<FrozenBy>) -> Self {
        self.warnings.extend(by.as_ref().map(|by| {
            format!(
                "The account is frozen already, by {}: we shall not thaw it, not by `warden release` either.",
                by.name()
            )
        }));
        Self { frozen_by_others: by, ..self }
    }
}

fn not_frozen(target: &Target) -> &'static str {
    match target {
        Target::Session { .. } | Target::User { .. } => {
            "The account is not frozen: whoever knows its password can log in again."
        }
        Target::App { .. } => {
            "Nobody is frozen and the application is not blocked: who authorises it again lets it in again. Block it in \
             Setup > Connected Apps OAuth Usage."
        }
        Target::Org => "Nobody is frozen, and refresh tokens stay: whoever can log in may do so at once.",
    }
}

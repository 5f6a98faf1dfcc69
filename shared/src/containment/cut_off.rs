//! Which applications and programs lose their access, and whose.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::plan::is_oauth;
use super::{Holdings, Plan, Readable};
use crate::observation::{AccountKind, Session, Token, User, UserId, families};
use crate::policy::Policy;

/// Applications and programs that an impact lists.
const LISTED: usize = 50;
/// Users that are named of each.
const NAMED: usize = 10;
/// Users who are looked up before many are cut off: one query's worth.
const LOOKED_UP: usize = 300;
/// Words by which the name of an application says that it runs on phones: `Salesforce for iOS`, `Field Service Mobile`.
const ON_PHONES: [&str; 5] = ["android", "ios", "iphone", "ipad", "mobile"];

/// An application or a program that loses its access.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CutOff {
    /// Its name as OauthToken tells it; of a program whose sessions name no application, its way in: `SOAP`, `Remote
    /// Access 2.0`.
    pub application: String,
    /// What it is used for, as far as can be told.
    pub kind: ClientKind,
    /// Users whose access through it ends.
    pub users: usize,
    /// Their usernames, at most ten; the id of one whose name is not known.
    pub usernames: Vec<String>,
    /// When a token of it was last used.
    pub last_used: Option<Timestamp>,
}

/// What an application is used for, as far as can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientKind {
    /// A program works through it: the account of one that it cuts off is a program's, or stands in the policy's
    /// `integrations`.
    Integration,
    /// A person's phone, as its name says.
    Mobile,
    /// A person has authorised it; what it does is not known.
    Application,
}

/// What is known of the users who are cut off.
#[derive(Debug, Default)]
pub(crate) struct People {
    usernames: HashMap<UserId, String>,
    programs: BTreeSet<UserId>,
    pub(super) unread: Option<String>,
}

impl People {
    pub(crate) fn of(policy: &Policy, users: &Readable<Vec<User>>) -> Self {
        let known = || users.iter().flatten();
        let is_program = |user: &&User| {
            user.kind == AccountKind::Integration
                || policy.integration(user.id.as_str(), &user.username).is_some()
        };
        Self {
            usernames: known().map(|user| (user.id.clone(), user.username.clone())).collect(),
            programs: known().filter(is_program).map(|user| user.id.clone()).collect(),
            unread: users.as_ref().err().map(|reason| format!("who is cut off could not be read: {reason}")),
        }
    }

    fn name(&self, user: &UserId) -> String {
        self.usernames.get(user).cloned().unwrap_or_else(|| user.to_string())
    }
}

impl Holdings {
    /// Whom it takes to say what is cut off: of very many the holders of the most used tokens, for programs use theirs
    /// most.
    pub(super) fn clients(&self) -> Vec<UserId> {
        let mut tokens: Vec<_> = self.tokens.iter().flatten().map(|found| &found.token).collect();
        tokens.sort_by_key(|token| std::cmp::Reverse(token.use_count));
        let sessions = self.sessions.iter().flatten().map(|found| &found.session);
        let sessions = families(sessions).into_iter().filter_map(|family| family.members.first().copied());
        let users = tokens.into_iter().map(|token| &token.user_id);
        let users =
            users.chain(sessions.filter(|session| is_client(session)).map(|session| &session.user_id));
        let mut known = BTreeSet::new();
        users.filter(|user| known.insert(*user)).take(LOOKED_UP).cloned().collect()
    }
}

#[derive(Default)]
struct Client<'a> {
    users: BTreeSet<&'a UserId>,
    last_used: Option<Timestamp>,
}

impl Plan {
    /// Which applications and programs a plan cuts off; integrations first, then phones, each by name, at most 50.
    pub(super) fn cut_off(&self, people: &People, holdings: &Holdings) -> Vec<CutOff> {
        let mut clients: BTreeMap<&str, Client<'_>> = BTreeMap::new();
        for Token { app_name, user_id, last_used, .. } in
            self.tokens.iter().flatten().map(|found| &found.token)
        {
            let client = clients.entry(app_name).or_default();
            client.users.insert(user_id);
            client.last_used = client.last_used.max(*last_used);
        }
        let holders: BTreeSet<_> =
            self.tokens.iter().flatten().map(|found| found.token.user_id.clone()).collect();
        // What a token has made is told by its application already.
        let is_told = |session: &Session| is_oauth(session) && holders.contains(&session.user_id);
        let sessions: Vec<_> = self.sessions.iter().flatten().collect();
        for session in families(sessions).iter().filter_map(|family| family.members.first().copied()) {
            if is_client(session) && !is_told(session) {
                clients.entry(way_in(session, holdings)).or_default().users.insert(&session.user_id);
            }
        }
        let mut cut_off: Vec<_> =
            clients.into_iter().map(|(name, client)| client.told(name, people)).collect();
        cut_off.sort_by_key(|client| client.kind);
        cut_off.truncate(LISTED);
        cut_off
    }
}

impl Client<'_> {
    fn told(self, name: &str, people: &People) -> CutOff {
        let kind = if self.users.iter().any(|user| people.programs.contains(*user)) {
            ClientKind::Integration
        } else if is_on_phones(name) {
            ClientKind::Mobile
        } else {
            ClientKind::Application
        };
        // Programs first: whoever looks after one must be told.
        let mut users: Vec<_> = self.users.iter().copied().collect();
        users.sort_by_key(|user| !people.programs.contains(*user));
        CutOff {
            application: name.to_owned(),
            kind,
            users: users.len(),
            usernames: users.into_iter().take(NAMED).map(|user| people.name(user)).collect(),
            last_used: self.last_used,
        }
    }
}

/// Whether a session is a program's or an application's, and not a browser's.
fn is_client(session: &Session) -> bool {
    is_oauth(session) || session.session_type.eq_ignore_ascii_case("API")
}

fn way_in<'a>(session: &'a Session, holdings: &'a Holdings) -> &'a str {
    let application = session.login_id().and_then(|login| holdings.applications.get(login));
    match application {
        Some(name) => name,
        None if session.login_type.is_empty() => &session.session_type,
        None => &session.login_type,
    }
}

fn is_on_phones(name: &str) -> bool {
    let name = name.to_lowercase();
    name.split(|c: char| !c.is_alphanumeric()).any(|word| ON_PHONES.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_is_told_by_the_words_of_the_name() {
        for name in
            ["Salesforce for iOS", "Salesforce for Android", "Field Service Mobile", "SalesforceA (iPad)"]
        {
            assert!(is_on_phones(name), "{name}");
        }
        for name in ["Data Loader", "Biosphere Sync", "Automobile CRM", ""] {
            assert!(!is_on_phones(name), "{name}");
        }
    }
}

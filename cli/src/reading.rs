//! One org to read, by whichever of our identities sees what is asked for.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::bail;
use session_warden::clock::SystemClock;
use session_warden::observation::{User, UserId};
use session_warden::salesforce::{Ability, Role, Salesforce, SalesforceError, Sight};

use crate::output;
use crate::workplace;

/// Users whom an ambiguous name lists at most.
const CANDIDATES: usize = 10;

/// An org, and our identities in it.
pub(crate) struct Reading {
    /// How the operator calls it.
    pub(crate) alias: String,
    own: Vec<String>,
    scanner: Salesforce,
    revoker: Option<Salesforce>,
}

/// What of an org is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sensor {
    /// LoginHistory.
    Logins,
    /// AuthSession.
    Sessions,
    /// OauthToken.
    Tokens,
}

/// By whom everyone's rows are seen.
pub(crate) enum View<'a> {
    /// By this identity.
    By(&'a Salesforce),
    /// By none; a sentence says what is missing.
    Blind(String),
}

impl Reading {
    /// Reads a connection document; nothing is sent yet.
    pub(crate) fn connect(document: &str, http: &reqwest::Client) -> anyhow::Result<Self> {
        let connection = workplace::connection(document)?;
        let client = |role| Salesforce::new(&connection, role, http.clone(), Arc::new(SystemClock));
        let revoker = connection.identity(Role::Revoker).map(|_| client(Role::Revoker)).transpose()?;
        let (alias, own) = (connection.org_alias.clone(), connection.usernames());
        Ok(Self { alias, own, scanner: client(Role::Scanner)?, revoker })
    }

    /// The identity that reads.
    pub(crate) fn scanner(&self) -> &Salesforce {
        &self.scanner
    }

    /// Whether a user is one of this tool's own.
    pub(crate) fn is_ours(&self, username: &str) -> bool {
        self.own.iter().any(|own| own.eq_ignore_ascii_case(username))
    }

    /// The identity that sees everyone's rows, the scanner before the revoker: having read only one's own rows says
    /// nothing about anybody.
    pub(crate) async fn view(&self, sensor: Sensor) -> Result<View<'_>, SalesforceError> {
        let why = match self.scanner.visibility().await?.of(sensor.ability()) {
            Sight::Seeing => return Ok(View::By(&self.scanner)),
            Sight::Blind { missing } => format!("{missing} is missing"),
            Sight::Off => "the connection document has them `off`".to_owned(),
        };
        if let Some(revoker) = &self.revoker
            && let Ok(visibility) = revoker.visibility().await
            && visibility.of(sensor.ability()) == Sight::Seeing
        {
            return Ok(View::By(revoker));
        }
        Ok(View::Blind(format!("the {} of others cannot be seen: {why}", sensor.name())))
    }

    /// The user who is asked for, if one is.
    pub(crate) async fn user_if_named(&self, text: Option<&str>) -> anyhow::Result<Option<UserId>> {
        match text {
            Some(text) => Ok(Some(self.user(text).await?.id)),
            None => Ok(None),
        }
    }

    /// The user with this id, this username, or exactly this name or e-mail address.
    async fn user(&self, text: &str) -> anyhow::Result<User> {
        let found = match text {
            id if id.starts_with("005") && matches!(id.len(), 15 | 18) => {
                self.scanner.users(&[UserId::new(id)]).await?
            }
            text => self.scanner.users_called(text).await?,
        };
        one_of(found, text, &self.alias)
    }
}

/// The user who is meant: by his username before any other name.
fn one_of(mut found: Vec<User>, text: &str, alias: &str) -> anyhow::Result<User> {
    if let Some(named) = found.iter().position(|user| user.username.eq_ignore_ascii_case(text)) {
        return Ok(found.swap_remove(named));
    }
    let (many, text) = (found.len(), output::harmless(text));
    let shown: Vec<_> = found.iter().take(CANDIDATES).map(candidate).collect();
    match found.pop() {
        None => bail!(
            "The org {alias} has no user `{text}`; give a username, a user id, or an exact name or e-mail address"
        ),
        Some(user) if many == 1 => Ok(user),
        Some(_) => {
            let more = if many > CANDIDATES { ", …" } else { "" };
            bail!(
                "`{text}` may be any of {many} users of the org {alias}: {}{more}; give the username",
                shown.join(", ")
            )
        }
    }
}

impl Sensor {
    /// What it reads.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Logins => "logins",
            Self::Sessions => "live sessions",
            Self::Tokens => "refresh tokens",
        }
    }

    fn ability(self) -> Ability {
        match self {
            Self::Logins => Ability::Logins,
            Self::Sessions => Ability::Sessions,
            Self::Tokens => Ability::Tokens,
        }
    }
}

fn candidate(user: &User) -> String {
    format!("{} ({}, {})", output::harmless(&user.username), output::harmless(&user.name), user.id)
}

/// The users of an org, as far as they were asked for.
#[derive(Debug, Default)]
pub(crate) struct People(HashMap<UserId, Option<User>>);

impl People {
    /// Reads those that are not known yet.
    pub(crate) async fn learn<'u>(
        &mut self,
        salesforce: &Salesforce,
        ids: impl IntoIterator<Item = &'u UserId>,
    ) -> Result<(), SalesforceError> {
        let mut unknown: Vec<_> = ids.into_iter().filter(|id| !self.0.contains_key(id)).cloned().collect();
        unknown.sort();
        unknown.dedup();
        if unknown.is_empty() {
            return Ok(());
        }
        let found = salesforce.users(&unknown).await?;
        self.0.extend(unknown.into_iter().map(|id| (id, None)));
        self.0.extend(found.into_iter().map(|user| (user.id.clone(), Some(user))));
        Ok(())
    }

    /// Username and name; empty where nobody knows.
    pub(crate) fn names(&self, id: Option<&UserId>) -> (String, String) {
        let user = id.and_then(|id| self.0.get(id)).and_then(Option::as_ref);
        user.map(|user| (user.username.clone(), user.name.clone())).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use session_warden::observation::{AccountDetails, AccountKind};

    use super::*;

    fn user(number: u8, name: &str) -> User {
        User {
            id: UserId::new(format!("00500000000000{number}EAA")),
            username: format!("ada{number}@acme.example"),
            name: name.to_owned(),
            is_active: true,
            profile: String::new(),
            kind: AccountKind::Human,
            details: AccountDetails::default(),
        }
    }

    #[test]
    fn a_name_that_several_bear_lists_them_and_a_username_is_enough() {
        let both = || vec![user(1, "Ada Byron"), user(2, "ada1@acme.example")];
        let told = |found, text| one_of(found, text, "production").map(|user| user.id.to_string());
        assert_eq!(told(both(), "ADA1@acme.example").ok(), Some(user(1, "").id.to_string()));
        assert_eq!(told(both(), "Ada").map_err(|error| error.to_string()), Err(
            "`Ada` may be any of 2 users of the org production: ada1@acme.example (Ada Byron, 005000000000001EAA), \
             ada2@acme.example (ada1@acme.example, 005000000000002EAA); give the username".to_owned()
        ));
        assert!(told(Vec::new(), "x\u{1b}").unwrap_err().to_string().contains("has no user `x\u{fffd}`"));
        assert!(told(vec![user(3, "Ada Byron")], "Ada Byron").is_ok());
    }
}

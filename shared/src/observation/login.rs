//! A row of LoginHistory.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::login_status::outcome;
use super::{Client, LoginDetail, LoginId, Place, Source, Text, UserId};

/// One attempt to log in, successful or not. Source: Object Reference, LoginHistory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Login {
    /// The record.
    pub id: LoginId,
    /// When, to the second.
    pub time: Timestamp,
    /// Who; nillable in Salesforce.
    pub user_id: Option<UserId>,
    /// What came of it.
    pub outcome: Outcome,
    /// `Status` as Salesforce wrote it.
    pub status: Text,
    /// `LoginType`, a label such as `Application` or `Remote Access 2.0`.
    pub login_type: Text,
    /// `LoginSubType`, for example `OauthRefreshToken`.
    #[serde(default)]
    pub login_sub_type: Text,
    /// The first hop that reached Salesforce.
    pub source: Source,
    /// Where Salesforce, or the country's size, places that address.
    #[serde(default)]
    pub place: Option<Place>,
    /// `Application`: the connected application or the kind of client, free text.
    #[serde(default)]
    pub application: Text,
    /// What the client said it was.
    #[serde(default)]
    pub client: Client,
    /// What the org tells beyond that.
    #[serde(default, skip_serializing_if = "LoginDetail::is_empty")]
    pub detail: LoginDetail,
}

/// What came of an attempt, from the free text of `Status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The user is in.
    Success,
    /// The password, and nothing else, was wrong.
    WrongPassword,
    /// The account is locked for too many wrong passwords.
    LockedOut,
    /// The password was right and a second step was asked for.
    Challenged,
    /// Any other failure, including texts that are not known.
    OtherFailure,
}

impl Outcome {
    /// Reads `Status`. There is no closed list and its case varies between orgs, so the text is compared without
    /// case; what is not known is a failure of unknown kind, never a wrong password. Source: Object Reference,
    /// EventLogFile, "LOGIN_STATUS Values".
    pub fn from_status(status: &str) -> Self {
        outcome(status).unwrap_or(Self::OtherFailure)
    }

    /// Whether `Status` is a text that Salesforce documents, or one of its translations that is known here.
    pub fn knows(status: &str) -> bool {
        outcome(status).is_some()
    }
}

/// By which way a login came in, coarse enough to learn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessPath {
    /// Username and password (or passwordless) on Salesforce's own login page.
    Password,
    /// SAML or another identity provider.
    SingleSignOn,
    /// An OAuth flow in which a person takes part.
    OauthInteractive,
    /// An OAuth flow without a person: refresh token, JWT bearer, client credentials.
    OauthUnattended,
    /// SOAP and other programmatic logins with a password.
    Api,
    /// Anything else.
    Other,
}

impl AccessPath {
    /// Whether no person sits at the other end.
    pub fn is_unattended(self) -> bool {
        matches!(self, Self::OauthUnattended | Self::Api)
    }
}

impl Login {
    /// Whether the user is in.
    pub fn succeeded(&self) -> bool {
        self.outcome == Outcome::Success
    }

    /// Whether it was turned away because the account is deactivated, frozen or deleted.
    pub fn is_of_closed_account(&self) -> bool {
        !self.succeeded()
            && ["user is inactive", "user is frozen", "user_inactive", "user_frozen"]
                .iter()
                .any(|word| has(&self.status, word))
    }

    /// By which way this login came in.
    pub fn path(&self) -> AccessPath {
        let (kind, sub) = (self.login_type.as_str(), self.login_sub_type.as_str());
        let is = |names: &[&str]| is_one_of(kind, names);
        if is(&["Application", "Lightning Login", "Passwordless Login", "HOTP YubiKey"]) {
            AccessPath::Password
        } else if is(&["Remote Access 2.0", "OAuth2", "Remote Access Client"]) {
            oauth_path(sub)
        } else if is(&["Other Apex API", "Partner Product", "Apex Office Toolkit", "AppExchange"]) {
            AccessPath::Api
        } else if has(kind, "saml") || has(kind, "sso") || is(&["Certificate-based login"]) {
            AccessPath::SingleSignOn
        } else {
            AccessPath::Other
        }
    }
}

/// JWT bearer has no sub-type of its own in the documented list, so an empty one counts as unattended.
fn oauth_path(sub_type: &str) -> AccessPath {
    const INTERACTIVE: [&str; 7] = [
        "OauthWebServer",
        "OauthUserAgent",
        "OauthUserAgentIdToken",
        "OauthHybridWebServer",
        "OauthHybridUserAgent",
        "OauthOtpLogin",
        "UiPasswordReset",
    ];
    let is_interactive = INTERACTIVE.iter().any(|code| is_same_name(sub_type, code));
    if is_interactive { AccessPath::OauthInteractive } else { AccessPath::OauthUnattended }
}

/// Whether two texts have the same letters and digits. `LoginSubType` reads as a code such as `OauthWebServer` in some
/// orgs, and as its label `Oauth Web Server` in others and in exported files.
pub(crate) fn is_same_name(one: &str, other: &str) -> bool {
    fn letters(text: &str) -> impl Iterator<Item = char> {
        text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase)
    }
    fn ascii_letters(text: &str) -> impl Iterator<Item = u8> {
        text.bytes().filter(u8::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase())
    }
    if one == other {
        return true;
    }
    if one.is_ascii() && other.is_ascii() {
        ascii_letters(one).eq(ascii_letters(other))
    } else {
        letters(one).eq(letters(other))
    }
}

fn is_one_of(text: &str, names: &[&str]) -> bool {
    names.iter().any(|name| text.eq_ignore_ascii_case(name))
}

/// Whether a text contains a lower-case word, whatever its own case.
fn has(text: &str, word: &str) -> bool {
    text.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sub_type_in_words_is_its_code() {
        let path = |sub_type: &str| oauth_path(sub_type);
        for interactive in
            ["OauthWebServer", "Oauth Web Server", "oauth hybrid web-server", "UI Password Reset"]
        {
            assert_eq!(path(interactive), AccessPath::OauthInteractive, "{interactive}");
        }
        for unattended in ["OauthRefreshToken", "Oauth Refresh Token", "Oauth Web Servers", ""] {
            assert_eq!(path(unattended), AccessPath::OauthUnattended, "{unattended}");
        }
    }
}

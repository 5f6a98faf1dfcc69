//! A row of LoginHistory.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Client, LoginId, Place, Source, UserId};

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
    pub status: String,
    /// `LoginType`, a label such as `Application` or `Remote Access 2.0`.
    pub login_type: String,
    /// `LoginSubType`, for example `OauthRefreshToken`.
    #[serde(default)]
    pub login_sub_type: String,
    /// The first hop that reached Salesforce.
    pub source: Source,
    /// Where Salesforce, or the country's size, places that address.
    #[serde(default)]
    pub place: Option<Place>,
    /// `Application`: the connected application or the kind of client, free text.
    #[serde(default)]
    pub application: String,
    /// What the client said it was.
    #[serde(default)]
    pub client: Client,
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
        match status.trim().to_ascii_lowercase().as_str() {
            "success" | "login_no_error" => Self::Success,
            "invalid password" | "login_error_invalid_password" | "login_error_sso_pwd_invalid" => {
                Self::WrongPassword
            }
            "password lockout" | "login_error_password_lockout" => Self::LockedOut,
            "failed: computer activation required"
            | "failed: computer activation pending"
            | "two-factor required"
            | "login_challenge_issued"
            | "login_challenge_pending"
            | "login_twofactor_req" => Self::Challenged,
            _ => Self::OtherFailure,
        }
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

    /// By which way this login came in.
    pub fn path(&self) -> AccessPath {
        let kind = self.login_type.to_ascii_lowercase();
        let sub = self.login_sub_type.to_ascii_lowercase();
        match kind.as_str() {
            "application" | "lightning login" | "passwordless login" | "hotp yubikey" => AccessPath::Password,
            "remote access 2.0" | "oauth2" | "remote access client" => oauth_path(&sub),
            "other apex api" | "partner product" | "apex office toolkit" | "appexchange" => AccessPath::Api,
            _ if kind.contains("saml") || kind.contains("sso") || kind == "certificate-based login" => {
                AccessPath::SingleSignOn
            }
            _ => AccessPath::Other,
        }
    }
}

/// JWT bearer has no sub-type of its own in the documented list, so an empty one counts as unattended.
fn oauth_path(sub_type: &str) -> AccessPath {
    match sub_type {
        "oauthwebserver"
        | "oauthuseragent"
        | "oauthuseragentidtoken"
        | "oauthhybridwebserver"
        | "oauthhybriduseragent"
        | "oauthotplogin"
        | "uipasswordreset" => AccessPath::OauthInteractive,
        _ => AccessPath::OauthUnattended,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_read_without_case_and_unknown_text_is_no_wrong_password() {
        let cases = [
            ("Success", Outcome::Success),
            (" INVALID PASSWORD ", Outcome::WrongPassword),
            ("Password Lockout", Outcome::LockedOut),
            ("Failed: Computer activation required", Outcome::Challenged),
            ("Invalid login", Outcome::OtherFailure),
            ("Invalid password or worse", Outcome::OtherFailure),
            ("", Outcome::OtherFailure),
        ];
        for (status, outcome) in cases {
            assert_eq!(Outcome::from_status(status), outcome, "{status:?}");
        }
    }
}

//! A row of LoginHistory.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

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
        let status = status.trim();
        let is_one_of = |texts: &[&str]| texts.iter().any(|text| status.eq_ignore_ascii_case(text));
        if is_one_of(&["Success", "LOGIN_NO_ERROR"]) {
            Self::Success
        } else if is_one_of(&WRONG_PASSWORD) {
            Self::WrongPassword
        } else if is_one_of(&["Password lockout", "LOGIN_ERROR_PASSWORD_LOCKOUT"]) {
            Self::LockedOut
        } else if is_one_of(&CHALLENGED) {
            Self::Challenged
        } else {
            Self::OtherFailure
        }
    }
}

const WRONG_PASSWORD: [&str; 3] =
    ["Invalid password", "LOGIN_ERROR_INVALID_PASSWORD", "LOGIN_ERROR_SSO_PWD_INVALID"];
/// Salesforce asks for a second step only after the password was right.
const CHALLENGED: [&str; 6] = [
    "Failed: Computer activation required",
    "Failed: Computer activation pending",
    "Two-factor required",
    "LOGIN_CHALLENGE_ISSUED",
    "LOGIN_CHALLENGE_PENDING",
    "LOGIN_TWOFACTOR_REQ",
];

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
    if is_one_of(sub_type, &INTERACTIVE) { AccessPath::OauthInteractive } else { AccessPath::OauthUnattended }
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
    fn statuses_are_read_without_case_and_unknown_text_is_no_wrong_password() {
        let cases = [
            ("Success", Outcome::Success),
            ("LOGIN_NO_ERROR", Outcome::Success),
            (" INVALID PASSWORD ", Outcome::WrongPassword),
            ("Invalid Password", Outcome::WrongPassword),
            ("login_error_invalid_password", Outcome::WrongPassword),
            ("LOGIN_ERROR_SSO_PWD_INVALID", Outcome::WrongPassword),
            ("Password Lockout", Outcome::LockedOut),
            ("LOGIN_ERROR_PASSWORD_LOCKOUT", Outcome::LockedOut),
            ("Failed: Computer activation required", Outcome::Challenged),
            ("Failed: Computer activation pending", Outcome::Challenged),
            ("Two-factor required", Outcome::Challenged),
            ("LOGIN_CHALLENGE_ISSUED", Outcome::Challenged),
            ("LOGIN_CHALLENGE_PENDING", Outcome::Challenged),
            ("LOGIN_TWOFACTOR_REQ", Outcome::Challenged),
            ("Invalid password or worse", Outcome::OtherFailure),
            ("", Outcome::OtherFailure),
        ];
        for (status, outcome) in cases {
            assert_eq!(Outcome::from_status(status), outcome, "{status:?}");
        }
    }

    /// The other texts and codes of EventLogFile, "LOGIN_STATUS Values".
    #[test]
    fn every_other_documented_status_is_a_failure_of_another_kind() {
        let statuses = "Invalid login|LOGIN_ERROR_INVALID_USERNAME|User is frozen|LOGIN_ERROR_USER_FROZEN|User is inactive|\
            User is Inactive|LOGIN_ERROR_USER_INACTIVE|Restricted IP|LOGIN_ERROR_RESTRICTED_DOMAIN|Restricted time|\
            LOGIN_ERROR_RESTRICTED_TIME|Restricted country|LOGIN_ERROR_EXPORT_RESTRICTED|Restricted domain|\
            LOGIN_ERROR_GLOBAL_BLOCK_DOMAIN|LOGIN_ERROR_ORG_DOMAIN_ONLY|Lightning Login required|LOGIN_LIGHTNING_LOGIN|\
            Failed: API security token required|LOGIN_ERROR_MUST_USE_API_TOKEN|Failed: API-only user|\
            LOGIN_ERROR_USER_API_ONLY|Failed: Mobile license required|Failed: Mobile disabled|Login rate exceeded|\
            LOGIN_ERROR_RATE_EXCEEDED|Maximum logins exceeded|LOGIN_ERROR_LOGINS_EXCEEDED|Failed: Client update required|\
            Failed: Invalid HTTP method|Failed: Login over insecure channel|Mutual authentication failed|Invalid gateway|\
            Your company's authentication service is down|The Single Sign-On Gateway URL is invalid|\
            Invalid profile association|No Experience Cloud site access|No community access|\
            Invalid - Experience Cloud site offline|Invalid - Portal disabled|Unable to process your login request|\
            Organization closed|Organization suspended|Organization locked|Organization is inactive|\
            Organization is in maintenance|Organization is a DOT|Trial Expired|Login invalid|LOGIN_ERROR_UNKNOWN_ERROR|\
            Offline disabled|Offline trial expired|Outlook integration disabled|Wireless disabled|Wireless trial expired|\
            Failed: OAuth API access disabled|Failed: Consumer Deleted|Failed: Invalid Token|LOGIN_OAUTH_INVALID_TOKEN|\
            Failed: IP Address Not Allowed|Failed: Signature Invalid|Failed: Get Access Token Limit Exceeded|\
            Failed: Invalid Code Challenge|Failed: Invalid Verifier|Failed: Device Id missing or not registered|\
            Failed: Invalid Callback URL|Missing Consumer Key Parameter|Missing OAuth Token Parameter|\
            Failed: Nonce Replay Detected|Failed: Invalid Nonce|Failed: Invalid Timestamp|Failed: Version Not Supported|\
            Failed: Invalid Signature Method|Failed: Unexpected parameter|Failed: Activation secret not expected|\
            Failed: Activation secret invalid|Failed: Replay Detected|Failed: Audience Invalid|Failed: Issuer Mismatched|\
            Failed: Assertion Expired|Failed: Recipient Mismatched|Failed: Assertion Invalid|Failed: Status Invalid|\
            Failed: Username Or SSO Id Invalid|Failed: Configuration Error/Perm Disabled|Failed: InResponseTo Invalid|\
            Failed: Signature Invalid/Configured Certificate Mismatch|Failed: SAML Provision Error|\
            Failed: Specified Site is Inactive|Failed: Invalid Organization Id|Failed: Invalid Portal Id|\
            Failed: Invalid Site URL|Failed: Subject Confirmation Error|LOGIN_END_SESSION_TXN_SECURITY_POLICY|\
            LOGIN_ERROR_CLIENT_NO_ACCESS|LOGIN_ERROR_SESSION_TIMEOUT|LOGIN_DATA_DOWNLOAD_ONLY|LOGIN_SAML_INVALID_SESSION_LEVEL";
        for status in statuses.split('|') {
            assert_eq!(Outcome::from_status(status), Outcome::OtherFailure, "{status:?}");
        }
    }
}

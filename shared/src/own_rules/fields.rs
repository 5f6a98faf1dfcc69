//! The fields that a rule may use.

use super::Service;

/// Each field of a login, and what it holds.
pub(super) const LOGIN_FIELDS: [(&str, &str); 22] = [
    ("user.id", "the user id, or the username in lower case where a file names no ids"),
    ("user.name", "the username"),
    ("source.ip", "the address, or what Salesforce writes in its place"),
    ("source.country", "the country of the address, ISO 3166-1 alpha-2"),
    ("source.city", "the city of the address"),
    ("source.is_new", "true where the network is new for this user, who has a history; else false"),
    ("country.is_new", "the same of the country"),
    ("client.is_new", "the same of the client’s family"),
    ("login.outcome", "success, wrong_password, locked_out, challenged or other_failure"),
    ("login.status", "Status, in Salesforce’s words"),
    ("login.type", "LoginType, for example Remote Access 2.0"),
    ("login.sub_type", "LoginSubType, for example OauthRefreshToken"),
    ("login.path", "password, single_sign_on, oauth_interactive, oauth_unattended, api or other"),
    ("login.hour", "the hour of the day, 0 to 23, by the user’s own clock; UTC where that is not known"),
    ("login.url", "the host that was logged in to"),
    ("application", "the connected application, or the kind of client"),
    ("client.browser", "Browser"),
    ("client.platform", "Platform"),
    ("client.family", "both without versions, for example chrome/windows"),
    ("tls.protocol", "TlsProtocol"),
    ("tls.cipher", "CipherSuite"),
    ("api.type", "ApiType of an API login"),
];

/// Each field of a live session, and what it holds.
pub(super) const SESSION_FIELDS: [(&str, &str); 7] = [
    ("user.id", "the user id"),
    ("user.name", "the username"),
    ("source.ip", "the address that holds the session"),
    ("source.country", "its country, ISO 3166-1 alpha-2"),
    ("session.type", "SessionType, for example UI or Oauth2"),
    ("session.login_type", "LoginType of the login that made it"),
    ("session.security_level", "LOW, STANDARD or HIGH_ASSURANCE"),
];

impl Service {
    /// The fields of what it watches.
    pub(super) fn fields(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Login => &LOGIN_FIELDS,
            Self::Session => &SESSION_FIELDS,
        }
    }

    /// Its name in a log source.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Session => "session",
        }
    }
}

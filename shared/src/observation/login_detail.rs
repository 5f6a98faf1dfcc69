//! What an org may tell of a login beyond who, when and from where.

use serde::{Deserialize, Serialize};

use super::{Origin, Text};

/// What an org may tell of a login beyond who, when and from where; text that an org, an API version or a way in does
/// not give is empty and takes no room in JSON. Source: Object Reference, LoginHistory.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LoginDetail {
    /// `ForwardedForIp`: what the client's request claims to have passed through. Anybody can write it.
    #[serde(skip_serializing_if = "Text::is_empty")]
    pub forwarded_for: Text,
    /// `AuthMethodReference`: OpenID Connect's `amr`, as the identity provider says.
    #[serde(skip_serializing_if = "Text::is_empty")]
    pub auth_method: Text,
    /// `AuthContextClassRef`: SAML's context class or OpenID Connect's `acr`.
    #[serde(skip_serializing_if = "Text::is_empty")]
    pub auth_context: Text,
    /// `AuthenticationServiceId`: which SAML or identity provider configuration let the user in.
    #[serde(skip_serializing_if = "Text::is_empty")]
    pub auth_service_id: Text,
    /// `LoginUrl`: the host that the login went to.
    #[serde(skip_serializing_if = "Text::is_empty")]
    pub login_url: Text,
    /// `ApiType` of an API login, such as `SOAP Partner`.
    #[serde(skip_serializing_if = "Text::is_empty")]
    pub api_type: Text,
    /// `ApiVersion` of an API login.
    #[serde(skip_serializing_if = "Text::is_empty")]
    pub api_version: Text,
    /// `ClientVersion` of an API login.
    #[serde(skip_serializing_if = "Text::is_empty")]
    pub client_version: Text,
    /// `OptionsIsGet`: the credentials travelled in a URL.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub by_get: bool,
    /// It came by Event Relay, before its record could be read.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub relayed: bool,
    /// `LoginKey` of the event that relayed it, by which Salesforce's own alarms name it; no record has it.
    #[serde(skip_serializing_if = "Text::is_empty")]
    pub login_key: Text,
    /// What data packs know of the address and the client; Salesforce does not tell this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Box<Origin>>,
}

impl LoginDetail {
    /// Whether nothing was told.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_told_takes_room() {
        let detail = LoginDetail { api_type: "SOAP Partner".into(), ..LoginDetail::default() };
        let json = serde_json::to_string(&detail).unwrap();
        assert_eq!(json, r#"{"api_type":"SOAP Partner"}"#);
        assert_eq!(serde_json::from_str::<LoginDetail>(&json).unwrap(), detail);
        assert!(!detail.is_empty() && LoginDetail::default().is_empty());
    }
}

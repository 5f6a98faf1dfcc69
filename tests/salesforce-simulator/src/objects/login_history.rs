//! LoginHistory: every attempt to log in, failed or not.

use super::login_geo::LoginGeo;
use super::{Field, Object, Relation, Row, Rows, Schema, View, row};
use crate::id::Id;
use crate::permission::Permission;
use crate::soql::Value;
use crate::switches::LoginSubType;
use crate::table::Keyed;
use jiff::Timestamp;
use std::borrow::Cow;
use std::sync::Arc;

/// Text that is mostly the same few constants.
pub type Text = Cow<'static, str>;

/// One row of LoginHistory. Object reference: `sforce_api_objects_loginhistory.htm`.
#[derive(Clone, Debug, PartialEq)]
pub struct Login {
    /// `0Ya…`.
    pub id: Id,
    /// Whose attempt.
    pub user_id: Id,
    /// Whole seconds.
    pub login_time: Timestamp,
    /// The picklist's label, such as `Remote Access 2.0`.
    pub login_type: Text,
    /// The grant or page, where Salesforce names one.
    pub login_sub_type: Option<Text>,
    /// `Success`, or the reason in words.
    pub status: Text,
    /// The first hop that reached Salesforce.
    pub source_ip: Text,
    /// What the client claims in `X-Forwarded-For`.
    pub forwarded_for_ip: Option<Text>,
    /// ISO 3166 alpha-2 of the address.
    pub country_iso: Option<Text>,
    /// The address's place, where known.
    pub geo: Option<Arc<LoginGeo>>,
    /// The connected app, or `Browser`.
    pub application: Text,
    /// Browser and version.
    pub browser: Text,
    /// Operating system.
    pub platform: Text,
    /// Host name the login went to.
    pub login_url: Text,
    /// SAML or OpenID configuration of a single sign-on.
    pub authentication_service_id: Option<Id>,
    /// API and its version, for API logins.
    pub api: Option<(Text, Text)>,
}

impl Keyed for Login {
    const PREFIX: &'static str = "0Ya";

    fn id(&self) -> Id {
        self.id
    }
}

impl Login {
    /// Whether the attempt got in.
    pub fn succeeded(&self) -> bool {
        self.status == "Success"
    }

    fn over_api(&self) -> bool {
        self.login_type.starts_with("Remote Access")
    }
}

pub(crate) static SCHEMA: Schema = Schema {
    name: "LoginHistory",
    fields: &[
        Field::id("Id").required(),
        Field::id("UserId"),
        Field::time("LoginTime").required(),
        Field::picklist("LoginType").required(),
        Field::picklist("LoginSubType"),
        Field::text("Status").length(128).unfilterable(),
        Field::text("SourceIp").length(39).no_like(),
        Field::text("ForwardedForIp").no_like().since(61),
        Field::text("CountryIso").length(3).since(37),
        Field::id("LoginGeoId").needs(Permission::ManageUsers).since(34),
        Field::id("AuthenticationServiceId").since(34),
        Field::text("AuthMethodReference").length(128).since(51),
        Field::text("AuthContextClassRef").since(67),
        Field::text("LoginUrl"),
        Field::id("NetworkId").since(31),
        Field::picklist("TlsProtocol").since(37),
        Field::picklist("CipherSuite").since(37),
        Field::flag("OptionsIsGet").unsortable(),
        Field::flag("OptionsIsPost").unsortable(),
        Field::text("Application").length(64).unfilterable(),
        Field::text("Browser").length(64).unfilterable(),
        Field::text("Platform").length(64).unfilterable(),
        Field::text("ClientVersion").length(64).unfilterable(),
        Field::text("ApiType").length(64).unfilterable(),
        Field::text("ApiVersion").length(32).unfilterable(),
    ],
    relations: &[
        Relation { name: "LoginGeo", target: Object::LoginGeo },
        Relation { name: "User", target: Object::User },
    ],
    needs: None,
};

impl Row for Login {
    fn value(&self, field: &str, view: &View<'_>) -> Value<'_> {
        match field {
            "Id" => Value::Id(self.id),
            "UserId" => Value::Id(self.user_id),
            "LoginTime" => Value::Time(self.login_time),
            "LoginType" => Value::text(&self.login_type),
            "LoginSubType" => self.sub_type(view),
            "Status" => Value::text(&self.status),
            "SourceIp" => Value::text(&self.source_ip),
            "ForwardedForIp" => Value::maybe_text(self.forwarded_for_ip.as_deref()),
            "CountryIso" => Value::maybe_text(self.country_iso.as_deref()),
            "LoginGeoId" => Value::maybe_id(self.geo.as_ref().map(|geo| geo.id)),
            "AuthenticationServiceId" => Value::maybe_id(self.authentication_service_id),
            "LoginUrl" => Value::text(&self.login_url),
            "TlsProtocol" => Value::text("TLS 1.3"),
            "CipherSuite" => Value::text("TLS_AES_256_GCM_SHA384"),
            "OptionsIsGet" => Value::Flag(false),
            "OptionsIsPost" => Value::Flag(true),
            "Application" => Value::text(&self.application),
            "Browser" => Value::text(&self.browser),
            "Platform" => Value::text(&self.platform),
            "ClientVersion" => Value::text("N/A"),
            "ApiType" => self.api.as_ref().map_or(Value::text("N/A"), |(api, _)| Value::text(api)),
            "ApiVersion" => self.api.as_ref().map_or(Value::text("N/A"), |(_, version)| Value::text(version)),
            "AuthMethodReference" | "AuthContextClassRef" => self.single_sign_on(field),
            _ => Value::Null,
        }
    }

    fn related(&self, relation: &str, view: &View<'_>) -> Option<Arc<dyn Row>> {
        match relation {
            "LoginGeo" => self.geo.as_ref().map(row),
            "User" => view.org.users.get(&self.user_id).map(row),
            _ => None,
        }
    }
}

impl Login {
    fn sub_type(&self, view: &View<'_>) -> Value<'_> {
        let code = self.login_sub_type.as_deref();
        match (code, view.org.switches.login_sub_type) {
            (Some(code), LoginSubType::Label) => Value::Text(in_words(code).into()),
            _ => Value::maybe_text(code),
        }
    }

    fn single_sign_on(&self, field: &str) -> Value<'_> {
        let saml = self.authentication_service_id.is_some() && !self.over_api();
        match field {
            "AuthContextClassRef" if saml => {
                Value::text("urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport")
            }
            _ => Value::Null,
        }
    }
}

/// `OauthRefreshToken` as `Oauth Refresh Token`.
fn in_words(code: &str) -> String {
    let mut words = String::new();
    for letter in code.chars() {
        if letter.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(letter);
    }
    words
}

/// Without a permission over others' logins a user sees his own.
pub(crate) fn rows<'o>(view: &View<'o>) -> Rows<'o> {
    let caller = view.caller;
    let all = Object::LoginHistory.shows_others_to(caller);
    let mine = caller.user_id;
    let late = view.org.late_rows();
    let now = view.now;
    let logins = view.org.logins().iter().filter(move |login| late.is_none_or(|late| late.shows(login, now)));
    Box::new(logins.filter(move |login| all || login.user_id == mine).map(row))
}

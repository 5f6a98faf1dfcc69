//! LoginHistory: every attempt to log in, failed or not.

use super::login_geo::LoginGeo;
use super::{Field, Object, Relation, Row, Rows, Schema, View, row};
use crate::id::Id;
use crate::lazy::Block;
use crate::permission::Permission;
use crate::soql::{Places, Value};
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
    /// The first hop that reached Salesforce: an address, a name such as `Salesforce.com IP`, or nothing.
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
    /// Of TLS 1.3.
    pub cipher_suite: Text,
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

/// How to read a field by its exact name.
pub(crate) fn accessor(field: &str) -> fn(&Login) -> Value<'_> {
    match field {
        "Id" => |login| Value::Id(login.id),
        "UserId" => |login| Value::Id(login.user_id),
        "LoginTime" => |login| Value::Time(login.login_time),
        "LoginType" => |login| Value::text(&login.login_type),
        "LoginSubType" => |login| Value::maybe_text(login.login_sub_type.as_deref()),
        "Status" => |login| Value::text(&login.status),
        "SourceIp" => |login| Value::maybe_text(Some(&*login.source_ip).filter(|ip| !ip.is_empty())),
        "ForwardedForIp" => |login| Value::maybe_text(login.forwarded_for_ip.as_deref()),
        "CountryIso" => |login| Value::maybe_text(login.country_iso.as_deref()),
        "LoginGeoId" => |login| Value::maybe_id(login.geo.as_ref().map(|geo| geo.id)),
        "AuthenticationServiceId" => |login| Value::maybe_id(login.authentication_service_id),
        "AuthContextClassRef" => Login::context_class,
        "LoginUrl" => |login| Value::text(&login.login_url),
        "TlsProtocol" => |_| Value::text("TLS 1.3"),
        "CipherSuite" => |login| Value::text(&login.cipher_suite),
        "OptionsIsGet" => |_| Value::Flag(false),
        "OptionsIsPost" => |_| Value::Flag(true),
        "Application" => |login| Value::text(&login.application),
        "Browser" => |login| Value::text(&login.browser),
        "Platform" => |login| Value::text(&login.platform),
        "ClientVersion" => |_| Value::text("N/A"),
        "ApiType" => |login| Value::text(login.api.as_ref().map_or("N/A", |(api, _)| api)),
        "ApiVersion" => |login| Value::text(login.api.as_ref().map_or("N/A", |(_, version)| version)),
        _ => |_| Value::Null,
    }
}

impl Row for Login {
    fn value(&self, field: &str, view: &View<'_>) -> Value<'_> {
        if field == "LoginSubType" { self.sub_type(view) } else { accessor(field)(self) }
    }

    fn related(&self, relation: &str, view: &View<'_>) -> Option<Arc<dyn Row>> {
        match relation {
            "LoginGeo" => self.geo.as_ref().map(row),
            "User" => view.org.users.get(&self.user_id).as_ref().map(row),
            _ => None,
        }
    }

    fn login(&self) -> Option<&Login> {
        Some(self)
    }
}

impl Login {
    fn sub_type(&self, view: &View<'_>) -> Value<'_> {
        self.sub_type_under(view.org.switches.login_sub_type).map_or(Value::Null, Value::Text)
    }

    pub(crate) fn sub_type_under(&self, switch: LoginSubType) -> Option<Cow<'_, str>> {
        let code = self.login_sub_type.as_deref()?;
        Some(if switch == LoginSubType::Label { in_words(code).into() } else { code.into() })
    }

    fn context_class(&self) -> Value<'_> {
        if self.authentication_service_id.is_none() || self.over_api() {
            return Value::Null;
        }
        Value::text("urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport")
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
    let all = Object::LoginHistory.shows_others_to(view.caller);
    let mine = view.caller.user_id;
    let late = view.org.late_rows();
    let now = view.now;
    let logins = view.org.logins().iter().filter(move |login| late.is_none_or(|late| late.shows(login, now)));
    Box::new(logins.filter(move |login| all || login.user_id == mine).map(row))
}

/// Whether [`accessor`] reads every field as the org shows it.
pub(crate) fn reads_alike(view: &View<'_>) -> bool {
    view.org.switches.login_sub_type != LoginSubType::Label
}

/// The past, none of whose rows is late.
pub(crate) fn lazy(view: &View<'_>) -> Option<(Arc<dyn Block>, Places)> {
    let past = view.org.logins.lazy()?;
    let mine = || Places::listed(past.holding("UserId", &view.caller.user_id).unwrap_or_default());
    let visible =
        if Object::LoginHistory.shows_others_to(view.caller) { Places::range(0..past.len()) } else { mine() };
    Some((Arc::clone(past) as Arc<dyn Block>, visible))
}

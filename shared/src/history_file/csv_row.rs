//! One row of a CSV file as a login.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::columns::Column;
use super::rejected::Fault;
use super::rows::Fields;
use super::run::Naming;
use crate::observation::{
    AccountDetails, AccountKind, Client, CountryCode, Login, LoginDetail, LoginId, Outcome, Place, Source,
    User, UserId,
};

/// A login with its account and what its id is worth.
pub(super) struct CsvRow {
    pub(super) login: Login,
    pub(super) user: User,
    pub(super) naming: Naming,
    /// The place, where its country is not known.
    pub(super) place_unknown: Option<String>,
}

pub(super) fn csv_row(fields: Fields<'_>, time: Timestamp) -> Result<CsvRow, Fault> {
    let user = user(fields)?;
    let status = fields.text(Column::Status);
    if status.is_empty() {
        let reason = "is empty, so it cannot be told whether the login succeeded";
        return Err(Fault::of_field(Column::Status.name(), reason));
    }
    let mut login = Login {
        id: LoginId::new(""),
        time,
        user_id: Some(user.id.clone()),
        outcome: Outcome::from_status(&status),
        status: status.into(),
        login_type: fields.text(Column::LoginType).into(),
        login_sub_type: fields.text(Column::LoginSubType).into(),
        source: Source::from(&*fields.text(Column::SourceIp)),
        place: place(fields),
        application: fields.text(Column::Application).into(),
        client: client(fields),
        detail: detail(fields),
    };
    let (id, naming) = match fields.text(Column::Id) {
        id if id.is_empty() => (content_id(&login)?, Naming::Content),
        id => (LoginId::new(id), Naming::Recorded),
    };
    login.id = id;
    let place_unknown = login.place.as_ref().is_none_or(|place| place.country.is_none());
    let named = || [Column::Location, Column::CountryCode].map(|column| fields.text(column)).into_iter();
    let place_unknown = place_unknown
        .then(|| named().find(|name| !name.is_empty()))
        .flatten()
        .map(std::borrow::Cow::into_owned);
    Ok(CsvRow { login, user, naming, place_unknown })
}

fn user(fields: Fields<'_>) -> Result<User, Fault> {
    let (username, id) = (fields.text(Column::Username), fields.text(Column::UserId));
    let (id, username) = match (id.is_empty(), username.is_empty()) {
        (true, true) => return Err(Fault::of_field(Column::Username.name(), "is empty")),
        (true, false) => (UserId::new(username.to_lowercase()), username),
        (false, true) => (UserId::new(&id), id),
        (false, false) => (UserId::new(id), username),
    };
    let username = username.into_owned();
    let (name, profile) = (String::new(), String::new());
    let (kind, details) = (AccountKind::Human, AccountDetails::default());
    Ok(User { id, username, name, is_active: true, profile, kind, details })
}

fn client(fields: Fields<'_>) -> Client {
    Client {
        browser: fields.text(Column::Browser).into(),
        platform: fields.text(Column::Platform).into(),
        tls_protocol: fields.text(Column::TlsProtocol).into(),
        cipher_suite: fields.text(Column::CipherSuite).into(),
    }
}

fn detail(fields: Fields<'_>) -> LoginDetail {
    LoginDetail {
        forwarded_for: fields.text(Column::ForwardedFor).into(),
        auth_method: fields.text(Column::AuthMethod).into(),
        login_url: fields.text(Column::LoginUrl).into(),
        api_type: fields.text(Column::ApiType).into(),
        api_version: fields.text(Column::ApiVersion).into(),
        client_version: fields.text(Column::ClientVersion).into(),
        ..LoginDetail::default()
    }
}

fn place(fields: Fields<'_>) -> Option<Place> {
    let degrees = |column| fields.text(column).replace(',', ".").parse::<f64>().ok();
    let coordinates = degrees(Column::Latitude).zip(degrees(Column::Longitude));
    let code = CountryCode::parse(&fields.text(Column::CountryCode));
    let by_name = |column| CountryCode::named(&fields.text(column));
    let named = || by_name(Column::CountryCode).or_else(|| by_name(Column::Location));
    Place::from_parts(coordinates, code.or_else(named), Some(fields.text(Column::City).into()))
}

/// Everything that the row says.
fn content_id(login: &Login) -> Result<LoginId, Fault> {
    let content = serde_json::to_vec(login).map_err(|error| Fault::of_row(error.to_string()))?;
    Ok(LoginId::new(format!("row-{}", hex::encode(&Sha256::digest(content)[..16]))))
}

//! Which column is which.

use std::str::FromStr;

use csv::ByteRecord;

use super::column_names::{NAMES, plain};
use super::rejected::quoted;
use crate::policy::nearest;

/// A column that means something here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub(super) enum Column {
    Id,
    Username,
    UserId,
    LoginTime,
    SourceIp,
    Status,
    LoginType,
    LoginSubType,
    Application,
    Browser,
    Platform,
    TlsProtocol,
    CipherSuite,
    CountryCode,
    Location,
    City,
    Latitude,
    Longitude,
    LoginUrl,
    ForwardedFor,
    AuthMethod,
    ApiType,
    ApiVersion,
    ClientVersion,
}

/// What a person says of a column whose name is not known: `Source IP=Adresse`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnName {
    column: Column,
    header: String,
}

impl FromStr for ColumnName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, header) = text
            .split_once('=')
            .ok_or_else(|| format!("`{text}` names no header: write for example `Source IP=Adresse`"))?;
        let wanted = plain(name);
        let known = NAMES.iter().find(|(_, _, names)| names.contains(&wanted.as_str()));
        let (column, ..) = known.ok_or_else(|| {
            let all: Vec<_> = NAMES.iter().map(|(_, name, _)| *name).collect();
            format!("`{}` is no column that is read here; these are: {}", name.trim(), all.join(", "))
        })?;
        Ok(Self { column: *column, header: plain(header) })
    }
}

/// Columns whose absence blinds something.
const TOLD: [Column; 5] =
    [Column::LoginType, Column::LoginSubType, Column::Application, Column::Browser, Column::Platform];

impl Column {
    /// As Setup's file calls it.
    pub(super) fn name(self) -> &'static str {
        NAMES[self as usize].1
    }
}

/// Where each column stands.
#[derive(Debug)]
pub(super) struct Columns {
    places: [Option<usize>; NAMES.len()],
    /// How many columns there are.
    pub(super) width: usize,
    /// The first names, for an error.
    pub(super) found: String,
    /// What leaves open which column is meant, as a clause.
    pub(super) fault: Option<String>,
}

impl Columns {
    pub(super) fn of(header: &ByteRecord, said: &[ColumnName]) -> Self {
        let titles: Vec<_> = header.iter().map(|title| String::from_utf8_lossy(title)).collect();
        let plain: Vec<_> = titles.iter().map(|title| plain(title)).collect();
        let at = |name: &str| plain.iter().position(|title| title == name);
        let place = |column: Column, names: &[&str]| {
            let said = said.iter().filter(|said| said.column == column);
            said.map(|said| said.header.as_str()).chain(names.iter().copied()).find_map(at)
        };
        let places = NAMES.map(|(column, _, names)| place(column, names));
        let fault = said.iter().find_map(|said| absent(said, &plain)).or_else(|| twice(&places, &plain));
        let shown: Vec<_> = titles.iter().take(12).map(|title| quoted(title)).collect();
        let more = if titles.len() > shown.len() { ", …" } else { "" };
        Self { places, width: header.len(), found: format!("{}{more}", shown.join(", ")), fault }
    }

    /// Where a column stands, from 0.
    pub(super) fn place(&self, column: Column) -> Option<usize> {
        self.places[column as usize]
    }

    /// The first required column that is not there.
    pub(super) fn missing(&self) -> Option<&'static str> {
        let has = |column| self.place(column).is_some();
        if !has(Column::Username) && !has(Column::UserId) {
            return Some("Username");
        }
        let required = [Column::LoginTime, Column::SourceIp, Column::Status];
        required.into_iter().find(|&column| !has(column)).map(Column::name)
    }

    /// The optional columns that are not there, for a report.
    pub(super) fn optional_missing(&self) -> Vec<&'static str> {
        let has = |column| self.place(column).is_some();
        let mut missing: Vec<_> = TOLD.into_iter().filter(|&column| !has(column)).map(Column::name).collect();
        let has_coordinates = has(Column::Latitude) && has(Column::Longitude);
        if !has_coordinates && !has(Column::CountryCode) && !has(Column::Location) {
            missing.push(Column::Location.name());
        }
        missing
    }
}

/// A header that a person names must be there.
fn absent(said: &ColumnName, titles: &[String]) -> Option<String> {
    let name = quoted(&said.header);
    let near = nearest(&said.header, titles.iter().map(String::as_str));
    let meant = near.map(|title| format!("; did you mean {}?", quoted(&title))).unwrap_or_default();
    (!titles.contains(&said.header))
        .then(|| format!("--column names the header {name}, which is not there{meant}"))
}

/// A title that stands there twice does not say which is meant.
fn twice(places: &[Option<usize>], titles: &[String]) -> Option<String> {
    let read = places.iter().flatten().filter_map(|place| titles.get(*place));
    let mut twice = read.filter(|title| titles.iter().filter(|other| other == title).count() > 1);
    twice.next().map(|title| format!("the column {} is there twice; rename or remove one", quoted(title)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_matched_without_case_space_and_underscore() {
        let header = ["\u{feff}SOURCE_IP", "login time", "LoginGeo.Latitude", "User ID", "Status", "x"];
        let columns = Columns::of(&ByteRecord::from(header.to_vec()), &[]);
        assert_eq!(columns.place(Column::SourceIp), Some(0));
        assert_eq!(columns.place(Column::Latitude), Some(2));
        assert_eq!(columns.missing(), None);
        assert_eq!(columns.optional_missing().last(), Some(&"Location"));
    }

    #[test]
    fn other_languages_and_the_event_log_file() {
        let headers = [
            "Benutzername,Anmeldezeit,Quell-IP,Ort,Anmeldetyp,Status,Browser,Plattform,Anwendung",
            "Nom d'utilisateur,Heure de connexion,IP source,Emplacement,Type de connexion,Statut,Navigateur,Plate-forme,Application",
            "Nombre de usuario,Hora de inicio de sesión,IP de origen,Ubicación,Tipo de inicio de sesión,Estado,Navegador,Plataforma,Aplicación",
            "Nome utente,Ora di accesso,IP di origine,Posizione,Tipo di accesso,Stato,Browser,Piattaforma,Applicazione",
            "Nome de usuário,Hora do login,IP de origem,Local,Tipo de login,Status,Navegador,Plataforma,Aplicativo",
            "Gebruikersnaam,Aanmeldingstijd,Bron-IP,Locatie,Aanmeldingstype,Status,Browser,Platform,Toepassing",
            "ユーザ名,ログイン日時,ソース IP,場所,ログイン種別,状況,ブラウザ,プラットフォーム,アプリケーション",
        ];
        for header in headers {
            let columns = Columns::of(&ByteRecord::from(header.split(',').collect::<Vec<_>>()), &[]);
            assert_eq!(
                (columns.missing(), columns.optional_missing()),
                (None, vec!["Login Subtype"]),
                "{header}"
            );
        }
        let event_log = ["TIMESTAMP", "USER_ID", "SOURCE_IP", "LOGIN_STATUS", "TIMESTAMP_DERIVED"];
        let columns = Columns::of(&ByteRecord::from(event_log.to_vec()), &[]);
        assert_eq!((columns.missing(), columns.place(Column::LoginTime)), (None, Some(4)));
    }

    #[test]
    fn a_person_may_say_which_column_is_which() {
        let said: ColumnName = "source ip=Von wo".parse().unwrap();
        let header = ["Username", "Login Time", "von-wo", "Status", "Source IP"];
        let columns = Columns::of(&ByteRecord::from(header.to_vec()), &[said]);
        assert_eq!(columns.place(Column::SourceIp), Some(2));
        assert_eq!(columns.fault, None);
        let of = |header: [&str; 5], said: &str| {
            Columns::of(&ByteRecord::from(header.to_vec()), &[said.parse().unwrap()]).fault.unwrap()
        };
        assert!(of(header, "source ip=von wu").ends_with("not there; did you mean `vonwo`?"));
        assert!(
            of(["Status", "Login Time", "von wo", "status", "x"], "source ip=von wo")
                .contains("`status` is there twice")
        );
        assert!("Source IP".parse::<ColumnName>().unwrap_err().contains("Source IP=Adresse"));
        assert!("Colour=x".parse::<ColumnName>().unwrap_err().contains("Login Time"));
    }
}

//! Which column is which.

use csv::ByteRecord;

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
}

/// Every column with its name for people, the name that Setup's file uses, and its names without case, spaces and
/// punctuation.
const NAMES: [(Column, &str, &[&str]); 18] = [
    (Column::Id, "Id", &["id", "loginhistoryid"]),
    (Column::Username, "Username", &["username", "user"]),
    (Column::UserId, "User ID", &["userid"]),
    (Column::LoginTime, "Login Time", &["logintime"]),
    (Column::SourceIp, "Source IP", &["sourceip", "sourceipaddress", "ipaddress"]),
    (Column::Status, "Status", &["status", "loginstatus"]),
    (Column::LoginType, "Login Type", &["logintype"]),
    (Column::LoginSubType, "Login Subtype", &["loginsubtype"]),
    (Column::Application, "Application", &["application"]),
    (Column::Browser, "Browser", &["browser"]),
    (Column::Platform, "Platform", &["platform"]),
    (Column::TlsProtocol, "TLS Protocol", &["tlsprotocol"]),
    (Column::CipherSuite, "TLS Cipher Suite", &["ciphersuite", "tlsciphersuite"]),
    (Column::CountryCode, "Country Code", &["countrycode", "countryiso", "logingeocountryiso"]),
    (Column::Location, "Location", &["location", "country", "logingeocountry"]),
    (Column::City, "City", &["city", "logingeocity"]),
    (Column::Latitude, "Latitude", &["latitude", "logingeolatitude"]),
    (Column::Longitude, "Longitude", &["longitude", "logingeolongitude"]),
];

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
}

impl Columns {
    pub(super) fn of(header: &ByteRecord) -> Self {
        let titles: Vec<_> = header.iter().map(|title| String::from_utf8_lossy(title)).collect();
        let plain: Vec<_> = titles.iter().map(|title| plain(title)).collect();
        let place = |names: &[&str]| plain.iter().position(|title| names.contains(&title.as_str()));
        let shown: Vec<_> = titles.iter().take(12).map(|title| super::rejected::quoted(title)).collect();
        let more = if titles.len() > shown.len() { ", …" } else { "" };
        Self {
            places: NAMES.map(|(_, _, names)| place(names)),
            width: header.len(),
            found: format!("{}{more}", shown.join(", ")),
        }
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

fn plain(title: &str) -> String {
    title.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_columns() {
        for (place, (column, ..)) in NAMES.iter().enumerate() {
            assert_eq!(*column as usize, place);
        }
    }

    #[test]
    fn names_are_matched_without_case_space_and_underscore() {
        let header = ["\u{feff}SOURCE_IP", "login time", "LoginGeo.Latitude", "User ID", "Status", "x"];
        let columns = Columns::of(&ByteRecord::from(header.to_vec()));
        assert_eq!(columns.place(Column::SourceIp), Some(0));
        assert_eq!(columns.place(Column::Latitude), Some(2));
        assert_eq!(columns.missing(), None);
        assert_eq!(columns.optional_missing().last(), Some(&"Location"));
    }
}

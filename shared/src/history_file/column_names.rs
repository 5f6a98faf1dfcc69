//! The names that columns go by.

use super::columns::Column;

/// Every column with its name for people, the one that Setup's file uses, and its names without case, spaces and
/// punctuation, the best first: Setup's in the languages that Salesforce translates itself into, as far as they are known
/// here, the REST API's, and those of the event log file's `Login` event.
pub(super) const NAMES: [(Column, &str, &[&str]); 24] = [
    (Column::Id, "Id", &["id", "loginhistoryid"]),
    (
        Column::Username,
        "Username",
        &[
            "username",
            "user",
            "benutzername",
            "nomdutilisateur",
            "nombredeusuario",
            "nomeutente",
            "nomedeusuário",
            "gebruikersnaam",
            "ユーザ名",
            "ユーザー名",
        ],
    ),
    (Column::UserId, "User ID", &["userid", "useridderived", "benutzerid", "ユーザid"]),
    (
        Column::LoginTime,
        "Login Time",
        &[
            "logintime",
            "timestampderived",
            "anmeldezeit",
            "heuredeconnexion",
            "horadeiniciodesesión",
            "horadeconexión",
            "oradiaccesso",
            "horadologin",
            "aanmeldingstijd",
            "ログイン日時",
            "ログイン時刻",
        ],
    ),
    (
        Column::SourceIp,
        "Source IP",
        &[
            "sourceip",
            "sourceipaddress",
            "ipaddress",
            "quellip",
            "quellipadresse",
            "ipsource",
            "adresseipsource",
            "ipdeorigen",
            "ipdiorigine",
            "ipdeorigem",
            "bronip",
            "ソースip",
            "送信元ip",
        ],
    ),
    (Column::Status, "Status", &["status", "loginstatus", "statut", "estado", "stato", "状況", "状態"]),
    (
        Column::LoginType,
        "Login Type",
        &[
            "logintype",
            "anmeldetyp",
            "typedeconnexion",
            "tipodeiniciodesesión",
            "tipodeconexión",
            "tipodiaccesso",
            "tipodelogin",
            "aanmeldingstype",
            "ログイン種別",
        ],
    ),
    (
        Column::LoginSubType,
        "Login Subtype",
        &[
            "loginsubtype",
            "anmeldeuntertyp",
            "soustypedeconnexion",
            "subtipodeiniciodesesión",
            "subtipodelogin",
        ],
    ),
    (
        Column::Application,
        "Application",
        &[
            "application",
            "anwendung",
            "aplicación",
            "applicazione",
            "aplicativo",
            "toepassing",
            "アプリケーション",
        ],
    ),
    (
        Column::Browser,
        "Browser",
        &["browser", "navigateur", "navegador", "explorador", "ブラウザ", "ブラウザー"],
    ),
    (
        Column::Platform,
        "Platform",
        &["platform", "plattform", "plateforme", "plataforma", "piattaforma", "プラットフォーム"],
    ),
    (Column::TlsProtocol, "TLS Protocol", &["tlsprotocol", "tlsprotokoll", "protocoletls", "protocolotls"]),
    (Column::CipherSuite, "TLS Cipher Suite", &["ciphersuite", "tlsciphersuite"]),
    (
        Column::CountryCode,
        "Country Code",
        &[
            "countrycode",
            "countryiso",
            "logingeocountryiso",
            "ländercode",
            "codepays",
            "codedupays",
            "códigodepaís",
        ],
    ),
    (
        Column::Location,
        "Location",
        &[
            "location",
            "country",
            "logingeocountry",
            "ort",
            "standort",
            "emplacement",
            "ubicación",
            "posizione",
            "local",
            "localização",
            "locatie",
            "場所",
        ],
    ),
    (Column::City, "City", &["city", "logingeocity"]),
    (Column::Latitude, "Latitude", &["latitude", "logingeolatitude"]),
    (Column::Longitude, "Longitude", &["longitude", "logingeolongitude"]),
    (Column::LoginUrl, "Login URL", &["loginurl", "anmeldeurl", "urldeconnexion", "urldeiniciodesesión"]),
    (Column::ForwardedFor, "Forwarded For", &["forwardedforip", "forwardedfor"]),
    (
        Column::AuthMethod,
        "Authentication Method Reference",
        &["authmethodreference", "authenticationmethodreference"],
    ),
    (Column::ApiType, "API Type", &["apitype", "apityp"]),
    (Column::ApiVersion, "API Version", &["apiversion"]),
    (Column::ClientVersion, "Client Version", &["clientversion"]),
];

/// A name without case, spaces and punctuation.
pub(super) fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_columns_and_no_name_is_claimed_twice() {
        let mut seen = std::collections::HashSet::new();
        for (place, (column, _, names)) in NAMES.iter().enumerate() {
            assert_eq!(*column as usize, place);
            for name in *names {
                assert!(seen.insert(*name), "{name}");
                assert_eq!(plain(name), *name);
            }
        }
    }
}

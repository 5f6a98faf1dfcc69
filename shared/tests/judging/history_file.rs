//! What reading login history from files promises.
#![cfg(feature = "history-file")]

use std::io::Write;
use std::path::PathBuf;

use proptest::prelude::*;
use session_warden::history_file::{
    DateFormat, History, HistoryError, HistoryOptions, read_csv, read_jsonl, read_sessions, read_tokens,
    read_users,
};
use session_warden::observation::{Login, LoginId, Outcome, UserId};
use session_warden::salesforce::TokenHashKey;

const SETUP: &str = "Username,Login Time,Source IP,Location,Login Type,Status,Browser,Platform,Application\n\
    Ada@Example.com,11/23/2026 18:43:00 PST,198.18.4.7,France,Application,Success,Chrome 141,Windows 11,Browser\n\
    grace@example.com,11/23/2026 18:40:00 PST,198.18.4.8,United States,Application,Invalid Password,Chrome 141,Mac OSX,Browser\n";

struct Sample {
    _directory: tempfile::TempDir,
    path: PathBuf,
}

fn file(content: impl AsRef<[u8]>) -> Sample {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("LoginHistory.csv");
    std::fs::File::create(&path).unwrap().write_all(content.as_ref()).unwrap();
    Sample { _directory: directory, path }
}

fn csv_with(content: impl AsRef<[u8]>, options: &HistoryOptions) -> Result<History, HistoryError> {
    read_csv(&file(content).path, options, &mut |_, _| {})
}

fn csv(content: impl AsRef<[u8]>) -> Result<History, HistoryError> {
    csv_with(content, &HistoryOptions::default())
}

/// What a person reads, without the directory of the file.
fn error(result: Result<History, HistoryError>) -> String {
    let text = result.unwrap_err().to_string();
    text.split_once("LoginHistory.csv").map_or(text.clone(), |(_, rest)| rest.to_owned())
}

fn logins(history: &History) -> Vec<Login> {
    history.spill.in_order().unwrap().map(|login| *login.unwrap()).collect()
}

fn rejected(history: &History) -> Vec<String> {
    history.rejected.first.iter().map(ToString::to_string).collect()
}

#[test]
fn the_file_that_setup_downloads() {
    let history = csv(SETUP).unwrap();
    let logins = logins(&history);
    assert_eq!((history.rows, history.rejected.total), (2, 0));
    assert_eq!(logins[0].outcome, Outcome::WrongPassword, "in the order of time");
    assert_eq!(logins[1].time.to_string(), "2026-11-24T02:43:00Z");
    assert_eq!(logins[1].user_id.as_ref().unwrap().as_str(), "ada@example.com");
    assert_eq!(logins[1].place.as_ref().unwrap().label(), "FR");
    assert_eq!(history.users[logins[1].user_id.as_ref().unwrap()].username, "Ada@Example.com");
    assert_eq!(history.columns_missing, ["Login Subtype"]);
    assert_eq!(history.spill.period().unwrap().0, logins[0].time);
}

#[test]
fn api_names_any_order_bom_crlf_and_quoted_line_breaks() {
    let text = "\u{feff}\"STATUS\",sourceip,Login_Time,LoginGeo.Latitude,LoginGeo.Longitude,LoginGeo.City,UserId,Id,CountryIso,Application\r\n\
        Success,198.18.4.7,2026-11-23T18:43:00.000+0000,45.76,4.84,Lyon,0055g00000AbCdE,0Ya5g00000AbCdE,FR,\"Data\r\nLoader, v1\"\r\n\
        Success,198.18.4.7,2026-11-23T18:43:00.000+0000,45.76,4.84,Lyon,0055g00000AbCdE,0Ya5g00000AbCdE,FR,\r\n\
        Success,,2026-11-23T18:44:00Z,,,,0055g00000AbCdE,0Ya5g00000AbCdF,,\r\n";
    let history = csv(text).unwrap();
    let logins = logins(&history);
    assert_eq!(logins.len(), 2, "the same record id is the same login: {:?}", rejected(&history));
    assert_eq!(logins[0].id, LoginId::new("0Ya5g00000AbCdE"));
    assert_eq!(logins[0].application, "Data\r\nLoader, v1");
    assert_eq!(logins[0].place.as_ref().unwrap().label(), "Lyon, FR");
}

#[test]
fn identical_rows_are_different_logins_with_the_same_ids_each_time() {
    let row = SETUP.lines().nth(1).unwrap();
    let text = format!("{SETUP}{row}\n{row}\n");
    let ids = |text: &str| logins(&csv(text).unwrap()).into_iter().map(|login| login.id).collect::<Vec<_>>();
    let first = ids(&text);
    assert_eq!(first.len(), 4);
    assert_eq!(first, ids(&text));
    assert!(ids(SETUP).iter().all(|id| first.contains(id)), "more rows leave the ids of the others alone");
}

#[test]
fn a_missing_column_is_named_with_what_was_found() {
    let text = error(csv("Username,When,Source IP,Status\na,b,c,d\n"));
    assert!(
        text.starts_with(", line 1: there is no column `Login Time`. Found instead: `Username`, `When`"),
        "{text}"
    );
    assert!(error(csv("Login Time,Source IP,Status\n")).contains("`Username`"));
}

#[test]
fn no_rows_are_an_answer_and_no_header_is_none() {
    let header = SETUP.lines().next().unwrap();
    let history = csv(header).unwrap();
    assert_eq!((history.rows, history.rejected.total, logins(&history).len()), (0, 0, 0));
    for empty in ["", "\n\n", "\u{feff}"] {
        assert!(error(csv(empty)).starts_with(": is empty"), "{empty:?}");
    }
}

#[test]
fn bad_rows_are_told_and_the_rest_is_judged() {
    let text = format!(
        "{SETUP},11/23/2026 18:43:00 PST,198.18.4.7,France,Application,Success,,,\n\
         ada@example.com,yesterday,198.18.4.7,France,Application,Success,,,\n\
         ada@example.com,11/23/2026 18:45:00 PST,198.18.4.7,France,Application,,,,\n\
         ada@example.com,11/23/2026 18:46:00,198.18.4.7,France,Application,Success,,,\n\
         ada@example.com,11/23/2026 18:47:00 PST,198.18.4.7,France,Application,Success,Chrome, 141,,\n\
         ada@example.com,11/23/20"
    );
    let history = csv(text).unwrap();
    assert_eq!(history.rows, 2);
    assert_eq!(
        rejected(&history),
        [
            "line 4, Username: is empty",
            "line 5, Login Time: `yesterday` is not a date and time",
            "line 6, Status: is empty, so it cannot be told whether the login succeeded",
            "line 7, Login Time: `11/23/2026 18:46:00` names no time zone; --time-zone gives one to those that do not",
            "line 8: 10 fields instead of 9: a comma within a field needs quotation marks around the field",
            "line 9: 2 fields instead of 9: the line is cut short",
        ]
        .map(str::to_owned)
        .to_vec()
    );
}

#[test]
fn a_quote_that_is_not_closed_costs_one_line() {
    let row = SETUP.lines().nth(1).unwrap();
    let broken = row.replace("France", "\"France");
    let many = format!("{row}\n").repeat(3_000);
    let history = csv(format!("{SETUP}{broken}\n{many}")).unwrap();
    assert_eq!((history.rows, history.rejected.total), (3_002, 1), "{:?}", rejected(&history));
    assert_eq!(history.rejected.first[0].line, 4);
}

#[test]
fn a_quote_that_the_next_line_closes_hides_no_row() {
    let text = "Username,Login Time,Source IP,Status,Browser,Platform\n\
        a@example.com,2026-11-23T18:43:00Z,198.18.4.7,Success,\"Chrome,Windows\n\
        b@example.com,2026-11-23T18:44:00Z,198.18.4.7,Success,\"Firefox\",Mac\n\
        c@example.com,2026-11-23T18:45:00Z,198.18.4.7,Success,\"Chrome \"\"\n1\"\"\",Mac\n";
    for text in [text.to_owned(), text.replace('\n', "\r\n")] {
        let history = csv(&text).unwrap();
        assert_eq!(rejected(&history), ["line 2: a quotation mark is not closed"], "{text:?}");
        let who: Vec<_> = logins(&history).into_iter().map(|login| login.user_id.unwrap()).collect();
        assert_eq!(who.iter().map(UserId::as_str).collect::<Vec<_>>(), ["b@example.com", "c@example.com"]);
    }
}

#[test]
fn a_line_that_ends_in_cr_lf_has_its_number() {
    let text = SETUP.replace('\n', "\r\n");
    let history = csv(format!("{text}x\r\n{}", text.lines().nth(1).unwrap())).unwrap();
    assert_eq!(rejected(&history), ["line 4: 1 fields instead of 9: the line is cut short"]);
}

#[test]
fn only_the_first_twenty_bad_rows_are_kept() {
    let history = csv(format!("{SETUP}{}", "x\n".repeat(500))).unwrap();
    assert_eq!((history.rejected.first.len(), history.rejected.total), (20, 500));
}

#[test]
fn a_file_without_one_usable_row_is_not_a_clean_one() {
    let header = SETUP.lines().next().unwrap();
    assert!(error(csv(format!("{header}\nx\n"))).contains("none of its 1 rows can be used"));
}

#[test]
fn dates_that_leave_the_order_open() {
    let rows = |dates: &[&str]| {
        let rows = dates.iter().map(|date| format!("ada,\"{date}\",198.18.4.7,Success\n"));
        format!("Username,Login Time,Source IP,Status\n{}", rows.collect::<String>())
    };
    let open = rows(&["05/11/2026 08:00 UTC", "06/11/2026 08:00 UTC"]);
    assert!(
        error(csv(&open))
            .contains("line 2, Login Time: `05/11/2026 08:00 UTC` can be read in more than one order")
    );
    let with = |format: &str| {
        let date_format: DateFormat = format.parse().unwrap();
        let options = HistoryOptions { date_format: Some(date_format), ..HistoryOptions::default() };
        logins(&csv_with(&open, &options).unwrap())[0].time.to_string()
    };
    assert_eq!(with("dmy"), "2026-11-05T08:00:00Z");
    assert_eq!(with("mdy"), "2026-05-11T08:00:00Z");
}

#[test]
fn one_date_decides_the_order_of_all() {
    let text = "Username,Login Time,Source IP,Status\n\
        ada,05/11/2026 08:00 UTC,198.18.4.7,Success\nada,23/11/2026 08:00 UTC,198.18.4.7,Success\n";
    assert_eq!(logins(&csv(text).unwrap())[0].time.to_string(), "2026-11-05T08:00:00Z");
    let mixed = format!("{text}ada,11/24/2026 08:00 UTC,198.18.4.7,Success\n");
    assert!(error(csv(mixed)).contains("line 4 has the month first and that on line 3 has the day first"));
}

#[test]
fn a_zone_is_never_guessed() {
    let text =
        |date: &str| format!("Username,Login Time,Source IP,Status\nada,\"{date}\",198.18.4.7,Success\n");
    assert!(error(csv(text("2026-11-23 18:43:00"))).contains("Give it with --time-zone"));
    assert!(
        error(csv(text("2026-11-23 18:43:00 IST"))).starts_with(", line 2, Login Time: `IST` names no one")
    );
    let options = HistoryOptions {
        time_zone: Some(jiff::tz::TimeZone::get("Asia/Kolkata").unwrap()),
        ..HistoryOptions::default()
    };
    for date in ["2026-11-23 18:43:00", "11/23/2026, 6:43 PM IST"] {
        let history = csv_with(text(date), &options).unwrap();
        assert_eq!(logins(&history)[0].time.to_string(), "2026-11-23T13:13:00Z");
    }
}

#[test]
fn semicolons_and_bytes_that_are_no_text() {
    let text = b"Username;Login Time;Source IP;Status;Browser\nad\xe9;2026-11-23 18:43:00 UTC;198.18.4.7;Success;\xff\n";
    let login = logins(&csv(text).unwrap()).remove(0);
    assert_eq!(login.user_id.unwrap().as_str(), "ad\u{fffd}");
    assert_eq!(login.client.browser, "\u{fffd}");
}

#[test]
fn progress_ends_at_the_size_of_the_file() {
    let mut heard = Vec::new();
    read_csv(&file(SETUP).path, &HistoryOptions::default(), &mut |bytes, of| heard.push((bytes, of)))
        .unwrap();
    let size = SETUP.len() as u64;
    assert_eq!(heard.last(), Some(&(size, size)));
}

fn gzipped(content: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(content).unwrap();
    packed.finish().unwrap()
}

#[test]
fn packed_files_and_utf_16() {
    let plain = logins(&csv(SETUP).unwrap());
    assert_eq!(logins(&csv(gzipped(SETUP.as_bytes())).unwrap()), plain);
    let in_two = [gzipped(&SETUP.as_bytes()[..200]), gzipped(&SETUP.as_bytes()[200..])].concat();
    assert_eq!(logins(&csv(in_two).unwrap()), plain, "gzip files that were joined are one");
    let utf_16: Vec<u8> =
        "\u{feff}".encode_utf16().chain(SETUP.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    assert_eq!(logins(&csv(&utf_16).unwrap()), plain);
    assert_eq!(read_jsonl(&file(gzipped(RECORD.as_bytes())).path, &mut |_, _| {}).unwrap().rows, 1);
    let cut = &gzipped(SETUP.as_bytes())[..60];
    assert!(error(csv(cut)).starts_with(": cannot be read"), "a download that was broken off");
}

#[test]
fn what_excel_writes_before_and_around_a_table() {
    let plain = logins(&csv(SETUP).unwrap());
    let semicolons = SETUP.replace(',', ";");
    for said in ["sep=;\r\n", "\u{feff}sep=;\n", "SEP=;\n"] {
        let text = format!("{said}{semicolons}").replace('\n', "\r\n").replace("\r\r\n", "\r\n");
        assert_eq!(logins(&csv(text).unwrap()), plain, "{said:?}");
    }
    let bad = format!("sep=;\n{semicolons}ada@example.com;yesterday;;;;Success;;;\n");
    assert!(
        rejected(&csv(bad).unwrap())[0].starts_with("line 5, Login Time: "),
        "lines count from the file's first"
    );
    let missing = format!("sep=;\n{}", semicolons.replace("Source IP", "Adresse"));
    assert!(
        error(csv(missing))
            .starts_with(", line 2: there is no column `Source IP`. Found instead: `Username`")
    );
    assert!(error(csv("sep=;\n")).starts_with(": is empty"));
}

#[test]
fn encodings_are_read_where_the_header_tells_them() {
    let japanese = "ユーザ名,ログイン日時,ソース IP,状況,場所\nada@example.com,2026-11-23T18:43:00Z,198.18.4.7,成功,日本\n";
    let spanish = "Nombre de usuario;Hora de inicio de sesión;IP de origen;Estado\nada@example.com;2026-11-23T18:43:00Z;198.18.4.7;Éxito\n";
    let encodings = [
        (encoding_rs::SHIFT_JIS, japanese),
        (encoding_rs::EUC_JP, japanese),
        (encoding_rs::WINDOWS_1252, spanish),
    ];
    for (encoding, text) in encodings {
        let (bytes, _, has_lost) = encoding.encode(text);
        let history = csv(&bytes).unwrap();
        assert!(!has_lost && logins(&history)[0].succeeded(), "{}", encoding.name());
        assert_eq!(logins(&history)[0].status, logins(&csv(text).unwrap())[0].status, "{}", encoding.name());
    }
    let (unknown, ..) = encoding_rs::SHIFT_JIS.encode("利用者,時刻,番地,状況\n");
    assert!(
        error(csv(unknown)).starts_with(
            ", line 1: the header is not UTF-8, and names no known columns in UTF-16, Shift_JIS"
        )
    );
    let latin_city = SETUP.replace("France", "Orl\u{e9}ans");
    let (city, ..) = encoding_rs::WINDOWS_1252.encode(&latin_city);
    assert_eq!(csv(city).unwrap().rows, 2, "a row's text does not matter");
}

#[test]
fn what_holds_files_or_no_text_is_named() {
    let cases: [(&[u8], &str); 4] = [
        (
            b"PK\x03\x04\x14\x00",
            "is a zip archive, as workbooks of Excel (.xlsx) are too. Take the CSV file out of it",
        ),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "is a workbook of an old Excel"),
        (b"BZh91AY", "is packed by bzip2, and only gzip is unpacked here"),
        (b"\x28\xb5\x2f\xfd\x00", "is packed by Zstandard"),
    ];
    for (content, expected) in cases {
        assert!(error(csv(content)).contains(expected), "{expected}");
        assert!(error(csv(gzipped(content))).contains(expected), "{expected}, in a packed file");
        assert!(error(read_jsonl(&file(content).path, &mut |_, _| {})).contains(expected));
    }
}

#[test]
fn a_reason_is_told_once() {
    let told = read_csv(std::path::Path::new("nowhere.csv"), &HistoryOptions::default(), &mut |_, _| {})
        .unwrap_err();
    assert!(
        std::error::Error::source(&told).is_none() && told.to_string().contains("No such file"),
        "{told}"
    );
}

#[test]
fn a_column_that_is_not_known_can_be_named() {
    let text = SETUP.replace("Source IP", "IP (Azienda)");
    assert!(error(csv(&text)).contains("--column 'Source IP=…'"));
    let options = HistoryOptions {
        columns: vec!["Source IP=IP (Azienda)".parse().unwrap()],
        ..HistoryOptions::default()
    };
    assert_eq!(logins(&csv_with(&text, &options).unwrap()), logins(&csv(SETUP).unwrap()));
}

#[test]
fn columns_beyond_the_usual_are_kept() {
    let text = "Username,Login Time,Source IP,Status,Login URL,API Type,Forwarded For\n\
        ada,2026-11-23 18:43:00 UTC,198.18.4.7,Success,acme.example,SOAP Partner,203.0.113.9\n";
    let detail = logins(&csv(text).unwrap()).remove(0).detail;
    assert_eq!(
        (&*detail.login_url, &*detail.api_type, &*detail.forwarded_for),
        ("acme.example", "SOAP Partner", "203.0.113.9")
    );
}

const RECORD: &str = r#"{"attributes":{"type":"LoginHistory"},"Id":"0Ya5g00000AbCdE","UserId":"0055g00000AbCdE","LoginTime":"2026-11-23T18:43:00.000+0000","Status":"Success","SourceIp":"198.18.4.7","LoginGeo":null}"#;

#[test]
fn a_text_that_nobody_knows_is_counted_and_named() {
    let row = |place: &str, status: &str| {
        SETUP.lines().nth(1).unwrap().replace("France", place).replace("Success", status)
    };
    let rows = [
        row("Ghana", "Restricted IP"),
        row("Atlantis", "Udało się"),
        row("Atlantis", "Success"),
        row("", "Success"),
    ];
    let history = csv(format!("{SETUP}{}", rows.join("\n"))).unwrap();
    assert_eq!(history.statuses_unknown.to_string(), "`Udało się` (1)");
    assert_eq!(history.places_unknown.to_string(), "`Atlantis` (2)");
}

#[test]
fn records_one_per_line() {
    let later = RECORD
        .replace("AbCdE\",\"L", "AbCdF\",\"L")
        .replace("18:43:00.000+0000", "18:42:00.000Z")
        .replace("0Ya5g00000AbCdE", "0Ya5g00000AbCdF");
    let text = format!("{RECORD}\n\n{later}\nnot json\n{RECORD}\n{{\"Id\":\"x\"}}\n");
    let history = read_jsonl(&file(text).path, &mut |_, _| {}).unwrap();
    let logins = logins(&history);
    assert_eq!(
        logins.iter().map(|login| login.id.as_str()).collect::<Vec<_>>(),
        ["0Ya5g00000AbCdFCAV", "0Ya5g00000AbCdECAV"]
    );
    assert_eq!(
        rejected(&history),
        ["line 4: is not one JSON record: Syntax error at column 2", "line 6: missing field `LoginTime`"]
    );
    let words = format!("{RECORD}\n{}", RECORD.replace("2026-11-23T18:43:00.000+0000", "yesterday"));
    assert_eq!(
        rejected(&read_jsonl(&file(words).path, &mut |_, _| {}).unwrap()),
        ["line 2: LoginTime is not of its documented type"]
    );
    assert_eq!(read_jsonl(&file("").path, &mut |_, _| {}).unwrap().rows, 0);
    assert!(read_jsonl(&file("[\n]\n").path, &mut |_, _| {}).is_err());
}

#[test]
fn sessions_get_their_logins_and_tokens_their_hashes() {
    let history = read_jsonl(&file(RECORD).path, &mut |_, _| {}).unwrap();
    let sessions = file(
        r#"[{"Id":"0Ak5g00000AbCdE","UsersId":"0055g00000AbCdE","SourceIp":"198.19.0.1","LoginHistoryId":"0Ya5g00000AbCdECAV",
            "NumSecondsValid":7200,"CreatedDate":"2026-11-23T18:43:00.000+0000","LastModifiedDate":"2026-11-23T18:44:00.000+0000"},
           {"Id":"broken"}]"#,
    );
    let sessions = read_sessions(&sessions.path, &history.spill).unwrap();
    let login = sessions.rows[0].login.as_ref().unwrap();
    assert_eq!(login.read.as_ref().unwrap().1.to_string(), "198.18.4.7");
    assert_eq!((sessions.rejected.total, sessions.rejected.first[0].line), (1, 2));

    let tokens = file(r#"[{"UserId":"0055g00000AbCdE","AppName":"Loader","DeleteToken":"SECRET"}]"#);
    let tokens = read_tokens(&tokens.path, &TokenHashKey::new([1; 32])).unwrap();
    assert!(!format!("{tokens:?}").contains("SECRET"));
    assert!(read_users(&file("{}").path).unwrap_err().to_string().contains("must be a JSON array"));
    assert!(read_users(&file("[]").path).unwrap().rows.is_empty());
}

const ODD_ROWS: [&str; 8] = [
    "0Ya5g00000AbCdE,ada@example.com,0055g00000AbCdE,23/11/2026 18:43:00 UTC,198.18.4.7,Success",
    "0Ya5g00000AbCdE,Ada@example.com,0055g00000AbCdE,23/11/2026 18:43:00 UTC,198.18.4.7,Invalid Password",
    ",ada@example.com,0055g00000AbCdE,05/11/2026 18:43:00 UTC,198.18.4.7,Success",
    ",ada@example.com,0055g00000AbCdE,05/11/2026 18:43:00 UTC,198.18.4.7,Success",
    ",bob@example.com,,06/11/2026 18:43:00,198.18.4.7,Success",
    ",BOB@example.com,,06/11/2026 18:43:00 PST,198.18.4.7,Success",
    ",bob@example.com,,06/11/2026 18:43:00 PST,198.18.4.8,Success",
    "nonsense",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_break_it(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        let sample = file(&bytes);
        drop(read_csv(&sample.path, &HistoryOptions::default(), &mut |_, _| {}));
        drop(read_jsonl(&sample.path, &mut |_, _| {}));
        drop(read_users(&sample.path));
    }

    #[test]
    fn no_change_of_a_real_file_breaks_it(
        changes in proptest::collection::vec((0..SETUP.len(), any::<u8>()), 1..12),
        zone in proptest::option::of(Just("America/New_York")),
    ) {
        let mut bytes = SETUP.as_bytes().to_vec();
        for (place, byte) in changes {
            bytes[place] = byte;
        }
        let options = HistoryOptions {
            time_zone: zone.map(|name| jiff::tz::TimeZone::get(name).unwrap()),
            ..HistoryOptions::default()
        };
        if let Ok(history) = csv_with(&bytes, &options) {
            prop_assert_eq!(logins(&history).len() as u64, history.rows);
        }
    }

    /// Also with records that stand twice, users in two spellings, and rows without a time zone or without any sense.
    #[test]
    fn the_order_of_rows_changes_nothing(order in Just((0..ODD_ROWS.len()).collect::<Vec<_>>()).prop_shuffle()) {
        let text = |order: &[usize]| {
            let rows = order.iter().map(|row| ODD_ROWS[*row]);
            format!("Id,Username,User ID,Login Time,Source IP,Status\n{}\n", rows.collect::<Vec<_>>().join("\n"))
        };
        let usual = csv(text(&(0..ODD_ROWS.len()).collect::<Vec<_>>())).unwrap();
        let shuffled = csv(text(&order)).unwrap();
        prop_assert_eq!(logins(&shuffled), logins(&usual));
        prop_assert_eq!(&shuffled.users, &usual.users);
        prop_assert_eq!((shuffled.rows, shuffled.rejected.total), (usual.rows, usual.rejected.total));
    }

    #[test]
    fn any_text_as_a_date(text in "\\PC{0,40}") {
        let text = format!("Username,Login Time,Source IP,Status\nada,\"{}\",::1,Success\n", text.replace('"', ""));
        drop(csv(text));
    }
}

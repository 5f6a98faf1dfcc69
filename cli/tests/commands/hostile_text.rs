//! Hostile text in every text field of every file, shown through every output: harmless in each.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::support::{assert_harmless, browse, outcome, warden};
use serde_json::{Value, json};

/// HTML and SVG, escape sequences for terminals in both their forms, a formula, text that turns around what follows, and
/// as much as a row may hold.
const HOSTILE: [&str; 5] = [
    "</text></svg></title><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">",
    "\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}2J",
    "=HYPERLINK(\"http://evil.example\")",
    "\u{202e}moc.elpmaxe\u{2066}\u{200f}",
    "@SUM(1)",
];
/// Longer than any field, within what a row may hold.
const LONG: usize = 60_000;
const COLUMNS: [&str; 12] = [
    "User ID",
    "Username",
    "Login Type",
    "Login Subtype",
    "Status",
    "Source IP",
    "Application",
    "Browser",
    "Platform",
    "City",
    "Location",
    "Login URL",
];

/// Sixty usual days, then guesses and a success from elsewhere whose `column` is hostile: for a user of its own.
fn attack(number: usize, column: usize, hostile: &str) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let id = format!("0055g0000000{number:03}");
    let name = format!("user{number}@example.com");
    let usual = [
        &id,
        &name,
        "Application",
        "",
        "Success",
        "198.18.1.7",
        "Browser",
        "Chrome 141",
        "Windows 11",
        "Lyon",
        "France",
        "acme.example",
    ];
    let row = |time: String, cells: [&str; 12]| format!("{time},{}\n", cells.map(quoted).join(","));
    let mut rows = String::new();
    for day in 1..=28 {
        rows.push_str(&row(format!("2026-10-{day:02}T09:00:00Z"), usual));
    }
    for second in 0..9 {
        let mut strange = usual;
        (strange[5], strange[10]) = ("203.0.113.77", "Nigeria");
        strange[4] = if second < 8 { "Invalid Password" } else { "Success" };
        if COLUMNS[column] != "Status" || second < 8 {
            strange[column] = hostile;
        }
        rows.push_str(&row(format!("2026-11-02T09:{:02}:{second:02}Z", number % 60), strange));
    }
    rows
}

fn history() -> String {
    let long = "x".repeat(LONG);
    let texts = HOSTILE.into_iter().chain([long.as_str()]);
    let mut file = format!("Login Time,{}\n", COLUMNS.join(","));
    for (number, (column, text)) in
        (0..COLUMNS.len()).flat_map(|c| texts.clone().map(move |t| (c, t))).enumerate()
    {
        file.push_str(&attack(number, column, text));
    }
    // More than any row may hold.
    let endless = "y".repeat(1_000_000);
    let _ = writeln!(file, "2026-11-02T09:00:00Z,\"{endless}\",a,b,c,d,e,f,g,h,i,j,k");
    file
}

/// Rows beside the logins, of which every text is hostile.
fn write_beside(directory: &Path) {
    let numbered = |kind: &str, number: usize| format!("{kind}5g0000000{number:03}");
    let time = "2026-11-02T09:30:00.000+0000";
    let texts = || HOSTILE.into_iter().enumerate();
    let users = texts().map(|(n, text)| json!({
        "Id": numbered("005", n), "Username": text, "Name": text, "IsActive": true, "UserType": text,
        "TimeZoneSidKey": text, "Profile": { "Name": text }, "ProfileId": text, "FederationIdentifier": text,
    }));
    let sessions = texts().map(|(n, text)| json!({
        "Id": numbered("0Ak", n), "UsersId": numbered("005", n), "SourceIp": text, "SessionType": text, "LoginType": text,
        "SessionSecurityLevel": text, "NumSecondsValid": 7200, "CreatedDate": time, "LastModifiedDate": time,
    }));
    let tokens =
        texts().map(|(n, text)| json!({ "UserId": numbered("005", n), "AppName": text, "DeleteToken": "t" }));
    let checks = texts().map(|(n, text)| json!({
        "Id": numbered("0LE", n), "UserId": numbered("005", n), "VerificationTime": time, "Activity": text, "Status": text,
        "SourceIp": text, "Policy": text, "VerificationMethod": text, "Remarks": text,
    }));
    let write = |name: &str, rows: Vec<Value>| {
        fs::write(directory.join(name), serde_json::to_string(&rows).unwrap()).unwrap();
    };
    write("users.json", users.collect());
    write("sessions.json", sessions.collect());
    write("tokens.json", tokens.collect());
    write("checks.json", checks.collect());
}

fn run(directory: &Path, arguments: &[&str]) -> (i32, String, String) {
    let (code, out, err) = outcome(&warden(directory).args(arguments).output().unwrap());
    assert_harmless(&format!("{arguments:?}, standard output"), &out);
    assert_harmless(&format!("{arguments:?}, standard error"), &err);
    (code, out, err)
}

const BESIDE: [&str; 8] = [
    "--users",
    "users.json",
    "--sessions",
    "sessions.json",
    "--tokens",
    "tokens.json",
    "--verifications",
    "checks.json",
];

#[test]
fn hostile_text_from_every_file_is_harmless_in_every_output() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    fs::write(at("history.csv"), history()).unwrap();
    write_beside(directory.path());
    fs::write(at("contain.yaml"), "mode: contain").unwrap();
    let evaluate =
        |more: &[&str]| run(directory.path(), &[&["evaluate", "--csv", "history.csv"], more].concat());
    let (code, table, err) =
        evaluate(&[&BESIDE[..], &["--findings", "out.jsonl", "--report", "report.html"]].concat());
    assert_eq!(code, 2, "the endless row cannot be used: {err}");
    assert!(table.contains("user0@example.com") && err.contains("the row has no end"), "{err}");
    assert!(table.lines().all(|line| line.chars().count() <= 130), "no field widens the table");

    let (_, json, _) = evaluate(&["--output", "json"]);
    let found: Value = serde_json::from_str(&json).unwrap();
    assert!(found["findings"].as_array().unwrap().len() >= COLUMNS.len() * 4, "the attacks are found");
    let lines = fs::read_to_string(at("out.jsonl")).unwrap();
    assert_harmless("--findings", &lines);
    assert!(lines.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));

    let (_, csv, _) = evaluate(&["--output", "csv"]);
    for record in csv::Reader::from_reader(csv.as_bytes()).records() {
        for cell in &record.unwrap() {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t']), "a formula: {cell}");
        }
    }
    run(
        directory.path(),
        &["backtest", "--csv", "history.csv", "--policy", "contain.yaml", "--report", "backtest.html"],
    );
    for page in ["report.html", "backtest.html"] {
        assert_harmless(page, &fs::read_to_string(at(page)).unwrap());
        let dom = browse(&at(page));
        assert_eq!((dom.matches("<script").count(), dom.matches("<img").count()), (0, 0), "{page}");
        assert!(!dom.contains("<title>owned") && dom.contains("&lt;script&gt;"), "{page}");
    }
}

/// A list, a rule and a policy of which every text is hostile, about what the attacks of [`history`] show.
fn write_lists(directory: &Path, text: &str) {
    let cell = format!("\"{}\"", text.replace('"', "\"\""));
    let list = format!(
        "value,type,source\n203.0.113.77,ip,{cell}\n{cell},user-agent,{cell}\n{cell},{cell},{cell}\n"
    );
    fs::write(directory.join("list.csv"), list).unwrap();
    let literal = text.replace('\\', "\\\\").replace('\'', "\\'");
    let pattern = format!("[ipv4-addr:value = '203.0.113.77' OR domain-name:value = '{literal}']");
    let named = |pattern: &str| json!({ "type": "indicator", "id": text, "name": text, "pattern": pattern });
    let bundle = json!({ "type": "bundle", "objects": [named(&pattern), named(text)] });
    fs::write(directory.join("list.json"), bundle.to_string()).unwrap();
    let quoted = escaped(text);
    let rule = format!(
        "title: {quoted}\nid: from-there\ndescription: {quoted}\nauthor: {quoted}\n\
         logsource: {{ product: salesforce, service: login }}\n\
         detection: {{ there: {{ source.ip: 203.0.113.77 }}, other: {{ client.browser|contains: {quoted} }}, condition: 1 of them }}\n"
    );
    fs::write(directory.join("rules.yaml"), rule).unwrap();
    let policy = format!(
        "mode: contain\nown_rules: {{ files: [rules.yaml] }}\npacks:\n  - {{ name: {quoted}, path: list.csv, kind: indicators }}\n  \
         - {{ name: {}, path: list.json, kind: tor, max_age: 8760h }}\n",
        escaped(&format!("{text}2"))
    );
    fs::write(directory.join("lists.yaml"), policy).unwrap();
}

#[test]
fn hostile_lists_and_rules_are_harmless_too() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    fs::write(at("history.csv"), history()).unwrap();
    for text in HOSTILE {
        write_lists(directory.path(), text);
        let (code, out, err) = run(directory.path(), &["policy", "check", "lists.yaml"]);
        assert!(code == 0 && err.contains("cannot be used"), "{out}{err}");
        let explain = ["policy", "explain", "lists.yaml", "--detection", "rule-from-there"];
        assert_eq!(run(directory.path(), &explain).0, 0);
        let evaluate =
            ["evaluate", "--csv", "history.csv", "--policy", "lists.yaml", "--report", "lists.html"];
        let (_, json, _) = run(directory.path(), &[&evaluate[..], &["--output", "json"]].concat());
        for told in ["rule-from-there", "listed-indicator", "anonymous-network"] {
            assert!(json.contains(&format!("\"{told}\"")), "{told} is told");
        }
        run(directory.path(), &evaluate);
        assert_harmless("lists.html", &fs::read_to_string(at("lists.html")).unwrap());
    }
    let dom = browse(&at("lists.html"));
    assert_eq!((dom.matches("<script").count(), dom.matches("<img").count()), (0, 0));
    assert!(!dom.contains("<title>owned"));
}

#[test]
fn hostile_records_one_a_line() {
    let directory = tempfile::tempdir().unwrap();
    let record = |number: usize, field: &str, text: &str| {
        let mut record = json!({
            "Id": format!("0Ya5g0000000{number:03}"), "UserId": "0055g0000000001", "LoginTime": "2026-11-02T09:00:00.000+0000",
            "Status": "Success", "SourceIp": "198.18.1.7",
        });
        record[field] = text.into();
        record.to_string()
    };
    let fields = [
        "Id",
        "UserId",
        "LoginTime",
        "Status",
        "SourceIp",
        "LoginType",
        "LoginSubType",
        "Application",
        "Browser",
        "Platform",
        "TlsProtocol",
        "CipherSuite",
        "ForwardedForIp",
        "CountryIso",
        "LoginUrl",
        "ApiType",
        "ApiVersion",
        "ClientVersion",
    ];
    let endless = "z".repeat(1_000_000);
    let texts = || HOSTILE.into_iter().chain([endless.as_str()]);
    let lines: Vec<_> = fields
        .iter()
        .flat_map(|field| texts().map(move |text| (*field, text)))
        .enumerate()
        .map(|(number, (field, text))| record(number, field, text))
        .collect();
    fs::write(directory.path().join("history.jsonl"), lines.join("\n")).unwrap();
    for output in ["table", "json", "csv"] {
        let (code, _, _) =
            run(directory.path(), &["evaluate", "--jsonl", "history.jsonl", "--output", output]);
        assert_eq!(code, 2, "the endless lines cannot be used");
    }
}

/// Text in YAML, every character of it escaped: the parser itself refuses some of them.
fn escaped(text: &str) -> String {
    text.chars().fold("\"".to_owned(), |yaml, c| format!("{yaml}\\U{:08x}", u32::from(c))) + "\""
}

#[test]
fn a_hostile_policy_is_harmless_too() {
    let directory = tempfile::tempdir().unwrap();
    for text in HOSTILE {
        let quoted = escaped(text);
        let wrong = format!(
            "{quoted}: 1\nmode: {quoted}\nprotected: {{ users: [{quoted}] }}\ndetections: {{ {quoted}: 1 }}\n"
        );
        fs::write(directory.path().join("wrong.yaml"), wrong).unwrap();
        assert_eq!(run(directory.path(), &["policy", "check", "wrong.yaml"]).0, 2);
        assert_eq!(run(directory.path(), &["policy", "explain", "wrong.yaml"]).0, 2);
        let right = format!(
            "exemptions: [{{ user: {}, detections: [new-country], applications: [{quoted}], until: 2030-01-01, reason: {quoted} }}]\n\
             tests: [{{ name: {quoted}, logins: [{{ user: {quoted}, application: {quoted} }}], expect: [{{ detection: new-country, user: {quoted} }}] }}]\n",
            escaped(&format!("{text}@example.com"))
        );
        fs::write(directory.path().join("right.yaml"), right).unwrap();
        assert_eq!(run(directory.path(), &["policy", "check", "right.yaml"]).0, 0);
        assert_eq!(run(directory.path(), &["policy", "test", "right.yaml"]).0, 1);
        for more in [&["--user", "ada@example.com"][..], &["--detection", "new-country"]] {
            assert_eq!(run(directory.path(), &[&["policy", "explain", "right.yaml"], more].concat()).0, 0);
        }
    }
}

//! `warden pack`, and the data packs that a policy declares: what a person sees, and how it ends.

use std::fs;
use std::path::Path;

use crate::support::{outcome, warden};
use serde_json::Value;

/// Two packages as npm lays them, with a few rows of documentation's addresses.
fn packages(folder: &Path) {
    let tables = [
        ("asn", "198.51.100.0,198.51.100.255,14061,\"Digital\u{1b}[31mOcean, LLC\"\n"),
        ("geo-whois-asn-country", "198.51.100.0,198.51.100.255,NL\n"),
    ];
    for (name, table) in tables {
        let at = folder.join("node_modules/@ip-location-db").join(name);
        fs::create_dir_all(&at).unwrap();
        let described = format!("{{\"name\":\"@ip-location-db/{name}\",\"version\":\"2.3.2026061719\"}}");
        fs::write(at.join("package.json"), described).unwrap();
        fs::write(at.join(format!("{name}-ipv4.csv")), table).unwrap();
        fs::write(at.join(format!("{name}-ipv6.csv")), "").unwrap();
    }
}

fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    outcome(&warden(folder).args(arguments).output().unwrap())
}

#[test]
fn a_pack_is_built_shown_and_tells_its_licences() {
    let folder = tempfile::tempdir().unwrap();
    packages(folder.path());
    let build = ["pack", "build", "--from", "node_modules", "--to", "networks.pack"];
    let (code, out, err) = run(folder.path(), &build);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("CC-BY-4.0: IP address to autonomous system data by Route Views"), "{out}");
    let show = ["pack", "show", "networks.pack", "--ip", "198.51.100.7", "--ip", "192.0.2.1"];
    let (code, out, _) = run(folder.path(), &show);
    let last: Vec<_> = out.lines().rev().take(2).collect();
    assert_eq!(code, 0);
    assert_eq!(last[0], "192.0.2.1: nothing is known");
    assert!(
        last[1].starts_with("198.51.100.7: Digital")
            && last[1].ends_with("Ocean, LLC (AS14061), rents out machines, registered in NL"),
        "{out}"
    );
    assert!(!out.contains('\u{1b}'));
    let (_, out, _) = run(folder.path(), &[&show[..], &["--output", "json"]].concat());
    let said: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (&said["addresses"][0]["kind"], &said["addresses"][1]["asn"]),
        (&Value::from("hosting"), &Value::Null)
    );
    fs::write(folder.path().join("networks.pack"), "no pack").unwrap();
    let (code, _, err) = run(folder.path(), &show);
    assert!(code == 2 && err.contains("networks.pack: is no network pack"), "{err}");
}

#[test]
fn check_names_a_pack_that_cannot_be_used_by_the_line_that_declares_it() {
    let folder = tempfile::tempdir().unwrap();
    let policy = "packs:\n  - name: exits\n    kind: tor\n    path: tor.txt\n";
    fs::write(folder.path().join("policy.yaml"), policy).unwrap();
    let check = ["policy", "check", "policy.yaml"];
    let (code, out, _) = run(folder.path(), &check);
    assert_eq!(code, 2);
    assert!(out.starts_with("policy.yaml, line 4, packs[1].path: tor.txt: cannot be read: "), "{out}");
    fs::write(folder.path().join("tor.txt"), "evil.example\n").unwrap();
    let (code, out, _) = run(folder.path(), &check);
    assert!(
        code == 2 && out.contains("has no entry that can be used: tor.txt, line 1: `evil.example`"),
        "{out}"
    );
    fs::write(folder.path().join("tor.txt"), "198.51.100.7\nnonsense\n").unwrap();
    let (code, out, err) = run(folder.path(), &check);
    assert!(code == 0 && out.contains(": right"), "{out}");
    assert!(
        err.contains("Pack exits (tor): 1 entries of ")
            && err.contains("An entry of the pack `exits` cannot be used: tor.txt, line 2: "),
        "{err}"
    );
    assert!(err.contains("Off, because no data pack has what they look at (docs/packs.md): hosting-login, new-provider, listed-indicator"), "{err}");
    let wrong = "packs:\n  - { name: a, path: x, kind: tro }\n";
    fs::write(folder.path().join("policy.yaml"), wrong).unwrap();
    let (code, out, _) = run(folder.path(), &check);
    assert_eq!(code, 2);
    insta::assert_snapshot!(out, @"policy.yaml, line 2, packs[1].kind: `tro` may not stand here; did you mean `tor`?");
}

#[test]
fn a_login_that_a_list_names_is_found_and_without_the_list_it_is_said_what_is_off() {
    let folder = tempfile::tempdir().unwrap();
    let row = |time: &str, address: &str| {
        format!(
            "{{\"Id\":\"0Ya{time}\",\"UserId\":\"0055g00000AbCdEAAV\",\"LoginTime\":\"2026-11-{time}:00:00.000Z\",\
             \"LoginType\":\"Application\",\"Status\":\"Success\",\"SourceIp\":\"{address}\",\"Application\":\"Browser\",\
             \"Browser\":\"Chrome 141\",\"Platform\":\"Windows 11\"}}\n"
        )
    };
    let history = row("10T08", "198.51.100.7") + &row("11T08", "203.0.113.9");
    fs::write(folder.path().join("history.jsonl"), history).unwrap();
    fs::write(folder.path().join("iocs.txt"), "203.0.113.0/24 # seen by CERT\n").unwrap();
    let pack = "mode: contain\ncontainment: { minimum_severity: medium }\npacks:\n  - { name: cert, path: iocs.txt, kind: indicators, valid_from: 2026-11-01 }\n";
    fs::write(folder.path().join("policy.yaml"), pack).unwrap();
    let evaluate = ["evaluate", "--jsonl", "history.jsonl", "--output", "json"];
    let (code, out, err) = run(folder.path(), &[&evaluate[..], &["--policy", "policy.yaml"]].concat());
    assert_eq!(code, 1, "{err}");
    let said: Value = serde_json::from_str(&out).unwrap();
    let found = &said["findings"][0]["detections"][0];
    assert_eq!((&found["id"], &found["severity"]), (&Value::from("listed-indicator"), &Value::from("high")));
    assert_eq!(found["evidence"]["listed_by"], "seen by CERT");
    assert_eq!(said["findings"][0]["action"], "ask", "alone it contains nobody");
    let (code, out, _) = run(folder.path(), &evaluate);
    assert_eq!(code, 0, "{out}");
    let said: Value = serde_json::from_str(&out).unwrap();
    let off: Vec<_> =
        said["detections_off"].as_array().unwrap().iter().filter_map(|off| off["id"].as_str()).collect();
    assert!(off.contains(&"listed-indicator") && off.contains(&"hosting-login"), "{off:?}");
}

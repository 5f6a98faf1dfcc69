//! An organisation's own rules: what the policy says of them, and what a person sees.

use std::fs;
use std::path::Path;

use crate::support::{outcome, warden};
use serde_json::Value;

const RULES: &str = "
title: A script of ours
id: 8b2f0f5e-0a1b-4c7e-9f66-0d3b7c1b5a11
logsource: { product: salesforce, service: login }
detection: { script: { client.browser|startswith: python-requests }, condition: script }
level: high
---
title: A weekend login
name: weekend
logsource: { product: salesforce, service: login }
detection: { odd: { application: Weekender }, condition: odd }
";
const POLICY: &str = "mode: observe
own_rules:
  files: [rules.yaml]
  modes:
    rule-8b2f0f5e-0a1b-4c7e-9f66-0d3b7c1b5a11: contain
    rule-weekend: off
exemptions:
  - { user: bob@example.com, detections: [rule-8b2f0f5e-0a1b-4c7e-9f66-0d3b7c1b5a11], until: 2026-06-30, reason: migration }
tests:
  - name: a script is contained
    logins: [{ user: ada@example.com, browser: python-requests/2.32 }]
    expect: [{ detection: rule-8b2f0f5e-0a1b-4c7e-9f66-0d3b7c1b5a11, action: contain }]
  - name: the migration is no alarm
    logins: [{ user: bob@example.com, browser: python-requests/2.32 }]
    quiet: [rule-8b2f0f5e-0a1b-4c7e-9f66-0d3b7c1b5a11]
  - name: what is off is quiet
    logins: [{ user: ada@example.com, application: Weekender }]
    quiet: [rule-weekend]
";
const HISTORY: &str =
    "Login Time,Username,Source IP,Login Type,Status,Browser,Platform,Application,Country Code
2026-06-01T09:00:00Z,ada@example.com,198.51.100.7,Application,Success,python-requests/2.32,Linux,Browser,FR
2026-06-01T09:05:00Z,bob@example.com,198.51.100.8,Application,Success,python-requests/2.32,Linux,Browser,FR
2026-06-01T09:06:00Z,cyd@example.com,198.51.100.9,Application,Success,Chrome 141,Windows 11,Weekender,FR
";

fn run(folder: &Path, policy: &str, arguments: &[&str]) -> (i32, String, String) {
    fs::write(folder.join("rules.yaml"), RULES).unwrap();
    fs::write(folder.join("policy.yaml"), policy).unwrap();
    fs::write(folder.join("history.csv"), HISTORY).unwrap();
    outcome(&warden(folder).args(arguments).output().unwrap())
}

#[test]
fn a_rule_has_a_mode_and_exemptions_like_any_detection() {
    let folder = tempfile::tempdir().unwrap();
    let evaluate = ["evaluate", "--csv", "history.csv", "--policy", "policy.yaml", "--output", "json"];
    let (code, out, err) = run(folder.path(), POLICY, &evaluate);
    assert_eq!(code, 1, "{err}");
    let said: Value = serde_json::from_str(&out).unwrap();
    let rules = |finding: &Value| {
        let all = finding["detections"].as_array().unwrap().iter();
        all.filter(|one| one["id"].as_str().unwrap().starts_with("rule-")).cloned().collect::<Vec<_>>()
    };
    let of = |user: &str| {
        let mut all = said["findings"].as_array().unwrap().iter();
        all.find(|finding| finding["username"] == user).cloned()
    };
    let ada = of("ada@example.com").unwrap();
    assert_eq!((&ada["action"], &rules(&ada)[0]["severity"]), (&"contain".into(), &"high".into()));
    let excused =
        of("bob@example.com").iter().all(|bob| rules(bob).iter().all(|rule| rule["severity"] == "info"));
    assert!(excused, "{out}");
    let off = of("cyd@example.com").is_none_or(|cyd| rules(&cyd).is_empty());
    assert!(off, "{out}");
    let (code, out, err) = run(folder.path(), POLICY, &["policy", "test", "policy.yaml"]);
    assert_eq!(code, 0, "{out}{err}");
}

#[test]
fn check_knows_the_rules_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let check = |policy: &str| run(folder.path(), policy, &["policy", "check", "policy.yaml"]);
    let (code, out, err) = check(POLICY);
    assert!(code == 0 && out.contains("policy.yaml: right"), "{out}{err}");
    let slips = POLICY
        .replace("rule-weekend: off", "rule-weekned: off")
        .replace("quiet: [rule-weekend]", "quiet: [rule-week-end]");
    let (code, out, _) = check(&slips);
    assert_eq!(code, 2);
    insta::assert_snapshot!(out, @"
    policy.yaml, line 6, own_rules.modes.rule-weekned: no rule that was read is called `rule-weekned`; did you mean `rule-weekend`?
    policy.yaml, line 18, tests[3].quiet[1]: no rule that was read is called `rule-week-end`; did you mean `rule-weekend`?
    ");
    let (code, out, _) = check(&POLICY.replace("[rules.yaml]", "[rules.yaml, rulez.yaml]"));
    assert!(
        code == 2 && out.starts_with("policy.yaml, line 3, own_rules.files[2]: rulez.yaml: cannot be read"),
        "{out}"
    );
    let (code, out, _) = check(&POLICY.replace("[rules.yaml]", "[rules.yaml, rules.yaml]"));
    assert!(code == 2 && out.contains("two rules are called rule-8b2f0f5e"), "{out}");
    let undeclared = POLICY.replace("files: [rules.yaml]", "files: []");
    assert_eq!(check(&undeclared).0, 2, "it speaks of rules that nobody declares");
    let (code, _, err) =
        run(folder.path(), &undeclared, &["policy", "check", "policy.yaml", "--rules", "rules.yaml"]);
    assert_eq!(code, 0, "{err}");
    let evaluate = ["evaluate", "--csv", "history.csv", "--policy", "policy.yaml"];
    let (code, _, err) = run(folder.path(), &slips, &evaluate);
    assert!(code == 2 && err.contains("did you mean `rule-weekend`?"), "{err}");
}

#[test]
fn explain_tells_a_rule_as_it_tells_a_detection() {
    let folder = tempfile::tempdir().unwrap();
    let explain = ["policy", "explain", "policy.yaml", "--user", "bob@example.com", "--detection"];
    let explain = |id: &str| run(folder.path(), POLICY, &[&explain[..], &[id]].concat());
    let (code, out, _) = explain("rule-8b2f0f5e-0a1b-4c7e-9f66-0d3b7c1b5a11");
    assert_eq!(code, 0);
    let before = out.split_once("Exempt (").unwrap().0;
    insta::assert_snapshot!(before, @"
    bob@example.com: nothing is said of this user.
    rule-8b2f0f5e-0a1b-4c7e-9f66-0d3b7c1b5a11 (A script of ours)
    Mode contain: own_rules.modes.rule-8b2f0f5e-0a1b-4c7e-9f66-0d3b7c1b5a11, line 5.
    It contains by itself when it says high, under the caps.
    ");
    assert!(out.contains("user bob@example.com, until 2026-07-01T00:00:00Z, line 8: migration"), "{out}");
    let (code, _, err) = explain("rule-weekned");
    assert!(code == 2 && err.contains("did you mean `rule-weekend`?"), "{err}");
    let (_, out, _) = run(folder.path(), POLICY, &["policy", "explain", "policy.yaml", "--output", "json"]);
    let all: Value = serde_json::from_str(&out).unwrap();
    let ids: Vec<_> = all["detections"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect();
    assert!(ids.contains(&"rule-weekend".into()) && ids.len() > 50);
}

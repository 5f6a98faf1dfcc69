//! `warden policy`: what a person sees, and how it ends.

use std::fs;

use crate::support::{outcome, warden};
use serde_json::Value;

fn policy(directory: &std::path::Path, yaml: &str, arguments: &[&str]) -> (i32, String, String) {
    fs::write(directory.join("policy.yaml"), yaml).unwrap();
    let (command, more) = arguments.split_first().unwrap();
    outcome(&warden(directory).args(["policy", command, "policy.yaml"]).args(more).output().unwrap())
}

#[test]
fn check_names_every_mistake_and_ends_with_two() {
    let directory = tempfile::tempdir().unwrap();
    let (code, out, _) = policy(directory.path(), "mode: contian\ncaps:\n  per_huor: 5\n", &["check"]);
    assert_eq!(code, 2);
    insta::assert_snapshot!(out, @"
    policy.yaml, line 1, mode: `contian` may not stand here; did you mean `contain`?
    policy.yaml, line 3, caps.per_huor: there is no such key; did you mean `per_hour`?
    ");
    let (code, out, _) = policy(directory.path(), "mode: contian\n", &["check", "--output", "json"]);
    let said: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &said["faults"][0]["did_you_mean"]), (2, &Value::from("contain")));
    let over = "exemptions: [{ user: a@b.example, detections: [new-country], until: 2020-01-01, reason: r }]";
    let (code, out, err) = policy(directory.path(), over, &["check"]);
    assert!(
        code == 0 && out.contains(": right") && err.contains("line 1: this exemption is over"),
        "{out}{err}"
    );
}

#[test]
fn test_ends_with_one_where_something_is_not_as_expected() {
    let directory = tempfile::tempdir().unwrap();
    let yaml = "tests:\n  - { name: a quiet day, logins: [{}] }\n  - { name: \"\\e[31mred\", logins: [{}], expect: [{ detection: new-country }] }\n";
    let (code, out, err) = policy(directory.path(), yaml, &["test"]);
    assert_eq!(code, 1, "{err}");
    assert!(out.starts_with("passed  a quiet day\nFAILED  ") && !out.contains('\u{1b}'), "{out:?}");
    assert!(
        out.contains("expected new-country, found nothing") && err.contains("2 tests, 1 failed"),
        "{out}{err}"
    );
    assert_eq!(policy(directory.path(), "mode: ask", &["test"]).0, 2, "a policy without tests shows nothing");
}

#[test]
fn explain_tells_one_detection_with_everything() {
    let directory = tempfile::tempdir().unwrap();
    let yaml = "mode: contain\ndetections: { interleaved-failure: { parameters: { failures: 4 } } }\n";
    let arguments = ["explain", "--user", "ada@example.com", "--detection", "interleaved-failure"];
    let (code, out, _) = policy(directory.path(), yaml, &arguments);
    assert_eq!(code, 0);
    insta::assert_snapshot!(out, @"
    ada@example.com: nothing is said of this user.
    interleaved-failure (The owner is in, and somebody else fails in his name)
    Mode contain: mode, line 1, which holds for every detection without its own.
    It contains only together with others: it says at most low, and containment.minimum_severity is high.
      window = 10m (default): The failure comes no later than this after the success.
      failures = 4 (line 2): Wrong passwords after that success.
    ");
    let (_, out, _) = policy(directory.path(), yaml, &["explain", "--output", "json"]);
    let all: Value = serde_json::from_str(&out).unwrap();
    assert!(all["detections"].as_array().unwrap().len() > 50);
    let (code, out, _) = policy(directory.path(), yaml, &["explain"]);
    assert!(code == 0 && out.contains("failures 4"), "{out}");
    let levels = out.split("Level").nth(1).unwrap();
    assert!(levels.contains("app") && levels.contains("a person asks, and two agree"), "{out}");
    assert_eq!(policy(directory.path(), yaml, &["explain", "--detection", "nothing"]).0, 2);
}

#[test]
fn push_puts_in_force_what_passes_its_own_tests() {
    let directory = tempfile::tempdir().unwrap();
    let push = |yaml: &str| {
        policy(directory.path(), yaml, &["push", "--store", "sqlite:warden.sqlite", "--output", "json"])
    };
    let number = |out: &str| serde_json::from_str::<Value>(out).unwrap()["number"].as_u64();
    for (yaml, expected) in [("mode: ask\n", 1), ("mode: contain\n", 2), ("mode: contain\n", 2)] {
        let (code, out, err) = push(yaml);
        assert_eq!((code, number(&out)), (0, Some(expected)), "{err}");
    }
    let wrong =
        "mode: contain\ntests:\n  - { name: quiet, logins: [{}], expect: [{ detection: new-country }] }\n";
    let (code, _, err) = push(wrong);
    assert!(code == 2 && err.contains("`quiet` fails, so it is not put in force"), "{err}");
}

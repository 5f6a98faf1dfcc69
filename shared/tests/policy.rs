//! The policy file that people start from, and the mistakes they make in it.

use jiff::SignedDuration;
use session_warden::detection::Severity;
use session_warden::policy::{Mode, Policy, Standing};

const DEFAULT: &str = include_str!("../../infra/policy.yaml");

#[test]
fn the_documented_policy_is_the_default() {
    assert_eq!(Policy::parse(DEFAULT).unwrap(), Policy::default());
    assert_eq!(Policy::parse("{}").unwrap().hash(), Policy::default().hash());
}

#[test]
fn by_default_nothing_acts() {
    assert_eq!(Policy::default().mode, Mode::Observe);
}

#[test]
fn an_unknown_key_is_an_error_that_names_its_line() {
    let error = Policy::parse("mode: observe\ncaps:\n  per_huor: 5\n").unwrap_err().to_string();
    assert!(error.contains("per_huor") && error.contains("line 3"), "{error}");
    let error = Policy::parse("detections:\n  brute-farce:\n    mode: contain\n").unwrap_err().to_string();
    assert!(error.contains("brute-farce") && error.contains("line 2"), "{error}");
    let error =
        Policy::parse("detections:\n  sso-bypass:\n    parameters:\n      sso_login: 1\n").unwrap_err();
    assert!(error.to_string().contains("line 4"), "{error}");
}

#[test]
fn a_value_that_makes_no_sense_names_its_key() {
    let cases = [
        ("caps: { percent_of_active_users: 140 }", "caps.percent_of_active_users"),
        ("containment: { level: org }", "containment.level"),
        ("containment: { max_age: 0s }", "containment.max_age"),
        ("containment: { attempts: 0 }", "containment.attempts"),
        ("protected: { users: [Ada Lovelace] }", "Ada Lovelace"),
        (
            "exemptions: [{ detections: [new-contry], user: a@b.example, until: 2026-12-01, reason: r }]",
            "`new-contry`",
        ),
        ("exemptions: [{ detections: [new-country], until: 2026-12-01, reason: r }]", "hold for everybody"),
        (
            "exemptions: [{ detections: [new-country], user: a@b.example, until: soon, reason: r }]",
            "`soon` is no time",
        ),
        ("exemptions: [{ detections: [new-country], user: a@b.example, reason: r }]", "until"),
    ];
    for (yaml, key) in cases {
        let error = Policy::parse(yaml).unwrap_err().to_string();
        assert!(error.contains(key), "{yaml}: {error}");
    }
    assert!(Policy::parse("mode: attack").unwrap_err().to_string().contains("attack"));
}

#[test]
fn what_is_written_is_what_is_in_force() {
    let policy = Policy::parse(
        "mode: ask
containment: { minimum_severity: critical, max_age: 2h }
protected: { users: [Ada@Example.com], break_glass: [root@example.com] }
egress: { declared: [198.18.0.0/16] }
detections: { sso-bypass: { mode: contain } }",
    )
    .unwrap();
    assert_eq!(policy.containment.minimum_severity, Severity::Critical);
    assert_eq!(policy.containment.max_age, SignedDuration::from_hours(2));
    assert_eq!(policy.mode_of("sso-bypass"), Mode::Contain);
    assert_eq!(policy.mode_of("new-application"), Mode::Ask);
    assert_eq!(policy.standing("005x", "ada@example.COM"), Standing::Protected);
    assert_eq!(policy.standing("005x", "root@example.com"), Standing::BreakGlass);
    assert_eq!(policy.standing("005x", "bob@example.com"), Standing::Ordinary);
    assert_ne!(policy.hash(), Policy::default().hash());
}

#[test]
fn a_protected_id_holds_in_both_its_forms() {
    for entry in ["005A0000006Vm9r", "005A0000006Vm9rIAC"] {
        let policy = Policy::parse(&format!("protected: {{ users: [{entry}] }}")).unwrap();
        let id = session_warden::observation::UserId::new("005A0000006Vm9r");
        assert_eq!(policy.standing(id.as_str(), ""), Standing::Protected, "{entry}");
    }
}

use super::fields::{LOGIN_FIELDS, SESSION_FIELDS};
use std::io::Write;

use super::*;
use crate::detection::Severity;
use crate::detection::detections::world::{LAGOS, World};

const RULE: &str = "
title: A script from a new network at night
id: 8b2f0f5e-0a1b-4c7e-9f66-0d3b7c1b5a11
description: Nobody of ours writes scripts at night.
logsource: { product: salesforce, service: login }
detection:
  selection:
    login.outcome: success
    client.browser|startswith: Chrome
    source.is_new: true
    source.ip|cidr: 198.19.0.0/16
  usual:
    source.country: FR
  condition: selection and not usual
level: high
tags: [attack.t1078, attack.initial-access]
";

fn read(yaml: &str) -> Result<Vec<Box<dyn Detection>>, String> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(yaml.as_bytes()).unwrap();
    read_rules(file.path()).map_err(|error| {
        let told = error.to_string();
        told.replace(&file.path().display().to_string(), "rules.yaml")
    })
}

fn refused(yaml: &str) -> String {
    read(yaml).err().unwrap_or_default()
}

#[test]
fn a_rule_is_a_detection_like_any_other() {
    let rules = read(RULE).unwrap();
    let about = rules[0].about();
    assert_eq!(about.id, "rule-8b2f0f5e-0a1b-4c7e-9f66-0d3b7c1b5a11");
    assert_eq!((about.severity, about.mitre), (Severity::High, &["T1078"][..]));
    let mut world = World::with_office_workers();
    world.with_rules(rules);
    let hits = world.hits_at("ada", "198.19.200.9", LAGOS, 5);
    let hit = &hits[about.id];
    assert_eq!(hit.seen, "Your own rule “A script from a new network at night” matched.");
    let finding = world.findings().into_iter().find(|finding| finding.user_id.is_some()).unwrap();
    assert!(finding.detections.iter().any(|detected| detected.title == about.title));
    for (address, minute) in [("198.18.1.7", 6), ("203.0.113.9", 7)] {
        assert!(!world.hits_at("ada", address, LAGOS, minute).contains_key(about.id), "{address}");
    }
}

#[test]
fn sessions_have_fields_of_their_own() {
    let rule = "
title: A weak session
logsource: { product: salesforce, service: session }
detection: { weak: { session.security_level: LOW }, condition: weak }
";
    let mut world = World::with_office_workers();
    world.with_rules(read(rule).unwrap());
    let mut session = world.session("ada", "198.18.1.7", "198.18.1.7", "UI", 5);
    session.security_level = "LOW".into();
    let hits = world.judge(crate::observation::Observation::Session(Box::new(session)));
    assert_eq!(hits["rule-a-weak-session"].severity, Severity::Medium);
    assert!(
        refused(&rule.replace("session.security_level", "login.status"))
            .contains("which a session does not have")
    );
}

#[test]
fn what_is_not_supported_is_named() {
    let with = |from: &str, to: &str| refused(&RULE.replace(from, to));
    let told = with("client.browser|startswith", "client.browzer|startswith");
    assert_eq!(
        told,
        "rules.yaml, line 9, rule “A script from a new network at night”: `selection` uses `client.browzer`, which a \
         login does not have; did you mean `client.browser`?"
    );
    assert!(
        with("product: salesforce", "product: okta").contains("its logsource needs `product: salesforce`")
    );
    assert!(
        with("  usual:\n    source.country: FR", "  timeframe: 5m\n  usual:\n    source.country: FR")
            .contains("`timeframe`")
    );
    assert!(with("  usual:\n    source.country: FR", "  usual: [FR, DE]").contains("keywords"));
    assert_eq!(
        with("selection and not usual", "selection | count() > 5"),
        "rules.yaml, line 14, rule “A script from a new network at night”: the condition counts over several events \
         (`| count() > 5`), which is not supported: a rule sees one event; what takes several is what the built-in \
         detections are for"
    );
    assert_eq!(
        with("|startswith", "|startsvith"),
        "rules.yaml, line 9, rule “A script from a new network at night”: `selection` uses the modifier `startsvith` in \
         `client.browser|startsvith`, which Sigma does not have; did you mean `startswith`?"
    );
    assert_eq!(
        with("level: high", "level: severe"),
        "rules.yaml, line 15, rule “A script from a new network at night”: is no Sigma rule: invalid level: 'severe'"
    );
    assert_eq!(
        with("selection and not usual", "selection and and usual"),
        "rules.yaml, line 14, rule “A script from a new network at night”: the condition cannot be read from its character \
         15 on: expected quantifier, ident, or not_op"
    );
    assert_eq!(
        with("selection and not usual", "selection and not ususal"),
        "rules.yaml, line 14, rule “A script from a new network at night”: cannot be used: unknown detection \
         identifier: ususal; did you mean `usual`?"
    );
    let cidr = with("198.19.0.0/16", "198.19.0.0/99");
    assert!(
        cidr.starts_with("rules.yaml, line 11, rule")
            && cidr.contains("`selection` cannot use `source.ip` so: "),
        "{cidr}"
    );
    let regex = with("browser|startswith: Chrome", "browser|re: '('");
    assert!(regex.starts_with("rules.yaml, line 9, rule") && !regex.contains('\n'), "{regex}");
    let correlated = format!(
        "{RULE}---\ntitle: Many\ncorrelation:\n  type: event_count\n  rules: [8b2f0f5e-0a1b-4c7e-9f66-0d3b7c1b5a11]\n  \
         group-by: [user.id]\n  timespan: 1h\n  condition: {{ gte: 3 }}\n"
    );
    assert!(
        refused(&correlated).starts_with("rules.yaml, line 19, rule “Many”: a correlation is not supported"),
        "{}",
        refused(&correlated)
    );
    assert!(refused("just: text\n").starts_with("rules.yaml, line 1: is no Sigma rule: "));
    assert!(refused("title: [\n").starts_with("rules.yaml: is no Sigma rule: "));
    assert!(read_rules(Path::new("nowhere.yaml")).is_err());
}

/// Such a rule would never match, and be taken for one that watches.
#[test]
fn a_value_that_no_event_has_is_named_with_what_was_meant() {
    let with = |from: &str, to: &str| refused(&RULE.replace(from, to));
    assert_eq!(
        with("source.is_new: true", "source.is_new: yes"),
        "rules.yaml, line 10, rule “A script from a new network at night”: `selection` looks for `yes` in `source.is_new`, \
         which holds true where the network is new for this user, who has a history; else false; did you mean `true`?"
    );
    let cases = [
        ("login.outcome: success", "login.outcome: sucess", "line 8", "did you mean `success`?"),
        (
            "login.outcome: success",
            "login.outcome: [success, \"locked out\"]",
            "line 8",
            "did you mean `locked_out`?",
        ),
        ("login.outcome: success", "login.outcome|endswith: _errror", "line 8", "other_failure"),
        ("login.outcome: success", "login.path: sso", "line 8", "which holds password, single_sign_on"),
        ("login.outcome: success", "login.hour: 24", "line 8", "0 to 23"),
        ("login.outcome: success", "login.hour|gte: 30", "line 8", "0 to 23"),
        ("source.country: FR", "source.country: France", "line 13", "did you mean `FR`?"),
        ("source.country: FR", "source.country: [FR, UK]", "line 13", "did you mean `GB`?"),
        (
            "source.ip|cidr: 198.19.0.0/16",
            "source.ip: 198.19.0.0/16",
            "line 11",
            "did you mean `source.ip|cidr`?",
        ),
    ];
    for (from, to, line, expected) in cases {
        let told = with(from, to);
        assert!(
            told.starts_with(&format!("rules.yaml, {line}, rule")) && told.contains(expected),
            "{to}: {told}"
        );
    }
    for (from, to) in [
        ("login.outcome: success", "login.outcome: SUCCESS"),
        ("login.outcome: success", "login.outcome|contains: fail"),
        ("login.outcome: success", "login.outcome|re: ^(success|challenged)$"),
        ("login.outcome: success", "login.outcome: '*'"),
        ("login.outcome: success", "login.hour|gte: 22"),
        ("source.country: FR", "source.country: [fr, null]"),
        ("source.country: FR", "source.country|exists: true"),
        ("source.is_new: true", "source.is_new: false"),
    ] {
        assert_eq!(with(from, to), "", "{to}");
    }
    let session = "
title: A weak session
logsource: { product: salesforce, service: session }
detection: { weak: { session.security_level: LOW }, condition: weak }
";
    assert!(refused(&session.replace("LOW", "WEAK")).contains("LOW, STANDARD or HIGH_ASSURANCE"));
}

#[test]
fn a_key_that_is_almost_one_that_means_something_is_named() {
    let with = |from: &str, to: &str| refused(&RULE.replace(from, to));
    assert_eq!(
        with("level: high", "levle: high"),
        "rules.yaml, line 15, rule “A script from a new network at night”: there is no key `levle`; did you mean `level`? \
         (an attribute of your own stands below `custom_attributes`)"
    );
    assert!(with("level: high", "Level: high").contains("did you mean `level`?"));
    assert!(with("detection:", "detecton:").starts_with("rules.yaml, line 6, rule"));
    assert!(with("\ntitle:", "\ntitel:").contains("line 2: there is no key `titel`; did you mean `title`?"));
    assert!(with("  condition:", "  conditon:").contains(
        "line 14, rule “A script from a new network at night”: there is no condition, but `conditon`"
    ));
    assert_eq!(with("level: high", "level: high\nowner: the desk"), "", "that is an attribute of their own");
    assert_eq!(with("level: high", "level: high\ncustom_attributes: { levle: 7 }"), "");
    let second = format!("{RULE}---\n{}", RULE.replace("level:", "levle:").replace("5a11", "5a12"));
    assert!(refused(&second).starts_with("rules.yaml, line 32, rule"), "{}", refused(&second));
}

#[test]
fn what_documents_share_is_a_part_of_each() {
    let shared = "action: global\nlogsource: { product: salesforce, service: login }\nlevel: low\n";
    let rule = |title: &str, outcome: &str| {
        format!("---\ntitle: {title}\ndetection: {{ a: {{ login.outcome: {outcome} }}, condition: a }}\n")
    };
    let rules = read(&format!("{shared}{}{}", rule("One", "success"), rule("Two", "challenged"))).unwrap();
    assert_eq!(rules.iter().map(|rule| rule.about().severity).collect::<Vec<_>>(), [Severity::Low; 2]);
    let told = refused(&format!("{shared}{}{}", rule("One", "success"), rule("Two", "chalenged")));
    assert!(told.starts_with("rules.yaml, line 9, rule “Two”: "), "{told}");
}

/// Rules name fields by these tables: an event has each of them and no other.
#[test]
fn events_have_the_documented_fields() {
    let mut world = World::with_office_workers();
    let login = world.login("ada", "198.18.1.7", 5);
    let session = world.session("ada", "198.18.1.7", "198.18.1.7", "UI", 5);
    let (policy, profiles) = (crate::policy::Policy::default(), crate::detection::Profiles::default());
    let seen = crate::observation::Observation::Login(Box::new(login.clone()));
    let event = std::cell::OnceCell::new();
    let view = crate::detection::View::of([&profiles, &profiles], &policy, &seen, None, &event);
    let names = |event: serde_json::Value| {
        let mut names: Vec<_> = event.as_object().unwrap().keys().cloned().collect();
        names.sort();
        names
    };
    let documented = |fields: &[(&str, &str)]| {
        let mut names: Vec<_> = fields.iter().map(|(name, _)| (*name).to_owned()).collect();
        names.sort();
        names
    };
    assert_eq!(names(event::login(&view, &login)), documented(&LOGIN_FIELDS));
    assert_eq!(names(event::session(&view, &session)), documented(&SESSION_FIELDS));
}

#[test]
fn the_page_tells_every_field() {
    let page = include_str!("../../../docs/own-rules.md");
    let rows: Vec<_> = page.lines().filter(|line| line.starts_with("| `")).map(str::to_owned).collect();
    let fields = LOGIN_FIELDS.iter().chain(&SESSION_FIELDS);
    assert_eq!(rows, fields.map(|(name, holds)| format!("| `{name}` | {holds} |")).collect::<Vec<_>>());
}

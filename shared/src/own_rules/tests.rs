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
        "rules.yaml, rule “A script from a new network at night”: `selection` uses `client.browzer`, which a login does \
         not have; did you mean `client.browser`?"
    );
    assert!(
        with("product: salesforce", "product: okta").contains("its logsource needs `product: salesforce`")
    );
    assert!(
        with("  usual:\n    source.country: FR", "  timeframe: 5m\n  usual:\n    source.country: FR")
            .contains("`timeframe`")
    );
    assert!(with("  usual:\n    source.country: FR", "  usual: [FR, DE]").contains("keywords"));
    assert!(with("selection and not usual", "selection | count() > 5").contains("rules.yaml"));
    assert!(with("|startswith", "|startsvith").contains("startsvith"));
    let correlated = format!(
        "{RULE}---\ntitle: Many\ncorrelation:\n  type: event_count\n  rules: [8b2f0f5e-0a1b-4c7e-9f66-0d3b7c1b5a11]\n  \
         group-by: [user.id]\n  timespan: 1h\n  condition: {{ gte: 3 }}\n"
    );
    assert!(
        refused(&correlated).contains("the correlation “Many” is not supported"),
        "{}",
        refused(&correlated)
    );
    assert!(refused("just: text\n").starts_with("rules.yaml: is no Sigma rule: "));
    assert!(read_rules(Path::new("nowhere.yaml")).is_err());
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

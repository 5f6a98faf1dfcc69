//! The policy file that people start from, and the mistakes they make in it.

use jiff::SignedDuration;
use session_warden::detection::{Severity, card};
use session_warden::policy::{Mode, Policy, PolicyError, PolicyText, Standing, explain};

const DEFAULT: &str = include_str!("../../../infra/policy.yaml");

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
fn words_that_other_yaml_takes_for_truth_values_are_words() {
    let policy = Policy::parse(
        "mode: off
detections: { new-country: { mode: off } }
exemptions: [{ detections: [new-country], countries: [NO], networks: [198.51.100.0/24], until: 2026-12-01, reason: r }]
protected: { users: [005000000000123] }",
    )
    .unwrap();
    assert_eq!((policy.mode, policy.mode_of("new-country")), (Mode::Off, Mode::Off));
    assert_eq!(policy.exemptions[0].countries[0].to_string(), "NO");
    assert_eq!(policy.protected.users, ["005000000000123"]);
}

#[test]
fn a_mistake_behind_another_stands_on_its_own_line() {
    let Err(PolicyError::Wrong(faults)) =
        Policy::parse("protected:\n  users:\n    - { a: 1 }\n    - good@example.com\n    - nobody\n")
    else {
        panic!("two entries are wrong")
    };
    assert_eq!(faults.iter().map(|fault| fault.line).collect::<Vec<_>>(), [3, 5]);
}

#[test]
fn a_test_that_would_never_end_is_a_mistake() {
    for logins in ["{ every: 90000000h }", "{ times: 4000000000 }", "{ every: -1h }"] {
        let policy = format!("tests: [{{ name: n, logins: [{logins}] }}]");
        assert!(matches!(Policy::parse(&policy), Err(PolicyError::Wrong(_))), "{logins}");
    }
    assert!(Policy::parse("tests: [{ name: n, usual: [{ days: 5000000 }], logins: [{}] }]").is_err());
    let policy = Policy::parse("tests: [{ name: n, logins: [{ times: 3 }] }]").unwrap();
    assert!(policy.test(Vec::new())[0].failures.is_empty());
}

/// Every kind of mistake, and what a person reads about it.
#[test]
fn each_mistake_names_its_line_its_key_and_what_was_meant() {
    let policy = "mode: contian
caps:
  per_huor: 5
  per_day: many
  percent_of_active_users: 140
containment:
  level: org
  attempts: 0
  modes: { app: contain, org: observe, user: aks }
  max_age: 24
  minimum_severity: grave
protected:
  users: [ada@example.com, Ada Lovelace]
integrations:
  - user: sync
    contain: allow
  - user: etl@example.com
    networks: [203.0.113.0/33]
egress: []
exemptions:
  - detections: [new-country, imposible-travel]
    user: ada@example.com
    until: 2026-12-01
    reason: a journey
  - { detections: [new-country], until: 2026-12-01, reason: r }
  - { detections: [new-country], user: a@b.example, until: soon, reason: r }
  - { detections: [new-country], user: a@b.example, reason: r }
detections:
  brute-farce: { mode: contain }
  sso-bypass:
    parameters: { sso_login: 1 }
  brute-force:
    parameters: { failures: 0, window: -1h }
  new-network: { mode: loud }
tests:
  - name: nothing
    logins: []
    expect: [{ detection: brute-farce }]
own_rules:
  file: [rules.yaml]
  modes: { rule-nightly: lound, new-network: ask, nightly: ask }
packs:
  - { name: tor, path: tor.txt, kind: tro }
  - { name: tor, path: tor.txt, kind: tor, maxage: 1h }
  - { name: tor, path: \"\", kind: vpn, max_age: -1h, valid_from: 2026-12-01, valid_until: 2026-11-01 }
cheese: yes
";
    let Err(PolicyError::Wrong(faults)) = Policy::parse(policy) else { panic!("it is full of mistakes") };
    let told: Vec<_> = faults.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    line 1, mode: `contian` may not stand here; did you mean `contain`?
    line 3, caps.per_huor: there is no such key; did you mean `per_hour`?
    line 4, caps.per_day: found string "many", but a whole number, 0 or more is needed
    line 5, caps.percent_of_active_users: 140 is no percentage from 0 to 100
    line 7, containment.level: automatic containment acts on `session` or `user`, not on `org`
    line 8, containment.attempts: 0 is no number from 1 to 10
    line 9, containment.modes.user: `aks` may not stand here; did you mean `ask`?
    line 9, containment.modes.app: two people decide about more than one user: `ask`, or `off` for never
    line 9, containment.modes.org: two people decide about more than one user: `ask`, or `off` for never
    line 10, containment.max_age: found integer `24`, but a duration such as 24h or 15m is needed
    line 11, containment.minimum_severity: `grave` may not stand here; known are info, low, medium, high, critical
    line 13, protected.users[2]: `Ada Lovelace` names no account: a username (it contains an @) or a user id (005…, 15 or 18 characters) is needed
    line 16, integrations[1].contain: `allow` may not stand here; did you mean `allowed`?
    line 18, integrations[2].networks[1]: a network such as 203.0.113.0/24 is needed
    line 19, egress: found a list, but a section with keys is needed
    line 21, exemptions[1].detections[2]: `imposible-travel` is no detection; did you mean `impossible-travel`?
    line 25, exemptions[2]: it names no user, network or application, and would hold for everybody: an entry needs detections, a reason, `until`, and a user, networks or applications
    line 26, exemptions[3].until: `soon` is no time: write a date such as 2026-12-01 (UTC), or an instant such as 2026-12-01T08:00:00Z
    line 27, exemptions[4]: missing field `until`
    line 29, detections.brute-farce: there is no such key; did you mean `brute-force`?
    line 31, detections.sso-bypass.parameters.sso_login: there is no such key; did you mean `sso_logins`?
    line 33, detections.brute-force.parameters.failures: 0 would speak of everything, or never; mode: off turns it off
    line 33, detections.brute-force.parameters.window: a duration above zero is needed, for example 15m
    line 34, detections.new-network.mode: `loud` may not stand here; known are off, observe, ask, contain
    line 36, tests[1]: it has no logins: nothing could be found
    line 38, tests[1].expect[1].detection: `brute-farce` is no detection; did you mean `brute-force`?
    line 40, own_rules.file: there is no such key; did you mean `files`?
    line 41, own_rules.modes.rule-nightly: `lound` may not stand here; known are off, observe, ask, contain
    line 41, own_rules.modes.new-network: `new-network` is no own rule: its mode stands below `detections`
    line 41, own_rules.modes.nightly: `nightly` is no own rule, whose id begins with `rule-`
    line 43, packs[1].kind: `tro` may not stand here; did you mean `tor`?
    line 44, packs[2].maxage: there is no such key; did you mean `max_age`?
    line 45, packs[3].name: a name that no entry before has is needed
    line 45, packs[3].path: the path of a file is needed
    line 45, packs[3].valid_until: it ends before it begins
    line 45, packs[3].max_age: a duration above zero is needed, for example 24h
    line 46, cheese: there is no such key; known are mode, containment, caps, protected, approvers, approvals, notices, review, drill, evidence, integrations, egress, packs, own_rules, exemptions, detections, tests
    "#);
}

#[test]
fn a_list_is_no_section() {
    for yaml in [
        "- contain",
        "caps: [50, 500, 2000, 100.0, 2, 1]",
        "containment: [low]",
        "protected: [[ceo@example.com]]",
        "detections: { new-country: [contain] }",
        "detections: { brute-force: { parameters: [3] } }",
        "integrations: [[a@example.com, allowed, []]]",
        "tests: [{ name: n, logins: [[ada@example.com]] }]",
    ] {
        let told = Policy::parse(yaml).unwrap_err().to_string();
        assert!(told.contains("found a list, but a section with keys is needed"), "{yaml}: {told}");
    }
}

#[test]
fn what_matches_nobody_or_everybody_is_a_mistake() {
    let told = |yaml: &str| Policy::parse(yaml).unwrap_err().to_string();
    let exempt = |rest: &str| {
        told(&format!("exemptions: [{{ detections: [new-country], until: 2026-12-01, reason: r, {rest} }}]"))
    };
    let cases = [
        (
            told("egress: { declared: [203.0.113.0/24, 0.0.0.0/0] }"),
            "egress.declared[2]: 0.0.0.0/0 is every address",
        ),
        (
            told("integrations: [{ user: a@b.example, networks: [\"::/0\"] }]"),
            "integrations[1].networks[1]: ::/0 is every",
        ),
        (exempt("networks: [0.0.0.0/0]"), "exemptions[1].networks[1]: 0.0.0.0/0 is every address"),
        (exempt("user: ada"), "exemptions[1].user: `ada` names no account"),
        (exempt("user: \"*\""), "exemptions[1].user: `*` names no account"),
        (told("drill: { canary: ada }"), "drill.canary: `ada` names no account"),
        (
            told("integrations: [{ user: a@b.example }, { user: A@b.example, contain: allowed }]"),
            "integrations[2].user: `A@b.example` has an entry before",
        ),
        (
            told("tests: [{ name: n, logins: [{ from: 300.1.1.1 }] }]"),
            "tests[1].logins[1].from: `300.1.1.1` is no address",
        ),
        (
            told("tests: [{ name: n, usual: [{ status: Sucess }], logins: [{}] }]"),
            "tests[1].usual[1].status: `Sucess` is no status that Salesforce documents; did you mean `Success`?",
        ),
        (
            told("egress: { declared: [203.0.113.7/24] }"),
            "egress.declared[1]: 203.0.113.7/24 is an address within a network; for the address alone write \
             203.0.113.7/32; did you mean `203.0.113.0/24`?",
        ),
        (
            told("integrations: [{ user: a@b.example, networks: [\"2001:db8::7/32\"] }]"),
            "integrations[1].networks[1]: 2001:db8::7/32 is an address within",
        ),
        (exempt("networks: [203.0.113.0/24, 203.0.113.7/25]"), "did you mean `203.0.113.0/25`?"),
        (
            told(
                "detections: { integration-network: { parameters: { pinned: { \"Acme Sync\": [198.51.100.9/24] } } } }",
            ),
            "detections.integration-network.parameters.pinned.Acme Sync[1]: 198.51.100.9/24 is an address within",
        ),
        (
            exempt("user: a@b.example, clients: [chrome/windows, netscape]"),
            "exemptions[1].clients[2]: `netscape` is no client: browser and platform without versions",
        ),
        (exempt("user: a@b.example, clients: [Chrome 141/Windows 11]"), "did you mean `chrome/windows`?"),
        (
            exempt("user: a@b.example, countries: [UK]"),
            "exemptions[1].countries[1]: `UK` is no country code of ISO 3166-1; did you mean `GB`?",
        ),
        (
            exempt("user: a@b.example, countries: [France]"),
            "`France` is not a two-letter country code; did you mean `FR`?",
        ),
        (
            told("detections: { role-break: { parameters: { unattended: 3 } } }"),
            "detections.role-break.parameters.unattended: 3 is no share from 0 to 1",
        ),
        (told("detections: { role-break: { parameters: { unattended: 95 } } }"), "did you mean `0.95`?"),
        (
            told("containment: { max_age: 1d }"),
            "containment.max_age: `1d` is no duration: write hours, minutes or seconds, such as 24h or 1h 30m; did you mean `24h`?",
        ),
        (told("evidence: { keep_for: 52w }"), "did you mean `8736h`?"),
        (
            told("detections: { brute-force: { parameters: { window: a while } } }"),
            "detections.brute-force.parameters.window: `a while` is no duration",
        ),
        (
            told("tests: [{ name: n, at: noon, logins: [{}] }]"),
            "tests[1].at: `noon` is no time: write a date",
        ),
    ];
    for (told, expected) in cases {
        assert!(told.contains(expected), "{expected}: {told}");
    }
    let good = "egress: { declared: [203.0.113.0/24, 203.0.113.7/32, 203.0.113.9/32] }
detections: { linked-spray: { parameters: { ratio: 3 } }, role-break: { parameters: { unattended: 1 } } }
tests: [{ name: n, at: 2026-06-02, logins: [{}] }]";
    assert!(Policy::parse(good).is_ok(), "{:?}", Policy::parse(good));
}

#[test]
fn what_is_no_yaml_names_its_line() {
    let error = |yaml: &str| Policy::parse(yaml).unwrap_err().to_string();
    assert_eq!(
        error("mode: ask\nmode: off\n"),
        "the policy cannot be used: line 2: duplicate mapping key: mode"
    );
    assert_eq!(
        error("caps: {}\nmode: !contain\n"),
        "the policy cannot be used: line 2: unsupported tag `!contain`"
    );
    for two in ["mode: ask\n---\nmode: off\n", "mode: ask\n...\nmode: off\n"] {
        assert_eq!(
            error(two),
            "the policy cannot be used: line 3: a second document begins here, behind `---` or `...`, and there may be only one"
        );
    }
    assert_eq!(error("caps: [\n"), "the policy cannot be used: line 1: unclosed bracket '['");
    assert!(error("just words").starts_with("the policy cannot be used: line 1: found string"));
    assert_eq!(Policy::parse("").unwrap(), Policy::default(), "an empty file is the default");
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

const TESTED: &str = "
mode: contain
detections: { new-country: { parameters: { listed: [JP] } } }
integrations: [{ user: sync@example.com, contain: allowed, networks: [203.0.113.0/24] }]
exemptions:
  - { user: bob@example.com, detections: [new-country], until: 2026-06-05, reason: a journey }
tests:
  - name: a guessed password is contained
    usual: [{ user: ada@example.com, country: FR }]
    logins:
      - { user: ada@example.com, from: 203.0.113.9, country: NG, status: Invalid Password, times: 8 }
      - { user: ada@example.com, from: 203.0.113.9, country: NG }
    expect: [{ detection: brute-force-success, user: ada@example.com, action: contain }]
    quiet: [password-spray]
  - name: an integration is bound to its networks
    logins: [{ user: sync@example.com, login_type: Remote Access 2.0, login_sub_type: OauthRefreshToken }]
    expect: [{ detection: integration-network, action: contain }]
  - name: a journey is no alarm
    usual: [{ user: bob@example.com, country: FR }]
    logins: [{ user: bob@example.com, from: 192.0.2.9, country: JP }]
    quiet: [new-country]
";

#[test]
fn tests_in_the_policy_run_under_it() {
    let failures = |yaml: &str| -> Vec<_> {
        Policy::parse(yaml).unwrap().test(Vec::new()).into_iter().map(|result| result.failures).collect()
    };
    assert_eq!(failures(TESTED), [const { Vec::<String>::new() }; 3]);
    let observed = failures(&TESTED.replace("mode: contain", "mode: observe"));
    assert!(
        observed[0][0].starts_with("expected brute-force-success about ada@example.com, contain, found ")
    );
    assert!(
        observed[0][0].contains("brute-force-success") && observed[0][0].contains("notify"),
        "{observed:?}"
    );
    let later = failures(&TESTED.replace("is no alarm\n", "is no alarm\n    at: 2026-07-01T09:00:00Z\n"));
    assert!(later[2][0].starts_with("new-country had to be quiet, found "), "{later:?}");
    let nothing = failures(
        "tests: [{ name: calm, usual: [{}], logins: [{ from: 203.0.113.9, status: Invalid Password, times: 30, every: 10s }] }]",
    );
    assert!(nothing[0][0].starts_with("expected nothing, found brute-force"), "{nothing:?}");
    assert_eq!(
        Policy::parse("tests: [{ name: calm, logins: [{}] }]").unwrap().hash(),
        Policy::default().hash()
    );
}

#[test]
fn what_is_in_force_is_explained_with_its_lines() {
    let policy = "mode: ask
protected: { users: [root@example.com] }
integrations:
  - user: sync@example.com
exemptions:
  - { user: ada@example.com, detections: [new-country], countries: [JP], until: 2026-11-20, reason: Osaka }
detections:
  sso-bypass: { mode: contain, parameters: { sso_logins: 7 } }
  new-country: { mode: contain }
";
    let text = PolicyText::parse(policy).unwrap();
    let now = "2026-11-10T00:00:00Z".parse().unwrap();
    let of = |user: Option<&str>, id: &str| explain(&text, user, &[card(id).unwrap()], now);
    let root = of(Some("root@example.com"), "sso-bypass");
    assert_eq!(root.standing, "protected (protected.users[1], line 2): never contained automatically");
    let sso = &root.detections[0];
    assert_eq!(
        (sso.mode_from.as_str(), sso.outcome.as_str()),
        ("detections.sso-bypass.mode, line 8", "findings are told: the user is protected")
    );
    assert_eq!(sso.parameters.iter().map(|p| p.line).max(), Some(Some(8)));
    let sync = of(Some("sync@example.com"), "sso-bypass");
    assert!(
        sync.standing
            .starts_with("an integration (integrations[1], line 4): it is contained only when a person")
    );
    assert!(sync.detections[0].outcome.contains("has not been opted in"));
    let ada = &of(Some("ada@example.com"), "new-country").detections[0];
    assert!(ada.outcome.contains("only together with others"), "{}", ada.outcome);
    assert_eq!((ada.exemptions[0].holds, ada.exemptions[0].line), ("now", Some(6)));
    assert!(of(Some("bob@example.com"), "new-country").detections[0].exemptions.is_empty());
    let other = &of(None, "brute-force").detections[0];
    assert_eq!(other.mode, Mode::Ask);
    assert!(other.mode_from.starts_with("mode, line 1, which holds"));
}

#[test]
fn a_level_that_is_stricter_than_a_detection_is_explained() {
    let now = "2026-11-10T00:00:00Z".parse().unwrap();
    let text = PolicyText::parse("mode: contain\ncontainment:\n  modes: { user: ask, org: off }\n").unwrap();
    let explained = explain(&text, None, &[card("sso-bypass").unwrap()], now);
    assert_eq!(
        explained.detections[0].outcome,
        "a person is asked: the mode of the level user (containment.modes) holds"
    );
    let levels: Vec<_> = explained.levels.iter().map(|it| (it.level.name(), it.mode, it.line)).collect();
    assert_eq!(
        levels,
        [
            ("session", Mode::Contain, None),
            ("user", Mode::Ask, Some(3)),
            ("app", Mode::Ask, None),
            ("org", Mode::Off, Some(3))
        ]
    );
    assert!(explained.levels[3].outcome.contains("people neither"));
}

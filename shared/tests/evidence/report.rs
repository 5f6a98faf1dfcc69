//! What the report promises: the words, and that hostile text stays text.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::json;
use session_warden::containment::{
    Containment, ContainmentId, Impact, Outcome, Refusal, Request, RequestedBy, Stage, Step, StepKind,
    StepResult, Survivor, Target, Trigger,
};
use session_warden::detection::{
    Action, Detected, Finding, FindingId, Level, Severity, Status, Subject, SubjectKind, Totals,
};
use session_warden::observation::{OrgId, SessionId, UserId};
use session_warden::report::{
    DetectionOff, DrillResult, DrillVerdict, EventOutcome, Lane, Report, ReportSource, TimelineEvent, render,
};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_795_459_380 + seconds).unwrap()
}

/// A finding whose every text is `text`.
fn finding(text: &str, action: Action) -> Finding {
    let user = UserId::new("005A");
    Finding {
        schema_version: 1,
        finding_id: FindingId::new(text),
        version: 1,
        status: Status::Open,
        org_id: OrgId::new("org"),
        subject: Subject { kind: SubjectKind::User, id: user.to_string(), name: text.into() },
        affected_users: vec![user.clone()],
        containable_users: vec![user.clone()],
        user_id: Some(user),
        username: Some(text.into()),
        login_ids: Vec::new(),
        session_ids: Vec::new(),
        token_keys: Vec::new(),
        totals: Totals { affected_users: 1, ..Totals::default() },
        first_seen: at(0),
        first_access: None,
        last_seen: at(90),
        detected_at: at(95),
        severity: Severity::High,
        score: 75.0,
        action,
        level: Some(Level::User),
        held_back: text.into(),
        policy_hash: text.into(),
        detections: vec![Detected {
            id: text.into(),
            title: text.into(),
            severity: Severity::High,
            evidence: BTreeMap::from([
                ("source".to_owned(), json!(text)),
                (text.to_owned(), json!([text, 3.0])),
            ]),
            mitre: vec![text.into()],
        }],
        explanation: vec![text.into()],
    }
}

fn containment(finding: &Finding, text: &str, outcome: Outcome) -> Containment {
    let org = OrgId::new("org");
    let step = |kind, result, seconds| Step { kind, targets: 2, result, at: at(seconds) };
    Containment {
        containment_id: ContainmentId::of(&org, text),
        request: Request {
            request_id: text.into(),
            org_id: org,
            target: Target::User { user_id: UserId::new("005A") },
            also: std::collections::BTreeSet::new(),
            reason: text.into(),
            requested_by: RequestedBy::Person { name: text.into() },
            trigger: Some(Trigger::of(finding)),
        },
        policy_hash: text.into(),
        stage: Stage::Finished,
        impact: Impact { username: text.into(), warnings: vec![text.into()], ..Impact::default() },
        reach: None,
        steps: vec![
            step(StepKind::Freeze, StepResult::Done, 96),
            step(StepKind::RevokeTokens, StepResult::Failed { reason: text.into() }, 97),
        ],
        survivors: vec![Survivor::Session { id: SessionId::new(text), reason: text.into() }],
        survivors_total: 4,
        outcome: Some(outcome),
        pending: None,
        joined: Vec::new(),
        agreed_to: None,
        approved: Vec::new(),
        released: None,
        releasing: None,
        frozen_by_others: None,
        unchecked: None,
        residual_until: Some(at(1_900)),
        counted_at: None,
        started: at(95),
        finished: Some(at(99)),
        api_calls: 12,
        login_to_verified_seconds: Some(99),
        evidence_head: Some(text.into()),
    }
}

fn report(text: &str) -> Report {
    let finding = finding(text, Action::Contain);
    let reason = text.to_owned();
    let containment = containment(&finding, text, Outcome::NotContained { reason });
    let lanes = [Lane::Login, Lane::Verification, Lane::Session, Lane::Detection, Lane::Containment];
    let events = lanes.map(|lane| TimelineEvent {
        at: at(lane as i64 * 20),
        lane,
        label: text.into(),
        severity: Some(Severity::High),
        outcome: EventOutcome::Failed,
    });
    Report {
        title: text.into(),
        org: text.into(),
        generated_at: at(200),
        source: ReportSource {
            what: text.into(),
            rows: 12_000,
            period: Some((at(-9_000), at(99))),
            rejected: 1,
            rejected_first: vec![text.into()],
        },
        timelines: HashMap::from([(finding.finding_id.clone(), events.to_vec())]),
        findings: vec![finding],
        containments: vec![containment],
        detections_off: vec![DetectionOff { id: text.into(), reason: text.into() }],
        drill: vec![DrillResult {
            name: text.into(),
            expected: text.into(),
            seen: text.into(),
            verdict: DrillVerdict::Missed,
        }],
    }
}

/// What a reader without eyes for style hears: the texts in order, a line each.
fn texts(html: &str) -> String {
    let body = html.split_once("<body>").unwrap().1;
    let texts = body.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text.trim());
    texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_containment_that_failed_is_told_from_top_to_bottom() {
    insta::assert_snapshot!(texts(&render(&report("ada@example.com")).unwrap()));
}

#[test]
fn the_drawing() {
    let html = render(&report("Lyon")).unwrap();
    let start = html.find("<svg class=\"narrow\"").unwrap();
    let end = start + html[start..].find("</svg>").unwrap();
    insta::assert_snapshot!(&html[start..end]);
}

#[test]
fn nothing_found_says_what_could_not_be_seen() {
    let mut report = report("x");
    (report.findings, report.containments, report.drill) = (Vec::new(), Vec::new(), Vec::new());
    let text = texts(&render(&report).unwrap());
    assert!(text.contains("No findings"));
    assert!(text.contains("Not everything could be seen"));
    report.detections_off.clear();
    report.source.rejected = 0;
    assert!(!texts(&render(&report).unwrap()).contains("Not everything could be seen"));
}

#[test]
fn every_outcome_has_its_words() {
    let words = |action, outcome: Option<Outcome>, held_back: Option<&str>| {
        let mut report = report("x");
        report.findings = vec![finding("x", action)];
        report.containments =
            outcome.map(|outcome| containment(&report.findings[0], "x", outcome)).into_iter().collect();
        report.findings[0].held_back = held_back.unwrap_or_default().to_owned();
        let html = render(&report).unwrap();
        let (_, banner) = html.split_once("<p class=\"banner verdict-").unwrap();
        banner.split_once("</p>").unwrap().0.replace("\">", ": ")
    };
    let refusals = vec![Refusal { rule: "protected".into(), reason: "The user is protected.".into() }];
    insta::assert_snapshot!([
        words(Action::Contain, Some(Outcome::Contained), None),
        words(Action::Contain, Some(Outcome::AccessEnded), None),
        words(Action::Contain, Some(Outcome::NotContained { reason: "1 session is left".into() }), None),
        words(Action::Contain, Some(Outcome::Refused { refusals }), None),
        words(Action::Contain, None, None),
        words(Action::Ask, None, Some("the mode is ask")),
        words(Action::Notify, None, Some("the mode is observe")),
        words(Action::None, None, None),
    ]
    .join("\n"), @r"
    contained: Contained
    ended: Access ended: who held it can log in again
    not-contained: NOT contained: 1 session is left
    refused: Refused, nothing was done: The user is protected.
    not-contained: NOT contained: the policy asks for it and no containment is recorded
    waiting: Waiting for a person: the mode is ask
    observed: Observed only: the mode is observe
    observed: Observed only: the policy asks for no containment
    ");
}

#[test]
fn what_waits_has_a_word_of_its_own() {
    let mut report = report("x");
    let refusals = vec![Refusal { rule: "ask".into(), reason: "a person is asked: the mode is ask".into() }];
    let mut waiting = containment(&report.findings[0], "x", Outcome::Refused { refusals });
    waiting.stage = Stage::Waiting;
    let mut scope = serde_json::to_value(&waiting.request.target).unwrap();
    for (key, value) in [
        ("most_users", json!(1)),
        ("applications", json!([])),
        ("freezes", json!(true)),
        ("policy_hash", json!("x")),
    ] {
        scope[key] = value;
    }
    let pending =
        json!({ "asked": at(0), "expires": at(3_600), "needed": 1, "scope": scope, "plan": "0".repeat(64) });
    waiting.pending = Some(serde_json::from_value(pending).unwrap());
    report.containments = vec![waiting];
    let html = render(&report).unwrap();
    let said =
        "Waiting for 1 person to approve until 23 Nov 2026, 19:43:00 UTC: a person is asked: the mode is ask";
    assert!(texts(&html).contains(said), "{}", texts(&html));
    assert!(html.contains("banner verdict-waiting") && !html.contains("Refused, nothing was done"));
}

#[test]
fn hostile_text_is_escaped_everywhere() {
    let hostile =
        "\"'><script>alert(1)</script><img src=http://evil.example/x onerror=alert(1)>\u{202e}\u{0}";
    let html = render(&report(hostile)).unwrap();
    for raw in ["<script", "<img", "\u{202e}", "\u{0}", "\"'>"] {
        assert!(!html.contains(raw), "{raw:?}");
    }
    assert!(html.contains("&#60;script") && html.contains("⟨U+202E⟩"));
    let plain = render(&report("x")).unwrap();
    assert_eq!(html.matches('<').count(), plain.matches('<').count(), "no text has become a tag");
}

#[test]
fn nothing_is_fetched_and_nothing_runs() {
    let html = render(&report("x")).unwrap();
    assert!(html.contains("content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\""));
    for resource in ["<script", "<link", "<iframe", "src=", "url(", "@import", "://"] {
        assert!(!html.contains(resource), "{resource}");
    }
}

#[test]
fn a_flood_of_events_stays_small_and_is_counted() {
    let mut report = report("x");
    let flood = (0..50_000).map(|n| TimelineEvent {
        at: at(0) + SignedDuration::from_secs(n),
        lane: Lane::Login,
        label: format!("attempt {n}"),
        severity: None,
        outcome: EventOutcome::Failed,
    });
    report.timelines.insert(FindingId::new("x"), flood.collect());
    let html = render(&report).unwrap();
    assert!(html.len() < 400_000, "{}", html.len());
    assert!(html.contains("(50000)") && html.contains("and 49800 more"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_text_and_any_times(text in ".{0,80}", seconds in proptest::collection::vec(-9_000_000_000_i64..9_000_000_000, 0..30)) {
        let mut report = report(&text);
        let id = report.findings[0].finding_id.clone();
        let events = seconds.iter().enumerate().map(|(n, seconds)| TimelineEvent {
            at: at(*seconds),
            lane: [Lane::Login, Lane::Session, Lane::Containment][n % 3],
            label: text.clone(),
            severity: None,
            outcome: if n % 2 == 0 { EventOutcome::Failed } else { EventOutcome::Succeeded },
        });
        report.timelines.insert(id, events.collect());
        let html = render(&report).unwrap();
        prop_assert!(!html.contains("NaN") && !html.contains("inf\""));
    }
}

//! A report as it might come from one bad Monday, built through the library's own types.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use session_warden::containment::{
    Containment, ContainmentId, Impact, Outcome, Request, RequestedBy, Stage, Step, StepKind, StepResult,
    Survivor, Target, Trigger,
};
use session_warden::detection::{
    Action, Detected, Finding, FindingId, Level, Severity, Status, Subject, SubjectKind, Totals,
};
use session_warden::observation::{OrgId, TokenKey, UserId};
use session_warden::report::{DetectionOff, EventOutcome, Lane, Report, ReportSource, TimelineEvent};

fn at(text: &str) -> Timestamp {
    format!("2026-11-23T{text}Z").parse().unwrap()
}

fn detected(id: &str, title: &str, severity: Severity, mitre: &[&str], facts: &[(&str, Value)]) -> Detected {
    Detected {
        id: id.into(),
        title: title.into(),
        severity,
        evidence: facts
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect::<BTreeMap<_, _>>(),
        mitre: mitre.iter().map(|id| (*id).to_owned()).collect(),
    }
}

fn finding(
    name: &str,
    severity: Severity,
    seen: (&str, &str),
    detections: Vec<Detected>,
    sentences: &[&str],
) -> Finding {
    let user = UserId::new(name.to_lowercase());
    let score = match severity {
        Severity::Critical => 98.7,
        Severity::High => 75.0,
        Severity::Medium => 45.0,
        Severity::Low | Severity::Info => 20.0,
    };
    Finding {
        schema_version: 1,
        finding_id: FindingId::new(format!("{:x}", name.len() * 0x00c0_ffee)),
        version: 1,
        status: Status::Open,
        org_id: OrgId::new("production"),
        subject: Subject { kind: SubjectKind::User, id: user.to_string(), name: name.into() },
        affected_users: vec![user.clone()],
        containable_users: vec![user.clone()],
        user_id: Some(user),
        username: Some(name.into()),
        login_ids: Vec::new(),
        session_ids: Vec::new(),
        token_keys: Vec::new(),
        totals: Totals { affected_users: 1, containable_users: 1, ..Totals::default() },
        first_seen: at(seen.0),
        first_access: None,
        last_seen: at(seen.1),
        detected_at: at(seen.1) + SignedDuration::from_secs(21),
        severity,
        score,
        action: Action::Contain,
        level: Some(Level::User),
        held_back: String::new(),
        policy_hash: "5f1c".into(),
        detections,
        explanation: sentences.iter().map(|sentence| (*sentence).to_owned()).collect(),
    }
}

fn step(kind: StepKind, targets: usize, result: StepResult, time: &str) -> Step {
    Step { kind, targets, result, at: at(time) }
}

fn containment(finding: &Finding, steps: Vec<Step>, outcome: Outcome) -> Containment {
    let last = steps.last().map_or(finding.detected_at, |step| step.at);
    let org = OrgId::new("production");
    Containment {
        containment_id: ContainmentId::of(&org, finding.finding_id.as_str()),
        request: Request {
            request_id: finding.finding_id.to_string(),
            org_id: org,
            target: Target::User { user_id: finding.user_id.clone().unwrap() },
            also: std::collections::BTreeSet::new(),
            reason: "the policy contains findings of high severity".into(),
            requested_by: RequestedBy::Policy,
            trigger: Some(Trigger::of(finding)),
        },
        policy_hash: "5f1c".into(),
        stage: Stage::Finished,
        impact: Impact { username: finding.subject.name.clone(), ..Impact::default() },
        reach: None,
        steps,
        survivors: Vec::new(),
        survivors_total: 0,
        outcome: Some(outcome),
        pending: None,
        joined: Vec::new(),
        agreed_to: None,
        approved: Vec::new(),
        released: None,
        releasing: None,
        frozen_by_others: None,
        unchecked: None,
        residual_until: None,
        counted_at: None,
        started: finding.detected_at,
        finished: Some(last + SignedDuration::from_secs(1)),
        api_calls: 14,
        login_to_verified_seconds: Some(last.duration_since(finding.first_seen).as_secs() + 1),
        evidence_head: Some("b6d1f7e09c1f4a8e7a52c2f6e4c8d1b35a9078c3d2e1f0a4b5c6d7e8f9012345".into()),
    }
}

fn event(
    time: Timestamp,
    lane: Lane,
    label: &str,
    severity: Option<Severity>,
    outcome: EventOutcome,
) -> TimelineEvent {
    TimelineEvent { at: time, lane, label: label.into(), severity, outcome }
}

fn travel() -> (Finding, Containment, Vec<TimelineEvent>) {
    let finding = finding(
        "ada.moreau@example.com",
        Severity::Critical,
        ("08:12:44", "08:13:58"),
        vec![
            detected(
                "impossible-travel",
                "Two places, too far apart for the time between",
                Severity::High,
                &["T1078"],
                &[
                    ("from", json!("Lyon, FR")),
                    ("to", json!("Lagos, NG")),
                    ("least_distance_km", json!(3_921.0)),
                    ("minutes", json!(31)),
                    ("least_speed_kmh", json!(7_589.0)),
                    ("source", json!("198.19.200.9")),
                ],
            ),
            detected(
                "session-address",
                "A session is used from another network than its login",
                Severity::High,
                &["T1539", "T1550.004"],
                &[
                    ("login_source", json!("198.18.50.7")),
                    ("session_source", json!("198.19.200.9")),
                    ("session_type", json!("UI")),
                ],
            ),
            detected(
                "factor-registered",
                "A new way to verify was registered from a new network",
                Severity::High,
                &["T1098.005"],
                &[("registered_from", json!("198.19.200.9"))],
            ),
        ],
        &[
            "A success from Lagos, NG 31 minutes after one from Lyon, FR: at least 3921 km apart, 7589 km/h.",
            "Faster than 900 km/h is impossible; neither network is one that many colleagues use, and this user has not come from both before.",
            "Had either network been the organisation's learned or declared egress, or both been known for this user, it would not count.",
        ],
    );
    let steps = vec![
        step(StepKind::Freeze, 1, StepResult::Done, "08:14:20"),
        step(StepKind::RevokeTokens, 3, StepResult::Done, "08:14:21"),
        step(StepKind::DeleteSessions, 6, StepResult::Done, "08:14:23"),
        step(StepKind::Reread, 10, StepResult::Done, "08:14:25"),
    ];
    let mut containment = containment(&finding, steps, Outcome::Contained);
    containment.residual_until = Some(at("08:44:23"));
    let high = Some(Severity::High);
    let mut events = vec![
        event(
            "2026-11-20T07:58:10Z".parse().unwrap(),
            Lane::Login,
            "198.18.50.7 (Lyon, FR)",
            None,
            EventOutcome::Succeeded,
        ),
        event(at("07:41:40"), Lane::Login, "198.18.50.7 (Lyon, FR)", None, EventOutcome::Succeeded),
        event(at("07:41:41"), Lane::Session, "UI session, 198.18.50.7", None, EventOutcome::Succeeded),
        event(
            at("08:12:02"),
            Lane::Login,
            "Invalid Password, 198.19.200.9 (Lagos, NG)",
            None,
            EventOutcome::Failed,
        ),
        event(at("08:12:44"), Lane::Login, "198.19.200.9 (Lagos, NG)", high, EventOutcome::Succeeded),
        event(at("08:12:45"), Lane::Session, "UI session, 198.19.200.9", high, EventOutcome::Succeeded),
        event(at("08:13:58"), Lane::Verification, "ConnectTotp: Succeeded", high, EventOutcome::Succeeded),
    ];
    events.push(TimelineEvent::detection(&finding));
    events.extend(TimelineEvent::containment(&containment));
    (finding, containment, events)
}

fn brute_force() -> (Finding, Containment, Vec<TimelineEvent>) {
    let finding = finding(
        "integration.orders@example.com",
        Severity::High,
        ("03:02:00", "03:09:12"),
        vec![detected(
            "brute-force-success",
            "Many wrong passwords, then a success",
            Severity::High,
            &["T1110.001", "T1078"],
            &[
                ("failures", json!(34)),
                ("failures_from_the_same_network", json!(34)),
                ("window_minutes", json!(30)),
                ("source", json!("203.0.113.77")),
            ],
        )],
        &[
            "A success after 34 wrong passwords within 30 minutes, all from the network of the success.",
            "This user had at most 2 wrong passwords in any such window of the last 60 days.",
            "Had a person mistyped, there would have been fewer than 10.",
        ],
    );
    let steps = vec![
        step(StepKind::Freeze, 1, StepResult::Done, "03:09:40"),
        step(
            StepKind::RevokeTokens,
            2,
            StepResult::Failed { reason: "1 of 2: Salesforce answered 503 four times".into() },
            "03:09:52",
        ),
        step(StepKind::DeleteSessions, 2, StepResult::Done, "03:09:53"),
        step(StepKind::Reread, 5, StepResult::Done, "03:09:54"),
    ];
    let reason = "a refresh token of Order Sync is still there".to_owned();
    let mut containment = containment(&finding, steps, Outcome::NotContained { reason });
    containment.survivors = vec![Survivor::Token {
        key: TokenKey::new("9f3a"),
        app_name: "Order Sync".into(),
        reason: "Salesforce answered 503 four times".into(),
    }];
    containment.survivors_total = 1;
    containment.login_to_verified_seconds = None;
    let mut events: Vec<_> = (0..34)
        .map(|n| {
            event(
                at("03:02:00") + SignedDuration::from_secs(n * 12),
                Lane::Login,
                "Invalid Password, 203.0.113.77",
                Some(Severity::Medium),
                EventOutcome::Failed,
            )
        })
        .collect();
    events.push(event(
        at("03:09:12"),
        Lane::Login,
        "203.0.113.77 (Kyiv, UA)",
        Some(Severity::High),
        EventOutcome::Succeeded,
    ));
    events.push(event(
        at("03:09:13"),
        Lane::Session,
        "API session, 203.0.113.77",
        Some(Severity::High),
        EventOutcome::Succeeded,
    ));
    events.push(TimelineEvent::detection(&finding));
    events.extend(TimelineEvent::containment(&containment));
    (finding, containment, events)
}

fn new_application() -> (Finding, Vec<TimelineEvent>) {
    let mut finding = finding(
        "grace.okafor@example.com",
        Severity::Medium,
        ("10:20:00", "10:20:00"),
        vec![detected(
            "new-application",
            "An application nobody in the org has used",
            Severity::Medium,
            &["T1528"],
            &[
                ("application", json!("Data Loader Pro")),
                ("grant", json!("OauthWebServer")),
                ("source", json!("198.18.9.4")),
                ("org_days", json!(180)),
            ],
        )],
        &["A first login through Data Loader Pro, which nobody in the org has used in 180 days."],
    );
    finding.action = Action::Notify;
    let mut events: Vec<_> = (1..9)
        .map(|week| {
            event(
                at("10:05:00") - SignedDuration::from_hours(24 * 7 * week),
                Lane::Login,
                "198.18.9.4 (Berlin, DE)",
                None,
                EventOutcome::Succeeded,
            )
        })
        .collect();
    events.push(event(
        at("10:20:00"),
        Lane::Login,
        "198.18.9.4, Data Loader Pro",
        Some(Severity::Medium),
        EventOutcome::Succeeded,
    ));
    (finding, events)
}

/// The report.
pub(crate) fn sample() -> Report {
    let (travel, contained, travel_events) = travel();
    let (brute_force, not_contained, brute_force_events) = brute_force();
    let (application, application_events) = new_application();
    let timelines =
        [(&travel, travel_events), (&brute_force, brute_force_events), (&application, application_events)];
    let timelines = timelines.map(|(finding, events)| (finding.finding_id.clone(), events));
    Report {
        title: "Session Warden report".into(),
        org: "production".into(),
        generated_at: at("10:30:00"),
        source: ReportSource {
            what: "LoginHistory, AuthSession, OauthToken, VerificationHistory".into(),
            rows: 18_204,
            period: Some(("2026-05-23T00:00:12Z".parse().unwrap(), at("10:29:41"))),
            rejected: 1,
            rejected_first: vec!["line 4711: 9 fields instead of 16: the line is cut short".into()],
        },
        findings: vec![
            Finding { held_back: "the mode is observe".into(), ..application },
            travel,
            brute_force,
        ],
        containments: vec![contained, not_contained],
        timelines: timelines.into(),
        detections_off: vec![DetectionOff {
            id: "sso-bypass".into(),
            reason:
                "Fewer than 30 logins through single sign-on were seen, so it is not known who must use it."
                    .into(),
        }],
        drill: Vec::new(),
    }
}

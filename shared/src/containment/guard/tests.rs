use proptest::prelude::*;

use super::*;
use crate::containment::{Marks, Trigger};
use crate::detection::{Detected, FindingId, Level, Severity, Status, Subject, SubjectKind, Totals};
use crate::observation::{AccountDetails, AccountKind, OrgId};
use crate::policy::{Integration, IntegrationConsent, Mode};
use crate::salesforce::Permission::{self, CustomizeApplication, FreezeUsers, ManageUsers};
use crate::store::MemoryStore;

const SEEING: [Permission; 3] = [ManageUsers, CustomizeApplication, FreezeUsers];

/// Circumstances under which a user is contained, to be spoilt one by one.
#[derive(Clone)]
struct World {
    policy: Policy,
    request: Request,
    finding: Option<Finding>,
    user: Readable<Option<User>>,
    own_users: Vec<UserId>,
    visibility: Readable<Visibility>,
    administrators: Readable<Vec<UserId>>,
    open_plans: Readable<Vec<UserId>>,
    kill_switch: Readable<Option<String>>,
    approvals: usize,
    faults: Vec<Refusal>,
    unspared: Option<String>,
    names: Readable<Vec<&'static str>>,
    dismissed: Option<String>,
    caps: Readable<CapsUsage>,
    active_users: Readable<u64>,
}

fn now() -> Timestamp {
    "2026-11-23T18:43:00Z".parse().unwrap()
}

fn id(number: u8) -> UserId {
    UserId::new(format!("0050000000000{number:02}AAA"))
}

fn usage() -> CapsUsage {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let org = OrgId::new("00D000000000001AAA");
    runtime.block_on(CapsUsage::read(&MemoryStore::new(), &org, now())).unwrap().unwrap()
}

fn finding() -> Finding {
    Finding {
        schema_version: 1,
        finding_id: FindingId::new("f-1"),
        version: 1,
        status: Status::Open,
        org_id: OrgId::new("00D000000000001AAA"),
        subject: Subject { kind: SubjectKind::User, id: id(1).as_str().to_owned(), name: String::new() },
        affected_users: vec![id(1)],
        containable_users: vec![id(1)],
        user_id: Some(id(1)),
        username: None,
        login_ids: Vec::new(),
        session_ids: Vec::new(),
        token_keys: Vec::new(),
        totals: Totals::default(),
        first_seen: now(),
        first_access: None,
        last_seen: now(),
        detected_at: now(),
        severity: Severity::High,
        score: 80.0,
        action: Action::Contain,
        level: Some(Level::User),
        held_back: String::new(),
        policy_hash: String::new(),
        detections: vec![Detected {
            id: "brute-force-success".to_owned(),
            title: String::new(),
            severity: Severity::High,
            evidence: std::collections::BTreeMap::default(),
            mitre: Vec::new(),
        }],
        explanation: Vec::new(),
    }
}

fn user() -> User {
    User {
        id: id(1),
        username: "ada@acme.example".to_owned(),
        name: String::new(),
        is_active: true,
        profile: String::new(),
        kind: AccountKind::Human,
        details: AccountDetails::default(),
    }
}

impl World {
    fn fine() -> Self {
        Self {
            policy: Policy { mode: Mode::Contain, ..Policy::default() },
            request: Request {
                request_id: "r".to_owned(),
                org_id: OrgId::new("00D000000000001AAA"),
                target: Target::User { user_id: id(1) },
                also: std::collections::BTreeSet::new(),
                reason: String::new(),
                requested_by: RequestedBy::Policy,
                trigger: Some(Trigger::of(&finding())),
            },
            finding: Some(finding()),
            user: Ok(Some(user())),
            own_users: vec![id(9)],
            visibility: Ok(Visibility::of_permissions(SEEING)),
            administrators: Ok(vec![id(2), id(3)]),
            open_plans: Ok(Vec::new()),
            kill_switch: Ok(None),
            approvals: 0,
            faults: Vec::new(),
            unspared: None,
            names: Ok(Vec::new()),
            dismissed: None,
            caps: Ok(usage()),
            active_users: Ok(100),
        }
    }

    /// The user had another login name before.
    fn bore(&mut self, name: &'static str) -> &mut Policy {
        self.names = Ok(vec![name]);
        &mut self.policy
    }

    fn by_person(mut self) -> Self {
        self.request.requested_by = RequestedBy::Person { name: "ada".to_owned() };
        self.finding = None;
        self
    }

    fn rules(&self) -> Vec<String> {
        self.judged_by(refusals)
    }

    fn judged_by(&self, judge: fn(&Circumstances<'_>) -> Vec<Refusal>) -> Vec<String> {
        let circumstances = Circumstances {
            policy: &self.policy,
            request: &self.request,
            finding: self.finding.as_ref(),
            faults: self.faults.clone(),
            unspared: self.unspared.as_deref(),
            names: self.names.clone(),
            dismissed: self.dismissed.as_deref(),
            approvals: self.approvals,
            user: self.user.as_ref().map(Option::as_ref).map_err(Clone::clone),
            own_users: &self.own_users,
            visibility: self.visibility.as_ref().map_err(Clone::clone),
            administrators: self.administrators.as_deref().map_err(Clone::clone),
            open_plans: self.open_plans.clone(),
            kill_switch: self.kill_switch.as_ref().map(Option::as_deref).map_err(Clone::clone),
            caps: self.caps.as_ref().map_err(Clone::clone),
            active_users: self.active_users.clone(),
            now: now(),
        };
        judge(&circumstances).into_iter().map(|refusal| refusal.rule).collect()
    }
}

type Spoil = fn(&mut World);

/// Each spoils one thing, and the rule that must refuse for it; the last says whether it concerns a person's request.
const SPOILS: [(&str, Spoil, bool); 28] = [
    ("own-identity", |w| w.own_users.push(id(1)), true),
    ("unknown-user", |w| w.user = Ok(None), true),
    ("unknown-user", |w| w.user = Err("no".into()), true),
    ("protected", |w| w.policy.protected.users.push("ADA@acme.example".into()), true),
    ("protected", |w| w.policy.protected.users.push(id(1).as_str().into()), true),
    ("break-glass", |w| w.policy.protected.break_glass.push("ada@acme.example".into()), true),
    ("protected", |w| w.bore("root@acme.example").protected.users.push("Root@acme.example".into()), true),
    (
        "break-glass",
        |w| w.bore("root@acme.example").protected.break_glass.push("root@acme.example".into()),
        true,
    ),
    ("protected", |w| w.names = Err("no".into()), true),
    ("last-administrator", |w| w.administrators = Ok(vec![id(1)]), true),
    ("last-administrator", |w| w.administrators = Ok(vec![id(1), id(9)]), true),
    (
        "last-administrator",
        |w| (w.administrators, w.open_plans) = (Ok(vec![id(1), id(2)]), Ok(vec![id(2)])),
        true,
    ),
    ("last-administrator", |w| w.administrators = Err("no".into()), true),
    ("last-administrator", |w| w.open_plans = Err("no".into()), true),
    ("blind", |w| w.visibility = Err("no".into()), true),
    ("blind", |w| w.visibility = Ok(Visibility::of_permissions([FreezeUsers, CustomizeApplication])), true),
    ("blind", |w| w.visibility = Ok(Visibility::of_permissions([FreezeUsers, ManageUsers])), true),
    ("kill-switch", |w| w.kill_switch = Ok(Some("stop".into())), true),
    ("kill-switch", |w| w.kill_switch = Err("no".into()), true),
    ("caps", |w| w.caps = Err("no".into()), true),
    ("caps", |w| w.active_users = Err("no".into()), true),
    ("caps", |w| w.policy.caps.per_hour = 0, true),
    (
        "cannot-tell-apart",
        |w| w.faults = vec![Refusal { rule: "cannot-tell-apart".into(), reason: String::new() }],
        true,
    ),
    ("dismissed", |w| w.dismissed = Some("ada".into()), false),
    ("not-containable", |w| w.finding = None, false),
    ("not-containable", |w| found(w).containable_users.clear(), false),
    ("max-age", |w| found(w).last_seen -= jiff::SignedDuration::from_hours(25), false),
    ("ask", |w| found(w).action = Action::Ask, false),
];

fn found(world: &mut World) -> &mut Finding {
    world.finding.get_or_insert_with(finding)
}

#[test]
fn nothing_refuses_when_all_is_fine() {
    assert!(World::fine().rules().is_empty());
    assert!(World::fine().by_person().rules().is_empty());
}

#[test]
fn each_spoilt_circumstance_refuses_by_its_own_rule() {
    for (index, (rule, spoil, concerns_people)) in SPOILS.into_iter().enumerate() {
        let mut world = World::fine();
        spoil(&mut world);
        assert_eq!(world.rules(), [rule], "spoil {index}");
        let mut world = World::fine().by_person();
        spoil(&mut world);
        let expected: &[&str] = if concerns_people { &[rule] } else { &[] };
        assert_eq!(world.rules(), expected, "spoil {index}, by a person");
    }
}

#[test]
fn the_mode_governs_the_policy_and_not_people() {
    for (mode, rule) in [(Mode::Off, "observe"), (Mode::Observe, "observe"), (Mode::Ask, "ask")] {
        let mut world = World::fine();
        world.policy.mode = mode;
        assert_eq!(world.rules(), [rule]);
        assert!(world.by_person().rules().is_empty());
    }
    let mut world = World::fine();
    world.user = Ok(Some(User { kind: AccountKind::Integration, ..user() }));
    assert_eq!(world.rules(), ["ask"], "an integration without consent");
    let mut world = World::fine();
    let integration = |contain| Integration { user: user().username, contain, networks: Vec::new() };
    world.policy.integrations = vec![integration(IntegrationConsent::Ask)];
    assert_eq!(world.rules(), ["ask"], "whatever its profile is called");
    world.policy.integrations = vec![integration(IntegrationConsent::Allowed)];
    assert!(world.rules().is_empty());
}

#[test]
fn of_the_modes_of_a_detection_and_its_level_the_stricter_one_holds() {
    for (own, level, rules) in [
        (Mode::Contain, Mode::Contain, &[][..]),
        (Mode::Contain, Mode::Ask, &["ask"]),
        (Mode::Ask, Mode::Contain, &["ask"]),
        (Mode::Observe, Mode::Ask, &["observe"]),
        (Mode::Contain, Mode::Observe, &["observe"]),
        (Mode::Contain, Mode::Off, &["level-off"]),
    ] {
        let mut world = World::fine();
        world.policy.mode = own;
        world.policy.containment.modes.user = level;
        assert_eq!(world.rules(), rules, "{own:?} at {level:?}");
        let mut session = world.clone();
        session.request.target = Target::Session { user_id: id(1), hostile: Marks::default() };
        session.policy.containment.level = Level::Session;
        let mut alone = World::fine();
        alone.policy.mode = own;
        assert_eq!(session.rules(), alone.rules(), "another level is not touched by it");
        let by_person = world.by_person();
        let off: &[&str] = if level == Mode::Off { &["level-off"] } else { &[] };
        assert_eq!(by_person.rules(), off, "{level:?}");
        assert_eq!(by_person.judged_by(may_go_on), off, "{level:?}");
    }
}

#[test]
fn a_level_that_is_off_cannot_be_approved() {
    for (target, shut) in [
        (Target::App { app_name: "Drift".to_owned() }, (Mode::Off, Mode::Ask)),
        (Target::Org, (Mode::Ask, Mode::Off)),
    ] {
        let mut world = World::fine().by_person();
        (world.request.target, world.user, world.approvals) = (target, Ok(None), 2);
        assert!(world.rules().is_empty());
        (world.policy.containment.modes.app, world.policy.containment.modes.org) = shut;
        assert_eq!(world.rules(), ["level-off"]);
    }
}

#[test]
fn what_came_back_is_asked_about_only_where_its_level_asks() {
    let mut world = World::fine().by_person();
    world.request.requested_by = RequestedBy::Watch;
    for (mode, rule) in [(Mode::Contain, "ask"), (Mode::Ask, "ask"), (Mode::Observe, "observe")] {
        world.policy.containment.modes.user = mode;
        assert_eq!(world.rules(), [rule]);
    }
}

#[test]
fn a_finding_from_before_reaches_no_further_than_the_policy_now_in_force() {
    let mut world = World::fine();
    world.policy.containment.level = Level::Session;
    assert_eq!(world.rules(), ["ask"], "it asks for the user, and the policy acts on sessions only");
    world.approvals = 1;
    assert!(world.rules().is_empty());
}

#[test]
fn another_administrator_is_enough() {
    let mut world = World::fine();
    world.administrators = Ok(vec![id(1), id(2), id(3)]);
    world.open_plans = Ok(vec![id(2)]);
    assert!(world.rules().is_empty());
}

#[test]
fn an_inactive_user_is_contained_all_the_same() {
    let mut world = World::fine();
    world.user = Ok(Some(User { is_active: false, ..user() }));
    assert!(world.rules().is_empty());
}

#[test]
fn what_reaches_more_than_one_user_needs_two_people_and_its_own_cap() {
    for target in [Target::App { app_name: "Drift".to_owned() }, Target::Org] {
        let mut world = World::fine().by_person();
        (world.request.target, world.user) = (target, Ok(None));
        for (approvals, rules) in [(0, &["two-people"][..]), (1, &["two-people"]), (2, &[])] {
            world.approvals = approvals;
            assert_eq!(world.rules(), rules);
        }
        world.unspared = Some("no".to_owned());
        assert_eq!(world.rules(), ["protected"]);
        world.unspared = None;
        (world.policy.caps.apps_per_day, world.policy.caps.org_per_day) = (0, 0);
        assert_eq!(world.rules(), ["caps"]);
    }
}

#[test]
fn approval_answers_the_question_and_nothing_else() {
    let mut world = World::fine();
    world.policy.mode = Mode::Ask;
    world.approvals = 1;
    assert!(world.rules().is_empty());
    world.policy.protected.break_glass.push("ada@acme.example".into());
    assert!(world.rules().contains(&"break-glass".to_owned()));
    let mut world = world.by_person();
    world.approvals = 2;
    assert!(world.rules().is_empty());
    world.policy.protected.users.push("ada@acme.example".into());
    world.policy.protected.break_glass.clear();
    assert_eq!(world.rules(), ["protected"]);
    world.policy.mode = Mode::Observe;
    world.request.requested_by = RequestedBy::Policy;
    world.finding = Some(finding());
    world.policy.protected.users.clear();
    assert_eq!(world.rules(), ["observe"]);
}

#[test]
fn the_last_administrator_may_lose_a_session() {
    let mut world = World::fine().by_person();
    world.administrators = Ok(vec![id(1)]);
    assert_eq!(world.rules(), ["last-administrator"]);
    world.request.target = Target::Session { user_id: id(1), hostile: Marks::default() };
    assert!(world.rules().is_empty());
}

#[test]
fn what_is_wide_is_not_repeated_without_two_people() {
    let mut world = World::fine().by_person();
    world.request.target = Target::Org;
    let repeated = |c: &Circumstances<'_>| may_be_repeated(c, Counts::Already);
    assert_eq!(world.judged_by(repeated), ["two-people"]);
    world.approvals = 2;
    assert!(world.judged_by(repeated).is_empty());
}

proptest! {
    #[test]
    fn spoiling_more_never_allows_again(picked in prop::collection::vec(0..SPOILS.len(), 1..6), person: bool) {
        let mut world = if person { World::fine().by_person() } else { World::fine() };
        for (_, spoil, _) in picked.iter().map(|index| SPOILS[*index]) {
            spoil(&mut world);
        }
        let concerned = picked.iter().any(|index| !person || SPOILS[*index].2);
        prop_assert_eq!(!world.rules().is_empty(), concerned);
    }
}

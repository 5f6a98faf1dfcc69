use proptest::prelude::*;

use super::*;
use crate::containment::{Marks, People};
use crate::observation::{
    AccessToken, AccountDetails, AccountKind, AppKind, Revocable, Source, Token, TokenKey, User, UserId,
};
use crate::policy::{Integration, Policy};
use crate::salesforce::{ClientAppId, FoundSession, FreezeState, Owned, Revocation};

fn now() -> Timestamp {
    "2026-11-23T18:43:00Z".parse().unwrap()
}

fn session(number: usize, parent: usize, kind: &str) -> FoundSession {
    let id = |number: usize| SessionId::new(format!("0Ak000000000{number:03}AAA"));
    FoundSession {
        owned: Owned::ByOthers,
        session: Session {
            id: id(number),
            user_id: UserId::new("005000000000001AAA"),
            parent_id: id(parent),
            session_type: kind.to_owned(),
            login_type: String::new(),
            security_level: String::new(),
            access_token: AccessToken::Untold,
            source: Source::from("203.0.113.7".to_owned()),
            place: None,
            login: None,
            first_login: None,
            created: now(),
            last_modified: now(),
            seconds_valid: 7_200,
            origin: None,
        },
    }
}

fn token(app: &str) -> FoundToken {
    let token = Token {
        key: TokenKey::new(app),
        user_id: UserId::new("005000000000001AAA"),
        app_name: app.to_owned(),
        use_count: 1,
        created: None,
        last_used: None,
        app: AppKind::Connected,
        revocable: Revocable::Yes,
    };
    FoundToken { token, revocation: Revocation::ByToken("secret".into()) }
}

fn state(frozen: Frozen) -> FreezeState {
    FreezeState {
        user_login_id: "0Yw000000000001AAA".to_owned(),
        frozen,
        last_modified: now(),
        last_modified_by: None,
    }
}

fn holdings(sessions: Vec<FoundSession>, tokens: Vec<FoundToken>) -> Holdings {
    let freeze = Ok(Some(state(Frozen::No)));
    Holdings { sessions: Ok(sessions), tokens: Ok(tokens), freeze, ..Holdings::nothing() }
}

fn user() -> Reach {
    Reach::of(Target::User { user_id: UserId::new("005000000000001AAA") })
}

fn kinds(plan: &Plan) -> Vec<StepKind> {
    plan.steps().into_iter().map(|(kind, _)| kind).collect()
}

#[test]
fn steps_come_in_their_order() {
    let held = holdings(vec![session(1, 1, "UI")], vec![token("Data Loader")]);
    let plan = Plan::of(&held, &user(), FreezeMode::Hold, now());
    assert_eq!(
        kinds(&plan),
        [StepKind::Freeze, StepKind::RevokeTokens, StepKind::DeleteSessions, StepKind::Reread]
    );
    let plan = Plan::of(&held, &user(), FreezeMode::Never, now());
    assert_eq!(kinds(&plan), [StepKind::RevokeTokens, StepKind::DeleteSessions, StepKind::Reread]);
}

#[test]
fn roots_come_before_children_and_children_before_theirs() {
    let rows =
        vec![session(3, 2, "Aura"), session(2, 1, "Content"), session(1, 1, "UI"), session(4, 9, "API")];
    let plan = Plan::of(&holdings(rows, Vec::new()), &user(), FreezeMode::Hold, now());
    let order: Vec<_> =
        plan.sessions.unwrap().iter().map(|session| session.id.as_str()[12..15].to_owned()).collect();
    assert_eq!(order, ["001", "002", "004", "003"]);
}

#[test]
fn expired_and_own_sessions_are_left_out() {
    let mut own = session(1, 1, "Oauth2");
    own.owned = Owned::ByUs;
    let mut expired = session(2, 2, "UI");
    expired.session.last_modified -= SignedDuration::from_hours(3);
    let mut just_expired = session(3, 3, "UI");
    just_expired.session.last_modified -= SignedDuration::from_mins(123);
    let plan =
        Plan::of(&holdings(vec![own, expired, just_expired], Vec::new()), &user(), FreezeMode::Never, now());
    assert_eq!(plan.sessions.unwrap().len(), 1, "the clocks may differ by minutes");
}

#[test]
fn the_impact_counts_families_and_names_applications_once() {
    let rows =
        vec![session(1, 1, "UI"), session(2, 1, "Aura"), session(3, 3, "Oauth2"), session(4, 9, "API")];
    let held = holdings(rows, vec![token("Drift"), token("Data Loader"), token("Drift")]);
    let impact =
        Plan::of(&held, &user(), FreezeMode::Hold, now()).impact(None, &People::default(), &held, &user());
    assert_eq!((impact.sessions, impact.session_families, impact.tokens), (4, 3, 3));
    assert_eq!(impact.applications, ["Data Loader", "Drift"]);
    assert!(impact.freezes && impact.unread.is_empty());
    assert!(impact.warnings.iter().any(|warning| warning.contains("30 minutes")));
}

#[test]
fn the_impact_names_integrations_phones_and_whom_they_work_for() {
    let user = |number: usize, username: &str, kind| User {
        id: UserId::new(format!("00500000000000{number}AAA")),
        username: username.to_owned(),
        name: String::new(),
        is_active: true,
        profile: String::new(),
        kind,
        details: AccountDetails::default(),
    };
    let of = |app: &str, user: &User, last_used: Option<Timestamp>| {
        let mut found = token(app);
        (found.token.user_id, found.token.last_used) = (user.id.clone(), last_used);
        found
    };
    let (ada, sync) =
        (user(1, "ada@a.example", AccountKind::Human), user(2, "sync@a.example", AccountKind::Integration));
    let (erp, gone) = (user(3, "erp@a.example", AccountKind::Human), user(4, "", AccountKind::Human));
    let tokens = vec![
        of("Salesforce for iOS", &ada, None),
        of("Drift", &ada, None),
        of("Drift", &sync, Some(now())),
        of("Gong", &gone, None),
    ];
    let mut rows =
        vec![session(1, 1, "UI"), session(2, 1, "API"), session(3, 3, "Oauth2"), session(4, 4, "API")];
    (rows[3].session.user_id, rows[3].session.login_type) = (erp.id.clone(), "Other Apex API".to_owned());
    let held = holdings(rows, tokens);
    let integration = Integration {
        user: erp.username.clone(),
        contain: crate::policy::IntegrationConsent::default(),
        networks: Vec::new(),
    };
    let policy = Policy { integrations: vec![integration], ..Policy::default() };
    let people = People::of(&policy, &Ok(vec![ada, sync, erp]));
    let plan = Plan::of(&held, &Reach::of(Target::Org), FreezeMode::Never, now());
    let told = plan.impact(None, &people, &held, &Reach::of(Target::Org)).cut_off;
    let told: Vec<_> = told
        .iter()
        .map(|it| {
            format!("{} {:?} {} {}", it.application, it.kind, it.usernames.join(","), it.last_used.is_some())
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    Drift Integration sync@a.example,ada@a.example true
    Other Apex API Integration erp@a.example false
    Salesforce for iOS Mobile ada@a.example false
    Gong Application 005000000000004AAA false
    ");
}

#[test]
fn what_could_not_be_read_is_a_step_and_never_nothing() {
    let held = Holdings {
        sessions: Err("503".into()),
        tokens: Err("503".into()),
        freeze: Ok(Some(state(Frozen::Yes))),
        ..Holdings::nothing()
    };
    let plan = Plan::left(&held, &user(), FreezeMode::Hold, now());
    assert_eq!(kinds(&plan), [StepKind::RevokeTokens, StepKind::DeleteSessions, StepKind::Reread]);
    assert!(!plan.is_empty() && plan.may_leave_jwt());
    assert_eq!(held.unread().len(), 2);
}

#[test]
fn nothing_is_left_only_of_a_frozen_account() {
    let left = |freeze, mode| {
        let held = Holdings { freeze: Ok(freeze), ..holdings(Vec::new(), Vec::new()) };
        !Plan::left(&held, &user(), mode, now()).is_empty()
    };
    assert!(left(Some(state(Frozen::No)), FreezeMode::Hold));
    assert!(left(None, FreezeMode::Hold), "without a record nobody is frozen");
    assert!(!left(Some(state(Frozen::Yes)), FreezeMode::Hold));
    assert!(!left(Some(state(Frozen::No)), FreezeMode::Never));
}

fn of_session(id: &str, address: &str) -> Reach {
    let hostile = Marks {
        session_ids: id
            .parse::<usize>()
            .map(|number| session(number, number, "").session.id)
            .into_iter()
            .collect(),
        addresses: address.parse().into_iter().collect(),
    };
    Reach::of(Target::Session { user_id: UserId::new("005000000000001AAA"), hostile })
}

fn numbers(plan: &Plan) -> Vec<String> {
    plan.sessions.as_ref().unwrap().iter().map(|session| session.id.as_str()[14..15].to_owned()).collect()
}

#[test]
fn only_the_hostile_families_end_and_nobody_is_frozen() {
    let mut stolen = session(5, 4, "Aura");
    stolen.session.source = Source::from("198.51.100.9");
    let rows = vec![session(1, 1, "UI"), session(2, 1, "Aura"), session(4, 4, "UI"), stolen];
    let held = holdings(rows, vec![token("Data Loader")]);
    for (reach, ended) in [
        (of_session("", "198.51.100.9"), &["4", "5"][..]),
        (of_session("2", ""), &["1", "2"]),
        (of_session("9", "192.0.2.1"), &[]),
        (of_session("", "203.0.113.7"), &["1", "4", "2", "5"]),
    ] {
        let plan = Plan::of(&held, &reach, FreezeMode::Hold, now());
        assert_eq!(
            (numbers(&plan), plan.freeze),
            (ended.iter().map(|&n| n.to_owned()).collect(), Freezing::NotWanted)
        );
        assert!(plan.tokens.as_ref().is_ok_and(Vec::is_empty), "no OAuth session is hostile");
        assert_eq!(plan.impact(None, &People::default(), &held, &reach).kept_families, 2 - ended.len() / 2);
    }
}

#[test]
fn the_tokens_behind_a_hostile_oauth_session_go_and_others_stay() {
    let mut hostile = session(1, 1, "Oauth2");
    let login = crate::observation::LoginId::new("0Ya000000000001AAA");
    hostile.session.login = Some(crate::observation::SessionLogin { id: login.clone(), read: None });
    let mut held = holdings(vec![hostile, session(3, 3, "UI")], vec![token("Drift"), token("Data Loader")]);
    let mut reach = of_session("1", "");
    let untold =
        Plan::of(&held, &reach, FreezeMode::Hold, now()).impact(None, &People::default(), &held, &reach);
    assert!(untold.warnings.iter().any(|warning| warning.contains("cannot be told")), "{untold:?}");
    held.applications.insert(login, "Drift".to_owned());
    reach.learn(&held);
    let plan = Plan::of(&held, &reach, FreezeMode::Hold, now());
    let apps: Vec<_> = plan.tokens.iter().flatten().map(|found| found.token.app_name.as_str()).collect();
    assert_eq!((apps, numbers(&plan)), (vec!["Drift"], vec!["1".to_owned()]));
    let warns = |held: &Holdings, reach: &Reach| {
        let impact =
            Plan::of(held, reach, FreezeMode::Hold, now()).impact(None, &People::default(), held, reach);
        impact.warnings.iter().any(|warning| warning.contains("cannot be told"))
    };
    assert!(!warns(&held, &reach));
    held.sessions.as_mut().unwrap().push(session(2, 1, "Oauth2"));
    assert!(warns(&held, &reach), "of two only one is told");
}

#[test]
fn the_spared_keep_theirs_and_an_app_of_nobody_else_ends_in_one_call() {
    let app = ClientAppId::parse("0xI5g000000AbCd").unwrap();
    let of = |user: &str| {
        let mut found = token("Portal");
        found.token.user_id = UserId::new(user);
        found.revocation = Revocation::ByClientApp { app: app.clone(), user: UserId::new(user) };
        found
    };
    let mut held =
        holdings(vec![session(1, 1, "Oauth2")], vec![of("005000000000001AAA"), of("005000000000002AAA")]);
    held.freeze = Ok(None);
    let mut reach = Reach::of(Target::App { app_name: "Portal".to_owned() });
    let revocations = |reach: &Reach| {
        let plan = Plan::of(&held, reach, FreezeMode::Hold, now());
        let whole = |found: &FoundToken| matches!(found.revocation, Revocation::ByWholeClientApp { .. });
        let tokens = plan.tokens.unwrap();
        (tokens.len(), tokens.iter().filter(|found| whole(found)).count(), plan.sessions.unwrap().len())
    };
    assert_eq!(revocations(&reach), (2, 2, 1));
    reach.spared.insert(UserId::new("005000000000001AAA"));
    assert_eq!(revocations(&reach), (1, 0, 0));
    assert_eq!(reach.kept(&held), (1, 0));
}

proptest! {
    #[test]
    fn any_parents_give_each_session_once_and_after_its_parent(
        parents in prop::collection::vec(0usize..12, 0..12),
    ) {
        let rows: Vec<_> = parents.iter().enumerate().map(|(id, parent)| session(id, *parent, "UI")).collect();
        let plan = Plan::of(&holdings(rows.clone(), Vec::new()), &user(), FreezeMode::Hold, now());
        let planned = plan.sessions.clone().unwrap();
        prop_assert_eq!(planned.len(), rows.len());
        let impact = plan.impact(None, &People::default(), &holdings(Vec::new(), Vec::new()), &user());
        prop_assert!(impact.session_families <= rows.len());
        // In a forest (every parent is an earlier row) a parent stands before its children.
        if parents.iter().enumerate().all(|(id, parent)| *parent <= id) {
            for (place, child) in planned.iter().enumerate() {
                let parent = planned.iter().position(|session| session.id == child.parent_id);
                prop_assert!(parent.is_some_and(|parent| parent <= place));
            }
        }
    }
}

use proptest::prelude::*;

use super::*;
use crate::observation::{AccessToken, AppKind, Revocable, Source, Token, TokenKey, UserId};
use crate::salesforce::{FreezeState, Revocation};

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
    FreezeState { user_login_id: "0Yw000000000001AAA".to_owned(), frozen, last_modified: now() }
}

fn holdings(sessions: Vec<FoundSession>, tokens: Vec<FoundToken>) -> Holdings {
    Holdings { sessions: Ok(sessions), tokens: Ok(tokens), freeze: Ok(Some(state(Frozen::No))) }
}

fn kinds(plan: &Plan) -> Vec<StepKind> {
    plan.steps().into_iter().map(|(kind, _)| kind).collect()
}

#[test]
fn steps_come_in_their_order() {
    let held = holdings(vec![session(1, 1, "UI")], vec![token("Data Loader")]);
    let plan = Plan::of(&held, FreezeMode::Hold, now());
    assert_eq!(
        kinds(&plan),
        [StepKind::Freeze, StepKind::RevokeTokens, StepKind::DeleteSessions, StepKind::Reread]
    );
    let plan = Plan::of(&held, FreezeMode::Never, now());
    assert_eq!(kinds(&plan), [StepKind::RevokeTokens, StepKind::DeleteSessions, StepKind::Reread]);
}

#[test]
fn roots_come_before_children_and_children_before_theirs() {
    let rows =
        vec![session(3, 2, "Aura"), session(2, 1, "Content"), session(1, 1, "UI"), session(4, 9, "API")];
    let plan = Plan::of(&holdings(rows, Vec::new()), FreezeMode::Hold, now());
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
    let plan = Plan::of(&holdings(vec![own, expired, just_expired], Vec::new()), FreezeMode::Never, now());
    assert_eq!(plan.sessions.unwrap().len(), 1, "the clocks may differ by minutes");
}

#[test]
fn the_impact_counts_families_and_names_applications_once() {
    let rows =
        vec![session(1, 1, "UI"), session(2, 1, "Aura"), session(3, 3, "Oauth2"), session(4, 9, "API")];
    let held = holdings(rows, vec![token("Drift"), token("Data Loader"), token("Drift")]);
    let impact = Plan::of(&held, FreezeMode::Hold, now()).impact(None, held.unread());
    assert_eq!((impact.sessions, impact.session_families, impact.tokens), (4, 3, 3));
    assert_eq!(impact.applications, ["Data Loader", "Drift"]);
    assert!(impact.freezes && impact.unread.is_empty());
    assert!(impact.warnings.iter().any(|warning| warning.contains("30 minutes")));
}

#[test]
fn what_could_not_be_read_is_a_step_and_never_nothing() {
    let held = Holdings {
        sessions: Err("503".into()),
        tokens: Err("503".into()),
        freeze: Ok(Some(state(Frozen::Yes))),
    };
    let plan = Plan::left(&held, FreezeMode::Hold, now());
    assert_eq!(kinds(&plan), [StepKind::RevokeTokens, StepKind::DeleteSessions, StepKind::Reread]);
    assert!(!plan.is_empty() && plan.may_leave_jwt());
    assert_eq!(held.unread().len(), 2);
}

#[test]
fn nothing_is_left_only_of_a_frozen_account() {
    let left = |freeze, mode| {
        let held = Holdings { freeze: Ok(freeze), ..holdings(Vec::new(), Vec::new()) };
        !Plan::left(&held, mode, now()).is_empty()
    };
    assert!(left(Some(state(Frozen::No)), FreezeMode::Hold));
    assert!(left(None, FreezeMode::Hold), "without a record nobody is frozen");
    assert!(!left(Some(state(Frozen::Yes)), FreezeMode::Hold));
    assert!(!left(Some(state(Frozen::No)), FreezeMode::Never));
}

proptest! {
    #[test]
    fn any_parents_give_each_session_once_and_after_its_parent(
        parents in prop::collection::vec(0usize..12, 0..12),
    ) {
        let rows: Vec<_> = parents.iter().enumerate().map(|(id, parent)| session(id, *parent, "UI")).collect();
        let plan = Plan::of(&holdings(rows.clone(), Vec::new()), FreezeMode::Hold, now());
        let planned = plan.sessions.clone().unwrap();
        prop_assert_eq!(planned.len(), rows.len());
        let impact = plan.impact(None, Vec::new());
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

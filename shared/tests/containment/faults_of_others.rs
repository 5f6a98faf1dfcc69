//! Each fault that was found in another containment tool, by its name, and that it is not here.

use salesforce_simulator::{CampaignKind, Lying, Secrecy, Write};
use session_warden::containment::{Containment, Marks, Outcome, Request, Stage, Target};
use session_warden::policy::Standing;
use session_warden::stages::Apply;

use crate::support::Scene;
use crate::wide::{agreed, asked, spread, stolen_app};

/// Looked up with LIKE, `_` and `%` in a username stand for other characters, and the first who fits is logged out.
#[tokio::test]
async fn a_wildcard_in_a_username_finds_nobody_else() {
    let scene = Scene::of(CampaignKind::BruteForce).await;
    let username = &scene.campaign.username;
    let found = scene.salesforce.user_named(username).await.unwrap();
    assert_eq!(found.unwrap().id.as_str(), scene.campaign.user_id.to_string());
    for (place, _) in username.match_indices(|c: char| c.is_ascii_alphanumeric()) {
        let mut pattern = username.clone();
        pattern.replace_range(place..=place, "_");
        assert!(scene.salesforce.user_named(&pattern).await.unwrap().is_none(), "{pattern}");
        assert_eq!(scene.policy.standing("005000000000001AAA", &pattern), Standing::Ordinary);
    }
    for pattern in ["%", "%@%", "_%", &format!("%{username}"), "' OR Username LIKE '%"] {
        assert!(scene.salesforce.user_named(pattern).await.unwrap().is_none(), "{pattern}");
    }
}

/// Answers of success are added up, and nobody looks whether anything is gone.
#[tokio::test]
async fn success_with_nothing_deleted_is_told_as_what_it_is() {
    let scene = Scene::of(CampaignKind::BruteForce).await;
    scene.simulator.org().switches_mut().lying = Lying::Always;
    let record = scene.contain().await.unwrap();
    let reason = match &record.outcome {
        Some(Outcome::NotContained { reason }) => reason,
        other => panic!("{other:?}"),
    };
    assert!(reason.contains("left") && record.survivors_total > 0 && !record.is_proven(), "{record:#?}");
    assert!(scene.simulator.org().attempt(&scene.campaign.loot).gets_in());
}

/// The same of an application, whose tokens go one by one.
#[tokio::test]
async fn success_with_nothing_revoked_is_told_as_what_it_is() {
    let mut scene = Scene::of(CampaignKind::StolenRefreshToken).await;
    let app = stolen_app(&scene);
    scene.simulator.org().switches_mut().lying = Lying::Revokes;
    let record = agreed(&mut scene, Target::App { app_name: app }).await;
    assert!(matches!(record.outcome, Some(Outcome::NotContained { .. })), "{record:#?}");
    assert!(record.survivors_total > 0);
    scene.simulator.org().switches_mut().lying = Lying::No;
    scene.writes();
    let again = scene.stage().contain(record.request.clone(), Apply::Act).await.unwrap();
    assert_eq!(Scene::rules(&again), ["two-people"], "one person does not repeat what two agreed to");
    assert_eq!((again.stage, again.approved.len()), (Stage::Waiting, 0));
    assert!(again.containment_id != record.containment_id && scene.writes().is_empty());
}

/// Pages that go on behind the last timestamp skip the tokens that share it.
#[tokio::test]
async fn tokens_that_share_a_timestamp_are_all_found_past_what_one_query_gives() {
    let mut scene = Scene::of(CampaignKind::StolenRefreshToken).await;
    let tokens = spread(&scene, "Chat connector", 2_600);
    let record = agreed(&mut scene, Target::App { app_name: "Chat connector".to_owned() }).await;
    assert_eq!((record.impact.tokens, &record.outcome), (tokens, &Some(Outcome::AccessEnded)));
    let org = scene.simulator.org();
    assert!(!org.tokens().iter().any(|token| token.app == "Chat connector"));
}

/// A token in a path or query stands in the logs of every proxy on the way.
#[tokio::test]
async fn no_token_stands_in_a_url() {
    let mut scene = Scene::of(CampaignKind::StolenRefreshToken).await;
    let app = stolen_app(&scene);
    spread(&scene, &app, 5);
    scene.contain().await.unwrap();
    scene.writes();
    agreed(&mut scene, Target::App { app_name: app }).await;
    let mut org = scene.simulator.org();
    let revocations = org.requests().iter().filter(|request| request.path.ends_with("/oauth2/revoke"));
    let revocations: Vec<_> = revocations.cloned().collect();
    assert!(revocations.len() > 5, "{}", revocations.len());
    assert!(revocations.iter().all(|request| request.method == "POST" && request.query.is_empty()));
    assert!(org.requests().iter().all(|request| request.secrecy == Secrecy::Kept));
    org.take_writes();
}

/// Whoever has no session left is deactivated: it goes further than anybody asked.
#[tokio::test]
async fn nobody_is_deactivated_or_frozen_because_nothing_is_left() {
    let scene = Scene::of(CampaignKind::SessionTheft).await;
    let user = scene.user();
    let all = scene.simulator.org().live_sessions_of(user.as_str());
    let addresses = all.iter().map(|session| session.source_ip.parse().unwrap()).collect();
    let hostile = Marks { addresses, ..Marks::default() };
    let target = Target::Session { user_id: user.clone(), hostile };
    let request = Request { request_id: "person/session".to_owned(), target, ..scene.by_person(&user) };
    let record: Containment = scene.stage().contain(request, Apply::Act).await.unwrap();
    assert_eq!(record.outcome, Some(Outcome::SessionEnded), "{record:#?}");
    let org = scene.simulator.org();
    assert!(org.live_sessions_of(user.as_str()).is_empty(), "nothing is left");
    assert!(org.user(user.as_str()).unwrap().is_active() && !org.is_frozen(user.as_str()));
    drop(org);
    let is_less = |write: &Write| matches!(write, Write::DeletedSessions { .. } | Write::Revoked { .. });
    assert!(scene.writes().iter().all(is_less));
}

/// A list of exclusions that cannot be read counts as empty, and everybody on it is touched.
#[tokio::test]
async fn an_exclusion_list_that_cannot_be_read_stops_everything() {
    let mut scene = Scene::of(CampaignKind::BruteForce).await;
    let protected = scene.simulator.org().users()[0].username.clone();
    scene.policy.protected.users.push(protected);
    let people = scene.approvers(&["Ada", "Grace"]);
    let waiting = scene.stage().contain(asked(&scene, Target::Org), Apply::Act).await.unwrap();
    for (name, key) in &people {
        scene.approve(&waiting, key, name).await;
    }
    scene.refuse_queries_by_username();
    let changed = scene.stage().tend(&scene.org_id()).await.unwrap();
    assert_eq!(Scene::rules(&changed[0]), ["protected"], "{changed:#?}");
    assert!(scene.writes().is_empty());
}

/// Somebody on a list of exclusions was renamed, or its entry is a slip of the pen, and he is touched like everybody else.
#[tokio::test]
async fn an_exclusion_that_is_nobodys_name_stops_everything() {
    let mut scene = Scene::of(CampaignKind::BruteForce).await;
    scene.policy.protected.break_glass.push("nobody@acme.example".to_owned());
    let refused = scene.stage().contain(asked(&scene, Target::Org), Apply::Act).await.unwrap();
    assert!(Scene::rules(&refused).contains(&"protected"), "{refused:#?}");
    assert!(refused.pending.is_none(), "nobody can agree to it");
    assert!(scene.writes().is_empty());
}

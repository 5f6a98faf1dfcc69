//! Only the hostile sessions end: the user goes on working, and the attacker does not.

use salesforce_simulator::{
    CampaignKind, Cascade, Door, Effect, Fault, HandOverNames, Loot, Lying, RevokeSessions,
    TemporarySessions, Undeletable,
};
use session_warden::containment::{Containment, Marks, Outcome, Request, Survivor, Target};
use session_warden::detection::{Action, Level, Severity};
use session_warden::observation::{SessionId, UserId};
use session_warden::stages::Apply;

use crate::support::Scene;

const HOME: &str = "192.0.2.10";

/// An attacked user who is also logged in himself, and what he works with.
pub async fn scene(kind: CampaignKind) -> (Scene, Loot) {
    let scene = Scene::of(kind).await;
    let own = scene.simulator.org().log_in(&scene.campaign.user_id, HOME).unwrap();
    scene.writes();
    (scene, own)
}

pub fn request(scene: &Scene, ids: &[&str], addresses: &[&str]) -> Request {
    let hostile = Marks {
        session_ids: ids.iter().map(|id| SessionId::new(*id)).collect(),
        addresses: addresses.iter().map(|address| address.parse().unwrap()).collect(),
    };
    let target = Target::Session { user_id: scene.user(), hostile };
    Request { request_id: "person/session".to_owned(), target, ..scene.by_person(&scene.user()) }
}

async fn ended(scene: &Scene, ids: &[&str], addresses: &[&str]) -> Containment {
    scene.stage().contain(request(scene, ids, addresses), Apply::Act).await.unwrap()
}

/// The attacker is out, and the user goes on working.
fn check(scene: &Scene, own: &Loot, record: &Containment) {
    assert_eq!(record.outcome, Some(Outcome::SessionEnded), "{record:#?}");
    assert!(record.impact.kept_families > 0);
    let mut org = scene.simulator.org();
    assert!(!org.is_frozen(&scene.campaign.user_id));
    assert_eq!(org.attempt(own).session, Door::Open, "the user's own session lives on");
    let left = org.live_sessions_of(&scene.campaign.user_id);
    assert!(!left.iter().any(|session| scene.campaign.session_ids.contains(&session.id)));
    let mut loot = scene.campaign.loot.clone();
    loot.password = None;
    assert!(!org.attempt(&loot).gets_in(), "without the password there is no way back");
}

#[tokio::test]
async fn what_came_from_the_hostile_address_ends() {
    for kind in [CampaignKind::BruteForce, CampaignKind::PhishedSso, CampaignKind::SessionTheft] {
        let (scene, own) = scene(kind).await;
        let record = ended(&scene, &[], &[&scene.campaign.loot.source_ip]).await;
        check(&scene, &own, &record);
    }
}

#[tokio::test]
async fn any_session_of_a_family_names_all_of_it() {
    for cascade in [Cascade::On, Cascade::Off] {
        let (scene, own) = scene(CampaignKind::BruteForce).await;
        scene.simulator.org().switches_mut().cascade = cascade;
        let child = scene.campaign.session_ids.last().unwrap().to_string();
        let record = ended(&scene, &[&child], &[]).await;
        check(&scene, &own, &record);
    }
}

#[tokio::test]
async fn what_is_left_of_a_family_whose_root_and_mark_are_gone_is_seen() {
    let (scene, _) = scene(CampaignKind::BruteForce).await;
    {
        let mut org = scene.simulator.org();
        let switches = org.switches_mut();
        (switches.cascade, switches.temporary_sessions) = (Cascade::Off, TemporarySessions::Undeletable);
    }
    let child = scene.campaign.session_ids[1].to_string();
    let record = ended(&scene, &[&child], &[]).await;
    assert!(matches!(record.outcome, Some(Outcome::NotContained { .. })), "{record:#?}");
    let [Survivor::Session { id, .. }] = &record.survivors[..] else { panic!("{:#?}", record.survivors) };
    assert!(scene.campaign.session_ids.iter().any(|hostile| *id == SessionId::new(*hostile)));
    assert!(*id != SessionId::new(child));
}

#[tokio::test]
async fn the_refresh_token_behind_sessions_that_were_not_read_at_first_goes_too() {
    let (scene, _) = scene(CampaignKind::StolenRefreshToken).await;
    let refused = Effect::refusal(403, "INSUFFICIENT_ACCESS");
    // In the call that readings share, and alone.
    scene.simulator.org().faults_mut().add(Fault::new("GET", "FROM AuthSession WHERE", 2, refused));
    let record = ended(&scene, &[], &[&scene.campaign.loot.source_ip]).await;
    assert_eq!(record.outcome, Some(Outcome::SessionEnded), "{record:#?}");
    assert_eq!((record.impact.unread.len(), record.impact.tokens), (1, 0), "{:#?}", record.impact);
    assert!(!scene.simulator.org().attempt(&scene.campaign.loot).gets_in());
}

#[tokio::test]
async fn the_refresh_token_behind_a_hostile_session_goes_first() {
    let (scene, own) = scene(CampaignKind::StolenRefreshToken).await;
    let user_id = scene.campaign.user_id;
    scene.simulator.org().approve(user_id, "Another app");
    let record = ended(&scene, &[], &[&scene.campaign.loot.source_ip]).await;
    check(&scene, &own, &record);
    let apps: Vec<_> =
        scene.simulator.org().tokens_of(&user_id).iter().map(|token| token.app.clone()).collect();
    assert!(apps.iter().any(|app| app == "Another app"), "only the hostile application is cut off: {apps:?}");
}

#[tokio::test]
async fn a_finding_says_which_sessions_are_hostile() {
    let (scene, own) = scene(CampaignKind::BruteForce).await;
    let mut finding = scene.finding(1, Action::Contain);
    finding.level = Some(Level::Session);
    let mut excused = finding.detections[0].clone();
    excused.severity = Severity::Info;
    excused.evidence.insert("source".to_owned(), HOME.into());
    finding.detections.push(excused);
    finding.detections[0].evidence.insert("source".to_owned(), scene.campaign.loot.source_ip.clone().into());
    let raised = scene.keep(&finding).await;
    let record = scene.contain_raised(&raised).await.unwrap();
    check(&scene, &own, &record);
    assert_eq!(scene.contain_raised(&raised).await.unwrap(), record);
}

#[tokio::test]
async fn what_cannot_be_told_apart_is_refused() {
    let (mut scene, _) = scene(CampaignKind::BruteForce).await;
    assert_eq!(Scene::rules(&ended(&scene, &[], &[]).await), ["cannot-tell-apart"]);
    scene.policy.egress.declared.push("192.0.2.0/24".parse().unwrap());
    let record = ended(&scene, &[], &[HOME]).await;
    assert_eq!(Scene::rules(&record), ["cannot-tell-apart"]);
    assert!(scene.writes().is_empty());
}

#[tokio::test]
async fn sessions_of_somebody_else_are_not_touched() {
    let (scene, _) = scene(CampaignKind::BruteForce).await;
    let others: Vec<_> = {
        let org = scene.simulator.org();
        let others = org.sessions().iter().filter(|session| session.user_id != *scene.user().as_str());
        others.map(|session| session.id.to_string()).collect()
    };
    let named: Vec<_> = others.iter().take(5).map(String::as_str).collect();
    let record = ended(&scene, &named, &[]).await;
    assert_eq!((record.outcome, record.impact.sessions), (Some(Outcome::SessionEnded), 0));
    assert!(scene.writes().is_empty());
}

#[tokio::test]
async fn a_session_that_answers_yes_and_stays_is_not_called_ended() {
    let (scene, _) = scene(CampaignKind::BruteForce).await;
    scene.simulator.org().switches_mut().lying = Lying::Deletes;
    let record = ended(&scene, &[], &[&scene.campaign.loot.source_ip]).await;
    assert!(matches!(record.outcome, Some(Outcome::NotContained { .. })), "{record:#?}");
    assert!(record.survivors.iter().all(|survivor| matches!(survivor, Survivor::Session { .. })));
}

#[tokio::test]
async fn hand_over_sessions_that_go_only_with_their_parent_do_not_keep_it_from_ending() {
    for undeletable in [Undeletable::ReadOnly, Undeletable::DeleteFailed] {
        let (scene, own) = scene(CampaignKind::BruteForce).await;
        {
            let mut org = scene.simulator.org();
            let switches = org.switches_mut();
            (switches.temporary_sessions, switches.undeletable) =
                (TemporarySessions::Undeletable, undeletable);
            switches.hand_over_names = HandOverNames::Words;
        }
        let record = ended(&scene, &[], &[&scene.campaign.loot.source_ip]).await;
        check(&scene, &own, &record);
    }
}

#[tokio::test]
async fn the_same_user_contained_whole_answers_for_his_session_too() {
    let (mut scene, _) = scene(CampaignKind::BruteForce).await;
    scene.policy.caps.percent_of_active_users = 100.0;
    let user: UserId = scene.user();
    scene.person(&user, Apply::Act).await.unwrap();
    scene.writes();
    let record = ended(&scene, &[], &[&scene.campaign.loot.source_ip]).await;
    assert_eq!(record.outcome, Some(Outcome::SessionEnded));
    assert!(scene.writes().is_empty(), "nothing is left to end");
}

/// How many families of the user are in.
fn live_families(scene: &Scene) -> usize {
    let live = scene.simulator.org().live_sessions_of(&scene.campaign.user_id);
    live.iter().map(|session| session.parent_id).collect::<std::collections::BTreeSet<_>>().len()
}

#[tokio::test]
async fn the_user_s_own_sessions_of_a_hostile_application_are_not_told_as_living_on() {
    for revoke_sessions in [RevokeSessions::Removed, RevokeSessions::Kept] {
        let (scene, _) = scene(CampaignKind::StolenRefreshToken).await;
        {
            let mut org = scene.simulator.org();
            org.switches_mut().revoke_sessions = revoke_sessions;
            let (user, app) = (scene.campaign.user_id, org.tokens_of(&scene.campaign.user_id)[0].app.clone());
            for app in [app.as_str(), "Another app"] {
                let token = org.approve(user, app).unwrap().refresh_token.clone();
                let mut own = scene.campaign.loot.clone();
                (own.refresh_token, own.source_ip) = (Some(token), HOME.to_owned());
                org.exchange(&own).unwrap();
            }
            org.clear_expired_sessions();
            org.take_writes();
        }
        let request = request(&scene, &[], &[&scene.campaign.loot.source_ip]);
        let shown = scene.stage().contain(request, Apply::Plan).await.unwrap().impact;
        assert!(shown.families_with_tokens > 0 && shown.kept_families >= 2, "{shown:#?}");
        assert!(
            shown.warnings.iter().any(|warning| warning.contains("may end with its tokens")),
            "{shown:#?}"
        );
        let record = ended(&scene, &[], &[&scene.campaign.loot.source_ip]).await;
        assert_eq!(record.outcome, Some(Outcome::SessionEnded), "{record:#?}");
        assert_eq!(record.impact.families_with_tokens, shown.families_with_tokens);
        let with_tokens = match revoke_sessions {
            RevokeSessions::Removed => 0,
            RevokeSessions::Kept => shown.families_with_tokens,
        };
        assert_eq!(live_families(&scene), shown.kept_families + with_tokens, "{revoke_sessions:?}");
    }
}

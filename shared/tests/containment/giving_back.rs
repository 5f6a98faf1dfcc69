//! The way back: what we froze is opened, what others froze is explained, and whoever is released is watched.

use std::sync::Arc;

use jiff::SignedDuration;
use salesforce_simulator::{CampaignKind, Frost, Lying, PasswordReset, Permission, Write};
use session_warden::containment::{Containment, FrozenBy, Outcome, Switch};
use session_warden::evidence::{EntryKind, Ledger};
use session_warden::stages::{Apply, ContainError, GivenBack, Password, Release};
use session_warden::store::{Store, Table};

use crate::support::{Fails, Faulty, Scene};

pub async fn released(scene: &Scene, password: Password, apply: Apply) -> Result<GivenBack, ContainError> {
    let asked = Release {
        org_id: scene.org_id(),
        user_id: scene.user(),
        by: "ada".to_owned(),
        reason: "the laptop is clean".to_owned(),
        password,
    };
    scene.stage().release(&asked, apply).await
}

async fn contained() -> Scene {
    let scene = Scene::of(CampaignKind::BruteForce).await;
    assert_eq!(scene.contain().await.unwrap().outcome, Some(Outcome::Contained));
    scene.writes();
    scene
}

#[tokio::test]
async fn what_we_froze_is_opened_with_a_password_that_is_new() {
    for answers in [PasswordReset::NoBody, PasswordReset::NewPassword] {
        let scene = contained().await;
        scene.simulator.org().switches_mut().password_reset = answers;
        let shown = released(&scene, Password::Reset, Apply::Plan).await.unwrap();
        assert!(shown.frozen_by == FrozenBy::Us && !shown.open && scene.writes().is_empty());
        let before = scene.simulator.org().requests().len();
        let given = released(&scene, Password::Reset, Apply::Act).await.unwrap();
        assert!(given.open && given.containment.as_ref().unwrap().released.is_some());
        let sent = scene.simulator.org().requests().len() - before;
        assert_eq!(given.api_calls, sent as u64, "every call is told");
        let writes = scene.writes();
        let place = |is: fn(&Write) -> bool| writes.iter().position(is).unwrap();
        let reset = place(|write| !matches!(write, Write::SetFrozen { .. }));
        assert!(reset < place(|write| matches!(write, Write::SetFrozen { frozen: false, .. })), "{writes:?}");
        assert!(
            !scene.simulator.org().attempt(&scene.campaign.loot).gets_in(),
            "the guessed password is void"
        );
        let ledger = Ledger::new(&*scene.store, scene.org_id());
        let entries = ledger.entries(0, 100).await.unwrap();
        assert_eq!(entries.iter().filter(|recorded| recorded.entry.kind == EntryKind::Release).count(), 2);
        let again = released(&scene, Password::Kept, Apply::Act).await.unwrap();
        assert!(again.frozen_by == FrozenBy::Nobody && again.open);
    }
}

#[tokio::test]
async fn the_kill_switch_stops_a_reset_and_not_the_way_back() {
    let scene = contained().await;
    scene.throw_kill_switch(Switch::Thrown).await;
    let error = released(&scene, Password::Reset, Apply::Act).await.unwrap_err();
    assert!(error.to_string().contains("it contains the wrong people"), "{error}");
    assert!(scene.writes().is_empty());
    assert!(released(&scene, Password::Kept, Apply::Act).await.unwrap().open);
}

#[tokio::test]
async fn a_freeze_by_others_is_theirs() {
    let scene = Scene::of(CampaignKind::BruteForce).await;
    scene.simulator.org().set_frozen(&scene.campaign.user_id, Frost::Frozen);
    let given = released(&scene, Password::Kept, Apply::Act).await.unwrap();
    assert!(given.frozen_by == FrozenBy::Salesforce && !given.open && given.containment.is_none());
    assert!(given.frozen_by.explained().contains("Salesforce froze it itself"));
    let record = scene.contain().await.unwrap();
    assert_eq!(record.outcome, Some(Outcome::Contained));
    assert_eq!(record.impact.frozen_by_others, Some(FrozenBy::Salesforce));
    assert!(
        record.impact.warnings.iter().any(|warning| warning.contains("frozen already, by Salesforce itself"))
    );
    let told = told_by(&scene).await;
    assert!(told.contains("It was frozen before, by Salesforce itself."), "{told}");
    scene.writes();
    let given = released(&scene, Password::Kept, Apply::Act).await.unwrap();
    assert!(!given.open && scene.writes().is_empty(), "it was frozen before us, and stays so");
    scene.clock.advance(SignedDuration::from_mins(6));
    assert!(scene.stage().tend(&scene.org_id()).await.unwrap().is_empty(), "that is known");
}

/// What people are told.
async fn told_by(scene: &Scene) -> String {
    crate::notices::heard(scene).await.into_iter().map(|notice| notice.text).collect::<Vec<_>>().join("\n\n")
}

#[tokio::test]
async fn whom_others_freeze_after_us_is_told_once_and_not_thawed_by_us() {
    let mut scene = Scene::of(CampaignKind::BruteForce).await;
    scene.policy.notices.support.push("soc@acme.example".to_owned());
    scene.contain().await.unwrap();
    told_by(&scene).await;
    scene.writes();
    let look = async || {
        scene.clock.advance(SignedDuration::from_mins(6));
        scene.stage().tend(&scene.org_id()).await.unwrap()
    };
    assert!(look().await.is_empty());
    scene.simulator.org().set_frozen(&scene.campaign.user_id, Frost::Frozen);
    let changed = look().await;
    assert_eq!(changed[0].frozen_by_others, Some(FrozenBy::Salesforce));
    assert_eq!(changed[0].outcome, Some(Outcome::Contained));
    let told = told_by(&scene).await;
    assert!(told.contains("Salesforce itself has frozen the account"), "{told}");
    assert!(look().await.is_empty() && told_by(&scene).await.is_empty(), "once");
    let given = released(&scene, Password::Kept, Apply::Act).await.unwrap();
    assert!(!given.open && given.frozen_by == FrozenBy::Salesforce && scene.writes().is_empty());
    assert!(scene.simulator.org().is_frozen(&scene.campaign.user_id));
}

#[tokio::test]
async fn whom_others_freeze_while_we_act_stays_frozen_though_the_policy_would_thaw_him() {
    let mut scene = Scene::of(CampaignKind::BruteForce).await;
    scene.policy.containment.freeze = session_warden::policy::FreezeMode::UntilVerified;
    scene.policy.containment.attempts = 10;
    let frozen_by_others = async {
        while !scene.simulator.org().is_frozen(&scene.campaign.user_id) {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        scene.simulator.org().set_frozen(&scene.campaign.user_id, Frost::Frozen);
    };
    let (record, ()) = tokio::join!(scene.contain(), frozen_by_others);
    assert_eq!(record.unwrap().outcome, Some(Outcome::Contained), "and not let in again");
    assert!(scene.simulator.org().is_frozen(&scene.campaign.user_id));
    assert!(!scene.writes().iter().any(|write| matches!(write, Write::SetFrozen { frozen: false, .. })));
}

#[tokio::test]
async fn an_answer_that_is_not_true_is_no_release() {
    let scene = contained().await;
    scene.simulator.org().switches_mut().lying = Lying::Freezes;
    assert!(released(&scene, Password::Kept, Apply::Act).await.is_err());
    scene.simulator.org().switches_mut().lying = Lying::No;
    assert!(released(&scene, Password::Kept, Apply::Act).await.unwrap().open, "it can be asked for again");
}

#[tokio::test]
async fn hostile_access_after_a_release_opens_the_case_again() {
    let scene = contained().await;
    let mut finding = scene.finding(1, session_warden::detection::Action::Contain);
    finding.detections[0].evidence.insert("source".to_owned(), scene.campaign.loot.source_ip.clone().into());
    scene.keep(&finding).await;
    released(&scene, Password::Kept, Apply::Act).await.unwrap();
    scene.simulator.org().log_in(&scene.campaign.user_id, "192.0.2.10").unwrap();
    let look = async || {
        scene.clock.advance(SignedDuration::from_mins(6));
        scene.stage().tend(&scene.org_id()).await.unwrap()
    };
    let changed = look().await;
    assert!(changed.is_empty(), "the user is in again: {changed:#?}");
    assert!(scene.simulator.org().attempt(&scene.campaign.loot).gets_in());
    let changed = look().await;
    assert!(
        matches!(&changed[0].outcome, Some(Outcome::NotContained { reason }) if reason.contains("came back"))
    );
}

#[tokio::test]
async fn the_audit_trail_says_who_froze_where_it_can_be_seen() {
    let scene = contained().await;
    let trail = async || released(&scene, Password::Kept, Apply::Plan).await.unwrap().trail;
    let revoker = scene.simulator.connection_document()["revoker"]["username"].as_str().unwrap().to_owned();
    scene.simulator.org().remove_permission(&revoker, Permission::ViewSetup);
    assert!(trail().await.contains("lacks"), "{}", trail().await);
    scene.simulator.org().grant_permission(&revoker, Permission::ViewSetup);
    let told = trail().await;
    assert!(told.contains("Froze user") && told.contains(&scene.campaign.username), "{told}");
}

#[tokio::test]
async fn who_is_given_back_without_a_proof_is_watched_too() {
    let scene = Scene::of(CampaignKind::BruteForce).await;
    let mut finding = scene.finding(1, session_warden::detection::Action::Contain);
    finding.detections[0].evidence.insert("source".to_owned(), scene.campaign.loot.source_ip.clone().into());
    let raised = scene.keep(&finding).await;
    scene.simulator.org().switches_mut().lying = Lying::Deletes;
    let record = scene.contain_raised(&raised).await.unwrap();
    assert!(matches!(record.outcome, Some(Outcome::NotContained { .. })));
    scene.simulator.org().switches_mut().lying = Lying::No;
    assert!(released(&scene, Password::Kept, Apply::Act).await.unwrap().open);
    scene.clock.advance(SignedDuration::from_mins(6));
    let changed = scene.stage().tend(&scene.org_id()).await.unwrap();
    let Some(Outcome::NotContained { reason }) = &changed[0].outcome else { panic!("{changed:#?}") };
    assert!(reason.contains("hostile access is there"), "{reason}");
    let again = scene.contain_raised(&raised).await.unwrap();
    assert_eq!((&again.outcome, &again.released), (&Some(Outcome::Contained), &None));
    let given = released(&scene, Password::Kept, Apply::Act).await.unwrap();
    assert_eq!((given.frozen_by, given.open), (FrozenBy::Us, true), "what was frozen again is ours too");
}

/// Releases with a store whose call number `call` kills, and lets somebody else look; whether the call was reached.
async fn released_despite(call: usize, fails: Fails, looks: bool) -> bool {
    let faulty = Arc::new(Faulty::at(usize::MAX, fails));
    let scene = Scene::on(Arc::clone(&faulty) as Arc<dyn Store>, CampaignKind::BruteForce).await;
    scene.contain().await.unwrap();
    faulty.fail_next(call, fails);
    tokio::select! {
        given = released(&scene, Password::Kept, Apply::Act) => assert!(given.unwrap().open),
        () = faulty.killed.notified() => {}
    }
    let was_reached = faulty.reached();
    faulty.fail_at(usize::MAX);
    scene.clock.advance(SignedDuration::from_mins(3));
    if looks {
        scene.stage().tend(&scene.org_id()).await.unwrap();
        let record = stored(&scene).await;
        let is_frozen = scene.simulator.org().is_frozen(&scene.campaign.user_id);
        assert_eq!((record.releasing, record.released.is_none()), (None, is_frozen), "{call} {fails:?}");
    }
    assert!(released(&scene, Password::Kept, Apply::Act).await.unwrap().open, "{call} {fails:?}");
    let record = stored(&scene).await;
    assert!(record.releasing.is_none() && record.released.is_some(), "{call} {fails:?} {record:#?}");
    assert!(!scene.simulator.org().is_frozen(&scene.campaign.user_id));
    let agenda = scene.records(Table::Contain, "agenda").await;
    assert_eq!(agenda[0].body["what"]["task"], "watch", "{call} {fails:?}");
    Ledger::new(&*scene.store, scene.org_id()).verify(None).await.unwrap();
    was_reached
}

async fn stored(scene: &Scene) -> Containment {
    scene.records(Table::Contain, "containments").await[0].decode().unwrap()
}

#[tokio::test]
async fn a_release_whose_worker_dies_at_any_call_is_finished_or_taken_back() {
    for (fails, looks) in [(Fails::KilledBefore, true), (Fails::KilledAfter, false)] {
        let mut call = 0;
        while released_despite(call, fails, looks).await {
            call += 1;
        }
        assert!(call > 5, "only {call} calls were tried");
    }
}

//! What else is done about a user where it is asked for: the password is made invalid and known addresses are forgotten,
//! both proven by reading again.

use std::collections::BTreeSet;

use salesforce_simulator::{CampaignKind, Door, Effect, Fault, Lying, Write};
use session_warden::containment::{Containment, Outcome, Request, StepKind, Survivor};
use session_warden::detection::Action;
use session_warden::policy::{Also, FreezeMode};
use session_warden::stages::Apply;

use crate::support::Scene;

const TRUSTED: [&str; 2] = ["203.0.113.77", "198.51.100.8"];

/// An attacked user who has passed the challenge at two addresses, and somebody else who has at one.
async fn scene() -> Scene {
    let scene = Scene::of(CampaignKind::BruteForce).await;
    let (user, other) = (scene.campaign.user_id, scene.somebody_else());
    let mut org = scene.simulator.org();
    for address in TRUSTED {
        org.trust_address(user, address);
    }
    let other = org.user(other.as_str()).unwrap().id;
    org.trust_address(other, TRUSTED[0]);
    drop(org);
    scene
}

async fn asked_for(scene: &Scene, also: &[Also]) -> Containment {
    let also = also.iter().copied().collect();
    let request = Request { also, ..scene.by_person(&scene.user()) };
    scene.stage().contain(request, Apply::Act).await.unwrap()
}

fn kinds(record: &Containment) -> Vec<StepKind> {
    record.steps.iter().map(|step| step.kind).collect()
}

#[tokio::test]
async fn where_asked_the_password_and_the_trusted_addresses_go_too() {
    let scene = scene().await;
    let record = asked_for(&scene, &[Also::ResetPassword, Also::ForgetAddresses]).await;
    assert_eq!(record.outcome, Some(Outcome::Contained), "{record:#?}");
    assert_eq!(record.impact.also, BTreeSet::from([Also::ResetPassword, Also::ForgetAddresses]));
    assert!(record.impact.irreversible.iter().any(|warning| warning.contains("mailbox")));
    let acts = [StepKind::Freeze, StepKind::ResetPassword];
    assert_eq!(kinds(&record)[..2], acts, "{:?}", kinds(&record));
    assert!(kinds(&record).contains(&StepKind::ForgetAddresses));
    let mut org = scene.simulator.org();
    let left: Vec<_> = org.login_ips().iter().map(|known| known.user_id).collect();
    assert!(left.len() == 1 && left[0] != scene.campaign.user_id, "somebody else keeps his");
    org.set_frozen(&scene.campaign.user_id, salesforce_simulator::Frost::Thawed);
    assert_ne!(org.attempt(&scene.campaign.loot).password, Door::Open, "the known password is void");
    org.take_writes();
}

#[tokio::test]
async fn the_policy_can_ask_for_it_and_nobody_else_does() {
    let mut scene = scene().await;
    scene.policy.containment.also = [Also::ForgetAddresses].into();
    scene.policy.containment.freeze = FreezeMode::Never;
    let raised = scene.keep(&scene.finding(1, Action::Contain)).await;
    let record = scene.contain_raised(&raised).await.unwrap();
    assert_eq!(record.outcome, Some(Outcome::AccessEnded), "{record:#?}");
    let writes = scene.writes();
    let forgotten = writes.iter().filter(|write| matches!(write, Write::DeletedLoginIp { .. })).count();
    assert_eq!((forgotten, kinds(&record).contains(&StepKind::ResetPassword)), (2, false));
    assert!(!writes.iter().any(|write| matches!(write, Write::ChangedPassword { .. })));

    let plain = self::scene().await;
    plain.person(&plain.user(), Apply::Act).await.unwrap();
    assert_eq!(plain.simulator.org().login_ips().len(), 3, "unasked, addresses stay");
    plain.writes();
}

/// Another time of change proves no reset: the attacker, whose session still lives, may have set a password of his own.
#[tokio::test]
async fn a_change_of_the_password_that_salesforce_has_not_answered_for_is_no_reset() {
    let scene = scene().await;
    let lost = Fault::new("DELETE", "/password", 1_000, Effect::CloseAfter);
    scene.simulator.org().faults_mut().add(lost);
    let record = asked_for(&scene, &[Also::ResetPassword]).await;
    assert!(matches!(record.outcome, Some(Outcome::NotContained { .. })), "{record:#?}");
    assert!(record.survivors.iter().any(|survivor| matches!(survivor, Survivor::Password { .. })));
    scene.writes();
}

#[tokio::test]
async fn an_answer_of_success_with_nothing_changed_is_a_survivor() {
    let scene = scene().await;
    scene.simulator.org().switches_mut().lying = Lying::Always;
    let record = asked_for(&scene, &[Also::ResetPassword, Also::ForgetAddresses]).await;
    assert!(matches!(record.outcome, Some(Outcome::NotContained { .. })), "{record:#?}");
    let of = |which: fn(&Survivor) -> bool| record.survivors.iter().filter(|it| which(it)).count();
    assert_eq!(of(|survivor| matches!(survivor, Survivor::Password { .. })), 1);
    assert_eq!(of(|survivor| matches!(survivor, Survivor::Address { .. })), 2);
}

#[tokio::test]
async fn asked_again_nothing_is_reset_twice() {
    let scene = scene().await;
    let first = asked_for(&scene, &[Also::ResetPassword]).await;
    scene.writes();
    assert_eq!(asked_for(&scene, &[Also::ResetPassword]).await, first);
    assert!(scene.writes().is_empty());
}

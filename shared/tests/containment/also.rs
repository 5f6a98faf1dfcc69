//! What else is done about a user where it is asked for: the password is made invalid and known addresses are forgotten,
//! both proven by reading again.

use std::collections::BTreeSet;

use salesforce_simulator::{CampaignKind, Door, Effect, Fault, Lying, Write};
use serde_json::json;
use session_warden::containment::{Containment, Outcome, Request, StepKind, Survivor, Switch};
use session_warden::detection::Action;
use session_warden::evidence::{EntryKind, Ledger, Payload};
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

#[tokio::test]
async fn an_address_that_cannot_be_read_is_not_called_forgotten() {
    let scene = scene().await;
    let row = json!({ "Id": "710000000000001AAA", "UsersId": null });
    let rows = json!({ "totalSize": 1, "done": true, "records": [row] });
    let unreadable = Fault::new("GET", "FROM LoginIp WHERE", 1_000, Effect::Json(200, rows));
    scene.simulator.org().faults_mut().add(unreadable);
    let record = asked_for(&scene, &[Also::ForgetAddresses]).await;
    let Some(Outcome::NotContained { reason }) = &record.outcome else { panic!("{record:#?}") };
    assert!(reason.contains("could not be read"), "{reason}");
    scene.writes();
}

/// The parts of a step about addresses, by how many each is about.
async fn parts(scene: &Scene, record: &Containment) -> Vec<usize> {
    let ledger = Ledger::new(&*scene.store, scene.org_id());
    let entries = ledger.entries_of(record.containment_id.as_str()).await.unwrap().into_iter();
    let acts = entries.filter(|recorded| recorded.entry.kind == EntryKind::Act);
    let about = acts.filter_map(|recorded| match recorded.payload {
        Payload::Kept(act) if act["step"] == "forget_addresses" => Some(act["answers"].as_object()?.len()),
        _ => None,
    });
    about.collect()
}

#[tokio::test]
async fn very_many_addresses_are_forgotten_part_by_part_and_whatever_the_answers_say_they_fit_into_the_ledger()
 {
    let scene = scene().await;
    {
        let mut org = scene.simulator.org();
        (0..=255)
            .for_each(|last| drop(org.trust_address(scene.campaign.user_id, &format!("192.0.2.{last}"))));
        let page = json!([{ "errorCode": "UNKNOWN_EXCEPTION", "message": "no ".repeat(2_000) }]);
        org.faults_mut().add(Fault::new("DELETE", "/LoginIp/", 300, Effect::Json(400, page)));
    }
    let record = asked_for(&scene, &[Also::ForgetAddresses]).await;
    let parts = parts(&scene, &record).await;
    assert_eq!(parts[..3], [100, 100, 58], "{parts:?}");
    assert_eq!(record.outcome, Some(Outcome::Contained), "{:?}", record.outcome);
    let longest = json!(record.steps).to_string().len();
    assert!(longest < 5_000, "{longest}");
    scene.writes();
}

#[tokio::test]
async fn the_switch_is_looked_at_between_the_parts() {
    let scene = scene().await;
    {
        let mut org = scene.simulator.org();
        (0..=255)
            .for_each(|last| drop(org.trust_address(scene.campaign.user_id, &format!("192.0.2.{last}"))));
    }
    let forgotten = || {
        let org = scene.simulator.org();
        org.requests()
            .iter()
            .filter(|sent| sent.method == "DELETE" && sent.path.contains("/LoginIp/"))
            .count()
    };
    let throw = async {
        while forgotten() == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        scene.throw_kill_switch(Switch::Thrown).await;
    };
    let (record, ()) = tokio::join!(asked_for(&scene, &[Also::ForgetAddresses]), throw);
    assert!(matches!(record.outcome, Some(Outcome::NotContained { .. })), "{:?}", record.outcome);
    assert_eq!(forgotten(), 100);
    scene.writes();
}

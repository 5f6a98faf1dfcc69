//! Asking people: one question, signed answers, each used once, and nothing done without them.

use jiff::SignedDuration;
use salesforce_simulator::CampaignKind;
use session_warden::clock::Clock;
use session_warden::containment::{
    Containment, ContainmentId, Declined, Outcome, Stage, approvals, containments, declined,
};
use session_warden::detection::{Action, Dismissal, FindingId};
use session_warden::evidence::{EntryKind, Ledger};
use session_warden::observation::UserId;
use session_warden::policy::Mode;
use session_warden::stages::{Apply, dismissals};
use session_warden::store::{Expect, Key, Table, Write};

use crate::support::Scene;

/// A scene whose policy asks, and the containment that waits.
async fn waiting() -> (Scene, Vec<(String, session_warden::containment::ApproverKey)>, Containment) {
    let mut scene = Scene::of(CampaignKind::BruteForce).await;
    let people = scene.approvers(&["Ada", "Grace"]);
    scene.policy.mode = Mode::Ask;
    let raised = scene.keep(&scene.finding(1, Action::Ask)).await;
    let record = scene.contain_raised(&raised).await.unwrap();
    assert_eq!((record.stage, Scene::rules(&record)), (Stage::Waiting, vec!["ask"]));
    assert!(record.pending.is_some() && record.impact.sessions > 0 && scene.writes().is_empty());
    assert_eq!(scene.contain_raised(&raised).await.unwrap(), record, "asked once");
    (scene, people, record)
}

async fn tended(scene: &Scene) -> Vec<Containment> {
    scene.stage().tend(&scene.org_id()).await.unwrap()
}

fn attacker_is_in(scene: &Scene) -> bool {
    let is_in = scene.simulator.org().attempt(&scene.campaign.loot).gets_in();
    scene.writes();
    is_in
}

#[tokio::test]
async fn one_person_agrees_and_the_ledger_says_who() {
    let (scene, people, record) = waiting().await;
    scene.approve(&record, &people[0].1, "Ada").await;
    let changed = tended(&scene).await;
    assert_eq!((changed.len(), &changed[0].outcome), (1, &Some(Outcome::Contained)));
    assert_eq!((changed[0].approved[0].approver.as_str(), &changed[0].pending), ("Ada", &None));
    assert!(!attacker_is_in(&scene));
    let ledger = Ledger::new(&*scene.store, scene.org_id());
    let entries = ledger.entries_of(record.containment_id.as_str()).await.unwrap();
    let kinds: Vec<_> = entries.iter().map(|recorded| recorded.entry.kind).collect();
    assert_eq!(kinds[..3], [EntryKind::Request, EntryKind::Decision, EntryKind::Approval]);
    assert!(tended(&scene).await.is_empty(), "an approval is used once");
}

/// Another finding about the same user.
async fn another(scene: &Scene) -> Containment {
    let mut finding = scene.finding(1, Action::Ask);
    finding.finding_id = FindingId::new("f-2");
    let raised = scene.keep(&finding).await;
    scene.contain_raised(&raised).await.unwrap()
}

#[tokio::test]
async fn what_joins_a_question_is_named_by_what_follows_the_approval() {
    let (scene, people, _) = waiting().await;
    let asked = another(&scene).await;
    assert_eq!(asked.joined.len(), 1);
    scene.approve(&asked, &people[0].1, "Ada").await;
    let changed = tended(&scene).await;
    assert_eq!(changed[0].outcome, Some(Outcome::Contained));
    assert_eq!(changed[0].joined, asked.joined);
}

#[tokio::test]
async fn a_question_whose_time_is_over_takes_no_finding_in() {
    let (scene, _, record) = waiting().await;
    scene.clock.advance(SignedDuration::from_mins(61));
    let asked = another(&scene).await;
    assert_ne!(asked.containment_id, record.containment_id);
    assert_eq!(asked.stage, Stage::Waiting, "it is asked about by itself");
}

#[tokio::test]
async fn a_finding_that_joined_a_question_which_was_given_up_is_asked_about_by_itself() {
    for is_dismissed in [true, false] {
        let (scene, people, record) = waiting().await;
        assert_eq!(another(&scene).await.containment_id, record.containment_id, "it joins");
        if is_dismissed {
            let (by, reason, at) = ("Grace".to_owned(), "it is a test".to_owned(), scene.clock.now());
            let no = Dismissal::of(&scene.finding(1, Action::Ask), by, reason, at, at);
            let write = Write::put(dismissals(&scene.org_id()).key("f-1"), Expect::Any, &no).unwrap();
            scene.store.write(vec![write]).await.unwrap();
        } else {
            scene.clock.advance(SignedDuration::from_mins(61));
        }
        let rule = if is_dismissed { "dismissed" } else { "expired" };
        assert_eq!(Scene::rules(&tended(&scene).await[0]), [rule]);
        let asked = tended(&scene).await;
        let [asked] = &asked[..] else { panic!("{asked:#?}") };
        assert_eq!(
            (asked.stage, asked.request.trigger.as_ref().unwrap().finding_id.as_str()),
            (Stage::Waiting, "f-2")
        );
        assert_ne!(asked.containment_id, record.containment_id);
        assert!(tended(&scene).await.is_empty(), "asked once");
        scene.approve(asked, &people[0].1, "Ada").await;
        assert_eq!(tended(&scene).await[0].outcome, Some(Outcome::Contained));
    }
}

#[tokio::test]
async fn without_an_answer_nothing_is_done() {
    let (scene, people, record) = waiting().await;
    scene.clock.advance(SignedDuration::from_mins(61));
    scene.approve(&record, &people[0].1, "Ada").await;
    let changed = tended(&scene).await;
    assert_eq!((changed[0].stage, Scene::rules(&changed[0])), (Stage::Finished, vec!["expired"]));
    assert!(tended(&scene).await.is_empty() && scene.writes().is_empty());
    assert!(attacker_is_in(&scene));
}

#[tokio::test]
async fn who_says_no_is_obeyed_also_after_others_agreed() {
    for by_finding in [true, false] {
        let (scene, people, record) = waiting().await;
        scene.approve(&record, &people[0].1, "Ada").await;
        let (by, reason, at) = ("Grace".to_owned(), "it is a test".to_owned(), scene.clock.now());
        let write = if by_finding {
            let finding = scene.finding(1, Action::Ask);
            let no = Dismissal::of(&finding, by, reason, at, at);
            Write::put(dismissals(&scene.org_id()).key("f-1"), Expect::Any, &no)
        } else {
            let key = declined(&scene.org_id()).key(&record.question().unwrap());
            Write::put(key, Expect::Any, &Declined { by, reason, at })
        };
        scene.store.write(vec![write.unwrap()]).await.unwrap();
        let changed = tended(&scene).await;
        assert_eq!(Scene::rules(&changed[0]), ["dismissed"]);
        assert!(scene.writes().is_empty());
    }
}

#[tokio::test]
async fn a_no_answers_the_question_that_was_asked_and_no_later_one() {
    let (scene, people, record) = waiting().await;
    let no = Declined { by: "Grace".to_owned(), reason: "a test".to_owned(), at: scene.clock.now() };
    let key = declined(&scene.org_id()).key(&record.question().unwrap());
    scene.store.write(vec![Write::put(key, Expect::Any, &no).unwrap()]).await.unwrap();
    assert_eq!(Scene::rules(&tended(&scene).await[0]), ["dismissed"]);
    scene.clock.advance(SignedDuration::from_secs(1));
    let raised = scene.keep(&scene.finding(2, Action::Ask)).await;
    let again = scene.contain_raised(&raised).await.unwrap();
    assert_eq!((&again.containment_id, again.stage), (&record.containment_id, Stage::Waiting));
    assert!(tended(&scene).await.is_empty(), "nobody has said no to this");
    scene.approve(&again, &people[0].1, "Ada").await;
    assert_eq!(tended(&scene).await[0].outcome, Some(Outcome::Contained));
}

#[tokio::test]
async fn a_question_that_was_changed_in_the_store_has_nobodys_consent() {
    let mut scene = Scene::of(CampaignKind::BruteForce).await;
    let people = scene.approvers(&["Ada", "Grace"]);
    scene.policy.protected.break_glass.push(scene.user().as_str().to_owned());
    let record = scene.person(&scene.user(), Apply::Act).await.unwrap();
    scene.approve(&record, &people[0].1, "Ada").await;
    scene.approve(&record, &people[1].1, "Grace").await;
    let room = containments(&scene.org_id());
    let kept = room.get(&*scene.store, record.containment_id.as_str()).await.unwrap().unwrap();
    let mut changed = kept.value;
    changed.pending.as_mut().unwrap().needed = 1;
    let put = room.put(record.containment_id.as_str(), Some(kept.version), &changed).unwrap();
    scene.store.write(vec![put]).await.unwrap();
    assert!(tended(&scene).await.is_empty() && scene.writes().is_empty());
}

#[tokio::test]
async fn only_known_people_and_their_own_keys_count() {
    let (mut scene, people, record) = waiting().await;
    let stranger = scene.key("stranger");
    scene.approve(&record, &stranger, "Ada").await;
    scene.approve(&record, &people[0].1, "Grace").await;
    let mut forged = people[0].1.approve(&record, record.pending.as_ref().unwrap(), "Ada", scene.clock.now());
    forged.at += SignedDuration::from_secs(1);
    scene.keep_approval(&forged).await;
    assert!(tended(&scene).await.is_empty());
    scene.policy.approvers.clear();
    scene.approve(&record, &people[0].1, "Ada").await;
    assert!(tended(&scene).await.is_empty(), "whom the policy no longer names");
    assert!(scene.writes().is_empty());
}

#[tokio::test]
async fn an_approval_is_for_this_plan_and_no_other() {
    let (mut scene, people, record) = waiting().await;
    scene.approve(&record, &people[0].1, "Ada").await;
    scene.simulator.org().approve(scene.campaign.user_id, "An app that was not there");
    let changed = tended(&scene).await;
    assert_eq!(changed[0].stage, Stage::Waiting, "{changed:#?}");
    assert_ne!(changed[0].pending, record.pending, "asked anew");
    assert!(scene.writes().is_empty() && tended(&scene).await.is_empty());
    scene
        .keep_approval(&people[1].1.approve(
            &record,
            record.pending.as_ref().unwrap(),
            "Grace",
            scene.clock.now(),
        ))
        .await;
    assert!(tended(&scene).await.is_empty(), "an answer to the old question is none to the new one");
    scene.approve(&changed[0], &people[1].1, "Grace").await;
    assert_eq!(tended(&scene).await[0].outcome, Some(Outcome::Contained));
    scene.policy.mode = Mode::Observe;
}

#[tokio::test]
async fn a_new_session_of_the_attacker_does_not_void_an_approval() {
    let (scene, people, record) = waiting().await;
    scene.approve(&record, &people[0].1, "Ada").await;
    assert!(attacker_is_in(&scene));
    assert_eq!(tended(&scene).await[0].outcome, Some(Outcome::Contained));
    assert!(!attacker_is_in(&scene));
}

#[tokio::test]
async fn what_the_caps_do_not_allow_waits_and_stays_within_them() {
    let mut scene = Scene::of(CampaignKind::BruteForce).await;
    let people = scene.approvers(&["Ada"]);
    scene.policy.caps.per_day = 0;
    let record = scene.contain().await.unwrap();
    assert_eq!((record.stage, Scene::rules(&record)), (Stage::Waiting, vec!["caps"]));
    scene.approve(&record, &people[0].1, "Ada").await;
    let changed = tended(&scene).await;
    assert_eq!((changed.len(), changed[0].stage), (1, Stage::Waiting));
    assert!(scene.writes().is_empty(), "an approval does not lift a cap");
    scene.policy.caps.per_day = 5;
    scene.clock.advance(SignedDuration::from_secs(1));
    let changed = tended(&scene).await;
    assert_eq!(changed[0].outcome, Some(Outcome::Contained), "{changed:#?}");
}

#[tokio::test]
async fn an_account_for_emergencies_needs_two_different_people() {
    let mut scene = Scene::of(CampaignKind::BruteForce).await;
    let people = scene.approvers(&["Ada", "Grace"]);
    scene.policy.protected.break_glass.push(scene.user().as_str().to_owned());
    let record = scene.person(&scene.user(), Apply::Act).await.unwrap();
    assert_eq!((record.stage, Scene::rules(&record)), (Stage::Waiting, vec!["break-glass"]));
    for _ in 0..2 {
        scene.approve(&record, &people[0].1, "Ada").await;
        scene.clock.advance(SignedDuration::from_secs(1));
        assert!(tended(&scene).await.is_empty(), "one person is one person, however often");
    }
    scene.approve(&record, &people[1].1, "Grace").await;
    assert_eq!(tended(&scene).await[0].outcome, Some(Outcome::Contained));
}

#[tokio::test]
async fn approvals_that_cannot_be_read_are_none() {
    let (scene, _, record) = waiting().await;
    let plan = record.pending.as_ref().unwrap().plan;
    let key = approvals(&scene.org_id()).key(&format!("{}/{plan}/x", record.containment_id));
    let body = serde_json::json!({ "approver": "Ada" });
    scene.store.write(vec![Write::Put { key, expect: Expect::Any, body }]).await.unwrap();
    assert!(tended(&scene).await.is_empty() && scene.writes().is_empty());
}

/// What is kept about a user's containment because of a finding cannot be read.
async fn damage(scene: &Scene, finding: &str, user: &UserId) {
    let id = ContainmentId::of(&scene.org_id(), &format!("finding/{finding}/{user}"));
    let key = containments(&scene.org_id()).key(id.as_str());
    let damaged = Write::Put { key, expect: Expect::Any, body: serde_json::json!({ "stage": 7 }) };
    scene.store.write(vec![damaged]).await.unwrap();
}

#[tokio::test]
async fn of_findings_that_joined_a_question_which_was_given_up_none_waits_for_another_that_fails() {
    let (scene, _, record) = waiting().await;
    for id in ["f-2", "f-3"] {
        let mut finding = scene.finding(1, Action::Ask);
        finding.finding_id = FindingId::new(id);
        let raised = scene.keep(&finding).await;
        assert_eq!(scene.contain_raised(&raised).await.unwrap().containment_id, record.containment_id);
    }
    damage(&scene, "f-2", &scene.user()).await;
    scene.clock.advance(SignedDuration::from_mins(61));
    assert_eq!(Scene::rules(&tended(&scene).await[0]), ["expired"]);
    tended(&scene).await;
    let id = ContainmentId::of(&scene.org_id(), &format!("finding/f-3/{}", scene.user()));
    let asked = containments(&scene.org_id()).get(&*scene.store, id.as_str()).await.unwrap().unwrap().value;
    assert_eq!(asked.stage, Stage::Waiting);
    let due = scene.records(Table::Contain, "agenda").await;
    assert!(
        due.iter().any(|due| due.key.sort == record.containment_id.as_str()),
        "it is tried again: {due:?}"
    );
}

#[tokio::test]
async fn one_user_of_a_finding_who_cannot_be_contained_keeps_no_other_from_it_and_the_message_stays() {
    let mut scene = Scene::of(CampaignKind::BruteForce).await;
    (scene.policy.caps.per_request, scene.policy.caps.per_hour) = (10, 10);
    scene.policy.caps.percent_of_active_users = 100.0;
    let other = scene.somebody_else();
    let mut finding = scene.finding(1, Action::Contain);
    finding.containable_users = vec![other.clone(), scene.user()];
    let raised = scene.keep(&finding).await;
    damage(&scene, "f-1", &other).await;
    let message = Key::new(Table::Evaluate, &scene.org_id(), "queue", "message");
    let body = serde_json::json!({});
    scene.store.write(vec![Write::put(message.clone(), Expect::Any, &body).unwrap()]).await.unwrap();
    let done = Write::Delete { key: message.clone(), expect: Expect::Any };
    let failed = scene.stage().contain_finding(&raised, Some(done)).await.unwrap_err();
    assert!(failed.to_string().contains("cannot be read"), "{failed}");
    assert!(!attacker_is_in(&scene));
    assert!(scene.store.get(&message).await.unwrap().is_some());
}

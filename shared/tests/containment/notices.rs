//! People are told, never the suspect mailbox alone, and nothing that is to be told is lost.

use std::sync::Mutex;

use async_trait::async_trait;
use jiff::SignedDuration;
use salesforce_simulator::{CampaignKind, Frost};
use session_warden::clock::Clock;
use session_warden::containment::{Outcome, Request, RequestedBy, Switch};
use session_warden::detection::{Action, Dismissal};
use session_warden::notice::{About, Notice, Notifier, NotifyError, WhoIsTold};
use session_warden::policy::{Mode, Told};
use session_warden::stages::{Apply, Notified, Tell, dismissals};
use session_warden::store::{Expect, Key, Table, Write};

use crate::support::Scene;

/// Remembers what it was told, and fails as often as it is to.
#[derive(Default)]
struct Heard {
    notices: Mutex<Vec<Notice>>,
    fails: Mutex<usize>,
}

#[async_trait]
impl Notifier for Heard {
    async fn notify(&self, notice: &Notice) -> Result<(), NotifyError> {
        let mut fails = self.fails.lock().unwrap();
        if *fails > 0 {
            *fails -= 1;
            return Err(NotifyError { channel: "test".to_owned(), reason: "as ordered".to_owned() });
        }
        self.notices.lock().unwrap().push(notice.clone());
        Ok(())
    }
}

impl Heard {
    async fn of(scene: &Scene) -> (Vec<Notice>, Notified) {
        let heard = Self::default();
        let notified = heard.listen(scene).await;
        (heard.notices.into_inner().unwrap(), notified)
    }

    async fn listen(&self, scene: &Scene) -> Notified {
        scene.stage().notify(&scene.org_id(), self).await.unwrap()
    }
}

/// What people are told now.
pub async fn heard(scene: &Scene) -> Vec<Notice> {
    Heard::of(scene).await.0
}

async fn waiting(scene: &Scene) -> usize {
    scene.records(Table::Contain, "notices").await.len()
}

fn roles(notice: &Notice) -> Vec<WhoIsTold> {
    notice.to.iter().map(|recipient| recipient.role).collect()
}

#[tokio::test]
async fn support_manager_and_user_are_told_what_was_seen_from_where_and_what_to_do() {
    let scene = Scene::of(CampaignKind::BruteForce).await;
    let manager = scene.somebody_else();
    scene.simulator.org().set_manager(&scene.campaign.user_id, manager.as_str());
    let mut finding = scene.finding(1, Action::Contain);
    finding.detections[0].evidence.insert("source".to_owned(), "203.0.113.77".into());
    let raised = scene.keep(&finding).await;
    scene.contain_raised(&raised).await.unwrap();
    let (notices, _) = Heard::of(&scene).await;
    let [notice] = &notices[..] else { panic!("{notices:#?}") };
    assert_eq!(roles(notice), [WhoIsTold::Support, WhoIsTold::Manager, WhoIsTold::User]);
    let address = |role| notice.to.iter().find(|to| to.role == role).unwrap().address.clone().unwrap();
    assert_eq!(address(WhoIsTold::User), scene.campaign.username);
    let managers = scene.simulator.org().user(manager.as_str()).unwrap().username.clone();
    assert_eq!(address(WhoIsTold::Manager), managers);
    assert_eq!((notice.about, notice.title.contains(&scene.campaign.username)), (About::Ended, true));
    for said in [
        "Many wrong passwords, then the right one",
        "From: 203.0.113.77",
        "the account is frozen",
        "change the password",
        "warden answer f-1 yes|no",
        "silence is not a yes",
    ] {
        assert!(notice.text.contains(said), "{said}: {}", notice.text);
    }
    assert_eq!(waiting(&scene).await, 0);
    assert!(Heard::of(&scene).await.0.is_empty(), "told once");
}

#[tokio::test]
async fn the_suspect_mailbox_is_never_the_only_one() {
    let mut scene = Scene::of(CampaignKind::BruteForce).await;
    (scene.policy.notices.tell, scene.policy.notices.support) = (vec![Told::User], Vec::new());
    scene.contain().await.unwrap();
    let (notices, _) = Heard::of(&scene).await;
    assert_eq!(
        roles(&notices[0]),
        [WhoIsTold::Support],
        "nobody manages him, and his mailbox is not told alone"
    );
    assert!(notices[0].text.contains("The user is not told by mail"), "{}", notices[0].text);
}

#[tokio::test]
async fn who_is_asked_whether_it_was_him_is_not_asked_in_the_suspect_mailbox_alone() {
    for (support, expected) in [
        (vec![], vec![WhoIsTold::Support]),
        (vec!["soc@acme.example".to_owned()], vec![WhoIsTold::Support, WhoIsTold::User]),
    ] {
        let mut scene = Scene::of(CampaignKind::BruteForce).await;
        scene.approvers(&["Ada"]);
        (scene.policy.mode, scene.policy.notices.support) = (Mode::Ask, support);
        let raised = scene.keep(&scene.finding(1, Action::Ask)).await;
        scene.contain_raised(&raised).await.unwrap();
        let (notices, _) = Heard::of(&scene).await;
        assert_eq!((notices[0].about, roles(&notices[0])), (About::Asked, expected));
        assert!(notices[0].text.contains("Was this you?"), "{}", notices[0].text);
    }
}

#[tokio::test]
async fn whoever_sent_an_event_waits_for_no_answer_so_a_refusal_is_told() {
    let scene = Scene::of(CampaignKind::BruteForce).await;
    scene.throw_kill_switch(Switch::Thrown).await;
    let by_person = scene.by_person(&scene.user());
    let name = "siem".to_owned();
    let by_event = Request {
        request_id: "event/1".to_owned(),
        requested_by: RequestedBy::Event { name },
        ..by_person.clone()
    };
    for (request, expected) in [(by_person, vec![]), (by_event, vec![About::Refused])] {
        let record = scene.stage().contain(request, Apply::Act).await.unwrap();
        assert!(matches!(record.outcome, Some(Outcome::Refused { .. })), "{:?}", record.outcome);
        let told: Vec<_> = heard(&scene).await.iter().map(|notice| notice.about).collect();
        assert_eq!(told, expected);
    }
}

/// A finding about something that is no user, as a spray from one network.
async fn nobodys(scene: &Scene) -> session_warden::messages::FindingRaised {
    let mut finding = scene.finding(1, Action::Notify);
    finding.subject.kind = session_warden::detection::SubjectKind::Network;
    (finding.subject.name, finding.containable_users) = ("203.0.113.0/24".to_owned(), Vec::new());
    scene.keep(&finding).await
}

#[tokio::test]
async fn a_finding_for_which_nobody_can_be_contained_is_told_once() {
    let scene = Scene::of(CampaignKind::BruteForce).await;
    let raised = nobodys(&scene).await;
    for _ in 0..2 {
        assert!(scene.stage().contain_finding(&raised, None).await.unwrap().is_empty());
    }
    let (notices, notified) = Heard::of(&scene).await;
    assert_eq!((notices.len(), notified.told, waiting(&scene).await), (1, 1, 0));
    let notice = &notices[0];
    assert_eq!((notice.about, roles(notice)), (About::Seen, vec![WhoIsTold::Support]));
    assert_eq!(notice.finding_id.as_ref().unwrap(), &raised.finding_id);
    assert!(notice.containment_id.is_none() && notice.title.contains("203.0.113.0/24"), "{notice:#?}");
    assert!(notice.text.contains("Nothing was done: it is not about one user."), "{}", notice.text);
}

#[tokio::test]
async fn a_finding_that_was_dismissed_meanwhile_is_not_told() {
    let scene = Scene::of(CampaignKind::BruteForce).await;
    let raised = nobodys(&scene).await;
    scene.stage().contain_finding(&raised, None).await.unwrap();
    let finding =
        session_warden::stages::findings(&scene.org_id()).get(&*scene.store, "f-1").await.unwrap().unwrap();
    let now = scene.clock.now();
    let no = Dismissal::of(&finding.value, "Ada".to_owned(), "a test".to_owned(), now, now);
    let put = Write::put(dismissals(&scene.org_id()).key("f-1"), Expect::Any, &no).unwrap();
    scene.store.write(vec![put]).await.unwrap();
    assert!(Heard::of(&scene).await.0.is_empty());
    assert_eq!(waiting(&scene).await, 0);
}

#[tokio::test]
async fn a_notice_that_cannot_be_read_hides_none_behind_it() {
    let scene = Scene::of(CampaignKind::BruteForce).await;
    let key = Key::new(Table::Contain, &scene.org_id(), "notices", "0/damaged");
    let damaged = Write::Put { key, expect: Expect::Any, body: serde_json::json!({ "matter": 7 }) };
    scene.store.write(vec![damaged]).await.unwrap();
    scene.contain().await.unwrap();
    let (notices, notified) = Heard::of(&scene).await;
    assert_eq!((notices.len(), notified.told, notified.failed.len()), (1, 1, 1));
    assert!(notified.failed[0].to_string().contains("0/damaged is given up"), "{}", notified.failed[0]);
    assert_eq!(waiting(&scene).await, 0, "and it is complained of once");
}

#[tokio::test]
async fn what_nobody_took_for_a_week_is_given_up() {
    let scene = Scene::of(CampaignKind::BruteForce).await;
    scene.contain().await.unwrap();
    for (days, left) in [(6, 1), (2, 0)] {
        scene.clock.advance(SignedDuration::from_hours(24 * days));
        let heard = Heard { fails: Mutex::new(1), ..Heard::default() };
        assert_eq!((heard.listen(&scene).await.failed.len(), waiting(&scene).await), (1, left), "{days}");
    }
}

#[tokio::test]
async fn who_may_not_act_tells_findings_and_leaves_the_rest_to_who_did_it() {
    let scene = Scene::of(CampaignKind::BruteForce).await;
    scene.contain().await.unwrap();
    let mut other = scene.finding(1, Action::Contain);
    other.finding_id = session_warden::detection::FindingId::new("f-2");
    scene.keep(&other).await;
    let (store, salesforce, policy, clock) = (&*scene.store, &scene.salesforce, &scene.policy, &scene.clock);
    let tell = Tell { store, salesforce, policy, clock };
    tell.seen(&other).await.unwrap();
    let heard = Heard::default();
    tell.notify_of_findings(&scene.org_id(), &heard).await.unwrap();
    let notices = heard.notices.into_inner().unwrap();
    let [notice] = &notices[..] else { panic!("{notices:#?}") };
    assert_eq!(notice.finding_id.as_ref().unwrap().as_str(), "f-2");
    assert!(notice.text.contains("no identity that may end access"), "{}", notice.text);
    assert_eq!(waiting(&scene).await, 1);
}

#[tokio::test]
async fn a_notice_that_fails_undoes_nothing_and_is_told_later() {
    let scene = Scene::of(CampaignKind::BruteForce).await;
    let record = scene.contain().await.unwrap();
    assert_eq!(record.outcome, Some(Outcome::Contained));
    let heard = Heard { fails: Mutex::new(1), ..Heard::default() };
    let notified = heard.listen(&scene).await;
    assert_eq!((notified.told, notified.failed.len(), waiting(&scene).await), (0, 1, 1));
    assert_eq!(scene.contain().await.unwrap(), record);
    assert_eq!((heard.listen(&scene).await.told, waiting(&scene).await), (1, 0));
}

#[tokio::test]
async fn without_addresses_the_support_is_told_and_told_why() {
    let scene = Scene::of(CampaignKind::BruteForce).await;
    scene.contain().await.unwrap();
    let refused = salesforce_simulator::Effect::refusal(400, "INVALID_FIELD");
    let matcher = salesforce_simulator::Matcher::any().path("Email");
    let fault = salesforce_simulator::Fault::on(matcher, salesforce_simulator::Occurrence::Every, refused);
    scene.simulator.org().faults_mut().add(fault);
    let (notices, _) = Heard::of(&scene).await;
    assert_eq!(roles(&notices[0]), [WhoIsTold::Support]);
    assert!(notices[0].text.contains("could not be read"), "{}", notices[0].text);
}

#[tokio::test]
async fn who_is_asked_is_told_and_who_only_observes_tells_the_support() {
    let mut scene = Scene::of(CampaignKind::BruteForce).await;
    scene.approvers(&["Ada"]);
    scene.policy.mode = Mode::Ask;
    let raised = scene.keep(&scene.finding(1, Action::Ask)).await;
    let record = scene.contain_raised(&raised).await.unwrap();
    let (notices, _) = Heard::of(&scene).await;
    let asked = (notices[0].about, roles(&notices[0]));
    assert_eq!(asked, (About::Asked, vec![WhoIsTold::Support]), "nobody but the user has an address");
    assert!(notices[0].text.contains(&format!("warden approve {}", record.containment_id)));

    let mut scene = Scene::of(CampaignKind::BruteForce).await;
    scene.policy.mode = Mode::Observe;
    let raised = scene.keep(&scene.finding(1, Action::Notify)).await;
    scene.contain_raised(&raised).await.unwrap();
    let (notices, _) = Heard::of(&scene).await;
    assert_eq!((notices[0].about, roles(&notices[0])), (About::Seen, vec![WhoIsTold::Support]));
    assert!(!notices[0].text.contains("Was this you?"), "{}", notices[0].text);
}

#[tokio::test]
async fn what_came_back_is_told() {
    let scene = Scene::of(CampaignKind::BruteForce).await;
    scene.contain().await.unwrap();
    {
        let mut org = scene.simulator.org();
        org.set_frozen(&scene.campaign.user_id, Frost::Thawed);
        org.log_in(&scene.campaign.user_id, "198.51.100.9").unwrap();
        org.set_frozen(&scene.campaign.user_id, Frost::Frozen);
    }
    scene.clock.advance(SignedDuration::from_mins(6));
    scene.stage().tend(&scene.org_id()).await.unwrap();
    let (notices, _) = Heard::of(&scene).await;
    let about: Vec<_> = notices.iter().map(|notice| notice.about).collect();
    assert_eq!(about, [About::CameBack], "that it was ended is not so any more");
    assert!(notices.iter().all(|notice| notice.at <= scene.clock.now()));
}

#[tokio::test]
async fn hostile_text_in_a_notice_cannot_steer_and_cannot_be_clicked() {
    let scene = Scene::of(CampaignKind::BruteForce).await;
    let mut finding = scene.finding(1, Action::Contain);
    finding.detections[0].title =
        "\u{1b}[2J\r\nBcc: all@acme.example\u{202e} https://evil.example/login".to_owned();
    finding.detections[0].evidence.insert("source".to_owned(), "1.2.3.4\nFrom: support".into());
    let raised = scene.keep(&finding).await;
    scene.contain_raised(&raised).await.unwrap();
    let (notices, _) = Heard::of(&scene).await;
    let text = format!("{}\n{}", notices[0].title, notices[0].text);
    assert!(!text.contains(['\u{1b}', '\r', '\u{202e}']) && !text.contains("://"), "{text}");
    assert!(!text.lines().any(|line| line.starts_with("Bcc:") || line == "From: support"), "{text}");
}

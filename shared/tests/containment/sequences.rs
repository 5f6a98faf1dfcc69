//! Whatever comes, in whatever order, however often and whoever dies meanwhile: no cap is exceeded, nobody protected is
//! touched, and nothing is done without a record.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use salesforce_simulator::{CampaignKind, Frost, Write as Written};
use session_warden::clock::Clock;
use session_warden::containment::{
    ApproverKey, Containment, Declined, Marks, Outcome, Pauses, Request, Stage, Switch, Target, approvals,
    containments, declined,
};
use session_warden::detection::{Action, FindingId, Level};
use session_warden::evidence::Ledger;
use session_warden::messages::FindingRaised;
use session_warden::observation::{OrgId, UserId};
use session_warden::policy::Mode;
use session_warden::stages::Apply;
use session_warden::store::{Expect, Store, Table, Write};

use crate::support::{Fails, Faulty, Scene};
use crate::wide::asked;

/// Users whom the sequences are about: the first is protected, the second for emergencies.
const USERS: usize = 6;
/// An application that all of them have authorised.
const APP: &str = "Data Loader";
const SHORT: u32 = 1_000;
const LONG: u32 = 10_000;

/// One thing that happens.
#[derive(Debug, Clone)]
enum Event {
    /// A finding about a user is raised, or escalates; its message is delivered.
    Finding { user: usize, other: usize, action: Action, level: Level, hours_old: i64 },
    /// A message is delivered again, in any order.
    Again(usize),
    /// A person asks.
    Person { user: usize, level: Level },
    /// A person asks to cut off an application, or to log off everybody.
    Wide(Target),
    /// A person agrees to something that waits.
    Approve { which: usize, who: usize },
    /// Both people agree, and the agenda's turn comes.
    Agree(usize),
    /// A person says no to something that waits.
    Decline(usize),
    /// The agenda's turn.
    Tend,
    /// The clock jumps by minutes, also backwards.
    Clock(i64),
    /// The kill switch.
    Switch(Switch),
    /// The worker dies at the so-manieth call of the store from now on.
    Dies { call: usize, fails: Fails },
}

fn event() -> impl Strategy<Value = Event> {
    let action = prop_oneof![1 => Just(Action::Notify), 1 => Just(Action::Ask), 3 => Just(Action::Contain)];
    let level = || prop_oneof![1 => Just(Level::Session), 2 => Just(Level::User)];
    let fails = prop_oneof![
        Just(Fails::Before),
        Just(Fails::After),
        Just(Fails::KilledBefore),
        Just(Fails::KilledAfter)
    ];
    prop_oneof![
        4 => (0..USERS, 0usize..2, action, level(), 0i64..30).prop_map(|(user, other, action, level, hours_old)| {
            Event::Finding { user, other, action, level, hours_old }
        }),
        2 => (0usize..9).prop_map(Event::Again),
        2 => (0..USERS, level()).prop_map(|(user, level)| Event::Person { user, level }),
        2 => prop_oneof![3 => Just(Target::App { app_name: APP.to_owned() }), 1 => Just(Target::Org)]
            .prop_map(Event::Wide),
        4 => (0usize..3, 0usize..3).prop_map(|(which, who)| Event::Approve { which, who }),
        3 => (0usize..3).prop_map(Event::Agree),
        1 => (0usize..3).prop_map(Event::Decline),
        3 => Just(Event::Tend),
        2 => (-90i64..400).prop_map(Event::Clock),
        1 => prop_oneof![Just(Event::Switch(Switch::Thrown)), Just(Event::Switch(Switch::Lifted))],
        2 => (0usize..40, fails).prop_map(|(call, fails)| Event::Dies { call, fails }),
    ]
}

/// What one sequence is played on.
struct Play {
    scene: Scene,
    faulty: Arc<Faulty>,
    users: Vec<UserId>,
    people: Vec<(String, ApproverKey)>,
    raised: Vec<FindingRaised>,
    versions: BTreeMap<(usize, usize), u64>,
    owners: BTreeMap<String, String>,
    /// How often it came to this in all sequences: what never happens proves nothing.
    seen: BTreeMap<&'static str, usize>,
}

impl Play {
    async fn start() -> Self {
        let faulty = Arc::new(Faulty::at(usize::MAX, Fails::Before));
        let mut scene = Scene::on(Arc::clone(&faulty) as Arc<dyn Store>, CampaignKind::BruteForce).await;
        let people = scene.approvers(&["Ada", "Grace"]);
        let users: Vec<_> = {
            let org = scene.simulator.org();
            let staff =
                org.users().iter().filter(|user| user.is_active() && !user.username.contains("warden"));
            staff.rev().take(USERS).map(|user| UserId::new(user.id)).collect()
        };
        // One worker at a time: there is nothing to wait for.
        scene.pauses = Pauses { reread: Duration::ZERO, turn: Duration::ZERO };
        scene.policy.mode = Mode::Contain;
        (scene.policy.caps.per_hour, scene.policy.caps.per_day) = (2, 3);
        scene.policy.caps.percent_of_active_users = 100.0;
        scene.policy.protected.users.push(users[0].as_str().to_owned());
        scene.policy.protected.break_glass.push(users[1].as_str().to_owned());
        let (raised, versions) = (Vec::new(), BTreeMap::new());
        let (owners, seen) = (BTreeMap::new(), BTreeMap::new());
        Self { scene, faulty, users, people, raised, versions, owners, seen }
    }

    /// Everybody is in again, and nothing is remembered.
    fn renew(&mut self) {
        let faulty = Arc::new(Faulty::at(usize::MAX, Fails::Before));
        self.scene.store = Arc::clone(&faulty) as Arc<dyn Store>;
        self.faulty = faulty;
        (self.raised, self.versions) = (Vec::new(), BTreeMap::new());
        self.owners.clear();
        let mut org = self.scene.simulator.org();
        for user in &self.users {
            org.set_frozen(user.as_str(), Frost::Thawed);
            if org.live_sessions_of(user.as_str()).len() < 4 {
                org.log_in(user.as_str(), "203.0.113.77");
            }
            if !org.tokens_of(user.as_str()).iter().any(|token| token.app == APP) {
                let id = org.user(user.as_str()).unwrap().id;
                org.approve(id, APP);
            }
        }
        self.owners.extend(org.sessions().iter().map(|it| (it.id.to_string(), it.user_id.to_string())));
        org.take_writes();
    }

    async fn happens(&mut self, event: &Event) {
        match event {
            Event::Finding { user, other, action, level, hours_old } => {
                let raised = self.raise(*user, *other, *action, *level, *hours_old).await;
                self.raised.push(raised.clone());
                self.deliver(&raised).await;
            }
            Event::Again(which) if !self.raised.is_empty() => {
                let raised = self.raised[which % self.raised.len()].clone();
                self.deliver(&raised).await;
            }
            Event::Person { user, level } => {
                let request = self.by_person(*user, *level);
                self.survive(async |scene| drop(scene.stage().contain(request.clone(), Apply::Act).await))
                    .await;
            }
            Event::Wide(target) => {
                let request = asked(&self.scene, target.clone());
                self.survive(async |scene| drop(scene.stage().contain(request.clone(), Apply::Act).await))
                    .await;
            }
            Event::Approve { which, who } => self.approve(*which, *who).await,
            Event::Agree(which) => {
                self.approve(*which, 0).await;
                self.approve(*which, 1).await;
                Box::pin(self.happens(&Event::Tend)).await;
            }
            Event::Decline(which) => {
                if let Some(record) = self.waiting(*which).await {
                    let no = Declined {
                        by: "Ada".to_owned(),
                        reason: "no".to_owned(),
                        at: self.scene.clock.now(),
                    };
                    let key = declined(&self.scene.org_id()).key(&record.question().unwrap());
                    self.faulty.inner.write(vec![Write::put(key, Expect::Any, &no).unwrap()]).await.unwrap();
                }
            }
            Event::Tend => {
                let org = self.scene.org_id();
                self.survive(async |scene| drop(scene.stage().tend(&org).await)).await;
            }
            Event::Clock(minutes) => self.scene.clock.advance(SignedDuration::from_mins(*minutes)),
            Event::Switch(switch) => {
                self.faulty.fail_at(usize::MAX);
                self.scene.throw_kill_switch(*switch).await;
            }
            Event::Dies { call, fails } => self.faulty.fail_next(*call, *fails),
            Event::Again(_) => {}
        }
    }

    async fn raise(
        &mut self,
        user: usize,
        other: usize,
        action: Action,
        level: Level,
        hours_old: i64,
    ) -> FindingRaised {
        let version = self.versions.entry((user, other)).or_default();
        *version += 1;
        let mut finding = self.scene.finding(*version, action);
        let id = self.users[user].clone();
        finding.finding_id = FindingId::new(format!("f-{user}-{other}"));
        (finding.affected_users, finding.containable_users) = (vec![id.clone()], vec![id.clone()]);
        finding.subject.id = id.as_str().to_owned();
        (finding.user_id, finding.level) = (Some(id), Some(level));
        finding.last_seen = self.scene.clock.now() - SignedDuration::from_hours(hours_old);
        finding.detections[0].evidence.insert("source".to_owned(), "203.0.113.77".into());
        self.faulty.fail_at(usize::MAX);
        self.scene.keep(&finding).await
    }

    fn by_person(&self, user: usize, level: Level) -> Request {
        let user_id = self.users[user].clone();
        let mut request = self.scene.by_person(&user_id);
        if level == Level::Session {
            let hostile = Marks { addresses: ["203.0.113.77".parse().unwrap()].into(), ..Marks::default() };
            request.target = Target::Session { user_id, hostile };
            request.request_id.push_str("/session");
        }
        request
    }

    async fn deliver(&mut self, raised: &FindingRaised) {
        self.survive(async |scene| drop(scene.stage().contain_finding(raised, None).await)).await;
    }

    /// Lets a worker work until it has ended, failed, or died; after a death its lease runs out.
    async fn survive(&mut self, work: impl AsyncFn(&Scene)) {
        tokio::select! {
            () = work(&self.scene) => {}
            () = self.faulty.killed.notified() => {
                *self.seen.entry("died").or_default() += 1;
                self.scene.clock.advance(SignedDuration::from_mins(3));
            }
        }
        self.faulty.fail_at(usize::MAX);
    }

    async fn records(&self) -> Vec<Containment> {
        let kept = containments(&self.scene.org_id()).all(&self.faulty.inner).await.unwrap();
        kept.into_iter().map(|(_, kept)| kept.value).collect()
    }

    async fn waiting(&self, which: usize) -> Option<Containment> {
        let waiting: Vec<_> =
            self.records().await.into_iter().filter(|record| record.stage == Stage::Waiting).collect();
        (!waiting.is_empty()).then(|| waiting[which % waiting.len()].clone())
    }

    /// The third person is nobody whom the policy knows.
    async fn approve(&self, which: usize, who: usize) {
        let Some(record) = self.waiting(which).await else { return };
        let stranger = self.scene.key("stranger");
        let (name, key) = self.people.get(who).map_or(("Ada", &stranger), |(name, key)| (name.as_str(), key));
        let approval = key.approve(&record, record.pending.as_ref().unwrap(), name, self.scene.clock.now());
        let place = approvals(&self.scene.org_id()).key(&approval.sort());
        self.faulty.inner.write(vec![Write::put(place, Expect::Any, &approval).unwrap()]).await.unwrap();
    }

    /// What must hold at every end.
    async fn check(&mut self) -> Result<(), TestCaseError> {
        let touched = self.touched();
        let records = self.records().await;
        self.count(&records);
        prop_assert!(!touched.contains(self.users[0].as_str()), "the protected user was touched");
        let begun = |record: &&Containment| {
            matches!(record.stage, Stage::Acting | Stage::Finished) && !record.is_refused()
        };
        let of = |user: &str| {
            let is_about =
                |record: &&Containment| record.request.target.user().is_some_and(|id| id.as_str() == user);
            records.iter().filter(is_about).filter(begun).collect::<Vec<_>>()
        };
        let wide: Vec<_> =
            records.iter().filter(|record| record.request.target.is_wide()).filter(begun).collect();
        let by_two = |record: &&&Containment| {
            record.approved.iter().map(|approved| &approved.approver).collect::<BTreeSet<_>>().len() == 2
        };
        prop_assert_eq!(
            wide.iter().filter(by_two).count(),
            wide.len(),
            "something wide was done without two people"
        );
        for own in &self.scene.own {
            prop_assert!(!touched.contains(own.as_str()), "one of our own was touched");
        }
        for user in &touched {
            let is_told = !of(user).is_empty() || !wide.is_empty();
            prop_assert!(is_told, "user {user} was touched and no record says so");
        }
        if touched.contains(self.users[1].as_str()) {
            let own = of(self.users[1].as_str());
            prop_assert!(!own.is_empty(), "a wide containment reached the account for emergencies");
            let agreed = own.iter().all(|record| {
                let people: BTreeSet<_> = record.approved.iter().map(|approved| &approved.approver).collect();
                people.len() == 2
            });
            prop_assert!(agreed, "the account for emergencies was touched without two people");
        }
        self.check_caps(&records).await?;
        let ledger = Ledger::new(&self.faulty.inner, self.scene.org_id());
        prop_assert!(ledger.verify(None).await.is_ok(), "the ledger is broken");
        Ok(())
    }

    fn count(&mut self, records: &[Containment]) {
        for record in records {
            let is_approved = !record.approved.is_empty();
            let kinds = [
                ("waited", record.stage == Stage::Waiting || is_approved),
                ("approved", is_approved),
                ("contained", record.outcome == Some(Outcome::Contained)),
                ("session ended", record.outcome == Some(Outcome::SessionEnded)),
                ("wide", record.outcome == Some(Outcome::AccessEnded)),
                ("joined", !record.joined.is_empty()),
                ("refused", record.is_refused()),
            ];
            for (kind, _) in kinds.into_iter().filter(|(_, is_so)| *is_so) {
                *self.seen.entry(kind).or_default() += 1;
            }
        }
    }

    fn touched(&self) -> BTreeSet<String> {
        let mut touched = BTreeSet::new();
        for write in self.scene.writes() {
            match write {
                Written::SetFrozen { user_id, .. } | Written::Revoked { user_id, .. } => {
                    touched.insert(user_id);
                }
                Written::DeletedSessions { ids } => {
                    touched.extend(ids.iter().filter_map(|id| self.owners.get(id)).cloned());
                }
                _ => {}
            }
        }
        touched
    }

    /// Counters stay within the caps, and every containment that has begun is counted.
    async fn check_caps(&self, records: &[Containment]) -> Result<(), TestCaseError> {
        let org: OrgId = self.scene.org_id();
        let partition = session_warden::store::Key::new(Table::Contain, &org, "caps", "").partition;
        let counters = self.faulty.inner.list(Table::Contain, &partition, "", 1_000).await.unwrap();
        let mut counted = 0;
        for counter in &counters {
            let users = counter.body["users"].as_u64().unwrap();
            let kind = counter.key.sort.split('/').next().unwrap();
            let most = match kind {
                "hour" | "apps" => 2,
                "org" => 1,
                _ => 3,
            };
            prop_assert!(users <= most, "{}: {users}", counter.key.sort);
            counted += if kind == "hour" { 0 } else { users };
        }
        let begun = records
            .iter()
            .filter(|record| matches!(record.stage, Stage::Acting | Stage::Finished) && !record.is_refused());
        prop_assert!(begun.count() as u64 <= counted, "one has begun that is not counted");
        Ok(())
    }
}

fn no_sequence_breaks_a_promise(sequences: u32, seed: u8) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let play = std::cell::RefCell::new(runtime.block_on(Play::start()));
    let config = Config { cases: sequences, failure_persistence: None, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let outcome =
        TestRunner::new_with_rng(config, rng).run(&prop::collection::vec(event(), 1..14), |events| {
            let mut play = play.borrow_mut();
            play.renew();
            runtime.block_on(async {
                for event in &events {
                    play.happens(event).await;
                }
                play.check().await
            })
        });
    if let Err(broken) = outcome {
        panic!("{broken}");
    }
    let came = &play.borrow().seen;
    for kind in ["waited", "approved", "contained", "session ended", "wide", "joined", "refused", "died"] {
        let times = came.get(kind).copied().unwrap_or_default();
        assert!(times >= sequences as usize / 100, "{kind} only {times} times: {came:?}");
    }
}

#[test]
fn no_sequence_of_findings_people_clocks_and_deaths_breaks_a_promise() {
    no_sequence_breaks_a_promise(SHORT, 0);
}

/// Ten times ten thousand, which the test harness runs on all cores.
macro_rules! long {
    ($($name:ident: $seed:literal),*) => {
        $(
            #[test]
            #[ignore = "long: make test-long"]
            fn $name() {
                no_sequence_breaks_a_promise(LONG, $seed);
            }
        )*
    };
}

long! {
    the_first_ten_thousand: 1,
    the_second_ten_thousand: 2,
    the_third_ten_thousand: 3,
    the_fourth_ten_thousand: 4,
    the_fifth_ten_thousand: 5,
    the_sixth_ten_thousand: 6,
    the_seventh_ten_thousand: 7,
    the_eighth_ten_thousand: 8,
    the_ninth_ten_thousand: 9,
    the_tenth_ten_thousand: 10
}

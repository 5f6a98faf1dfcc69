//! Whatever comes, in whatever order, however often, to two workers at once and whoever dies meanwhile: no cap is exceeded
//! by what the org has seen done, nobody protected is touched, nothing is done without a record, and nothing at all while the
//! kill switch is thrown.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use salesforce_simulator::{CampaignKind, Frost, Write as Written};
use session_warden::clock::Clock;
use session_warden::containment::{
    ApproverKey, Containment, Declined, Marks, Outcome, Pauses, Refusal, Request, RequestedBy, Stage, Switch,
    Target, approvals, containments, declined,
};
use session_warden::detection::{Action, FindingId, Level};
use session_warden::evidence::Ledger;
use session_warden::messages::FindingRaised;
use session_warden::observation::{OrgId, UserId};
use session_warden::policy::Mode;
use session_warden::stages::{Apply, Contain};
use session_warden::store::{Expect, Store, Table, Write};

use crate::support::{Fails, Faulty, Scene};
use crate::wide::asked;

/// Users whom the sequences are about: the first is protected, the second for emergencies.
const USERS: usize = 6;
/// A finding so numbered names a second user, and one request may contain one without a person.
const OF_TWO: usize = 2;
/// An application that all of them have authorised.
const APP: &str = "Data Loader";
const PER_HOUR: u32 = 2;
const PER_DAY: u32 = 3;
const SHORT: u32 = 1_000;
const LONG: u32 = 10_000;

/// What a worker is given to do.
#[derive(Debug, Clone)]
enum Work {
    /// A message that was delivered before, again.
    Again(usize),
    /// What a person asks.
    Person { user: usize, level: Level },
    /// The agenda's turn.
    Tend,
}

/// The same, as a worker takes it.
enum Job {
    Deliver(FindingRaised),
    Ask(Box<Request>),
    Tend(OrgId),
}

impl Job {
    async fn done_by(&self, worker: &Contain<'_>) {
        match self {
            Self::Deliver(raised) => drop(worker.contain_finding(raised, None).await),
            Self::Ask(request) => drop(worker.contain(request.as_ref().clone(), Apply::Act).await),
            Self::Tend(org) => drop(worker.tend(org).await),
        }
    }
}

/// One thing that happens.
#[derive(Debug, Clone)]
enum Event {
    /// A finding about a user is raised, or escalates; its message is delivered.
    Finding { user: usize, other: usize, action: Action, level: Level, hours_old: i64 },
    /// A worker does something.
    One(Work),
    /// Two workers at once do something each; where one dies, it is the first.
    Two(Work, Work),
    /// A person asks to cut off an application, or to log off everybody.
    Wide(Target),
    /// A person agrees to something that waits.
    Approve { which: usize, who: usize },
    /// Both people agree, and the agenda's turn comes.
    Agree(usize),
    /// A person says no to something that waits.
    Decline(usize),
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
    let work = || {
        prop_oneof![
            2 => (0usize..9).prop_map(Work::Again),
            2 => (0..USERS, level()).prop_map(|(user, level)| Work::Person { user, level }),
            3 => Just(Work::Tend),
        ]
    };
    let fails = prop_oneof![
        Just(Fails::Before),
        Just(Fails::After),
        Just(Fails::KilledBefore),
        Just(Fails::KilledAfter)
    ];
    prop_oneof![
        4 => (0..USERS, 0usize..3, action, level(), 0i64..30).prop_map(|(user, other, action, level, hours_old)| {
            Event::Finding { user, other, action, level, hours_old }
        }),
        7 => work().prop_map(Event::One),
        3 => (work(), work()).prop_map(|(first, second)| Event::Two(first, second)),
        2 => prop_oneof![3 => Just(Target::App { app_name: APP.to_owned() }), 1 => Just(Target::Org)]
            .prop_map(Event::Wide),
        4 => (0usize..3, 0usize..3).prop_map(|(which, who)| Event::Approve { which, who }),
        3 => (0usize..3).prop_map(Event::Agree),
        1 => (0usize..3).prop_map(Event::Decline),
        2 => (-90i64..400).prop_map(Event::Clock),
        1 => prop_oneof![Just(Event::Switch(Switch::Thrown)), Just(Event::Switch(Switch::Lifted))],
        2 => (0usize..40, fails).prop_map(|(call, fails)| Event::Dies { call, fails }),
    ]
}

/// How many users the percentage allows in a day, which binds below three, and what happens.
fn sequence() -> impl Strategy<Value = (u32, Vec<Event>)> {
    (prop_oneof![Just(1u32), Just(2), Just(20)], prop::collection::vec(event(), 1..14))
}

/// Users, as the org has seen it.
#[derive(Debug, Default)]
struct Done {
    frozen: BTreeSet<String>,
    touched: BTreeSet<String>,
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
    /// What the org has seen done so far.
    done: Done,
    /// Clock hours and days in which something happened.
    hours: BTreeSet<String>,
    days: BTreeSet<String>,
    /// How many users the percentage allows in a day.
    percent_of_users: usize,
    switch: Switch,
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
        scene.pauses = Pauses { reread: Duration::ZERO, turn: Duration::from_millis(1) };
        scene.policy.mode = Mode::Contain;
        (scene.policy.caps.per_hour, scene.policy.caps.per_day) = (PER_HOUR, PER_DAY);
        scene.policy.protected.users.push(users[0].as_str().to_owned());
        scene.policy.protected.break_glass.push(users[1].as_str().to_owned());
        let (raised, versions) = (Vec::new(), BTreeMap::new());
        let (owners, seen) = (BTreeMap::new(), BTreeMap::new());
        let (hours, days, done) = (BTreeSet::new(), BTreeSet::new(), Done::default());
        let (switch, percent_of_users) = (Switch::Lifted, 0);
        Self {
            scene,
            faulty,
            users,
            people,
            raised,
            versions,
            owners,
            done,
            hours,
            days,
            percent_of_users,
            switch,
            seen,
        }
    }

    /// Everybody is in again, and nothing is remembered. So many users a day are a percentage of the active ones.
    fn renew(&mut self, percent_of_users: u32) {
        let active = self.active_users();
        // Half a user more, which is rounded down.
        self.scene.policy.caps.percent_of_active_users =
            f64::from(percent_of_users * 100 + 50) / f64::from(active);
        self.percent_of_users = percent_of_users as usize;
        (self.done, self.switch) = (Done::default(), Switch::Lifted);
        self.hours.clear();
        self.days.clear();
        self.time_passes();
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

    fn active_users(&self) -> u32 {
        self.scene.simulator.org().users().iter().filter(|user| user.is_active()).count() as u32
    }

    /// In every hour and day that has been, the caps allow their number.
    fn time_passes(&mut self) {
        let now = self.scene.clock.now();
        self.hours.insert(now.strftime("%Y-%m-%dT%H").to_string());
        self.days.insert(now.strftime("%Y-%m-%d").to_string());
    }

    async fn happens(&mut self, event: &Event) {
        match event {
            Event::Finding { user, other, action, level, hours_old } => {
                let raised = self.raise(*user, *other, *action, *level, *hours_old).await;
                self.raised.push(raised.clone());
                self.survive(Some(Job::Deliver(raised)), None).await;
            }
            Event::One(work) => self.survive(self.job(work), None).await,
            Event::Two(first, second) => {
                *self.seen.entry("two at once").or_default() += 1;
                self.survive(self.job(first), self.job(second)).await;
            }
            Event::Wide(target) => {
                let request = asked(&self.scene, target.clone());
                self.survive(Some(Job::Ask(Box::new(request))), None).await;
            }
            Event::Approve { which, who } => self.approve(*which, *who).await,
            Event::Agree(which) => {
                self.approve(*which, 0).await;
                self.approve(*which, 1).await;
                self.survive(self.job(&Work::Tend), None).await;
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
            Event::Clock(minutes) => self.scene.clock.advance(SignedDuration::from_mins(*minutes)),
            Event::Switch(switch) => {
                self.faulty.fail_at(usize::MAX);
                self.scene.throw_kill_switch(*switch).await;
                self.switch = *switch;
            }
            Event::Dies { call, fails } => self.faulty.fail_next(*call, *fails),
        }
        self.time_passes();
    }

    fn job(&self, work: &Work) -> Option<Job> {
        match work {
            Work::Again(_) if self.raised.is_empty() => None,
            Work::Again(which) => Some(Job::Deliver(self.raised[which % self.raised.len()].clone())),
            Work::Person { user, level } => Some(Job::Ask(Box::new(self.by_person(*user, *level)))),
            Work::Tend => Some(Job::Tend(self.scene.org_id())),
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
        let mut named = vec![id.clone()];
        if other == OF_TWO {
            named.push(self.users[(user + 1) % USERS].clone());
        }
        (finding.affected_users, finding.containable_users) = (named.clone(), named);
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

    /// Lets workers work until they have ended, failed, or died; after a death the lease runs out.
    async fn survive(&mut self, first: Option<Job>, second: Option<Job>) {
        let has_died = {
            let (scene, faulty) = (&self.scene, &self.faulty);
            let mortal = async {
                let Some(job) = &first else { return false };
                let worker = scene.stage();
                tokio::select! {
                    () = job.done_by(&worker) => false,
                    () = faulty.killed.notified() => {
                        scene.clock.advance(SignedDuration::from_mins(3));
                        true
                    }
                }
            };
            let other = async {
                let Some(job) = &second else { return };
                job.done_by(&Contain { store: &faulty.inner, ..scene.stage() }).await;
            };
            Box::pin(futures::future::join(mortal, other)).await.0
        };
        *self.seen.entry("died").or_default() += usize::from(has_died);
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

    /// What must hold after whatever happens, by what the org has seen since.
    fn check_writes(&mut self, before: Switch) -> Result<(), TestCaseError> {
        let writes = self.scene.writes();
        if (before, self.switch) == (Switch::Thrown, Switch::Thrown) {
            *self.seen.entry("stopped").or_default() += 1;
            prop_assert!(writes.is_empty(), "the kill switch is thrown: {writes:?}");
        }
        for write in writes {
            match write {
                Written::SetFrozen { user_id, .. } => {
                    self.done.touched.insert(user_id.clone());
                    self.done.frozen.insert(user_id);
                }
                Written::Revoked { user_id, .. } => {
                    self.done.touched.insert(user_id);
                }
                Written::DeletedSessions { ids } => {
                    let owners = ids.iter().filter_map(|id| self.owners.get(id)).cloned();
                    self.done.touched.extend(owners);
                }
                _ => {}
            }
        }
        self.check_users("frozen", self.done.frozen.len())
    }

    /// Work may be ended an hour after it was begun, so that the hours are counted together: no more users than all of
    /// them allow, and all days.
    fn check_users(&self, what: &str, users: usize) -> Result<(), TestCaseError> {
        let (hours, days) = (self.hours.len(), self.days.len());
        let most = (hours * PER_HOUR as usize).min(days * PER_DAY as usize).min(days * self.percent_of_users);
        prop_assert!(
            users <= most,
            "{users} users {what} in {hours} hours of {days} days: {most} are allowed"
        );
        Ok(())
    }

    /// What must hold at every end.
    async fn check(&mut self) -> Result<(), TestCaseError> {
        let touched = std::mem::take(&mut self.done.touched);
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
        if wide.is_empty() {
            self.check_users("touched", touched.len())?;
        }
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
        let together = |record: &&Containment| {
            let finding = record.request.trigger.as_ref().map(|trigger| trigger.finding_id.as_str());
            let is_of_two = finding.is_some_and(|id| id.ends_with(&format!("-{OF_TWO}")));
            is_of_two && record.request.requested_by == RequestedBy::Policy
        };
        let unasked =
            records.iter().filter(together).filter(begun).filter(|record| record.approved.is_empty());
        prop_assert_eq!(unasked.count(), 0, "of two users in one request one was contained and nobody asked");
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
                ("over the percentage", is_over_percentage(record)),
                ("too many together", is_too_many_together(record)),
            ];
            for (kind, _) in kinds.into_iter().filter(|(_, is_so)| *is_so) {
                *self.seen.entry(kind).or_default() += 1;
            }
        }
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

fn is_too_many_together(record: &Containment) -> bool {
    let Some(Outcome::Refused { refusals }) = &record.outcome else { return false };
    refusals.iter().any(|refusal| refusal.reason.contains("caps.per_request"))
}

fn is_over_percentage(record: &Containment) -> bool {
    let Some(Outcome::Refused { refusals }) = &record.outcome else { return false };
    let is_only = |refusal: &Refusal| refusal.reason.contains("percent_of_active_users");
    let of_caps: Vec<_> = refusals.iter().filter(|refusal| refusal.rule == "caps").collect();
    !of_caps.is_empty() && of_caps.into_iter().all(is_only)
}

fn no_sequence_breaks_a_promise(sequences: u32, seed: u8) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let play = std::cell::RefCell::new(runtime.block_on(Play::start()));
    let config = Config { cases: sequences, failure_persistence: None, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let outcome = TestRunner::new_with_rng(config, rng).run(&sequence(), |(percent_of_users, events)| {
        let mut play = play.borrow_mut();
        play.renew(percent_of_users);
        runtime.block_on(async {
            for event in &events {
                let before = play.switch;
                play.happens(event).await;
                play.check_writes(before)?;
            }
            play.check().await
        })
    });
    if let Err(broken) = outcome {
        panic!("{broken}");
    }
    let came = &play.borrow().seen;
    let kinds = ["waited", "approved", "contained", "session ended", "wide", "joined", "refused", "died"];
    for kind in
        kinds.into_iter().chain(["two at once", "stopped", "over the percentage", "too many together"])
    {
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

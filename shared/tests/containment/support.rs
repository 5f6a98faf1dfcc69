//! A simulated org under attack, and a containment stage over it.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use salesforce_simulator::{
    Campaign, CampaignKind, Effect, Fault, Matcher, Occurrence, Seed, Simulator, generate,
};
use session_warden::clock::{Clock, SystemClock};
use session_warden::containment::{
    Approval, ApproverKey, Containment, KillSwitch, Pauses, Request, RequestedBy, Switch, Target, Trigger,
    approvals, kill_switch,
};
use session_warden::detection::{
    Action, Detected, Finding, FindingId, Level, Severity, Status, Subject, SubjectKind, Totals,
};
use session_warden::messages::FindingRaised;
use session_warden::observation::{OrgId, UserId};
use session_warden::policy::{Approver, Mode, Policy};
use session_warden::salesforce::{Connection, Role, Salesforce, TokenHashKey, http_client};
use session_warden::stages::{Apply, Contain, ContainError, findings};
use session_warden::store::{Expect, Key, MemoryStore, Record, Store, StoreError, Table, Write};
use tokio::sync::Notify;

/// A clock that stands until it is moved.
pub struct MovedClock {
    start: Timestamp,
    moved: AtomicI64,
}

impl MovedClock {
    fn standing() -> Self {
        Self { start: SystemClock.now(), moved: AtomicI64::new(0) }
    }

    pub fn advance(&self, by: SignedDuration) {
        self.moved.fetch_add(by.as_secs(), Ordering::SeqCst);
    }
}

impl Clock for MovedClock {
    fn now(&self) -> Timestamp {
        self.start + SignedDuration::from_secs(self.moved.load(Ordering::SeqCst))
    }
}

/// When a faulty call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fails {
    /// Nothing has happened.
    Before,
    /// It has happened, and the caller does not know.
    After,
    /// Nothing has happened, and the caller is killed.
    KilledBefore,
    /// It has happened, and the caller is killed.
    KilledAfter,
}

/// A store one of whose calls fails.
pub struct Faulty {
    pub inner: MemoryStore,
    calls: AtomicUsize,
    fail_at: AtomicUsize,
    fails: Mutex<Fails>,
    pub killed: Notify,
}

impl Faulty {
    pub fn at(call: usize, fails: Fails) -> Self {
        let inner = MemoryStore::new();
        Self {
            inner,
            calls: AtomicUsize::new(0),
            fail_at: AtomicUsize::new(call),
            fails: Mutex::new(fails),
            killed: Notify::new(),
        }
    }

    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// Orders the failure of the call with this number.
    pub fn fail_at(&self, call: usize) {
        self.fail_at.store(call, Ordering::SeqCst);
    }

    /// Orders a failure of the so-manieth call from now.
    pub fn fail_next(&self, call: usize, fails: Fails) {
        *self.fails.lock().unwrap() = fails;
        self.fail_at(self.calls() + call);
    }

    /// Whether the call was made.
    pub fn reached(&self) -> bool {
        self.calls() > self.fail_at.load(Ordering::SeqCst)
    }

    fn is_next(&self) -> bool {
        self.calls.fetch_add(1, Ordering::SeqCst) == self.fail_at.load(Ordering::SeqCst)
    }
}

impl Faulty {
    /// What the faulty call comes to; a caller that is killed never learns it.
    async fn fault<T>(&self) -> Result<T, StoreError> {
        if matches!(*self.fails.lock().unwrap(), Fails::KilledBefore | Fails::KilledAfter) {
            self.killed.notify_one();
            std::future::pending::<()>().await;
        }
        Err(broken())
    }
}

fn broken() -> StoreError {
    StoreError::Unavailable { store: "faulty".to_owned(), reason: "as ordered".to_owned() }
}

#[async_trait]
impl Store for Faulty {
    async fn get(&self, key: &Key) -> Result<Option<Record>, StoreError> {
        if self.is_next() { self.fault().await } else { self.inner.get(key).await }
    }

    async fn list(
        &self,
        table: Table,
        partition: &str,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError> {
        if self.is_next() {
            self.fault().await
        } else {
            self.inner.list(table, partition, after, limit).await
        }
    }

    async fn write(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        if !self.is_next() {
            return self.inner.write(writes).await;
        }
        if matches!(*self.fails.lock().unwrap(), Fails::After | Fails::KilledAfter) {
            self.inner.write(writes).await?;
        }
        self.fault().await
    }
}

/// An org, its attacker, and what contains him.
pub struct Scene {
    pub simulator: Simulator,
    pub campaign: Campaign,
    pub salesforce: Salesforce,
    pub store: Arc<dyn Store>,
    pub clock: MovedClock,
    pub key: TokenHashKey,
    pub policy: Policy,
    pub own: Vec<UserId>,
    pub pauses: Pauses,
    keys: tempfile::TempDir,
}

impl Scene {
    pub async fn of(kind: CampaignKind) -> Self {
        Self::on(Arc::new(MemoryStore::new()), kind).await
    }

    pub async fn on(store: Arc<dyn Store>, kind: CampaignKind) -> Self {
        let simulator =
            Simulator::start(generate(&Seed { users: 40, days: 4, ..Seed::default() })).await.unwrap();
        let campaign = simulator.org().launch(kind, SystemClock.now());
        simulator.org().take_writes();
        let document = simulator.connection_document();
        let connection = Connection::parse(&document.to_string()).unwrap();
        let salesforce =
            Salesforce::new(&connection, Role::Revoker, http_client().unwrap(), Arc::new(SystemClock))
                .unwrap();
        let scanner = document["scanner"]["username"].as_str().unwrap();
        let own = vec![UserId::new(simulator.org().user_by_name(scanner).unwrap().id)];
        let mut policy = Policy { mode: Mode::Contain, ..Policy::default() };
        let campaign_user = simulator.org().user(&campaign.user_id).unwrap().username.clone();
        policy.integrations.push(session_warden::policy::Integration {
            user: campaign_user,
            contain: session_warden::policy::IntegrationConsent::Allowed,
            networks: Vec::new(),
        });
        let clock = MovedClock::standing();
        Self {
            simulator,
            campaign,
            salesforce,
            store,
            clock,
            key: TokenHashKey::new([7; 32]),
            policy,
            own,
            pauses: Pauses { reread: Duration::from_millis(1), turn: Duration::from_millis(5) },
            keys: tempfile::tempdir().unwrap(),
        }
    }

    pub fn org_id(&self) -> OrgId {
        OrgId::new(self.simulator.org().id())
    }

    pub fn user(&self) -> UserId {
        UserId::new(self.campaign.user_id)
    }

    pub fn stage(&self) -> Contain<'_> {
        Contain {
            store: &*self.store,
            salesforce: &self.salesforce,
            policy: &self.policy,
            clock: &self.clock,
            token_key: &self.key,
            own_users: &self.own,
            pauses: self.pauses,
        }
    }

    /// The finding as the evaluation would have raised it.
    pub fn finding(&self, version: u64, action: Action) -> Finding {
        let user = self.user();
        Finding {
            schema_version: 1,
            finding_id: FindingId::new("f-1"),
            version,
            status: Status::Open,
            org_id: self.org_id(),
            subject: Subject {
                kind: SubjectKind::User,
                id: user.as_str().to_owned(),
                name: self.campaign.username.clone(),
            },
            affected_users: vec![user.clone()],
            containable_users: vec![user.clone()],
            user_id: Some(user),
            username: Some(self.campaign.username.clone()),
            login_ids: Vec::new(),
            session_ids: Vec::new(),
            token_keys: Vec::new(),
            totals: Totals { containable_users: 1, ..Totals::default() },
            first_seen: self.campaign.first_success,
            first_access: None,
            last_seen: self.campaign.first_success,
            detected_at: self.campaign.first_success,
            severity: Severity::High,
            score: 80.0,
            action,
            level: Some(Level::User),
            held_back: String::new(),
            policy_hash: self.policy.hash(),
            detections: vec![Detected {
                id: "brute-force-success".to_owned(),
                title: "Many wrong passwords, then the right one".to_owned(),
                severity: Severity::High,
                evidence: std::collections::BTreeMap::default(),
                mitre: Vec::new(),
            }],
            explanation: Vec::new(),
        }
    }

    pub async fn keep(&self, finding: &Finding) -> FindingRaised {
        let room = findings(&finding.org_id);
        let id = finding.finding_id.as_str();
        let known = room.get(&*self.store, id).await.unwrap().map(|kept| kept.version);
        self.store.write(vec![room.put(id, known, finding).unwrap()]).await.unwrap();
        FindingRaised {
            schema_version: 1,
            org_id: finding.org_id.clone(),
            finding_id: finding.finding_id.clone(),
            version: finding.version,
        }
    }

    /// Contains because of a finding that asks for it.
    pub async fn contain(&self) -> Result<Containment, ContainError> {
        let raised = self.keep(&self.finding(1, Action::Contain)).await;
        self.contain_raised(&raised).await
    }

    pub async fn contain_raised(&self, raised: &FindingRaised) -> Result<Containment, ContainError> {
        Ok(self.stage().contain_finding(raised, None).await?.remove(0))
    }

    /// A person's request.
    pub fn by_person(&self, user: &UserId) -> Request {
        Request {
            request_id: format!("person/{user}/user/today"),
            org_id: self.org_id(),
            target: Target::User { user_id: user.clone() },
            also: std::collections::BTreeSet::new(),
            reason: "asked on the phone".to_owned(),
            requested_by: RequestedBy::Person { name: "ada".to_owned() },
            trigger: None,
        }
    }

    /// The policy's request, as it stands in a message.
    pub fn by_policy(&self) -> Request {
        Request {
            request_id: format!("finding/f-1/{}", self.user()),
            requested_by: RequestedBy::Policy,
            trigger: Some(Trigger::of(&self.finding(1, Action::Contain))),
            ..self.by_person(&self.user())
        }
    }

    pub async fn person(&self, user: &UserId, apply: Apply) -> Result<Containment, ContainError> {
        self.stage().contain(self.by_person(user), apply).await
    }

    pub fn writes(&self) -> Vec<salesforce_simulator::Write> {
        self.simulator.org().take_writes()
    }

    pub fn user_named(&self, start: &str) -> UserId {
        let org = self.simulator.org();
        UserId::new(org.users().iter().find(|user| user.username.starts_with(start)).unwrap().id)
    }

    /// An active user who is neither attacked nor ours.
    pub fn somebody_else(&self) -> UserId {
        let org = self.simulator.org();
        let others = org.users().iter().filter(|user| user.is_active() && user.id != self.campaign.user_id);
        UserId::new(others.rev().find(|user| !user.username.starts_with("session-warden")).unwrap().id)
    }

    /// A new key of somebody.
    pub fn key(&self, name: &str) -> ApproverKey {
        ApproverKey::load_or_create(&self.keys.path().join(name)).unwrap()
    }

    /// Names these people as approvers.
    pub fn approvers(&mut self, names: &[&str]) -> Vec<(String, ApproverKey)> {
        let people: Vec<_> = names.iter().map(|name| ((*name).to_owned(), self.key(name))).collect();
        let known =
            people.iter().map(|(name, key)| Approver { name: name.clone(), public_key: key.public_key() });
        self.policy.approvers = known.collect();
        people
    }

    /// Somebody agrees to what a containment waits for.
    pub async fn approve(&self, waiting: &Containment, key: &ApproverKey, name: &str) {
        let pending = waiting.pending.as_ref().unwrap();
        self.keep_approval(&key.approve(waiting, pending, name, self.clock.now())).await;
    }

    pub async fn keep_approval(&self, approval: &Approval) {
        let key = approvals(&self.org_id()).key(&approval.sort());
        self.store.write(vec![Write::put(key, Expect::Any, approval).unwrap()]).await.unwrap();
    }

    /// An external client app that three people use, and who.
    pub fn client_app(&self) -> (String, Vec<String>) {
        let mut org = self.simulator.org();
        let app = org.add_client_app("Ticket Portal");
        let users: Vec<_> = org
            .users()
            .iter()
            .filter(|user| user.is_active() && !user.username.starts_with("session-warden"))
            .map(|user| user.id)
            .take(3)
            .collect();
        for user in &users {
            org.approve_client_app(*user, &app);
        }
        (app.label.clone(), users.iter().map(ToString::to_string).collect())
    }

    /// Whom a list of login names means cannot be looked up any more.
    pub fn refuse_queries_by_username(&self) {
        let refused = Effect::refusal(400, "INVALID_FIELD");
        let matcher = Matcher::any().path("Username IN ");
        self.simulator.org().faults_mut().add(Fault::on(matcher, Occurrence::Every, refused));
    }

    pub async fn throw_kill_switch(&self, switch: Switch) {
        let room = kill_switch(&self.org_id());
        let known = room.get(&*self.store, "org").await.unwrap().map(|kept| kept.version);
        let kept = KillSwitch {
            switch,
            by: "ada".to_owned(),
            reason: "it contains the wrong people".to_owned(),
            at: self.clock.now(),
        };
        self.store.write(vec![room.put("org", known, &kept).unwrap()]).await.unwrap();
    }

    pub async fn records(&self, table: Table, room: &str) -> Vec<Record> {
        let partition = Key::new(table, &self.org_id(), room, "").partition;
        self.store.list(table, &partition, "", 1_000).await.unwrap()
    }

    /// The rules that refused.
    pub fn rules(record: &Containment) -> Vec<&str> {
        match &record.outcome {
            Some(session_warden::containment::Outcome::Refused { refusals }) => {
                refusals.iter().map(|refusal| refusal.rule.as_str()).collect()
            }
            _ => Vec::new(),
        }
    }
}

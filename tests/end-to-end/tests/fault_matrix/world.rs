//! A small org, and what a case does to whoever reads it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use salesforce_simulator::{
    CampaignKind, Clock as SimulatedClock, LoginRows, OwnAudience, Seed, Simulator, generate,
};
use session_warden::clock::FixedClock;
use session_warden::salesforce::{
    Connection, FoundSession, FoundToken, Role, Salesforce, TokenHashKey, Whose, http_client,
};
use session_warden::stages::{Scan, ScanError};
use session_warden::store::{MemoryStore, Store};

use crate::cases::Case;
use crate::collected::Collected;

/// More steps than any scan here needs.
const STEPS: u32 = 60;
/// After this every row is visible, also one that a switch makes late.
const SETTLED: SignedDuration = SignedDuration::from_secs(40);

pub(crate) struct World {
    simulator: Simulator,
    now: Timestamp,
    http: reqwest::Client,
    /// The verifications that an undisturbed scan sends; of those before the live span none is read.
    verifications: Vec<String>,
}

impl World {
    pub(crate) async fn new() -> Self {
        let start = Timestamp::from_second(1_790_000_000).unwrap();
        let mut org = generate(&Seed { users: 40, days: 6, now: start, ..Seed::default() });
        // He registers a factor, within the overlap.
        org.launch(CampaignKind::InterceptedSso, start);
        let simulator = Simulator::start(org).await.unwrap();
        let mut world =
            Self { simulator, now: start, http: http_client().unwrap(), verifications: Vec::new() };
        world.pass(SignedDuration::from_secs(1));
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let sent = Collected::into(Arc::clone(&store));
        world.scan(store.as_ref(), &sent).await.unwrap();
        world.verifications =
            sent.times().into_keys().filter(|name| name.starts_with("verification ")).collect();
        assert!(!world.verifications.is_empty());
        world
    }

    /// The requests of an undisturbed scan, and of reading sessions and tokens after it.
    pub(crate) async fn requests_of_a_scan(self) -> u32 {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let sent = Collected::into(Arc::clone(&store));
        let quiet = Case::quiet();
        *self.simulator.org().switches_mut() = quiet.switches;
        let before = self.simulator.org().requests().len();
        self.scan(store.as_ref(), &sent).await.unwrap();
        self.snapshots(&quiet.name).await.unwrap();
        (self.simulator.org().requests().len() - before) as u32
    }

    /// Reads under the case's faults, and once more without; the reason if something is lost or doubled.
    pub(crate) async fn holds(&mut self, case: &Case) -> Result<(), String> {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let sent = Collected::into(Arc::clone(&store));
        *self.simulator.org().switches_mut() = case.switches;
        case.faults.iter().cloned().for_each(|fault| self.simulator.org().faults_mut().add(fault));
        let scanned = self.scan(store.as_ref(), &sent).await;
        tell(&case.name, &scanned);
        // A row that is shown late cannot be had before the repetition.
        if scanned.is_ok_and(|unseen| unseen.is_empty()) && case.switches.login_rows == LoginRows::AtOnce {
            self.compare(&sent.times()).map_err(|reason| format!("before the repetition: {reason}"))?;
        }
        self.snapshots(&case.name).await?;
        self.simulator.org().faults_mut().clear();

        self.pass(SETTLED);
        let repeated = self.scan(store.as_ref(), &sent).await;
        repeated.map_err(|error| format!("the repetition failed: {error}"))?;
        self.compare(&sent.times())?;
        self.simulator.org().forgive_unmatched();
        self.simulator.org().take_writes();
        Ok(())
    }

    /// Scans until the present is reached; answers what it says that it could not see.
    async fn scan(&self, store: &dyn Store, sent: &Collected) -> Result<Vec<String>, ScanError> {
        let salesforce = self.client(Role::Scanner);
        let own = self.connection().usernames();
        let clock = FixedClock(self.now);
        let scan = Scan { salesforce: &salesforce, store, outbox: sent, clock: &clock, own: &own };
        for _ in 0..STEPS {
            let scanned = scan.step(&|_| {}).await?;
            if let Some(missing) = scanned.blind.first() {
                return Err(ScanError::Blind { missing: missing.clone() });
            }
            if scanned.caught_up {
                return Ok(scanned.unseen);
            }
        }
        panic!("a scan that never reaches the present");
    }

    /// Live sessions and tokens, as they are or not at all.
    async fn snapshots(&self, case: &str) -> Result<(), String> {
        let client = self.client(Role::Revoker);
        let read = client.sessions(Whose::Everyone).await;
        tell(case, &read.as_ref().map(|_| ()));
        if let Ok(read) = read {
            let live = read.iter().filter(|found| found.session.expires() > self.now);
            let own = self.own();
            let others = live.filter(|found| !own.contains(found.session.user_id.as_str()));
            same("sessions", others.map(session_id).collect(), self.sessions())?;
        }
        let read = client.tokens(Whose::Everyone, &TokenHashKey::new([7; 32])).await;
        tell(case, &read.as_ref().map(|_| ()));
        read.map_or(Ok(()), |read| same("tokens", read.iter().map(token_owner).collect(), self.tokens()))
    }

    /// Whether each login, live session and token was sent exactly once, and each verification.
    fn compare(&self, times: &BTreeMap<String, u32>) -> Result<(), String> {
        let org = self.simulator.org();
        let logins = org.logins().iter().filter(|login| login.login_time < self.now);
        let mut expected: Vec<String> = logins.map(|login| format!("login {}", login.id)).collect();
        drop(org);
        expected.extend(self.verifications.iter().cloned());
        expected.extend(self.sessions().into_iter().map(|id| format!("session {id}")));
        // A token's key is a secret's hash, which only the client makes: they are counted.
        let granted = times.keys().filter(|name| name.starts_with("token ")).count();
        let ungranted = self.tokens().len().saturating_sub(granted);
        expected.extend((0..ungranted).map(|_| "a token".to_owned()));
        let lost: Vec<_> = expected.into_iter().filter(|name| !times.contains_key(name)).collect();
        // Verifications inside the overlap are sent again by design, and told apart by their ids.
        let twice = |(name, times): &(&String, &u32)| **times > 1 && !name.starts_with("verification ");
        let doubled: Vec<_> = times.iter().filter(twice).collect();
        let none = lost.is_empty() && doubled.is_empty();
        none.then_some(()).ok_or_else(|| {
            let (few, many) = (&lost[..lost.len().min(3)], &doubled[..doubled.len().min(3)]);
            format!("{} lost {few:?}, {} doubled {many:?}", lost.len(), doubled.len())
        })
    }

    /// The live sessions of others.
    fn sessions(&self) -> Vec<String> {
        let own = self.own();
        let org = self.simulator.org();
        let live = org.sessions().iter().filter(|session| session.is_live(self.now));
        live.filter(|session| !own.contains(session.user_id.as_str()))
            .map(|session| session.id.to_string())
            .collect()
    }

    /// Both identities of the connection.
    fn own(&self) -> BTreeSet<String> {
        let org = self.simulator.org();
        let own = org.users().iter().filter(|user| user.username.starts_with("session-warden-"));
        own.map(|user| user.id.to_string()).collect()
    }

    fn tokens(&self) -> Vec<String> {
        self.simulator.org().tokens().iter().map(|token| format!("{} {}", token.user_id, token.app)).collect()
    }

    fn client(&self, role: Role) -> Salesforce {
        let clock = Arc::new(FixedClock(self.now));
        Salesforce::new(&self.connection(), role, self.http.clone(), clock).unwrap()
    }

    fn connection(&self) -> Connection {
        let mut document = self.simulator.connection_document();
        if self.simulator.org().switches_mut().own_audience == OwnAudience::Refused {
            document["audience"] = "https://login.salesforce.com".into();
        }
        Connection::parse(&document.to_string()).unwrap()
    }

    fn pass(&mut self, time: SignedDuration) {
        self.now += time;
        self.simulator.org().set_clock(SimulatedClock::Fixed(self.now));
    }
}

fn same(what: &str, mut read: Vec<String>, mut there: Vec<String>) -> Result<(), String> {
    read.sort();
    there.sort();
    let (read_rows, rows) = (read.len(), there.len());
    if read == there {
        return Ok(());
    }
    Err(format!("{read_rows} {what} were read of {rows}, without an error"))
}

fn session_id(found: &FoundSession) -> String {
    found.session.id.to_string()
}

fn token_owner(found: &FoundToken) -> String {
    format!("{} {}", found.token.user_id, found.token.app_name)
}

/// Prints an error in both its forms; what tests print is searched for secrets.
fn tell<E: std::error::Error>(case: &str, outcome: &Result<impl Sized, E>) {
    if let Err(error) = outcome {
        println!("{case}: {error} {error:?}");
    }
}

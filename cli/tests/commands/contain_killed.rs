//! Killed between any two calls of a containment and started again, `warden contain` comes to the same end and to the
//! same single record, at every level.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::Served;
use jiff::Timestamp;
use salesforce_simulator::{Campaign, CampaignKind, Effect, Fault, Matcher, Occurrence, Seed, generate};
use serde_json::{Value, json};
use session_warden::clock::{Clock, SystemClock};

/// Longer than any test waits.
const FOR_EVER: u64 = 600_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Session,
    User,
    App,
    Org,
}

/// Where the process dies.
#[derive(Debug, Clone, Copy)]
enum Dies {
    /// While the call is on its way: Salesforce has done nothing of it.
    Before,
    /// When Salesforce has done it and not answered yet.
    After,
}

/// An attacked org, and a containment of one level that only waits to be carried out.
struct Attacked {
    served: Served,
    campaign: Campaign,
    level: Level,
    app: String,
}

impl Attacked {
    /// The same `now` gives the same org.
    async fn at(level: Level, now: Timestamp) -> Self {
        let org = generate(&Seed { users: 20, days: 1, now, ..Seed::default() });
        let served = Served::of(org).await;
        let (campaign, app) = {
            let mut org = served.simulator.org();
            let campaign = org.launch(CampaignKind::StolenRefreshToken, now);
            let tokens = org.tokens();
            let app = tokens
                .iter()
                .find(|token| campaign.token_serials.contains(&token.serial))
                .unwrap()
                .app
                .clone();
            (campaign.clone(), app)
        };
        served.simulator.org().take_writes();
        let attacked = Self { served, campaign, level, app };
        attacked.agree().await;
        attacked
    }

    /// What reaches more than one user waits for two people, who agree.
    async fn agree(&self) {
        let mut policy = "mode: observe\napprovers:\n".to_owned();
        let is_wide = matches!(self.level, Level::App | Level::Org);
        let people: &[&str] = if is_wide { &["ada", "grace"] } else { &["ada"] };
        for name in people {
            let (_, out, _) = self.served.warden(&["approve", "--new-key", &format!("{name}.key")]).await;
            let key = out.lines().find_map(|line| line.trim().strip_prefix("public_key: ")).unwrap();
            policy += &["  - name: ", name, "\n    public_key: ", key, "\n"].concat();
        }
        self.served.policy(&policy);
        if is_wide {
            let (_, out, _) = self.served.warden(&self.arguments()).await;
            let id = out.rsplit("warden approve ").next().unwrap().trim().to_owned();
            for name in people {
                let key = format!("{name}.key");
                let agreeing = ["approve", &id, "--key", &key, "--policy", "policy.yaml"];
                assert_eq!(self.served.warden(&agreeing).await.0, 0);
            }
        }
    }

    fn arguments(&self) -> Vec<&str> {
        let connection = self.served.connection.to_str().unwrap();
        let mut arguments = vec!["contain", "--apply", "--policy", "policy.yaml", "--connection", connection];
        match self.level {
            Level::Session => {
                arguments.extend([
                    "--user",
                    &self.campaign.username,
                    "--address",
                    &self.campaign.loot.source_ip,
                ]);
            }
            Level::User => arguments.extend(["--user", &self.campaign.username]),
            Level::App => arguments.extend(["--app", &self.app]),
            Level::Org => arguments.push("--all"),
        }
        arguments
    }

    /// Carries it out in a process that is killed at the so-manieth call; false where it ends before.
    async fn is_killed_at(&self, call: u32, dies: Dies) -> bool {
        let effect = match dies {
            Dies::Before => Effect::Delay(FOR_EVER),
            Dies::After => Effect::Withheld(FOR_EVER),
        };
        self.served.simulator.org().faults_mut().add(Fault::on(
            Matcher::any(),
            Occurrence::Nth(call),
            effect,
        ));
        let mut warden = Command::new(env!("CARGO_BIN_EXE_warden"))
            .args(self.arguments())
            .env("XDG_STATE_HOME", self.served.path())
            .current_dir(self.served.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let was_met = loop {
            tokio::time::sleep(Duration::from_millis(20)).await;
            if self.served.simulator.org().faults_mut().pending().next().is_none() {
                break true;
            }
            if warden.try_wait().unwrap().is_some() {
                break false;
            }
        };
        // What is sent beside it is answered; then the process is killed, and its lease runs out.
        tokio::time::sleep(Duration::from_millis(20)).await;
        warden.kill().unwrap();
        warden.wait().unwrap();
        self.served.simulator.org().faults_mut().clear();
        self.let_leases_run_out();
        was_met
    }

    fn let_leases_run_out(&self) {
        let over = json!({ "until": "2020-01-01T00:00:00Z" }).to_string();
        self.database()
            .execute(
                "UPDATE records SET body = ?1, version = version + 1 WHERE partition LIKE '%/leases'",
                [over],
            )
            .unwrap();
    }

    fn database(&self) -> rusqlite::Connection {
        let database = rusqlite::Connection::open(self.served.beside_store("warden.sqlite")).unwrap();
        database.busy_timeout(Duration::from_secs(10)).unwrap();
        database
    }

    fn records(&self, room: &str) -> Vec<Value> {
        let database = self.database();
        let mut rows = database.prepare("SELECT body FROM records WHERE partition LIKE ?1").unwrap();
        let bodies = rows.query_map([format!("%/{room}")], |row| row.get::<_, String>(0)).unwrap();
        bodies.map(|body| serde_json::from_str(&body.unwrap()).unwrap()).collect()
    }

    /// Asks once more, and answers what came of it: the state of the org and the one record, less what a clock, a
    /// chain or another way to the same end changes.
    async fn end(&self) -> Value {
        let (code, out, err) = self.served.warden(&self.arguments()).await;
        assert_eq!(code, 0, "{:?} {out}{err}", self.level);
        assert_eq!(self.served.warden(&["evidence", "verify"]).await.0, 0);
        let mut records = self.records("containments");
        assert_eq!(records.len(), 1, "{records:#?}");
        let record = records.remove(0);
        let told = ["outcome", "stage", "survivors_total", "pending"];
        let mut told: Value = told.map(|key| (key.to_owned(), record[key].clone())).into_iter().collect();
        for key in ["sessions", "tokens", "applications", "users", "freezes", "kept_families"] {
            told["impact"][key] = record["impact"][key].clone();
        }
        told["approved"] =
            record["approved"].as_array().unwrap().iter().map(|person| person["approver"].clone()).collect();
        told["caps"] = json!(self.records("caps"));
        told["open"] = json!(self.records("open-plans"));
        told["org"] = self.org();
        told
    }

    /// Everybody's account as it now is.
    fn org(&self) -> Value {
        let mut org = self.served.simulator.org();
        org.take_writes();
        let users: Vec<_> = org.users().iter().map(|user| user.id).collect();
        let left = users.iter().map(|user| {
            let ours = org.user(user).unwrap().username.starts_with("session-warden");
            let sessions = if ours { 0 } else { org.live_sessions_of(user).len() };
            json!([user.to_string(), org.is_frozen(user), sessions, org.tokens_of(user).len()])
        });
        let left: Vec<_> = left.collect();
        let mut loot = self.campaign.loot.clone();
        loot.password = None;
        let gets_in = org.attempt(&loot).gets_in();
        if self.level != Level::Org {
            assert!(!gets_in, "{:?}", self.level);
        }
        json!({ "accounts": left })
    }
}

/// What an undisturbed containment comes to, and how many calls it takes.
async fn undisturbed(level: Level, now: Timestamp) -> (Value, u32) {
    let attacked = Attacked::at(level, now).await;
    let before = attacked.served.simulator.org().requests().len();
    let end = attacked.end().await;
    let calls = attacked.served.simulator.org().requests().len() - before;
    (end, u32::try_from(calls).unwrap())
}

async fn comes_to_the_same(level: Level, now: Timestamp, call: u32, dies: Dies, end: &Value) {
    let attacked = Attacked::at(level, now).await;
    assert!(attacked.is_killed_at(call, dies).await, "{level:?}: there is no call {call}");
    assert_eq!(attacked.end().await, *end, "{level:?} killed {dies:?} call {call}");
}

async fn killed_at_some(level: Level) {
    let now = SystemClock.now();
    let (end, calls) = undisturbed(level, now).await;
    for (share, dies) in [(3, Dies::After), (6, Dies::Before), (7, Dies::After)] {
        comes_to_the_same(level, now, (calls * share / 8).max(1), dies, &end).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_level_containment_survives_its_process() {
    killed_at_some(Level::Session).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_users_containment_survives_its_process() {
    killed_at_some(Level::User).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_applications_containment_survives_its_process() {
    killed_at_some(Level::App).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn logging_everybody_off_survives_its_process() {
    killed_at_some(Level::Org).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "kills a process at every call of every level; many minutes"]
async fn killed_between_every_two_calls_it_comes_to_the_same_end() {
    for level in [Level::Session, Level::User, Level::App, Level::Org] {
        let now = SystemClock.now();
        let (end, calls) = undisturbed(level, now).await;
        assert!(calls > 10, "{level:?}: only {calls} calls");
        for call in 1..=calls {
            for dies in [Dies::Before, Dies::After] {
                comes_to_the_same(level, now, call, dies, &end).await;
            }
        }
    }
}

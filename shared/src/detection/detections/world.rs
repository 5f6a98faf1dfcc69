//! A small org for the detections' tests: workers with sixty days of office life.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::OnceLock;

use jiff::{SignedDuration, Timestamp};

use crate::detection::joining::Judging;
use crate::detection::{
    About, Detection, Finding, Hit, Lane, OrgState, Present, Severity, TailEntry, catalogue,
};
use crate::observation::{
    AccessToken, AppKind, Client, CountryCode, Login, LoginDetail, Observation, OrgId, Outcome, Place,
    Position, Revocable, Session, SessionLogin, Source, Text, Token, TokenChange, TokenUse, UserId,
    Verification,
};
use crate::policy::Policy;

/// What each detection says of one observation.
pub(crate) type Hits = HashMap<String, Hit>;

/// How grave one detection finds it.
pub(crate) fn severity(hits: &Hits, of: &About) -> Option<Severity> {
    hits.get(of.id).map(|hit| hit.severity)
}

/// What was said last.
pub(crate) fn latest(said: impl Iterator<Item = Option<Severity>>) -> Option<Severity> {
    said.fold(None, |before, said| said.or(before))
}

/// A city: latitude, longitude, country, name.
pub(crate) type City = (f64, f64, &'static str, &'static str);
pub(crate) const LYON: City = (45.76, 4.84, "FR", "Lyon");
pub(crate) const LAGOS: City = (6.52, 3.38, "NG", "Lagos");

const DAYS: i64 = 60;
const PASSWORD: &str = "Application";

pub(crate) struct World {
    pub(crate) state: OrgState,
    policy: Policy,
    detections: Vec<Box<dyn Detection>>,
    findings: HashMap<String, Finding>,
    serial: u32,
}

fn place((latitude, longitude, country, city): City) -> Option<Place> {
    Place::from_parts(Some((latitude, longitude)), CountryCode::parse(country), Some(city.into()))
}

thread_local! {
    static DECLARED: RefCell<String> = RefCell::new("{}".to_owned());
}

/// Acts while these networks are declared as egress in every world that is made.
pub(crate) fn declaring<T>(networks: &str, act: impl FnOnce() -> T) -> T {
    DECLARED.set(format!("egress: {{ declared: [{networks}] }}"));
    let done = act();
    DECLARED.set("{}".to_owned());
    done
}

/// Minutes after the history's end.
fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000).unwrap() + SignedDuration::from_mins(minute)
}

impl World {
    pub(crate) fn empty() -> Self {
        let policy = DECLARED.with_borrow(|declared| Policy::parse(declared).unwrap());
        let detections = catalogue(&policy);
        Self { state: OrgState::default(), policy, detections, findings: HashMap::new(), serial: 0 }
    }

    /// From now on another policy holds.
    pub(crate) fn under(&mut self, policy: &str) {
        self.policy = Policy::parse(policy).unwrap();
        self.detections = catalogue(&self.policy);
    }

    /// From now on these detections look, too.
    #[cfg(feature = "own-rules")]
    pub(crate) fn with_rules(&mut self, rules: Vec<Box<dyn Detection>>) {
        self.detections.extend(rules);
    }

    /// Ada, Bob and ten workers, with a password, from the office in Lyon at 198.18.1.0/24.
    pub(crate) fn with_office_workers() -> Self {
        Self::with_workers(PASSWORD)
    }

    /// The same people, through single sign-on.
    pub(crate) fn with_sso_workers(_workers: usize) -> Self {
        Self::with_workers("SAML Sfdc Initiated SSO")
    }

    fn with_workers(login_type: &str) -> Self {
        static TAUGHT: [OnceLock<(OrgState, u32)>; 2] = [const { OnceLock::new() }; 2];
        let (state, serial) = TAUGHT[usize::from(login_type == PASSWORD)]
            .get_or_init(|| {
                let world = Self::teach_workers(login_type);
                (world.state, world.serial)
            })
            .clone();
        Self { state, serial, ..Self::empty() }
    }

    fn teach_workers(login_type: &str) -> Self {
        let mut world = Self::empty();
        let workers = (0..10).map(|n| format!("worker{n}")).chain(["ada".to_owned(), "bob".to_owned()]);
        let mut history = Vec::new();
        for worker in workers {
            for day in 1..=DAYS {
                let mut login = world.login(&worker, "198.18.1.7", -day * 1440 - 120);
                login.login_type = login_type.into();
                login.place = place(LYON);
                history.push(login);
            }
        }
        world.teach(history);
        world
    }

    pub(crate) fn with_integration(user: &str, application: &str, address: &str) -> Self {
        let mut world = Self::empty();
        let hours = 1..=(DAYS * 24);
        let history = hours.map(|hour| world.refresh(user, application, address, -hour * 60)).collect();
        world.teach(history);
        world
    }

    /// An integration that runs every five minutes for the two hours before minute -600, each day.
    pub(crate) fn with_nightly_integration(user: &str, application: &str, address: &str) -> Self {
        let mut world = Self::empty();
        let runs = (0..DAYS).flat_map(|day| (0..24).map(move |run| -day * 1_440 - 600 - run * 5));
        let history = runs.map(|minute| world.refresh(user, application, address, minute)).collect();
        world.teach(history);
        world
    }

    /// Six colleagues come through `address` on four days.
    pub(crate) fn learn_egress(&mut self, address: &str, city: City) {
        let mut history = Vec::new();
        for worker in 0..6 {
            for day in 2..6 {
                let mut login = self.login(&format!("worker{worker}"), address, -day * 1440 + 600);
                login.place = place(city);
                history.push(login);
            }
        }
        self.teach(history);
    }

    /// A success at a minute, with the workers' client; the caller changes what matters.
    pub(crate) fn login(&mut self, user: &str, address: &str, minute: i64) -> Login {
        self.serial += 1;
        Login {
            id: format!("login-{}", self.serial).into(),
            time: at(minute),
            user_id: Some(UserId::new(user)),
            outcome: Outcome::Success,
            status: "Success".into(),
            login_type: "Application".into(),
            login_sub_type: Text::default(),
            source: address.into(),
            place: None,
            application: "Browser".into(),
            client: Client {
                browser: "Chrome 141".into(),
                platform: "Windows 11".into(),
                ..Client::default()
            },
            detail: LoginDetail::default(),
        }
    }

    /// The same from a city.
    pub(crate) fn login_in(&mut self, user: &str, address: &str, city: City, minute: i64) -> Login {
        Login { place: place(city), ..self.login(user, address, minute) }
    }

    pub(crate) fn see(&mut self, login: Login) -> Hits {
        self.judge(Observation::Login(Box::new(login)))
    }

    pub(crate) fn refresh(&mut self, user: &str, application: &str, address: &str, minute: i64) -> Login {
        Login {
            login_type: "Remote Access 2.0".into(),
            login_sub_type: "OauthRefreshToken".into(),
            application: application.into(),
            client: Client::default(),
            ..self.login(user, address, minute)
        }
    }

    pub(crate) fn fail_from(&mut self, user: &str, address: &str, minute: i64) -> Hits {
        let login = self.login(user, address, minute);
        self.see(Login { outcome: Outcome::WrongPassword, status: "Invalid Password".into(), ..login })
    }

    pub(crate) fn hits_of_success(&mut self, user: &str, address: &str, minute: i64) -> Hits {
        let login = self.login(user, address, minute);
        self.judge(Observation::Login(Box::new(login)))
    }

    pub(crate) fn succeed_at(&mut self, user: &str, address: &str, city: City, minute: i64) {
        self.hits_at(user, address, city, minute);
    }

    pub(crate) fn hits_at(&mut self, user: &str, address: &str, city: City, minute: i64) -> Hits {
        self.hits_in(user, address, place(city), minute)
    }

    pub(crate) fn succeed_in(&mut self, user: &str, address: &str, place: Option<Place>, minute: i64) {
        self.hits_in(user, address, place, minute);
    }

    pub(crate) fn hits_in(&mut self, user: &str, address: &str, place: Option<Place>, minute: i64) -> Hits {
        let login = Login { place, ..self.login(user, address, minute) };
        self.judge(Observation::Login(Box::new(login)))
    }

    pub(crate) fn hits_of_refresh(
        &mut self,
        user: &str,
        application: &str,
        address: &str,
        minute: i64,
    ) -> Hits {
        let login = self.refresh(user, application, address, minute);
        self.judge(Observation::Login(Box::new(login)))
    }

    /// An integration's token is used at each of these minutes, all of which arrive together.
    pub(crate) fn refresh_in_one_batch(
        &mut self,
        user: &str,
        application: &str,
        address: &str,
        minutes: &[i64],
    ) {
        let logins: Vec<_> =
            minutes.iter().map(|minute| self.refresh(user, application, address, *minute)).collect();
        let live = |login| TailEntry { observation: Observation::Login(Box::new(login)), lane: Lane::Live };
        self.take_in(logins.into_iter().map(live).collect());
    }

    pub(crate) fn register_factor(&mut self, user: &str, address: &str, minute: i64) {
        let check = Verification {
            activity: "ConnectTotp".into(),
            ..self.verification(user, address, "Succeeded", minute)
        };
        self.judge(Observation::Verification(Box::new(check)));
    }

    /// An identity verification and what became of it.
    pub(crate) fn check(&mut self, user: &str, address: &str, status: &str, minute: i64) -> Hits {
        let check = self.verification(user, address, status, minute);
        self.judge(Observation::Verification(Box::new(check)))
    }

    pub(crate) fn verification(
        &mut self,
        user: &str,
        address: &str,
        status: &str,
        minute: i64,
    ) -> Verification {
        self.serial += 1;
        Verification {
            id: format!("check-{}", self.serial).into(),
            time: at(minute),
            user_id: user.into(),
            activity: "Login".into(),
            status: status.into(),
            source: address.into(),
            login_id: None,
            policy: String::new(),
            method: String::new(),
            remarks: String::new(),
            event_group: None,
        }
    }

    /// A refresh token was used once.
    pub(crate) fn use_token(&mut self, user: &str, application: &str, minute: i64) {
        let seen = self.token_use(user, application, 1, minute);
        self.judge(Observation::TokenUse(Box::new(seen)));
    }

    /// A refresh token that was used some times since the look before; the caller changes what matters.
    pub(crate) fn token_use(&mut self, user: &str, application: &str, times: u64, minute: i64) -> TokenUse {
        self.serial += 1;
        let token = Token {
            key: format!("{user}/{application}").into(),
            user_id: user.into(),
            app_name: application.into(),
            use_count: i64::from(self.serial) * 1_000,
            created: None,
            last_used: Some(at(minute)),
            app: AppKind::Connected,
            revocable: Revocable::Yes,
        };
        let (change, seen_at) = (TokenChange::Used, at(minute + 5));
        TokenUse { token, change, uses: times, seen_at, used_before: Some(at(minute - 15)) }
    }

    /// What is read of an account.
    pub(crate) fn account(&mut self, user: &str, profile: &str) {
        self.account_of(user, profile, "", "");
    }

    pub(crate) fn account_of(&mut self, user: &str, profile: &str, role: &str, country: &str) {
        let details = serde_json::json!({ "role_id": role, "country": country });
        let account = serde_json::json!({
            "id": user, "username": user, "is_active": true, "profile": profile, "details": details,
        });
        self.state.users.insert(user.into(), serde_json::from_value(account).unwrap());
    }

    pub(crate) fn deactivate(&mut self, user: &str) {
        self.account(user, "");
        self.state.users.get_mut(&user.into()).unwrap().is_active = false;
    }

    /// A session held from `held`, whose login came from `logged_in`; empty for a login that was not readable.
    pub(crate) fn hits_of_session(
        &mut self,
        user: &str,
        held: &str,
        logged_in: &str,
        kind: &str,
        minute: i64,
    ) -> Hits {
        let session = self.session(user, held, logged_in, kind, minute);
        self.judge(Observation::Session(Box::new(session)))
    }

    pub(crate) fn session(
        &mut self,
        user: &str,
        held: &str,
        logged_in: &str,
        kind: &str,
        minute: i64,
    ) -> Session {
        self.serial += 1;
        let id = format!("session-{}", self.serial);
        let read = (!logged_in.is_empty()).then(|| (at(minute), Source::from(logged_in)));
        Session {
            id: id.as_str().into(),
            user_id: user.into(),
            parent_id: id.as_str().into(),
            session_type: kind.into(),
            login_type: String::new(),
            security_level: "STANDARD".into(),
            access_token: AccessToken::Untold,
            source: held.into(),
            place: None,
            login: Some(SessionLogin { id: "login-x".into(), read }),
            first_login: None,
            created: at(minute),
            last_modified: at(minute + 2),
            seconds_valid: 7200,
            origin: None,
        }
    }

    /// What each detection says of an observation, which is absorbed.
    pub(crate) fn judge(&mut self, observation: Observation) -> Hits {
        let position = observation.position();
        let hits = self.take_in(vec![TailEntry { observation, lane: Lane::Live }]);
        let of_this = hits.into_iter().filter(|(at, _)| *at == position);
        of_this.map(|(_, hit)| (hit.detection.clone(), hit)).collect()
    }

    fn teach(&mut self, history: Vec<Login>) {
        let observations = history.into_iter().map(|login| Observation::Login(Box::new(login)));
        self.take_in(observations.map(|observation| TailEntry { observation, lane: Lane::Teach }).collect());
    }

    /// What `OrgState::absorb` does, which keeps the hits to itself.
    fn take_in(&mut self, batch: Vec<TailEntry>) -> Vec<(Position, Hit)> {
        let mut absorbed = self.state.admit(batch, |_| {});
        let hits = self.state.judge(&self.policy, &self.detections, Vec::new(), &mut absorbed);
        let (org, policy) = (&OrgId::new("org"), &self.policy);
        let judging = Judging { org, policy, policy_hash: policy.hash(), present: Present::AsItHappened };
        self.state.join(&judging, hits.clone(), &mut absorbed);
        self.findings.extend(absorbed.changed.into_iter().map(|f| (f.finding_id.to_string(), f)));
        hits
    }

    pub(crate) fn findings(&self) -> Vec<Finding> {
        self.findings.values().cloned().collect()
    }
}

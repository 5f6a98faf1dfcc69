//! Tests inside the policy: given these logins, this is found, and that is not.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Mode, Policy};
use crate::detection::{
    Absorbed, Action, Detection, Finding, Lane, OrgState, Present, Severity, TailEntry, catalogue, instant,
};
use crate::observation::{
    AccountDetails, AccountKind, Client, CountryCode, Login, LoginDetail, LoginId, Observation, OrgId,
    Outcome, Place, Source, User, UserId,
};

/// When a test's logins begin if it does not say: a Monday morning.
const BEGIN: i64 = 1_780_304_400;
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What is expected of the policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyTest {
    /// What it shows, in a sentence.
    pub name: String,
    /// When the first of its logins happens, an instant or a date (midnight UTC); 2026-06-01T09:00:00Z where omitted.
    /// Exemptions hold by this time.
    #[serde(default, deserialize_with = "instant::begin")]
    pub at: Option<Timestamp>,
    /// What was usual before, `times` a day for `days` days: it teaches.
    #[serde(default)]
    pub usual: Vec<TestLogin>,
    /// What happens then, one after the other.
    pub logins: Vec<TestLogin>,
    /// What must be found; without it and `quiet` nothing at all may be found.
    #[serde(default)]
    pub expect: Vec<Expectation>,
    /// Detections that must not be part of any finding.
    #[serde(default)]
    pub quiet: Vec<String>,
}

/// A login, as a row of LoginHistory has it; what is omitted is a person's success in a browser.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TestLogin {
    /// The username.
    pub user: String,
    /// The address.
    pub from: String,
    /// The country of the address, ISO 3166-1 alpha-2.
    pub country: Option<CountryCode>,
    /// `Status`.
    pub status: String,
    /// `LoginType`.
    pub login_type: String,
    /// `LoginSubType`.
    pub login_sub_type: String,
    /// `Application`.
    pub application: String,
    /// `Browser`.
    pub browser: String,
    /// `Platform`.
    pub platform: String,
    /// How often; of what was usual, how often a day.
    pub times: u32,
    /// How long after the one before.
    pub every: SignedDuration,
    /// On how many days before the test; only of what was usual.
    pub days: u32,
}

/// A finding that must be there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// A detection that is part of it.
    pub detection: String,
    /// About which user.
    #[serde(default)]
    pub user: Option<String>,
    /// How grave the finding is.
    #[serde(default)]
    pub severity: Option<Severity>,
    /// What the policy asks for.
    #[serde(default)]
    pub action: Option<Action>,
}

/// What came of a test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TestResult {
    /// The test.
    pub name: String,
    /// What was not as expected; empty when all was.
    pub failures: Vec<String>,
}

impl Default for TestLogin {
    fn default() -> Self {
        Self {
            user: "ada@example.com".to_owned(),
            from: "198.51.100.7".to_owned(),
            country: None,
            status: "Success".to_owned(),
            login_type: "Application".to_owned(),
            login_sub_type: String::new(),
            application: "Browser".to_owned(),
            browser: "Chrome 141".to_owned(),
            platform: "Windows 11".to_owned(),
            times: 1,
            every: SignedDuration::from_mins(1),
            days: 60,
        }
    }
}

impl Policy {
    /// Runs the tests inside this policy, with its own rules beside the detections.
    pub fn test(&self, own: Vec<Box<dyn Detection>>) -> Vec<TestResult> {
        let mut detections = catalogue(self);
        detections.extend(own.into_iter().filter(|rule| self.mode_of(rule.about().id) != Mode::Off));
        self.tests.iter().map(|test| test.run(self, &detections)).collect()
    }
}

impl PolicyTest {
    fn run(&self, policy: &Policy, detections: &[Box<dyn Detection>]) -> TestResult {
        let findings = self.findings(policy, detections);
        let missed = self.expect.iter().filter(|expected| !findings.iter().any(|f| expected.is_met_by(f)));
        let mut failures: Vec<_> =
            missed.map(|expected| format!("expected {expected}, found {}", told(&findings))).collect();
        for id in &self.quiet {
            let loud = findings.iter().filter(|f| f.detections.iter().any(|detected| detected.id == *id));
            failures.extend(
                loud.map(|f| format!("{id} had to be quiet, found {}", told(std::slice::from_ref(f)))),
            );
        }
        if self.expect.is_empty() && self.quiet.is_empty() && !findings.is_empty() {
            failures.push(format!("expected nothing, found {}", told(&findings)));
        }
        TestResult { name: self.name.clone(), failures }
    }

    fn findings(&self, policy: &Policy, detections: &[Box<dyn Detection>]) -> Vec<Finding> {
        let begin = self.at.unwrap_or_else(|| Timestamp::from_second(BEGIN).unwrap_or_default());
        let mut rows = Rows::default();
        let users = self.usual.iter().chain(&self.logins).map(TestLogin::account);
        let mut state =
            OrgState { users: users.map(|user| (user.id.clone(), user)).collect(), ..OrgState::default() };
        let past: Vec<_> = self.usual.iter().flat_map(|usual| rows.usual(usual, begin)).collect();
        let present: Vec<_> = rows.present(&self.logins, begin);
        let org = OrgId::new("test");
        let mut take = |lane, logins: Vec<Login>| -> Absorbed {
            let entry = |login| TailEntry { observation: Observation::Login(Box::new(login)), lane };
            state.absorb(&org, policy, detections, logins.into_iter().map(entry), Present::AsItHappened)
        };
        take(Lane::Teach, past);
        take(Lane::Live, present).changed
    }
}

/// Makes rows, each with an id of its own.
#[derive(Default)]
struct Rows(u32);

impl Rows {
    fn usual(&mut self, usual: &TestLogin, begin: Timestamp) -> Vec<Login> {
        let day = |day: u32| begin - DAY * i32::try_from(day).unwrap_or(i32::MAX);
        let mut rows = Vec::new();
        for day in (1..=usual.days).map(day) {
            for time in 0..usual.times {
                rows.push(self.row(usual, day + SignedDuration::from_mins(i64::from(time))));
            }
        }
        rows
    }

    fn present(&mut self, logins: &[TestLogin], begin: Timestamp) -> Vec<Login> {
        let (mut rows, mut time) = (Vec::new(), begin);
        for login in logins {
            for _ in 0..login.times {
                time += login.every;
                rows.push(self.row(login, time));
            }
        }
        rows
    }

    fn row(&mut self, login: &TestLogin, time: Timestamp) -> Login {
        self.0 += 1;
        Login {
            id: LoginId::new(format!("row-{}", self.0)),
            time,
            user_id: Some(login.user_id()),
            outcome: Outcome::from_status(&login.status),
            status: login.status.as_str().into(),
            login_type: login.login_type.as_str().into(),
            login_sub_type: login.login_sub_type.as_str().into(),
            source: Source::from(login.from.as_str()),
            place: Place::from_parts(None, login.country, None),
            application: login.application.as_str().into(),
            client: Client {
                browser: login.browser.as_str().into(),
                platform: login.platform.as_str().into(),
                ..Client::default()
            },
            detail: LoginDetail::default(),
        }
    }
}

impl TestLogin {
    fn user_id(&self) -> UserId {
        UserId::new(self.user.to_lowercase())
    }

    fn account(&self) -> User {
        User {
            id: self.user_id(),
            username: self.user.clone(),
            name: String::new(),
            is_active: true,
            profile: String::new(),
            kind: AccountKind::Human,
            details: AccountDetails::default(),
        }
    }
}

impl Expectation {
    fn is_met_by(&self, finding: &Finding) -> bool {
        let is_about = |user: &String| {
            finding.username.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(user))
                || finding.user_id.as_ref().is_some_and(|id| *id == UserId::new(user.to_lowercase()))
        };
        finding.detections.iter().any(|detected| detected.id == self.detection)
            && self.user.as_ref().is_none_or(is_about)
            && self.severity.is_none_or(|severity| finding.severity == severity)
            && self.action.is_none_or(|action| finding.action == action)
    }
}

impl std::fmt::Display for Expectation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.detection)?;
        if let Some(user) = &self.user {
            write!(f, " about {user}")?;
        }
        if let Some(severity) = self.severity {
            write!(f, ", {}", severity.name())?;
        }
        match self.action {
            Some(action) => write!(f, ", {}", action.name()),
            None => Ok(()),
        }
    }
}

fn told(findings: &[Finding]) -> String {
    if findings.is_empty() {
        return "nothing".to_owned();
    }
    let one = |finding: &Finding| {
        let ids: Vec<_> = finding.detections.iter().map(|detected| detected.id.as_str()).collect();
        let whom = finding.username.as_deref().unwrap_or(&finding.subject.id);
        format!(
            "{} about {whom} ({}, {})",
            ids.join(" with "),
            finding.severity.name(),
            finding.action.name()
        )
    };
    findings.iter().map(one).collect::<Vec<_>>().join("; ")
}

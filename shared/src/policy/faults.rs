//! Values that are well-formed and make no sense.

use jiff::SignedDuration;
use serde_json::Value;

use super::Policy;
use super::tree::Step;
use super::trial::{PolicyTest, TestLogin};
use super::wording::nearest;
use crate::detection::{Level, card, cards};

/// A value that makes no sense.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) path: Vec<Step>,
    pub(super) problem: String,
    pub(super) did_you_mean: Option<String>,
}

/// Every such value of a policy.
pub(super) fn of(policy: &Policy) -> Vec<Wrong> {
    let mut found = amounts(policy);
    found.extend(spans(policy));
    found.extend(accounts(policy));
    found.extend(approvers(policy));
    found.extend(packs(policy));
    found.extend(exemptions(policy));
    found.extend(parameters(policy));
    found.extend((0..).zip(&policy.tests).flat_map(|(number, test)| expectations(number, test)));
    found
}

fn wrong(path: &[&str], problem: impl Into<String>) -> Wrong {
    let path = path.iter().map(|key| match key.parse() {
        Ok(number) => Step::Entry(number),
        Err(_) => Step::Key((*key).to_owned()),
    });
    Wrong { path: path.collect(), problem: problem.into(), did_you_mean: None }
}

fn amounts(policy: &Policy) -> Vec<Wrong> {
    let mut found = Vec::new();
    let percent = policy.caps.percent_of_active_users;
    if !(0.0..=100.0).contains(&percent) {
        let problem = format!("{percent} is no percentage from 0 to 100");
        found.push(wrong(&["caps", "percent_of_active_users"], problem));
    }
    if !matches!(policy.containment.level, Level::Session | Level::User) {
        let level = format!("{:?}", policy.containment.level).to_lowercase();
        let problem = format!("automatic containment acts on `session` or `user`, not on `{level}`");
        found.push(wrong(&["containment", "level"], problem));
    }
    if !(1..=10).contains(&policy.containment.attempts) {
        let problem = format!("{} is no number from 1 to 10", policy.containment.attempts);
        found.push(wrong(&["containment", "attempts"], problem));
    }
    if !policy.containment.max_age.is_positive() {
        let problem = "a duration above zero is needed, for example 24h";
        found.push(wrong(&["containment", "max_age"], problem));
    }
    if !policy.approvals.expire_after.is_positive() {
        found.push(wrong(&["approvals", "expire_after"], "a duration above zero is needed, for example 1h"));
    }
    found
}

/// Spans that would mean something else than was meant.
fn spans(policy: &Policy) -> Vec<Wrong> {
    const A_MONTH: SignedDuration = SignedDuration::from_hours(30 * 24);
    let mut found = Vec::new();
    if !policy.review.longest_session.is_positive() {
        found.push(wrong(&["review", "longest_session"], "a duration above zero is needed, for example 24h"));
    }
    if policy.review.longest_pause < SignedDuration::from_mins(5) {
        found.push(wrong(&["review", "longest_pause"], "five minutes at least are needed, for example 15m"));
    }
    if policy.evidence.keep_for.is_some_and(|span| span < A_MONTH) {
        let problem = "a month at least is needed, 720h: what is younger is still in use";
        found.push(wrong(&["evidence", "keep_for"], problem));
    }
    found
}

/// Two entries for one person, or one key for two people, would let one person be two.
fn approvers(policy: &Policy) -> Vec<Wrong> {
    let mut found = Vec::new();
    for (number, one) in policy.approvers.iter().enumerate() {
        let others = &policy.approvers[..number];
        let is_twice =
            others.iter().any(|other| other.name == one.name || other.public_key == one.public_key);
        if one.name.trim().is_empty() || is_twice {
            let problem = format!("`{}` has no name and key that no entry before has", one.name);
            found.push(wrong(&["approvers", &number.to_string()], problem));
        }
    }
    found
}

/// An entry that can match nobody protects nobody.
fn accounts(policy: &Policy) -> Vec<Wrong> {
    let lists = [("users", &policy.protected.users), ("break_glass", &policy.protected.break_glass)];
    let protected = lists.into_iter().flat_map(|(list, entries)| {
        (0..).zip(entries).map(move |(number, entry): (usize, _)| {
            (entry, vec!["protected".to_owned(), list.to_owned(), number.to_string()])
        })
    });
    let integrations = (0..).zip(&policy.integrations).map(|(number, integration): (usize, _)| {
        (&integration.user, vec!["integrations".to_owned(), number.to_string(), "user".to_owned()])
    });
    protected
        .chain(integrations)
        .filter(|(entry, _)| !names_an_account(entry))
        .map(|(entry, path)| {
            let path: Vec<_> = path.iter().map(String::as_str).collect();
            let wanted = "a username (it contains an @) or a user id (005…, 15 or 18 characters) is needed";
            wrong(&path, format!("`{entry}` names no account: {wanted}"))
        })
        .collect()
}

fn names_an_account(entry: &str) -> bool {
    let is_id = entry.starts_with("005")
        && matches!(entry.len(), 15 | 18)
        && entry.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_id || entry.contains('@')
}

/// Findings name a pack by its name; what ends before it begins is never believed.
fn packs(policy: &Policy) -> Vec<Wrong> {
    let mut found = Vec::new();
    for (number, pack) in policy.packs.iter().enumerate() {
        let is_twice = policy.packs[..number].iter().any(|other| other.name == pack.name);
        let is_over = pack.valid_from.zip(pack.valid_until).is_some_and(|(from, until)| from >= until);
        let faults = [
            (pack.name.trim().is_empty() || is_twice, "name", "a name that no entry before has is needed"),
            (pack.path.as_os_str().is_empty(), "path", "the path of a file is needed"),
            (is_over, "valid_until", "it ends before it begins"),
            (!pack.max_age().is_positive(), "max_age", "a duration above zero is needed, for example 24h"),
        ];
        let number = number.to_string();
        let wrong_ones = faults.into_iter().filter(|(is_so, ..)| *is_so);
        found.extend(wrong_ones.map(|(_, key, problem)| wrong(&["packs", &number, key], problem)));
    }
    found
}

fn exemptions(policy: &Policy) -> Vec<Wrong> {
    let mut found = Vec::new();
    for (number, exemption) in policy.exemptions.iter().enumerate() {
        let number = number.to_string();
        let ids = exemption.detections.iter().enumerate();
        let unknown: Vec<_> = ids.filter_map(|(at, id)| Some((at, unknown_detection(id)?))).collect();
        if unknown.is_empty()
            && let Some(fault) = exemption.fault()
        {
            let wanted = "an entry needs detections, a reason, `until`, and a user, networks or applications";
            found.push(wrong(&["exemptions", &number], format!("{fault}: {wanted}")));
        }
        for (at, (problem, did_you_mean)) in unknown {
            let at = at.to_string();
            let wrong = wrong(&["exemptions", &number, "detections", &at], problem);
            found.push(Wrong { did_you_mean, ..wrong });
        }
    }
    found
}

/// Logins that a test may make in all, and the hours they may take: a year.
const LOGINS: u64 = 50_000;
const HOURS: i64 = 366 * 24;
/// 2100-01-01, in seconds since 1970.
const MOST_DISTANT: i64 = 4_102_444_800;

/// A test is a few days of a few people; what is much more is a slip, and would take memory and time without end.
fn amounts_of_logins(number: &str, test: &PolicyTest) -> Vec<Wrong> {
    let days = |login: &TestLogin| u64::from(login.times) * u64::from(login.days);
    let past = test.usual.iter().map(days).fold(0, u64::saturating_add);
    let all = test.logins.iter().map(|login| u64::from(login.times)).fold(past, u64::saturating_add);
    let mut found = Vec::new();
    if all > LOGINS {
        found.push(wrong(&["tests", number], format!("it makes {all} logins, and {LOGINS} are the most")));
    }
    let length = |login: &TestLogin| login.every.as_hours().saturating_mul(i64::from(login.times));
    let (is_long, is_back) = (
        test.logins.iter().map(length).fold(0, i64::saturating_add) > HOURS
            || test.usual.iter().any(|login| i64::from(login.days) * 24 > HOURS),
        test.logins.iter().any(|login| login.every.is_negative()),
    );
    if is_long || is_back || test.at.is_some_and(|at| !(0..=MOST_DISTANT).contains(&at.as_second())) {
        found.push(wrong(
            &["tests", number],
            "its logins must lie within a year, one after the other, between 1970 and 2100",
        ));
    }
    found
}

/// What is wrong with the id of a detection, and which was meant.
fn unknown_detection(id: &str) -> Option<(String, Option<String>)> {
    let unknown = card(id).is_none();
    unknown.then(|| (format!("`{id}` is no detection"), nearest(id, cards().iter().map(|card| card.id))))
}

/// A window that has no length or a count of nothing would speak of everything, or never.
fn parameters(policy: &Policy) -> Vec<Wrong> {
    let rules = |policy: &Policy| serde_json::to_value(&policy.detections).unwrap_or_default();
    let (mine, defaults) = (rules(policy), rules(&Policy::default()));
    let mut found = Vec::new();
    for card in cards() {
        for (name, _) in card.parameters {
            let [value, default] = [&mine, &defaults].map(|rules| &rules[card.id]["parameters"][*name]);
            if let Some(problem) = senseless(value, default) {
                found.push(wrong(&["detections", card.id, "parameters", name], problem));
            }
        }
    }
    found
}

fn senseless(value: &Value, default: &Value) -> Option<String> {
    let duration = |value: &Value| value.as_str()?.parse::<jiff::SignedDuration>().ok();
    if let (Some(length), Some(_)) = (duration(value), duration(default)) {
        return (!length.is_positive())
            .then(|| "a duration above zero is needed, for example 15m".to_owned());
    }
    let (number, usual) = (value.as_f64()?, default.as_f64()?);
    if !number.is_finite() || number < 0.0 {
        return Some(format!("{number} is below zero"));
    }
    (number == 0.0 && usual >= 1.0)
        .then(|| "0 would speak of everything, or never; mode: off turns it off".to_owned())
}

fn expectations(number: usize, test: &PolicyTest) -> Vec<Wrong> {
    let number = number.to_string();
    let expected = test.expect.iter().enumerate().map(|(at, expected)| {
        (vec!["expect".to_owned(), at.to_string(), "detection".to_owned()], &expected.detection)
    });
    let quiet = test.quiet.iter().enumerate().map(|(at, id)| (vec!["quiet".to_owned(), at.to_string()], id));
    let mut found = Vec::new();
    for (path, id) in expected.chain(quiet) {
        let Some((problem, did_you_mean)) = unknown_detection(id) else { continue };
        let path: Vec<_> =
            ["tests", number.as_str()].into_iter().chain(path.iter().map(String::as_str)).collect();
        found.push(Wrong { did_you_mean, ..wrong(&path, problem) });
    }
    found.extend(amounts_of_logins(&number, test));
    if test.logins.is_empty() {
        found.push(wrong(&["tests", &number], "it has no logins: nothing could be found"));
    }
    found
}

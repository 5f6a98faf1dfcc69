//! Values that are well-formed and make no sense.

use jiff::SignedDuration;
use serde_json::Value;

use super::tree::Step;
use super::trial::{PolicyTest, TestLogin};
use super::wording::nearest;
use super::{Mode, Policy, clients, countries, networks};
use crate::detection::{Level, OWN_RULE, card, cards};
use crate::observation::Outcome;

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
    found.extend(levels(policy));
    found.extend(spans(policy));
    found.extend(accounts(policy));
    found.extend(networks::faults(policy));
    found.extend(clients::faults(policy));
    found.extend(countries::faults(policy));
    found.extend(integrations_twice(policy));
    found.extend(approvers(policy));
    found.extend(packs(policy));
    found.extend(exemptions(policy));
    found.extend(named(policy).into_iter().filter_map(|(id, path)| unknown(id, path)));
    found.extend(parameters(policy));
    found.extend((0..).zip(&policy.tests).flat_map(|(number, test)| trial(number, test)));
    found
}

pub(super) fn wrong(path: &[&str], problem: impl Into<String>) -> Wrong {
    Wrong { path: steps(path), problem: problem.into(), did_you_mean: None }
}

pub(super) fn steps(path: &[&str]) -> Vec<Step> {
    let step = |key: &&str| match key.parse() {
        Ok(number) => Step::Entry(number),
        Err(_) => Step::Key((*key).to_owned()),
    };
    path.iter().map(step).collect()
}

/// Everything that names a detection or an own rule, and where it stands.
pub(super) fn named(policy: &Policy) -> Vec<(&str, Vec<Step>)> {
    let modes = policy.own_rules.modes.keys().map(|id| (id.as_str(), vec!["own_rules", "modes", id]));
    let mut named: Vec<_> = modes.map(|(id, path)| (id, path.into_iter().map(Step::key).collect())).collect();
    let mut note = |id, list: (&str, usize), path: &[Step]| {
        let way = [Step::key(list.0), Step::Entry(list.1)].into_iter().chain(path.iter().cloned());
        named.push((id, way.collect::<Vec<_>>()));
    };
    for (number, exemption) in policy.exemptions.iter().enumerate() {
        for (at, id) in exemption.detections.iter().enumerate() {
            note(id.as_str(), ("exemptions", number), &[Step::key("detections"), Step::Entry(at)]);
        }
    }
    for (number, test) in policy.tests.iter().enumerate() {
        for (at, expected) in test.expect.iter().enumerate() {
            let path = [Step::key("expect"), Step::Entry(at), Step::key("detection")];
            note(&expected.detection, ("tests", number), &path);
        }
        for (at, id) in test.quiet.iter().enumerate() {
            note(id, ("tests", number), &[Step::key("quiet"), Step::Entry(at)]);
        }
    }
    named
}

/// What is wrong with an id that is neither a detection's nor may be an own rule's. Whether a rule is there is known only when
/// rules were read.
fn unknown(id: &str, path: Vec<Step>) -> Option<Wrong> {
    if id.starts_with(OWN_RULE) {
        return None;
    }
    let is_mode = path.first() == Some(&Step::key("own_rules"));
    if card(id).is_some() {
        let problem = format!("`{id}` is no own rule: its mode stands below `detections`");
        return is_mode.then_some(Wrong { path, problem, did_you_mean: None });
    }
    let ids = cards().iter().map(|card| card.id).filter(|_| !is_mode);
    let did_you_mean = nearest(id, ids);
    let wanted = if is_mode { "own rule, whose id begins with `rule-`" } else { "detection" };
    Some(Wrong { path, problem: format!("`{id}` is no {wanted}"), did_you_mean })
}

fn amounts(policy: &Policy) -> Vec<Wrong> {
    let mut found = Vec::new();
    let percent = policy.caps.percent_of_active_users;
    if !(0.0..=100.0).contains(&percent) {
        let problem = format!("{percent} is no percentage from 0 to 100");
        found.push(wrong(&["caps", "percent_of_active_users"], problem));
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

fn levels(policy: &Policy) -> Vec<Wrong> {
    let (mut found, level) = (Vec::new(), policy.containment.level);
    if !matches!(level, Level::Session | Level::User) {
        let level = level.name();
        let problem = format!("automatic containment acts on `session` or `user`, not on `{level}`");
        found.push(wrong(&["containment", "level"], problem));
    }
    for level in [Level::App, Level::Org] {
        if !matches!(policy.containment.modes.of(level), Mode::Ask | Mode::Off) {
            let problem = "two people decide about more than one user: `ask`, or `off` for never";
            found.push(wrong(&["containment", "modes", level.name()], problem));
        }
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

/// Only the first of two entries would hold.
fn integrations_twice(policy: &Policy) -> Vec<Wrong> {
    let mut found = Vec::new();
    for (number, one) in policy.integrations.iter().enumerate() {
        let others = &policy.integrations[..number];
        if others.iter().any(|other| other.user.eq_ignore_ascii_case(&one.user)) {
            let problem = format!("`{}` has an entry before, and only that would hold", one.user);
            found.push(wrong(&["integrations", &number.to_string(), "user"], problem));
        }
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
    let exempt = (0..).zip(&policy.exemptions).filter_map(|(number, exemption): (usize, _)| {
        Some((exemption.user.as_ref()?, vec!["exemptions".to_owned(), number.to_string(), "user".to_owned()]))
    });
    let canary = policy.drill.canary.iter().map(|user| (user, vec!["drill".to_owned(), "canary".to_owned()]));
    protected
        .chain(integrations)
        .chain(exempt)
        .chain(canary)
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
    let faults = policy.exemptions.iter().enumerate().filter_map(|(number, exemption)| {
        let wanted = "an entry needs detections, a reason, `until`, and a user, networks or applications";
        let problem = format!("{}: {wanted}", exemption.fault()?);
        Some(wrong(&["exemptions", &number.to_string()], problem))
    });
    faults.collect()
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

/// A login that no org would report tests nothing.
fn logins(number: &str, test: &PolicyTest) -> Vec<Wrong> {
    let mut found = Vec::new();
    for (list, logins) in [("usual", &test.usual), ("logins", &test.logins)] {
        for (at, login) in logins.iter().enumerate() {
            let path = |key| ["tests", number, list, &at.to_string(), key].map(str::to_owned);
            let mut note = |key: &'static str, problem: String, did_you_mean| {
                let path = path(key);
                found.push(Wrong { did_you_mean, ..wrong(&path.each_ref().map(String::as_str), problem) });
            };
            if !Outcome::knows(&login.status) {
                let meant = nearest(&login.status, ["Success", "Invalid Password"].into_iter());
                note("status", format!("`{}` is no status that Salesforce documents", login.status), meant);
            }
            let is_number = login.from.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
            if is_number && !login.from.is_empty() && login.from.parse::<std::net::IpAddr>().is_err() {
                note("from", format!("`{}` is no address", login.from), None);
            }
        }
    }
    found
}

/// A window that has no length or a count of nothing would speak of everything, or never.
fn parameters(policy: &Policy) -> Vec<Wrong> {
    let rules = |policy: &Policy| serde_json::to_value(&policy.detections).unwrap_or_default();
    let (mine, defaults) = (rules(policy), rules(&Policy::default()));
    let mut found = Vec::new();
    for card in cards() {
        for (name, _) in card.parameters {
            let [value, default] = [&mine, &defaults].map(|rules| &rules[card.id]["parameters"][*name]);
            if let Some((problem, did_you_mean)) = senseless(value, default) {
                let path = ["detections", card.id, "parameters", name];
                found.push(Wrong { did_you_mean, ..wrong(&path, problem) });
            }
        }
    }
    found
}

/// What is wrong with a parameter, and what was probably meant.
fn senseless(value: &Value, default: &Value) -> Option<(String, Option<String>)> {
    let no_more = |problem: String| Some((problem, None));
    let duration = |value: &Value| value.as_str()?.parse::<jiff::SignedDuration>().ok();
    if let (Some(length), Some(_)) = (duration(value), duration(default)) {
        let wanted = "a duration above zero is needed, for example 15m".to_owned();
        return if length.is_positive() { None } else { no_more(wanted) };
    }
    let (number, usual) = (value.as_f64()?, default.as_f64()?);
    if !number.is_finite() || number < 0.0 {
        return no_more(format!("{number} is below zero"));
    }
    // What is usually a part of one is a share.
    if number > 1.0 && usual > 0.0 && usual < 1.0 {
        let percent = (10.0..=100.0).contains(&number).then(|| (number / 100.0).to_string());
        return Some((format!("{number} is no share from 0 to 1"), percent));
    }
    if number == 0.0 && usual >= 1.0 {
        return no_more("0 would speak of everything, or never; mode: off turns it off".to_owned());
    }
    None
}

fn trial(number: usize, test: &PolicyTest) -> Vec<Wrong> {
    let number = number.to_string();
    let mut found = amounts_of_logins(&number, test);
    found.extend(logins(&number, test));
    if test.logins.is_empty() {
        found.push(wrong(&["tests", &number], "it has no logins: nothing could be found"));
    }
    found
}

//! The words of a notice: plain text for a person who knows neither the program nor the detections.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{About, Recipients};
use crate::containment::{Containment, Outcome, Target};
use crate::detection::{Finding, SubjectKind};
use crate::report::Shown;

const WITHOUT_USER: &str = "The user is not told by mail, for his mailbox would be the only one: tell him by telephone or in \
                            person, and name an address in notices.support.";
/// Addresses that a notice names.
const ADDRESSES: usize = 5;

pub(super) fn title(about: About, containment: &Containment) -> String {
    let whom = whom(containment);
    match about {
        About::Seen | About::Review => format!("Unusual access by {whom}"),
        About::Asked => format!("Decide: is the access of {whom} to be ended?"),
        About::Refused => format!("Unusual access by {whom}, which could not be ended automatically"),
        About::Ended => format!("The access of {whom} was ended"),
        About::NotEnded => format!("The access of {whom} is NOT ended"),
        About::CameBack => format!("The access of {whom} is there again"),
        About::Thawed => format!("The account of {whom} was thawed by others"),
        About::Frozen => format!("The account of {whom} was frozen by others too"),
        About::NotChecked => format!("Whether the access of {whom} has come back is not known"),
    }
}

pub(super) fn text(
    about: About,
    containment: &Containment,
    finding: Option<&Finding>,
    hint: Option<&str>,
    to: &Recipients,
) -> String {
    let mut lines = finding.map_or_else(|| asked(containment), seen);
    lines.push(done(about, containment));
    lines.push("What to do:".to_owned());
    lines.extend(to_do(about, containment).into_iter().map(|line| format!("- {line}")));
    lines.extend(question(about, containment, finding));
    lines.extend(hint.map(str::to_owned));
    lines.extend(to.leaves_user_out().then(|| WITHOUT_USER.to_owned()));
    lines.join("\n")
}

/// The title and the text about a finding for which nobody can be contained.
pub(super) fn of_finding(finding: &Finding) -> (String, String) {
    let subject = &finding.subject;
    let what = safe(if subject.name.is_empty() { &subject.id } else { &subject.name });
    let why = match subject.kind {
        SubjectKind::User if finding.containable_users.is_empty() => {
            "no access of this user's was seen that could be ended"
        }
        SubjectKind::User => "whoever found it has no identity that may end access",
        _ => "it is not about one user",
    };
    let mut lines = seen(finding);
    lines.push(format!("Nothing was done: {why}."));
    lines.push("What to do:".to_owned());
    lines.push(format!(
        "- Support: look at the finding {} with `warden findings`, and end the access with `warden contain` if it is hostile.",
        finding.finding_id
    ));
    (format!("Unusual access: {what}"), lines.join("\n"))
}

fn whom(containment: &Containment) -> String {
    let username = &containment.impact.username;
    if username.is_empty() { safe(containment.request.target.name()) } else { safe(username) }
}

/// Text from outside: nothing in it steers a terminal or a mail reader, and no address in it can be clicked.
fn safe(text: impl AsRef<str>) -> String {
    Shown::of(text).to_string().replace("://", "[:]//")
}

fn seen(finding: &Finding) -> Vec<String> {
    let titles: Vec<_> = finding.detections.iter().map(|detected| safe(&detected.title)).collect();
    let mut lines = vec![
        format!("What was seen: {}.", titles.join("; ")),
        format!("Between {} and {}.", instant(finding.first_seen), instant(finding.last_seen)),
    ];
    let addresses = addresses(finding);
    if !addresses.is_empty() {
        lines.push(format!("From: {}.", addresses.join(", ")));
    }
    lines
}

/// What a person gave as his reason, and whence that was held which is to end.
fn asked(containment: &Containment) -> Vec<String> {
    let families = &containment.impact.families;
    let addresses: BTreeSet<_> = families.iter().map(|family| safe(&family.address)).collect();
    let addresses: Vec<_> = addresses.into_iter().take(ADDRESSES).collect();
    let from = (!addresses.is_empty()).then(|| format!("Sessions were held from: {}.", addresses.join(", ")));
    [format!("Why: {}", safe(&containment.request.reason))].into_iter().chain(from).collect()
}

fn instant(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// Addresses that the evidence names, each once.
fn addresses(finding: &Finding) -> Vec<String> {
    const NAMES: [&str; 5] = ["source", "login_source", "session_source", "threat_source", "registered_from"];
    let evidence = finding.detections.iter().flat_map(|detected| {
        NAMES.iter().filter_map(|name| detected.evidence.get(*name).and_then(Value::as_str))
    });
    let each: BTreeSet<_> = evidence.map(safe).collect();
    each.into_iter().take(ADDRESSES).collect()
}

fn done(about: About, containment: &Containment) -> String {
    let reason = match &containment.outcome {
        Some(Outcome::NotContained { reason }) => safe(reason),
        Some(Outcome::Refused { refusals }) => {
            refusals.iter().map(|refusal| safe(&refusal.reason)).collect::<Vec<_>>().join("; ")
        }
        _ => String::new(),
    };
    match about {
        About::Seen | About::Review => format!("Nothing was done: {reason}."),
        About::Asked => format!("Nothing is done until a person has decided: {reason}."),
        About::Refused => format!("Nothing was done, because a rule forbids it: {reason}."),
        About::Ended => {
            let before = containment.impact.frozen_by_others.as_ref();
            let before = before.map(|by| format!(" It was frozen before, by {}.", safe(by.name())));
            format!("{}{}", ended(containment), before.unwrap_or_default())
        }
        About::NotEnded | About::CameBack => format!("What is wrong: {reason}."),
        About::Thawed => thawed(containment),
        About::Frozen => frozen(containment),
        About::NotChecked => {
            let reason = containment.unchecked.as_deref().unwrap_or_default();
            format!("The access was ended, and the look that was due since could not see: {}.", safe(reason))
        }
    }
}

fn thawed(containment: &Containment) -> String {
    let by = containment.released.as_ref().map_or_else(String::new, |released| safe(&released.by));
    format!(
        "We froze the account, and {by} has thawed it without `warden release`. It is watched for 24 hours."
    )
}

fn frozen(containment: &Containment) -> String {
    let by = containment.frozen_by_others.as_ref();
    let (name, explained) = by.map(|by| (by.name(), by.explained())).unwrap_or_default();
    format!("Since we ended the access, {} has frozen the account. {}", safe(name), safe(explained))
}

fn ended(containment: &Containment) -> String {
    let frozen = match (&containment.outcome, &containment.request.target) {
        (Some(Outcome::Contained), _) => {
            "All sessions and refresh tokens were ended, and the account is frozen: it cannot log in."
        }
        (Some(Outcome::SessionEnded), _) => "The hostile session was ended; the user's own live on.",
        (_, Target::User { .. }) => {
            "All sessions and refresh tokens were ended; the account can log in again."
        }
        _ => "It was ended; whoever can log in may do so again.",
    };
    match containment.residual_until {
        Some(until) => {
            format!("{frozen} An access token that was already out may still work until {}.", instant(until))
        }
        None => frozen.to_owned(),
    }
}

fn to_do(about: About, containment: &Containment) -> Vec<String> {
    let id = &containment.containment_id;
    match about {
        About::Seen | About::Refused | About::Review => vec![
            "Support: look at the finding, and end the access with `warden contain` if it is hostile.".to_owned(),
        ],
        About::Asked => vec![format!(
            "Support: `warden approve {id}` shows what would be cut off; without an answer nothing is done."
        )],
        About::Ended if containment.request.target.is_wide() => vec![
            "Support: tell the people who worked through it, and let them log in, or authorise it, again.".to_owned(),
        ],
        About::Ended => vec![
            "The user: change the password at a machine that you trust, and look whether your second factor, your \
             mailbox rules and the applications that you have authorised are your own."
                .to_owned(),
            "The manager: speak to the user by telephone or in person; the mailbox may be in the same hands as the \
             account."
                .to_owned(),
            back(containment).to_owned(),
        ],
        About::Thawed => vec![
            "Support: ask whoever thawed it why; if it was not meant, end the access again with `warden contain`."
                .to_owned(),
        ],
        About::Frozen => vec![
            "Support: ask whoever froze it why before anybody thaws it; `warden release` shows who it was, and leaves it \
             to him."
                .to_owned(),
        ],
        About::NotChecked => vec![
            "Support: see with `warden doctor` what the identity lacks. The look is tried again at least every hour, and \
             given up 8 days after the end."
                .to_owned(),
        ],
        About::NotEnded | About::CameBack => vec![format!(
            "Support: act now, by `warden contain` or in Setup; the case is {id}."
        )],
    }
}

fn back(containment: &Containment) -> &'static str {
    match containment.outcome {
        Some(Outcome::Contained) if containment.impact.frozen_by_others.is_some() => {
            "Support: the account was frozen before us, by whom the case says: only he, or an administrator, thaws it."
        }
        Some(Outcome::Contained) => "Support: give the access back with `warden release` once that is done.",
        _ => "Support: see that it was done; the account itself was left open.",
    }
}

/// Was this you? Only people who may know are asked.
fn question(about: About, containment: &Containment, finding: Option<&Finding>) -> Option<String> {
    let is_about_one = !about.is_for_support() && containment.request.target.user().is_some();
    let id = finding.map_or(containment.containment_id.as_str(), |finding| finding.finding_id.as_str());
    is_about_one.then(|| {
        format!(
            "Was this you? Tell the support yes or no, by telephone or in person. The support records it with `warden answer {id} \
             yes|no --by NAME`. An answer releases nothing and ends nothing by itself, and silence is not a yes."
        )
    })
}

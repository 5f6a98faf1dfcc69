//! Whether a containment may be carried out. Pure; what could not be read refuses.

use jiff::Timestamp;

use super::{CapsUsage, Charge, Readable, Refusal, Request, RequestedBy, Target};
use crate::detection::{Action, Finding};
use crate::observation::{User, UserId};
use crate::policy::{Mode, Policy, Standing};
use crate::salesforce::Visibility;

/// How many people must agree to what one alone may not do.
const TWO: usize = 2;

/// Everything the guard judges.
#[derive(Debug)]
pub struct Circumstances<'a> {
    /// The policy in force.
    pub policy: &'a Policy,
    /// What is asked.
    pub request: &'a Request,
    /// The finding behind a request of the policy, as stored; a message about it is a hint only.
    pub finding: Option<&'a Finding>,
    /// Why the target itself cannot be contained: it names nothing, or what is hostile cannot be told from the rest.
    pub faults: Vec<Refusal>,
    /// The user, where it is about one; `None` inside when Salesforce knows none by that id.
    pub user: Readable<Option<&'a User>>,
    /// The login names by which the policy has known the user, also where he bears another now.
    pub names: Readable<Vec<&'a str>>,
    /// Why it is not known whom a wide containment must spare, if it is so.
    pub unspared: Option<&'a str>,
    /// Who has dismissed the finding as it now stands, if somebody has.
    pub dismissed: Option<&'a str>,
    /// How many different people have approved exactly this.
    pub approvals: usize,
    /// Our own identities.
    pub own_users: &'a [UserId],
    /// What the acting identity can see.
    pub visibility: Readable<&'a Visibility>,
    /// Active, unfrozen holders of Manage Users.
    pub administrators: Readable<&'a [UserId]>,
    /// Users about whom a containment is open.
    pub open_plans: Readable<Vec<UserId>>,
    /// Why nothing may be done in this org, if it is so.
    pub kill_switch: Readable<Option<&'a str>>,
    /// What the caps have left.
    pub caps: Readable<&'a CapsUsage>,
    /// Active users of the org.
    pub active_users: Readable<u64>,
    /// The time.
    pub now: Timestamp,
}

/// Whether what is repeated counts in the caps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counts {
    /// It is counted already.
    Already,
    /// The caps of the day on which it was counted are over.
    Anew,
}

impl Counts {
    /// How a repetition counts of what began then.
    pub(crate) fn of(began: Timestamp, now: Timestamp) -> Self {
        let day = |at: Timestamp| at.as_second().div_euclid(86_400);
        if day(began) == day(now) { Self::Already } else { Self::Anew }
    }
}

/// Every rule that refuses, in a fixed order; empty when it may be carried out.
pub fn refusals(c: &Circumstances<'_>) -> Vec<Refusal> {
    let mut refusals = who(c);
    refusals.extend(c.faults.iter().cloned());
    refusals.extend(last_administrator(c));
    refusals.extend(blind(c));
    refusals.extend(stopped(c));
    refusals.extend(caps(c));
    refusals.extend(wide(c));
    refusals.extend(policy(c, refusals.is_empty()));
    refusals
}

/// The rules that hold also for a containment that is gone on with: its caps are reserved, and its request was judged
/// when it began. The user was no last administrator then, and stands among the open plans since.
pub(crate) fn may_go_on(c: &Circumstances<'_>) -> Vec<Refusal> {
    let mut refusals = who(c);
    refusals.extend(stopped(c));
    refusals.extend(wide(c));
    refusals
}

/// The rules for what has ended without success and is gone on with because it is asked for again: all, but the caps only
/// where it began on another day, for it is counted in those of its own.
pub(crate) fn may_be_repeated(c: &Circumstances<'_>, counts: Counts) -> Vec<Refusal> {
    let mut refusals = may_go_on(c);
    refusals.extend(last_administrator(c));
    refusals.extend(blind(c));
    if counts == Counts::Anew {
        refusals.extend(caps(c));
    }
    refusals.extend(policy(c, refusals.is_empty()));
    refusals
}

fn refuse(rule: &str, reason: impl Into<String>) -> Refusal {
    Refusal { rule: rule.to_owned(), reason: reason.into() }
}

fn unreadable(rule: &str, what: &str, reason: &str) -> Refusal {
    refuse(rule, format!("{what} cannot be read, so nothing is done: {reason}"))
}

/// Rules about whom, and how wide.
fn who(c: &Circumstances<'_>) -> Vec<Refusal> {
    let mut refusals: Vec<_> = shut_level(c).into_iter().collect();
    match c.request.target.user() {
        Some(user) => refusals.extend(one_user(c, user)),
        None => refusals.extend(c.unspared.map(|reason| unreadable("protected", "who is protected", reason))),
    }
    refusals
}

/// A level that is off is off for people too.
fn shut_level(c: &Circumstances<'_>) -> Option<Refusal> {
    let level = c.request.target.level();
    let is_off = c.policy.containment.modes.of(level) == Mode::Off;
    is_off.then(|| {
        let name = level.name();
        refuse("level-off", format!("`containment.modes.{name}` is off: nobody ends access at this level"))
    })
}

fn one_user(c: &Circumstances<'_>, id: &UserId) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    if c.own_users.contains(id) {
        refusals.push(refuse("own-identity", format!("user {id} is an identity of Session Warden itself")));
    }
    let username = match &c.user {
        Ok(Some(user)) => user.username.as_str(),
        Ok(None) => {
            refusals.push(refuse("unknown-user", format!("the org has no user {id}, or it cannot be seen")));
            ""
        }
        Err(reason) => {
            refusals.push(unreadable("unknown-user", &format!("user {id}"), reason));
            ""
        }
    };
    let names = c.names.iter().flatten().copied().chain([username]);
    let standing = names.map(|name| c.policy.standing(id.as_str(), name));
    if let Err(reason) = &c.names {
        refusals.push(unreadable("protected", "who is protected", reason));
    }
    refusals.extend(match standing.max().unwrap_or(Standing::Ordinary) {
        Standing::Ordinary => None,
        Standing::Protected => {
            let sentence = format!("user {id} is protected; take the user off `protected.users` first");
            Some(refuse("protected", sentence))
        }
        Standing::BreakGlass if c.approvals >= TWO => None,
        Standing::BreakGlass => {
            let sentence =
                format!("user {id} is kept for emergencies; two people must approve its containment");
            Some(refuse("break-glass", sentence))
        }
    });
    refusals
}

/// What is wider than one user needs two people.
fn wide(c: &Circumstances<'_>) -> Option<Refusal> {
    let lacks = c.request.target.is_wide() && c.approvals < TWO;
    lacks.then(|| refuse("two-people", "two people must approve what reaches more than one user"))
}

fn last_administrator(c: &Circumstances<'_>) -> Option<Refusal> {
    const RULE: &str = "last-administrator";
    let administrators = match &c.administrators {
        Ok(administrators) => administrators,
        Err(reason) => return Some(unreadable(RULE, "the list of administrators", reason)),
    };
    let open_plans = match &c.open_plans {
        Ok(open) => open,
        Err(reason) => return Some(unreadable(RULE, "the list of open containments", reason)),
    };
    // Only who is frozen is locked out.
    let Target::User { user_id: user } = &c.request.target else { return None };
    let remains = |id: &&UserId| *id != user && !c.own_users.contains(id) && !open_plans.contains(id);
    let is_last = administrators.contains(user) && !administrators.iter().any(|id| remains(&id));
    is_last.then(|| refuse(RULE, format!("user {user} is the last administrator who could release others")))
}

fn blind(c: &Circumstances<'_>) -> Vec<Refusal> {
    let visibility = match &c.visibility {
        Ok(visibility) => visibility,
        Err(reason) => return vec![unreadable("blind", "what the acting identity may see", reason)],
    };
    c.request.target.unseen(visibility).into_iter().map(|reason| refuse("blind", reason)).collect()
}

fn stopped(c: &Circumstances<'_>) -> Option<Refusal> {
    match &c.kill_switch {
        Ok(None) => None,
        Ok(Some(reason)) => Some(refuse("kill-switch", *reason)),
        Err(reason) => Some(unreadable("kill-switch", "the kill switch", reason)),
    }
}

fn caps(c: &Circumstances<'_>) -> Vec<Refusal> {
    let (usage, active_users) = match (&c.caps, &c.active_users) {
        (Err(reason), _) => return vec![unreadable("caps", "what the caps have left", reason)],
        (_, Err(reason)) => return vec![unreadable("caps", "the number of active users", reason)],
        (Ok(usage), Ok(active_users)) => (usage, *active_users),
    };
    let exceeded = usage.exceeded(&c.policy.caps, Charge::of(&c.request.target), active_users).into_iter();
    let exceeded = exceeded.chain(together(c));
    exceeded.map(|clause| refuse("caps", format!("it would be {clause}; a person must decide"))).collect()
}

/// A finding is one request, whomever it names: of more users than may be contained together none is, until a person has
/// decided about him.
fn together(c: &Circumstances<'_>) -> Option<String> {
    let is_by_itself = c.request.requested_by == RequestedBy::Policy && c.approvals == 0;
    let finding = c.finding.filter(|_| is_by_itself)?;
    let users = finding.totals.containable_users.max(finding.containable_users.len()) as u64;
    let allowed = u64::from(c.policy.caps.per_request);
    let exceeds = users > 1 && users > allowed;
    exceeds.then(|| format!("{users} users in one request (caps.per_request), {allowed} are allowed"))
}

/// Rules for requests of the policy. `otherwise_allowed` says whether nothing else refuses: the policy's own reasons
/// for not acting repeat those of other rules.
fn policy(c: &Circumstances<'_>, otherwise_allowed: bool) -> Vec<Refusal> {
    match c.request.requested_by {
        RequestedBy::Policy => {}
        RequestedBy::Watch if c.policy.containment.modes.of(c.request.target.level()) < Mode::Ask => {
            let reason = "access came back, and at this level the policy only observes (containment.modes)";
            return vec![refuse("observe", reason)];
        }
        RequestedBy::Watch if c.approvals == 0 => {
            return vec![refuse(
                "ask",
                "access came back after it was ended; a person decides about all of it",
            )];
        }
        RequestedBy::Watch | RequestedBy::Person { .. } | RequestedBy::Event { .. } => return Vec::new(),
    }
    let Some(finding) = c.finding else {
        return vec![refuse("not-containable", "the policy asks without a finding")];
    };
    let mut refusals: Vec<_> = c.dismissed.map(|said| refuse("dismissed", said)).into_iter().collect();
    if !c.request.target.user().is_some_and(|user| finding.containable_users.contains(user)) {
        let name = c.request.target.name();
        let sentence = format!("no success, live session or used token of {name} stands in the finding");
        refusals.push(refuse("not-containable", sentence));
    }
    let max_age = c.policy.containment.max_age;
    if c.now.duration_since(finding.last_seen) > max_age {
        let sentence = format!("the last observation, {}, is older than {max_age:#}", finding.last_seen);
        refusals.push(refuse("max-age", sentence));
    }
    refusals.extend(mode(c, finding, otherwise_allowed && refusals.is_empty()));
    refusals
}

/// The finding must ask for containment, and the policy in force must still agree: it may have changed since.
fn mode(c: &Circumstances<'_>, finding: &Finding, otherwise_allowed: bool) -> Option<Refusal> {
    let user = c.user.as_ref().ok().copied().flatten();
    let decision = c.policy.decide_at(c.request.target.level(), finding, user, c.now);
    let agrees = if otherwise_allowed { decision.action } else { Action::Contain };
    let because =
        if decision.because.is_empty() { "the finding asks for no more" } else { &decision.because };
    match finding.action.min(agrees) {
        Action::Contain => None,
        Action::Ask if c.approvals > 0 => None,
        Action::Ask => Some(refuse("ask", format!("a person is asked: {because}"))),
        Action::Notify | Action::None => Some(refuse("observe", format!("nothing is done: {because}"))),
    }
}

#[cfg(test)]
mod tests;

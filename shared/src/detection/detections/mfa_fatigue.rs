//! A15: the owner is asked again and again until he says yes.

use jiff::{SignedDuration, Timestamp};

use crate::detection::{
    About, Check, CheckOutcome, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, UserProfile, View,
};
use crate::observation::{Login, Network, Source, Verification};

pub(crate) static ABOUT: About = About {
    id: "mfa-fatigue",
    row: "A15",
    title: "Asked again and again to approve a login",
    why: "Whoever has the password and not the phone asks until the owner gives in. A denial that the owner reports \
          says that somebody else has his password, and a success after denials says that he gave in.",
    severity: Severity::High,
    confidence: Confidence::High,
    family: Family::Assurance,
    shown: Shown::SUCCESS.and(Shown::NEW_NETWORK),
    mitre: &["T1621"],
    needs: &[Sensor::Logins, Sensor::Verifications],
    parameters: MEANINGS,
    quiet: &[
        "A success from a network the user knows, or the organisation's egress: he denied his own request by mistake, and then approved it.",
        "A request that failed counts half: a phone may be out of reach.",
        "A user with too little history to call a network new.",
    ],
};

parameters! {
    /// Denied requests. Of those that failed otherwise, such as unanswered ones, twice as many.
    denials: usize = 3,
    /// They, and a success after them, lie within this.
    window: SignedDuration = SignedDuration::from_mins(30),
}

/// Requests that were not approved.
#[derive(Debug, Clone, Copy)]
struct Asked {
    /// Denied, the reported ones included.
    denials: usize,
    reported: usize,
    failures: usize,
}

/// The detection.
#[derive(Debug)]
pub struct MfaFatigue(pub Parameters);

impl Detection for MfaFatigue {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    /// A success on the heels of denials, from a network the user does not know.
    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let user = view.user().filter(|_| login.succeeded() && view.is_new_network())?;
        let asked = self.asked(user, login.time);
        self.gave_in(asked).then(|| self.hit(Hit::on_login(&ABOUT, Severity::High, login), asked, &login.source))
    }

    fn on_verification(&self, view: &View<'_>, check: &Verification) -> Option<Hit> {
        let outcome = CheckOutcome::of(check);
        if outcome == CheckOutcome::Passed {
            return self.on_approval(view, check);
        }
        let is_denial = matches!(outcome, CheckOutcome::Denied | CheckOutcome::Reported);
        let before = view.user().filter(|_| is_denial).map_or(0, |user| self.asked(user, check.time).denials);
        let is_reported = outcome == CheckOutcome::Reported;
        if !is_reported && (!is_denial || before + 1 < self.0.denials) {
            return None;
        }
        let what = if is_reported { "and reported it as not his own" } else { "again" };
        let hit = Hit::on_verification(&ABOUT, Severity::Medium, check).fact("denials", before + 1);
        Some(hit.because(
            format!("The user denied a login from {} {what}.", check.source),
            format!("{} requests were denied within {} minutes.", before + 1, self.0.window.as_mins()),
            "A single denial that is not reported would not count.",
        ))
    }
}

impl MfaFatigue {
    /// The same where the login's row bears the time at which it began, before the owner was asked: the approval is what
    /// came after.
    fn on_approval(&self, view: &View<'_>, check: &Verification) -> Option<Hit> {
        let user = view.user().filter(|user| user.has_history(check.time))?;
        let asked = self.asked(user, check.time);
        let began = user.attempts.iter().find(|attempt| Some(&attempt.login) == check.login_id.as_ref());
        let settled = check.time - SignedDuration::from_hours(24);
        let is_new = |network: Network| !user.knew_pool_by(network, settled) && !view.is_shared(network, check.time);
        let networks = [check.source.network(), began.and_then(|attempt| attempt.network)];
        let is_elsewhere = self.gave_in(asked) && networks.into_iter().flatten().any(is_new);
        is_elsewhere.then(|| {
            let hit = Hit::on_verification(&ABOUT, Severity::High, check).logins(check.login_id.clone());
            self.hit(hit.containable(), asked, &check.source)
        })
    }

    fn gave_in(&self, asked: Asked) -> bool {
        asked.denials * 2 + asked.failures >= self.0.denials * 2 || asked.reported > 0
    }

    /// The requests within the window that nobody approved.
    fn asked(&self, user: &UserProfile, now: Timestamp) -> Asked {
        let recent = |check: &&Check| (now - self.0.window..=now).contains(&check.time);
        let of = |outcome| user.checks.iter().filter(recent).filter(|check| check.outcome == outcome).count();
        let reported = of(CheckOutcome::Reported);
        Asked { denials: of(CheckOutcome::Denied) + reported, reported, failures: of(CheckOutcome::Failed) }
    }

    fn hit(&self, hit: Hit, asked: Asked, source: &Source) -> Hit {
        let (Asked { denials, reported, failures }, minutes) = (asked, self.0.window.as_mins());
        hit.fact("denials", denials).fact("reported", reported).fact("failures", failures).because(
            format!(
                "A success from {source} within {minutes} minutes of {denials} denied and {failures} failed requests."
            ),
            "The user had not come from that network before.",
            "From a network he knows it would not count.",
        )
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::Containable;
    use crate::observation::Observation;
    use crate::detection::detections::world::{World, severity};

    fn denied(times: i64, then_from: &str) -> Option<Severity> {
        let mut world = World::with_office_workers();
        (0..times).for_each(|minute| drop(world.check("ada", "198.19.200.9", "Denied", minute)));
        severity(&world.hits_of_success("ada", then_from, times), &ABOUT)
    }

    pub(crate) fn fires() -> Option<Severity> {
        denied(4, "198.19.200.9")
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        denied(2, "198.19.200.9")
    }

    pub(crate) fn quiet() -> Option<Severity> {
        denied(4, "198.18.1.7")
    }

    #[test]
    fn the_owner_gives_in_to_a_login_that_had_begun_before_he_was_asked() {
        let approved = |user: &str, from: &str, denials: i64| {
            let mut world = World::with_office_workers();
            let login = world.login(user, from, 0);
            let login_id = Some(login.id.clone());
            world.see(login);
            (1..=denials).for_each(|minute| drop(world.check(user, from, "Denied", minute)));
            let check = Verification { login_id, ..world.verification(user, from, "Succeeded", denials + 1) };
            world.judge(Observation::Verification(Box::new(check))).remove(ABOUT.id)
        };
        let hit = approved("ada", "198.19.200.9", 4).unwrap();
        assert_eq!((hit.severity, hit.containable), (Severity::High, Containable::Yes));
        assert_eq!(hit.login_ids.len(), 1);
        assert_eq!(approved("ada", "198.19.200.9", 2), None);
        assert_eq!(approved("ada", "198.18.1.9", 4), None, "at his desk");
        assert_eq!(approved("newhire", "198.19.200.9", 4), None, "who has no history");
    }

    #[test]
    fn unanswered_requests_count_half() {
        let unanswered = |times: i64| {
            let mut world = World::with_office_workers();
            (0..times).for_each(|minute| drop(world.check("ada", "198.19.200.9", "FailedGeneralError", minute)));
            severity(&world.hits_of_success("ada", "198.19.200.9", times), &ABOUT)
        };
        assert_eq!((unanswered(6), unanswered(5)), (Some(Severity::High), None));
    }

    #[test]
    fn one_report_is_enough_and_freezes_nobody() {
        let mut world = World::with_office_workers();
        let hits = world.check("ada", "198.19.200.9", "ReportedDenied", 1);
        assert_eq!(hits["mfa-fatigue"].containable, Containable::No);
    }
}

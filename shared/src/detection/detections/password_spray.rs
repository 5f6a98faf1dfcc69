//! A5, A7, A9, A17: one network tries many users.

use jiff::SignedDuration;

use crate::detection::{
    About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, Subject, View, mark,
};
use crate::observation::{Login, Network, UserId, Verification};

pub(crate) static ABOUT: About = About {
    id: "password-spray",
    row: "A5, A7, A9, A17",
    title: "One network tries many users",
    why: "Spraying tries one likely password on many users, stuffing tries each user's leaked one; both stay below \
          every limit that counts the tries on one user. What they cannot hide is one network that fails for many \
          people who have never come from there.",
    severity: Severity::High,
    confidence: Confidence::Medium,
    family: Family::Credential,
    shown: Shown::FAILURE,
    mitre: &["T1110.003", "T1110.004"],
    needs: &[Sensor::Logins],
    parameters: MEANINGS,
    quiet: &[
        "A failure from a network its user knows is not counted: a hundred colleagues who mistype in the office are none.",
        "The organisation's egress, declared or learned.",
        "As many users succeed from the network as fail: a new office or an acquired company.",
    ],
};

parameters! {
    /// Different users for whom it failed, none of whom had come from there.
    users: usize = 6,
    /// They lie within this.
    window: SignedDuration = SignedDuration::from_hours(1),
    /// So many users are a large attack, on which an analyst would act: `high` instead of `medium`.
    many: usize = 25,
}

/// The detection.
#[derive(Debug)]
pub struct PasswordSpray(pub Parameters);

impl Detection for PasswordSpray {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let network = view.facts().network.filter(|_| !login.succeeded())?;
        let hit = self.judge(view, network, login.user_id.as_ref()?, login.time)?;
        Some(hit.logins([login.id.clone()]).fact("client", login.client.family().to_string()))
    }

    fn on_verification(&self, view: &View<'_>, check: &Verification) -> Option<Hit> {
        let failed = crate::detection::CheckOutcome::of(check).is_failure();
        self.judge(view, check.source.network().filter(|_| failed)?, &check.user_id, check.time)
    }
}

impl PasswordSpray {
    fn judge(&self, view: &View<'_>, network: Network, user: &UserId, now: jiff::Timestamp) -> Option<Hit> {
        let profile = view.network(network)?;
        let is_foreign = view.user().is_none_or(|user| user.is_foreign(network));
        let since = now - self.0.window;
        let users = profile.failing.others(mark(user.as_str()), since, now) + 1;
        if !is_foreign || users < self.0.users || users <= profile.users.len() || view.is_shared(network, now) {
            return None;
        }
        let tries: u32 = profile.failing.seen(since, now).map(|member| member.2).sum();
        let severity = if users >= self.0.many { Severity::High } else { Severity::Medium };
        let (per_user, minutes) = (f64::from(tries) / users as f64, self.0.window.as_mins());
        let hit = Hit::new(&ABOUT, severity, Subject::network(network), Some(user))
            .fact("users", users)
            .fact("tries_per_user", (per_user * 10.0).round() / 10.0)
            .fact("users_who_succeeded", profile.users.len())
            .fact("window_minutes", minutes);
        Some(hit.because(
            format!("Logins of at least {users} users failed from {network} within {minutes} minutes."),
            format!("None of them had ever come from there; {} users ever succeeded from there.", profile.users.len()),
            format!("Fewer than {} users, or a network they know, would not count.", self.0.users),
        ))
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity, latest};

    fn tried(world: &mut World, address: &str, users: i64) -> Option<Severity> {
        latest((0..users).map(|n| severity(&world.fail_from(&format!("worker{n}"), address, n), &ABOUT)))
    }

    pub(crate) fn fires() -> Option<Severity> {
        tried(&mut World::with_office_workers(), "198.19.200.9", 8)
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        tried(&mut World::with_office_workers(), "198.19.200.9", 5)
    }

    pub(crate) fn quiet() -> Option<Severity> {
        tried(&mut World::with_office_workers(), "198.18.1.7", 10)
    }

    #[test]
    fn a_hundred_thousand_users_fill_no_profile() {
        let mut world = World::with_office_workers();
        for user in 0..300 {
            world.fail_from(&format!("victim{user}"), "198.19.200.9", user / 100);
        }
        assert!(severity(&world.fail_from("ada", "198.19.200.9", 4), &ABOUT) == Some(Severity::High));
        world.fail_from("bob", "198.18.1.7", 60);
        let network = crate::observation::Source::from("198.19.200.9").network().unwrap();
        let kept = serde_json::to_string(&world.state.profiles.networks[&network]).unwrap().len();
        assert!(kept < 2_000, "{kept} bytes");
    }
}

//! A6: one tool tries many users from many networks, over days.

use jiff::SignedDuration;

use crate::detection::{
    About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, Subject, View, mark,
};
use crate::observation::Login;

pub(crate) static ABOUT: About = About {
    id: "linked-spray",
    row: "A6",
    title: "One tool tries many users from many networks",
    why: "A patient attacker changes the address with every try and waits hours between two. The addresses have \
          nothing in common, but the tool has: the same TLS version, cipher, browser and platform fail for one user \
          after the other, on networks that none of them knows.",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    family: Family::Credential,
    shown: Shown::FAILURE,
    mitre: &["T1110.003", "T1110.004"],
    needs: &[Sensor::Logins],
    parameters: MEANINGS,
    quiet: &[
        "A failure from a network its user knows is not counted.",
        "A user who then comes in with the same client is taken off the list: he mistyped in a hotel.",
        "A client with which several times as many users come in: it is what everybody has.",
    ],
};

parameters! {
    /// Different users for whom it failed on networks they do not know.
    users: usize = 10,
    /// Different networks it came from.
    networks: usize = 4,
    /// They lie within this: slower than any window that counts minutes.
    window: SignedDuration = SignedDuration::from_hours(168),
    /// It fails for at least this many times as many users as lately came in with the same client.
    ratio: f64 = 1.0,
}

/// The detection.
#[derive(Debug)]
pub struct LinkedSpray(pub Parameters);

impl Detection for LinkedSpray {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let facts = view.facts();
        let network = facts.network.filter(|_| !login.succeeded())?;
        let known = view.org().fingerprints.get(&facts.fingerprint?)?;
        let is_foreign = view.user().is_none_or(|user| user.is_foreign(network));
        let (user, since) = (login.user_id.as_ref()?, login.time - self.0.window);
        let users = known.failing.others(mark(user.as_str()), since, login.time) + 1;
        let networks = known.networks.others(mark(&network.to_string()), since, login.time) + 1;
        let come_in = known.users.seen(since, login.time).count();
        let is_spray = is_foreign
            && users >= self.0.users
            && networks >= self.0.networks
            && users as f64 >= self.0.ratio * come_in as f64;
        is_spray.then(|| self.hit(login, users, networks, come_in))
    }
}

impl LinkedSpray {
    fn hit(&self, login: &Login, users: usize, networks: usize, come_in: usize) -> Hit {
        let days = self.0.window.as_hours() / 24;
        Hit::on_login(&ABOUT, Severity::Medium, login)
            .about(Subject::org())
            .fact("users", users)
            .fact("networks", networks)
            .fact("users_who_come_in_with_it", come_in)
            .fact("tls", login.client.tls_protocol.as_str())
            .fact("cipher", login.client.cipher_suite.as_str())
            .because(
                format!(
                    "One kind of client ({}) failed for at least {users} users from at least {networks} networks \
                     within {days} days.",
                    login.client.family()
                ),
                format!("None of them knows those networks; {come_in} users came in with this kind of client."),
                "Users who come in with it afterwards are taken off; networks they know do not count.",
            )
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity};
    use crate::observation::Outcome;

    /// One try every seven hours, each from another network and on another user.
    fn slowly(world: &mut World, users: i64, then_come_in: bool) -> Option<Severity> {
        let mut last = None;
        for n in 0..users {
            let mut login = world.login(&format!("worker{n}"), &format!("198.19.{}.9", 100 + 16 * n), n * 420);
            (login.client.browser, login.client.platform) = ("Firefox 115".into(), "Linux".into());
            login.outcome = Outcome::WrongPassword;
            last = severity(&world.see(login.clone()), &ABOUT);
            if then_come_in {
                let id = format!("{}-again", login.id).as_str().into();
                let time = login.time + SignedDuration::from_secs(40);
                world.see(Login { id, time, outcome: Outcome::Success, ..login });
            }
        }
        last
    }

    pub(crate) fn fires() -> Option<Severity> {
        slowly(&mut World::with_office_workers(), 10, false)
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        slowly(&mut World::with_office_workers(), 9, false)
    }

    pub(crate) fn quiet() -> Option<Severity> {
        slowly(&mut World::with_office_workers(), 10, true)
    }
}

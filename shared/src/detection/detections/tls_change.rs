//! D6: another TLS version or cipher than this user's programs have ever negotiated.

use jiff::SignedDuration;

use crate::detection::{About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, View, mark};
use crate::observation::Login;

pub(crate) static ABOUT: About = About {
    id: "tls-change",
    row: "D6",
    title: "TLS version or cipher never seen for this user",
    why: "Whatever a client says of itself, its TLS library speaks for it. A browser that negotiates like another \
          library is a disguise, or a proxy that sits in between.",
    severity: Severity::Low,
    confidence: Confidence::Low,
    family: Family::Client,
    shown: Shown::SUCCESS,
    mitre: &["T1557"],
    needs: &[Sensor::Logins],
    parameters: MEANINGS,
    quiet: &["Colleagues negotiated the same lately: a roll-out, or what everybody has.", "A new device brings its own."],
};

parameters! {
    /// Logins with a recorded cipher before one can be new.
    logins: u32 = 20,
    /// So many colleagues who negotiated the same …
    colleagues: usize = 3,
    /// … within this make it usual.
    window: SignedDuration = SignedDuration::from_hours(168),
}

/// The detection.
#[derive(Debug)]
pub struct TlsChange(pub Parameters);

impl Detection for TlsChange {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let cipher = view.facts().cipher.filter(|_| login.succeeded())?;
        let user = view.user().filter(|user| user.ciphers.of(&cipher).is_none())?;
        let known: u32 = user.ciphers.iter().map(|(_, known)| known.count).sum();
        let own = login.user_id.as_ref().map_or(0, |id| mark(id.as_str()));
        let since = login.time - self.0.window;
        let colleagues = view.org().ciphers.get(&cipher).map_or(0, |who| who.others(own, since, login.time));
        if known < self.0.logins || view.is_new_client() || colleagues >= self.0.colleagues {
            return None;
        }
        let (tls, suite) = (&login.client.tls_protocol, &login.client.cipher_suite);
        let hit = Hit::on_login(&ABOUT, Severity::Low, login).fact("tls", tls.as_str()).fact("cipher", suite.as_str());
        Some(hit.because(
            format!("{} negotiated {tls} {suite}.", view.facts().family),
            format!("In {known} logins this user never did, and {colleagues} colleagues did lately."),
            format!("{} colleagues who negotiate the same would make it usual.", self.0.colleagues),
        ))
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity};

    fn negotiated(world: &mut World, user: &str, suite: &str, minute: i64) -> Option<Severity> {
        let mut login = world.login(user, "198.18.1.7", minute);
        (login.client.tls_protocol, login.client.cipher_suite) = ("TLS 1.3".into(), suite.into());
        severity(&world.see(login), &ABOUT)
    }

    fn after(logins: i64, colleagues: i64) -> Option<Severity> {
        let mut world = World::with_office_workers();
        for n in 0..logins {
            negotiated(&mut world, "ada", "usual", n);
        }
        for n in 0..colleagues {
            negotiated(&mut world, &format!("worker{n}"), "other", 60 + n);
        }
        negotiated(&mut world, "ada", "other", 90)
    }

    pub(crate) fn fires() -> Option<Severity> {
        after(25, 0)
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        after(15, 0)
    }

    pub(crate) fn quiet() -> Option<Severity> {
        after(25, 4)
    }
}

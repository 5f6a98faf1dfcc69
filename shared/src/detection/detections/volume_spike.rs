//! G5: far more logins in a day than the user ever has.

use crate::detection::{About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, View};
use crate::observation::Login;

pub(crate) static ABOUT: About = About {
    id: "volume-spike",
    row: "G5",
    title: "Far more logins in a day than usual",
    why: "Tools that hold a password log in for every step. A person does so a few times a day, an integration by its \
          clock.",
    severity: Severity::Low,
    confidence: Confidence::Low,
    family: Family::Lifecycle,
    shown: Shown::SUCCESS,
    mitre: &["T1078"],
    needs: &[Sensor::Logins],
    parameters: MEANINGS,
    quiet: &["It is told once a day, when the line is crossed.", "Users whose days differ much have a line that is farther away."],
};

parameters! {
    /// Days with logins before a day can be unusual.
    days: u32 = 10,
    /// At least so many logins in the day.
    logins: u32 = 25,
    /// So many times the usual day …
    times: f32 = 4.0,
    /// … and so many times the usual distance from it on top.
    spreads: f32 = 6.0,
}

/// The detection.
#[derive(Debug)]
pub struct VolumeSpike(pub Parameters);

impl Detection for VolumeSpike {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let volume = view.user().filter(|user| login.succeeded() && user.volume.days >= self.0.days)?.volume;
        let today = volume.on_day_of(login.time) + 1;
        let line = volume.mean * self.0.times + volume.spread * self.0.spreads;
        let line = (line.ceil() as u32).max(self.0.logins);
        (today == line).then(|| {
            Hit::on_login(&ABOUT, Severity::Low, login).fact("logins", today).because(
                format!("{today} logins in one day."),
                format!("This user has about {:.0} a day.", volume.mean),
                format!("Fewer than {line} would not count."),
            )
        })
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity, latest};

    fn came(world: &mut World, day: i64, times: i64) -> Option<Severity> {
        let first = day * 1440;
        latest((0..times).map(|n| severity(&world.hits_of_success("ada", "198.18.1.7", first + n), &ABOUT)))
    }

    pub(crate) fn fires() -> Option<Severity> {
        came(&mut World::with_office_workers(), 1, 30)
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        came(&mut World::with_office_workers(), 1, 20)
    }

    pub(crate) fn quiet() -> Option<Severity> {
        let mut world = World::with_office_workers();
        for day in 1..25 {
            came(&mut world, day, if day % 2 == 0 { 24 } else { 8 });
        }
        came(&mut world, 26, 30)
    }
}

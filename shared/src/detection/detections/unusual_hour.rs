//! G4: a time of day at which the user does not log in.

use crate::detection::{About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, View};
use crate::observation::Login;

pub(crate) static ABOUT: About = About {
    id: "unusual-hour",
    row: "G4",
    title: "A time of day at which the user does not log in",
    why: "Attackers live in other time zones. People also have bad nights, so it is context.",
    severity: Severity::Info,
    confidence: Confidence::Low,
    family: Family::Lifecycle,
    shown: Shown::SUCCESS,
    mitre: &["T1078"],
    needs: &[Sensor::Logins],
    parameters: MEANINGS,
    quiet: &["Two hours before and after a usual one, around midnight too: late evenings, and clocks that change."],
};

parameters! {
    /// Successes before a time of day can be unusual. The hour is that of his own time zone, where Salesforce shows it.
    logins: u32 = 40,
    /// Share of his logins, 0 to 1, within two hours of this time below which it is unusual.
    share: f64 = 0.005,
}

/// The detection.
#[derive(Debug)]
pub struct UnusualHour(pub Parameters);

impl Detection for UnusualHour {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let is_attended = login.succeeded() && !view.facts().path.is_unattended();
        let hours = view.user().filter(|_| is_attended)?.hours;
        let hour = view.facts().hour;
        let share = hours.share_near(hour);
        if share >= self.0.share || hours.total() < self.0.logins {
            return None;
        }
        let zone = view.account().map_or("", |account| account.details.time_zone.as_str());
        let zone = if zone.is_empty() { "UTC" } else { zone };
        Some(Hit::on_login(&ABOUT, Severity::Info, login).fact("hour", hour).fact("time_zone", zone).because(
            format!("A success between {hour} and {} o'clock ({zone}).", (hour + 1) % 24),
            format!("{:.1} % of {} logins lie within two hours of it.", share * 100.0, hours.total()),
            "A time within two hours of a usual one would not count.",
        ))
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity};

    /// The workers log in at 12:13 UTC; minute 0 is 14:13.
    fn came(hours_later: i64) -> Option<Severity> {
        severity(&World::with_office_workers().hits_of_success("ada", "198.18.1.7", hours_later * 60), &ABOUT)
    }

    pub(crate) fn fires() -> Option<Severity> {
        came(11)
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        came(22)
    }

    pub(crate) fn quiet() -> Option<Severity> {
        came(20)
    }
}

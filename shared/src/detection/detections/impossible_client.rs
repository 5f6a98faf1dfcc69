//! D7: a browser that does not exist on the platform it names.

use crate::detection::{About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, View};
use crate::observation::Login;

pub(crate) static ABOUT: About = About {
    id: "impossible-client",
    row: "D7",
    title: "A browser that does not exist on its platform",
    why: "Tools that make up what they are get the pairs wrong: Safari ended on Windows in 2012 and never ran on \
          Linux.",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    family: Family::Client,
    shown: Shown::SUCCESS.and(Shown::NEW_CLIENT),
    mitre: &["T1036"],
    needs: &[Sensor::Logins],
    parameters: MEANINGS,
    quiet: &["The user has come with it for longer than a day: a browser that lies for everybody's convenience."],
};

parameters! {}

/// The words of a browser, and the words of platforms on which it does not exist.
const IMPOSSIBLE: &[(&str, &[&str])] = &[
    ("mobile safari", &["windows", "linux", "android", "mac"]),
    ("safari", &["windows", "linux", "android"]),
    ("internet explorer", &["mac", "linux", "android", "iphone", "ipad", "ios"]),
    ("samsung", &["windows", "linux", "mac", "iphone", "ipad", "ios"]),
];

/// The detection.
#[derive(Debug)]
pub struct ImpossibleClient(pub Parameters);

impl Detection for ImpossibleClient {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let family = view.facts().family.as_str();
        let (browser, platform) = family.split_once('/').filter(|_| login.succeeded() && view.is_new_client())?;
        let (_, nowhere) = IMPOSSIBLE.iter().find(|(name, _)| browser.starts_with(name))?;
        nowhere.iter().find(|name| platform.contains(**name))?;
        Some(Hit::on_login(&ABOUT, Severity::Medium, login).because(
            format!("A success with {family}."),
            "That browser does not exist there, and this user had not come with it before.",
            "A client the user knows would not count.",
        ))
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity};

    fn came(world: &mut World, platform: &str, minute: i64) -> Option<Severity> {
        let mut login = world.login("ada", "198.18.1.7", minute);
        (login.client.browser, login.client.platform) = ("Safari 17".into(), platform.into());
        severity(&world.see(login), &ABOUT)
    }

    pub(crate) fn fires() -> Option<Severity> {
        came(&mut World::with_office_workers(), "Windows 11", 5)
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        came(&mut World::with_office_workers(), "Mac OSX", 5)
    }

    pub(crate) fn quiet() -> Option<Severity> {
        let mut world = World::with_office_workers();
        came(&mut world, "Windows 11", 5);
        came(&mut world, "Windows 11", 2 * 1440)
    }
}

//! D3: a script where a person should sit.

use crate::detection::{About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, View};
use crate::observation::{AccessPath, Login};

pub(crate) static ABOUT: About = About {
    id: "scripted-client",
    row: "D3",
    title: "A script where a person should sit",
    why: "Login pages are for people. A library or a browser without a screen that comes through one is a tool in \
          somebody's name.",
    severity: Severity::High,
    confidence: Confidence::Medium,
    family: Family::Client,
    shown: Shown::SUCCESS.and(Shown::NEW_CLIENT),
    mitre: &["T1078", "T1539"],
    needs: &[Sensor::Logins],
    parameters: MEANINGS,
    quiet: &["The user has come with it for longer than a day: he tests, or monitors.", "Accounts of programs."],
};

parameters! {
    /// Words that give a script away, lower-case, anywhere in the browser's or platform's name.
    words: Vec<String> = WORDS.map(str::to_owned).into(),
}

const WORDS: [&str; 14] = [
    "python", "curl", "wget", "httpx", "aiohttp", "go-http", "okhttp", "axios", "headless", "phantomjs", "selenium",
    "puppeteer", "playwright", "postman",
];

/// The detection.
#[derive(Debug)]
pub struct ScriptedClient(pub Parameters);

impl Detection for ScriptedClient {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let facts = view.facts();
        let is_interactive =
            matches!(facts.path, AccessPath::Password | AccessPath::SingleSignOn | AccessPath::OauthInteractive);
        if !login.succeeded() || !is_interactive || !view.is_new_client() || view.is_integration() {
            return None;
        }
        let word = self.0.words.iter().find(|word| facts.family.as_str().contains(word.as_str()))?;
        let severity = if facts.is_stranger() { Severity::High } else { Severity::Medium };
        let hit = Hit::on_login(&ABOUT, severity, login).fact("word", word.clone());
        Some(hit.fact("login_type", login.login_type.as_str()).because(
            format!("A success with {} where people log in.", facts.family),
            "This user had not come with it before.",
            "From a network of his own it would weigh less; a program's account, or a client he knows, would not count.",
        ))
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity};

    fn came(world: &mut World, browser: &str, minute: i64) -> Option<Severity> {
        let mut login = world.login("ada", "198.18.1.7", minute);
        login.client.browser = browser.into();
        severity(&world.see(login), &ABOUT)
    }

    pub(crate) fn fires() -> Option<Severity> {
        came(&mut World::with_office_workers(), "python-requests/2.31", 5)
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        came(&mut World::with_office_workers(), "Firefox 115", 5)
    }

    pub(crate) fn quiet() -> Option<Severity> {
        let mut world = World::with_office_workers();
        came(&mut world, "python-requests/2.31", 5);
        came(&mut world, "python-requests/2.32", 2 * 1440)
    }

    #[test]
    fn from_elsewhere_it_is_grave() {
        let mut world = World::with_office_workers();
        let mut login = world.login("ada", "203.0.113.9", 5);
        login.client.browser = "python-requests/2.31".into();
        assert_eq!(severity(&world.see(login), &ABOUT), Some(Severity::High));
    }
}

//! E3: an application whose name is almost that of a known one.

use strsim::osa_distance;

use crate::detection::{About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, Subject, View};
use crate::observation::Login;

pub(crate) static ABOUT: About = About {
    id: "lookalike-application",
    row: "E3",
    title: "Application named almost like a known one",
    why: "Users are talked into connecting an application by telephone, and what they connect calls itself almost \
          like a data loader or a tool they know. It may then read everything they may.",
    severity: Severity::High,
    confidence: Confidence::Medium,
    family: Family::Application,
    shown: Shown::SUCCESS.and(Shown::NEW_APPLICATION),
    mitre: &["T1566.004", "T1528"],
    needs: &[Sensor::Logins],
    parameters: MEANINGS,
    quiet: &[
        "The application is known to the org.",
        "Names that differ in a number or a letter's case only: a new version.",
        "Short names, which are alike by chance.",
    ],
};

parameters! {
    /// Letters that may differ, once what looks alike is taken for the same.
    distance: usize = 2,
    /// Letters below which a name is too short to judge.
    letters: usize = 6,
    /// Days of the org's history before anything counts as new.
    days: u32 = 14,
    /// Clients that export in bulk: their names are imitated where the org does not use them, too.
    exporters: Vec<String> = EXPORTERS.map(str::to_owned).into(),
}

const EXPORTERS: [&str; 7] =
    ["Data Loader", "dataloader.io", "Salesforce CLI", "Workbench", "Salesforce Inspector", "Jitterbit", "Informatica Cloud"];

/// The detection.
#[derive(Debug)]
pub struct LookalikeApplication(pub Parameters);

impl Detection for LookalikeApplication {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let (name, org) = (login.application.as_str(), view.org());
        let is_new = login.succeeded() && !name.is_empty() && view.logged_in_with().is_none();
        if !is_new || org.days() < self.0.days {
            return None;
        }
        let originals = || {
            let known = org.applications.iter().map(|(name, _)| name.as_str());
            known.chain(self.0.exporters.iter().map(String::as_str))
        };
        if originals().any(|known| letters(known) == letters(name)) {
            return None;
        }
        let original = originals().find(|known| self.imitates(name, known))?;
        let hit = Hit::on_login(&ABOUT, Severity::High, login).about(Subject::application(name));
        Some(hit.fact("application", name).fact("looks_like", original).because(
            format!("The application “{name}” logged in; its name is almost “{original}”."),
            format!("In {} days this org had not seen it.", org.days()),
            "A name that differs in a number only would not count.",
        ))
    }
}

impl LookalikeApplication {
    fn imitates(&self, name: &str, known: &str) -> bool {
        let (name, known) = (skeleton(name), skeleton(known));
        name.len().min(known.len()) >= self.0.letters && osa_distance(&name, &known) <= self.0.distance
    }
}

/// A name's letters without case, numbers and marks: what is left of a name when its version changes.
fn letters(name: &str) -> String {
    name.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase).collect()
}

/// A name as the eye reads it: digits and foreign letters that look like a Latin one are that letter.
fn skeleton(name: &str) -> String {
    let looks = |c: char| match c {
        '0' | 'о' | 'ο' => 'o',
        '1' | 'i' | 'і' | 'ι' | 'ı' => 'l',
        '3' | 'е' | 'ε' => 'e',
        '5' | 'ѕ' => 's',
        'а' | 'α' => 'a',
        'с' => 'c',
        'р' | 'ρ' => 'p',
        'х' | 'χ' => 'x',
        'у' => 'y',
        other => other,
    };
    let lower = name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase);
    lower.map(looks).collect::<String>().replace("rn", "m").replace("vv", "w")
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity};

    fn connected(name: &str) -> Option<Severity> {
        severity(&World::with_office_workers().hits_of_refresh("ada", name, "198.18.1.7", 5), &ABOUT)
    }

    pub(crate) fn fires() -> Option<Severity> {
        connected("Data L0ader.")
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        connected("Data Leaflet")
    }

    pub(crate) fn quiet() -> Option<Severity> {
        connected("Data Loader 61")
    }

    #[test]
    fn foreign_letters_deceive_nobody() {
        assert_eq!(connected("Wоrkbench"), Some(Severity::High), "with a Cyrillic o");
        assert_eq!(connected("Dataloader Bulk"), None, "a longer name of its own");
    }
}

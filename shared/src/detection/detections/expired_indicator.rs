//! A list names it whose word does not count any more.

use crate::detection::{About, Confidence, Containable, Detection, Family, Hit, Sensor, Severity, View};
use crate::observation::{Listing, Login, Validity};

use super::listed_indicator::name;

pub(crate) static ABOUT: About = About {
    id: "expired-indicator",
    row: "new",
    title: "An entry that is over, or a list that is too old, names it",
    why: "Addresses change hands. What somebody said of one last year may help a reader, and must not decide: this is said \
          beside everything else, adds to no score and makes nobody containable.",
    severity: Severity::Info,
    confidence: Confidence::Low,
    family: Family::Whole,
    mitre: &["T1078"],
    needs: &[Sensor::Logins],
    parameters: MEANINGS,
    quiet: &["The organisation's egress.", "Failures."],
};

parameters! {}

/// The detection.
#[derive(Debug)]
pub struct ExpiredIndicator(pub Parameters);

impl Detection for ExpiredIndicator {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let origin = login.detail.origin.as_deref().filter(|_| login.succeeded())?;
        let is_over = |listing: &&Listing| listing.validity == Validity::Expired;
        let listing = origin.listed.iter().find(is_over)?;
        if login.source.address().is_some_and(|address| view.is_egress(address, login.time)) {
            return None;
        }
        let mut hit = name(Hit::on_login(&ABOUT, Severity::Info, login), listing);
        hit.containable = Containable::No;
        Some(hit.because(
            format!("It shows {}, which the list {} names.", listing.entry, listing.list),
            listing.until.map_or_else(
                || "The entry did not hold at that time.".to_owned(),
                |until| format!("The entry did not hold at that time: it is believed until {until}."),
            ),
            "A renewed list would make it `listed-indicator` or `anonymous-network`.",
        ))
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{LAGOS, LYON, World, severity};
    use crate::detection::{Action, Finding};
    use crate::observation::{ListKind, Origin};

    fn listed(login: Login, validity: Validity) -> Login {
        let listed = vec![Listing::of(ListKind::Indicators, validity)];
        let mut login = login;
        login.detail.origin = Some(Box::new(Origin { listed, ..Origin::default() }));
        login
    }

    fn came(world: &mut World, address: &str, validity: Validity) -> Option<Severity> {
        let login = world.login("ada", address, 5);
        severity(&world.see(listed(login, validity)), &ABOUT)
    }

    pub(crate) fn fires() -> Option<Severity> {
        came(&mut World::with_office_workers(), "198.19.200.9", Validity::Expired)
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        came(&mut World::with_office_workers(), "198.19.200.9", Validity::Current)
    }

    pub(crate) fn quiet() -> Option<Severity> {
        let mut world = World::with_office_workers();
        world.learn_egress("198.18.77.1", LYON);
        came(&mut world, "198.18.77.1", Validity::Expired)
    }

    /// A takeover that another detection sees, with a word of a list besides.
    fn judged(validity: Option<Validity>) -> Finding {
        let mut world = World::with_office_workers();
        world.under("mode: contain\ncontainment: { minimum_severity: medium }");
        let mut login = world.login_in("ada", "198.19.200.9", LAGOS, 30);
        login.client.browser = "Firefox 115".into();
        let login = match validity {
            Some(validity) => listed(login, validity),
            None => login,
        };
        world.see(login);
        world.findings().into_iter().find(|finding| finding.user_id.is_some()).unwrap()
    }

    #[test]
    fn it_informs_and_decides_nothing() {
        let [without, over, current] = [None, Some(Validity::Expired), Some(Validity::Current)].map(judged);
        let decided = |finding: &Finding| (finding.severity, finding.score.to_string(), finding.action, finding.level);
        assert_eq!(decided(&over), decided(&without));
        assert!(over.detections.iter().any(|detected| detected.id == ABOUT.id), "it informs");
        assert!(current.score > without.score && current.action == Action::Contain, "{current:?}");
    }

    #[test]
    fn alone_it_makes_no_finding() {
        let mut world = World::empty();
        let login = world.login("ada", "198.19.200.9", 5);
        world.see(listed(login, Validity::Expired));
        assert!(world.findings().is_empty());
    }
}

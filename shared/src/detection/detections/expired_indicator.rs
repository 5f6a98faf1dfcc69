//! A list names it whose word does not count any more.

use jiff::Timestamp;

use crate::detection::{About, Confidence, Containable, Detection, Family, Hit, Sensor, Severity, Shown, View};
use crate::observation::{Listing, Login, Origin, Session, Source, Validity};

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
    shown: Shown::SUCCESS.and(Shown::ORIGIN),
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
        let listing = over(view, origin, &login.source, login.time)?;
        Some(told(Hit::on_login(&ABOUT, Severity::Info, login), listing))
    }

    fn on_session(&self, view: &View<'_>, session: &Session) -> Option<Hit> {
        let listing = over(view, session.origin.as_deref()?, &session.source, session.last_modified)?;
        Some(told(Hit::on_session(&ABOUT, Severity::Info, session), listing))
    }
}

/// A word that does not count, of somebody who does not come by the organisation's own way.
fn over<'o>(view: &View<'_>, origin: &'o Origin, source: &Source, time: Timestamp) -> Option<&'o Listing> {
    let is_egress = source.address().is_some_and(|address| view.is_egress(address, time));
    origin.listed.iter().find(|listing| listing.validity == Validity::Expired).filter(|_| !is_egress)
}

fn told(hit: Hit, listing: &Listing) -> Hit {
    let mut hit = name(hit, listing);
    hit.containable = Containable::No;
    hit.because(
        format!("It shows {}, which the list {} names.", listing.entry, listing.list),
        listing.until.map_or_else(
            || "The entry did not hold at that time.".to_owned(),
            |until| format!("The entry did not hold at that time: it is believed until {until}."),
        ),
        "A renewed list would make it `listed-indicator` or `anonymous-network`.",
    )
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{LAGOS, LYON, World, severity};
    use crate::detection::{Action, Finding};
    use crate::observation::{ListKind, Observation};

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
    fn a_live_session_informs_as_well() {
        let mut world = World::with_office_workers();
        for (validity, said) in [(Validity::Expired, Some(Severity::Info)), (Validity::Current, None)] {
            let mut session = world.session("ada", "198.19.200.9", "198.18.1.7", "UI", 5);
            let listed = vec![Listing::of(ListKind::Indicators, validity)];
            session.origin = Some(Box::new(Origin { listed, ..Origin::default() }));
            let hits = world.judge(Observation::Session(Box::new(session)));
            assert_eq!(severity(&hits, &ABOUT), said);
            assert!(hits.get(ABOUT.id).is_none_or(|hit| hit.containable == Containable::No));
        }
    }

    #[test]
    fn alone_it_makes_no_finding() {
        let mut world = World::empty();
        let login = world.login("ada", "198.19.200.9", 5);
        world.see(listed(login, Validity::Expired));
        assert!(world.findings().is_empty());
    }
}

//! C10: what a list of indicators names.

use std::net::IpAddr;

use jiff::Timestamp;

use crate::detection::{About, Confidence, Detection, Family, Hit, Known, Sensor, Severity, Shown, View};
use crate::observation::{ListKind, Listing, Login, Origin, Session};

pub(crate) static ABOUT: About = About {
    id: "listed-indicator",
    row: "C10",
    title: "Success or session from what a list of indicators names",
    why: "Somebody has seen an attacker use this address, client or application, and says so in a list that this \
          organisation trusts. It is one kind of evidence: alone it contains nobody.",
    severity: Severity::High,
    confidence: Confidence::Medium,
    family: Family::Network,
    shown: Shown::SUCCESS.and(Shown::ORIGIN),
    mitre: &["T1078"],
    needs: &[Sensor::Logins, Sensor::Indicators],
    parameters: MEANINGS,
    quiet: &[
        "An entry that is over, or a list that is too old, is `expired-indicator` and decides nothing.",
        "Failures: whoever guesses would choose what is told.",
        "The organisation's egress: whoever shares it is named, too. It is `info`.",
        "The user has long come from the network, or the list's author is not sure: it is `medium`.",
        "A client's or an application's name from a network that the user knows: it is `low`.",
    ],
};

parameters! {
    /// An author who is less sure than this, 0 to 100, does not make it more than medium.
    confidence: u8 = 50,
}

/// The detection.
#[derive(Debug)]
pub struct ListedIndicator(pub Parameters);

/// What speaks for whoever is named.
#[derive(Debug, Clone, Copy)]
struct Standing {
    is_egress: bool,
    knows_network: bool,
}

impl Detection for ListedIndicator {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let origin = login.detail.origin.as_deref().filter(|_| login.succeeded())?;
        let is_egress = is_egress(view, login.source.address(), login.time);
        let standing = Standing { is_egress, knows_network: view.facts().knows_network == Known::Yes };
        let (severity, listing) = self.gravest(origin, standing)?;
        Some(told(Hit::on_login(&ABOUT, severity, login), listing))
    }

    fn on_session(&self, view: &View<'_>, session: &Session) -> Option<Hit> {
        let origin = session.origin.as_deref()?;
        let time = session.last_modified;
        let network = session.source.network()?;
        let standing = Standing {
            is_egress: is_egress(view, session.source.address(), time),
            knows_network: view.user().is_some_and(|user| user.knows_network(network, time)),
        };
        let (severity, listing) = self.gravest(origin, standing)?;
        Some(told(Hit::on_session(&ABOUT, severity, session), listing))
    }
}

impl ListedIndicator {
    fn gravest<'o>(&self, origin: &'o Origin, standing: Standing) -> Option<(Severity, &'o Listing)> {
        let judged = origin.listed_as(ListKind::Indicators).map(|listing| (self.severity(listing, standing), listing));
        judged.max_by_key(|(severity, _)| *severity)
    }

    fn severity(&self, listing: &Listing, standing: Standing) -> Severity {
        let is_unsure = listing.confidence.is_some_and(|confidence| confidence < self.0.confidence);
        match (listing.by_address, standing.is_egress, standing.knows_network) {
            (true, true, _) => Severity::Info,
            (false, _, true) => Severity::Low,
            (true, _, true) => Severity::Medium,
            _ if is_unsure => Severity::Medium,
            _ => Severity::High,
        }
    }
}

fn is_egress(view: &View<'_>, address: Option<IpAddr>, time: Timestamp) -> bool {
    address.is_some_and(|address| view.is_egress(address, time))
}

fn told(hit: Hit, listing: &Listing) -> Hit {
    let hit = name(hit, listing);
    hit.because(
        format!("It shows {}, which the list {} names.", listing.entry, listing.list),
        listing.until.map_or_else(String::new, |until| format!("The entry holds until {until}.")),
        "From a network that the user has long come from it would weigh less.",
    )
}

/// Says which entry of which list it is.
pub(super) fn name(hit: Hit, listing: &Listing) -> Hit {
    let hit = hit.fact("list", listing.list.as_str()).fact("listed", listing.entry.as_str());
    let facts = [("listed_at", &listing.place), ("listed_by", &listing.source)];
    let told = facts.into_iter().filter(|(_, text)| !text.is_empty());
    told.fold(hit, |hit, (fact, text)| hit.fact(fact, text.as_str()))
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{LYON, World, severity};
    use crate::observation::{Outcome, Validity};

    fn came(world: &mut World, address: &str, change: impl FnOnce(&mut Login, &mut Listing)) -> Option<Severity> {
        let mut login = world.login("ada", address, 5);
        let mut listing = Listing::of(ListKind::Indicators, Validity::Current);
        change(&mut login, &mut listing);
        login.detail.origin = Some(Box::new(Origin { listed: vec![listing], ..Origin::default() }));
        severity(&world.see(login), &ABOUT)
    }

    pub(crate) fn fires() -> Option<Severity> {
        came(&mut World::with_office_workers(), "198.19.200.9", |_, _| {})
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        let over = |_: &mut Login, listing: &mut Listing| listing.validity = Validity::Expired;
        came(&mut World::with_office_workers(), "198.19.200.9", over)
    }

    pub(crate) fn quiet() -> Option<Severity> {
        let mut world = World::with_office_workers();
        world.learn_egress("198.18.77.1", LYON);
        came(&mut world, "198.18.77.1", |_, _| {})
    }

    #[test]
    fn it_weighs_less_where_something_speaks_for_the_user() {
        let world = World::with_office_workers;
        let unsure = |_: &mut Login, listing: &mut Listing| listing.confidence = Some(30);
        let client = |_: &mut Login, listing: &mut Listing| listing.by_address = false;
        assert_eq!(came(&mut world(), "198.19.200.9", unsure), Some(Severity::Medium));
        assert_eq!(came(&mut world(), "198.19.200.9", client), Some(Severity::High));
        assert_eq!(came(&mut world(), "198.18.1.7", client), Some(Severity::Low));
        let failed = |login: &mut Login, _: &mut Listing| login.outcome = Outcome::WrongPassword;
        assert_eq!(came(&mut world(), "198.19.200.9", failed), None);
    }

    #[test]
    fn a_live_session_is_named_as_well() {
        let mut world = World::with_office_workers();
        let mut session = world.session("ada", "198.19.200.9", "198.18.1.7", "UI", 5);
        let listing = Listing::of(ListKind::Indicators, Validity::Current);
        session.origin = Some(Box::new(Origin { listed: vec![listing], ..Origin::default() }));
        let hits = world.judge(crate::observation::Observation::Session(Box::new(session)));
        assert_eq!(severity(&hits, &ABOUT), Some(Severity::High));
        assert_eq!(hits[ABOUT.id].evidence["list"], "list");
    }
}

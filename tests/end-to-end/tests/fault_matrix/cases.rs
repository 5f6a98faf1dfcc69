//! What is done to the org while it is read.

use salesforce_simulator::{Effect, Fault, Matcher, Occurrence, Pages, Switches};

/// How many requests a lasting fault meets: more than a request is repeated.
const LASTING: u32 = 8;
/// The share of requests that a seeded fault meets.
const OFTEN: f64 = 0.15;

#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) switches: Switches,
    pub(crate) faults: Vec<Fault>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Occasion {
    /// One request.
    Once,
    /// That and those that follow.
    Lasting,
}

impl Case {
    pub(crate) fn quiet() -> Self {
        Self { name: "no fault".to_owned(), switches: small_pages(Switches::default()), faults: Vec::new() }
    }

    pub(crate) fn of_switches() -> Vec<Self> {
        Switches::each()
            .map(|(name, switches)| Self { name: name.to_owned(), switches, faults: Vec::new() })
            .collect()
    }

    /// Each kind of fault at each of these requests, counted from 1.
    pub(crate) fn of_faults(places: &[u32], occasion: Occasion) -> Vec<Self> {
        let case = |place: u32, (name, effect): (&str, Effect)| {
            let last = match occasion {
                Occasion::Once => place,
                Occasion::Lasting => place + LASTING,
            };
            let fault = |nth| Fault::on(Matcher::any(), Occurrence::Nth(nth), effect.clone());
            let faults = (place..=last).map(fault).collect();
            Self { name: format!("{name}, {occasion:?} at request {place}"), faults, ..Self::quiet() }
        };
        places.iter().flat_map(|place| kinds().map(|kind| case(*place, kind))).collect()
    }

    /// Two switches turned and two kinds of fault, at requests that the seed picks.
    pub(crate) fn of_seed(seed: u64) -> Self {
        let (turned, switches) = Switches::pairs(seed).next().unwrap();
        let number = kinds().count() as u64;
        let picked = [seed % number, (seed / number + seed * 7 + 1) % number];
        let picked = picked.map(|place| kinds().nth(place as usize).unwrap());
        let names = picked.clone().map(|(name, _)| name).join(", ");
        let often = Occurrence::Random { seed, probability: OFTEN };
        let faults = picked.into_iter().map(|(_, effect)| Fault::on(Matcher::any(), often, effect)).collect();
        Self { name: format!("seed {seed} ({turned}; {names})"), switches: small_pages(switches), faults }
    }
}

/// How many seeds are tried: `WARDEN_FAULT_SEEDS`, by default 200.
#[expect(clippy::disallowed_methods, reason = "how long a long test takes is chosen where it is started")]
pub(crate) fn seeds() -> u64 {
    std::env::var("WARDEN_FAULT_SEEDS").map_or(200, |number| number.parse().unwrap())
}

/// A small org fills several pages all the same.
fn small_pages(switches: Switches) -> Switches {
    Switches { pages: Pages::Smaller, ..switches }
}

/// Everything that can go wrong with a reading.
fn kinds() -> impl Iterator<Item = (&'static str, Effect)> {
    let page =
        |status| Effect::Html(status, "<html><body>We are down for maintenance</body></html>".to_owned());
    [
        ("a page of the edge (420)", page(420)),
        ("a page of the server (500)", page(500)),
        ("a page of the proxy (502)", page(502)),
        ("maintenance (503)", page(503)),
        ("an unknown refusal", Effect::refusal(400, "SOMETHING_NEW")),
        ("no access", Effect::refusal(403, "INSUFFICIENT_ACCESS")),
        ("a session refused", Effect::refusal(401, "INVALID_SESSION_ID")),
        ("the session ends", Effect::SessionExpired),
        ("the locator expires", Effect::LocatorExpired),
        ("the query takes too long", Effect::QueryTimeout),
        ("the calls are used up", Effect::LimitExceeded),
        ("a row is locked", Effect::RowLocked),
        ("the connection breaks", Effect::Close),
        ("the connection breaks after the deed", Effect::CloseAfter),
        ("a trickle", Effect::Trickle { bytes: 1_000, pause: 1 }),
        ("a body cut short", Effect::CutShort),
        ("half a body", Effect::Clipped),
        ("rows missing", Effect::RowsMissing),
    ]
    .into_iter()
}

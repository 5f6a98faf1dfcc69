//! What rows have in common: but for who, when and from where, most logins of a history are like one of a few thousand.

use std::hash::BuildHasher;

use foldhash::HashMap;

use crate::observation::{Client, CountryCode, Login, LoginDetail, LoginId, Outcome, Source};

/// Logins that are held, each of about a kilobyte.
const MOST: usize = 4_096;
/// The texts of one that is held are together no longer than this, in bytes.
const TEXTS: usize = 1_024;

/// Logins that others are like.
#[derive(Debug, Default)]
pub(super) struct Likenesses {
    held: Vec<Login>,
    /// Where one lies, by the hash of what is common.
    places: HashMap<u64, u32>,
}

/// All of a login that is not its own: as bits, for a place must come back as it was.
#[derive(PartialEq, Eq, Hash)]
struct Common<'a> {
    outcome: Outcome,
    by_get: bool,
    place: Option<([u64; 3], Option<CountryCode>, Option<&'a str>)>,
    texts: [&'a str; 16],
}

impl Likenesses {
    /// The number of one that is like a login; `None` where there is none and no room for more.
    pub(super) fn number(&mut self, login: &Login) -> Option<u32> {
        let common = Common::of(login);
        let hash = self.places.hasher().hash_one(&common);
        if let Some(place) = self.places.get(&hash) {
            return self.of(*place).filter(|held| Common::of(held) == common).map(|_| *place);
        }
        let city = common.place.and_then(|(.., city)| city).map_or(0, str::len);
        let is_short = city + common.texts.iter().map(|text| text.len()).sum::<usize>() <= TEXTS;
        let has_room = is_short && self.held.len() < MOST;
        let place = u32::try_from(self.held.len()).ok().filter(|_| has_room)?;
        self.held.push(Login {
            id: LoginId::new(""),
            user_id: None,
            source: Source::Missing,
            ..login.clone()
        });
        self.places.insert(hash, place);
        Some(place)
    }

    /// The one with a number.
    pub(super) fn of(&self, number: u32) -> Option<&Login> {
        self.held.get(number as usize)
    }
}

impl<'a> Common<'a> {
    fn of(login: &'a Login) -> Self {
        Self {
            outcome: login.outcome,
            by_get: login.detail.by_get,
            place: login.place.as_ref().map(|place| {
                let numbers = [place.latitude, place.longitude, place.radius_km].map(f64::to_bits);
                (numbers, place.country, place.city.as_deref())
            }),
            texts: texts(login),
        }
    }
}

/// Every text of a login that is not its own, in the order in which they are written. A file never tells what is relayed or
/// what data packs know.
pub(super) fn texts(login: &Login) -> [&str; 16] {
    let Login { status, login_type, login_sub_type, application, client, detail, .. } = login;
    let Client { browser, platform, tls_protocol, cipher_suite } = client;
    let LoginDetail { forwarded_for, auth_method, auth_context, auth_service_id, login_url, .. } = detail;
    let LoginDetail { api_type, api_version, client_version, by_get: _, .. } = detail;
    [
        status,
        login_type,
        login_sub_type,
        application,
        browser,
        platform,
        tls_protocol,
        cipher_suite,
        forwarded_for,
        auth_method,
        auth_context,
        auth_service_id,
        login_url,
        api_type,
        api_version,
        client_version,
    ]
}

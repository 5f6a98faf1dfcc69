//! A login as bytes, for temporary files: what is the same in every row, the names of fields above all, is left out, and so is
//! what a row has in common with one that is held.

use std::io::{Error, Result};
use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::likeness::{Likenesses, texts};
use super::run::{Naming, Own, Row};
use crate::observation::{Client, CountryCode, Login, LoginDetail, LoginId, Outcome, Place, Source, UserId};

/// What a row is sorted by, at its beginning: seconds, nanoseconds, id.
type Key<'a> = (i64, i32, &'a str);

/// The rest of it. In Postcard's format, fields by their order alone; texts are borrowed from the login or from the bytes.
#[derive(Serialize, Deserialize)]
struct Rest<'a> {
    is_recorded: bool,
    user_id: Option<&'a str>,
    address: Option<IpAddr>,
    /// What stands in the place of an address.
    source: Option<&'a str>,
    #[serde(borrow)]
    common: Common<'a>,
}

/// What may be the same in many rows.
#[derive(Serialize, Deserialize)]
enum Common<'a> {
    /// As in one that is held, by its number.
    Like(u32),
    #[serde(borrow)]
    Written(Box<Written<'a>>),
}

#[derive(Serialize, Deserialize)]
struct Written<'a> {
    outcome: Outcome,
    #[serde(borrow)]
    place: Option<Placed<'a>>,
    #[serde(borrow)]
    texts: [&'a str; 16],
    by_get: bool,
}

/// Latitude, longitude, radius, country, city.
type Placed<'a> = (f64, f64, f64, Option<&'a str>, Option<&'a str>);

/// Writes a row behind others.
pub(super) fn pack(login: &Login, naming: Naming, into: &mut Vec<u8>) -> Result<()> {
    let Login { id, time, user_id, source, .. } = login;
    write((id, *time, user_id.as_ref(), source), naming, Common::Written(Box::new(Written::of(login))), into)
}

/// The same of a row that is like one that is held, by its number.
pub(super) fn pack_like(own: &Own, naming: Naming, like: u32, into: &mut Vec<u8>) -> Result<()> {
    let Own { id, time, user_id, source } = own;
    write((id, *time, user_id.as_ref(), source), naming, Common::Like(like), into)
}

fn write(
    (id, time, user_id, source): (&LoginId, Timestamp, Option<&UserId>, &Source),
    naming: Naming,
    common: Common<'_>,
    into: &mut Vec<u8>,
) -> Result<()> {
    let key: Key<'_> = (time.as_second(), time.subsec_nanosecond(), id.as_str());
    let rest = Rest {
        is_recorded: naming == Naming::Recorded,
        user_id: user_id.map(UserId::as_str),
        address: source.address(),
        source: match source {
            Source::Text(text) => Some(text),
            Source::Address(_) | Source::Missing => None,
        },
        common,
    };
    *into = postcard::to_extend(&(key, rest), std::mem::take(into)).map_err(Error::other)?;
    Ok(())
}

/// What a row is sorted by.
pub(super) fn packed_key(bytes: &[u8]) -> Result<(Timestamp, LoginId)> {
    let (key, _) = postcard::take_from_bytes(bytes).map_err(Error::other)?;
    time_and_id(key)
}

fn time_and_id((seconds, nanoseconds, id): Key<'_>) -> Result<(Timestamp, LoginId)> {
    Ok((Timestamp::new(seconds, nanoseconds).map_err(Error::other)?, id.into()))
}

/// Reads what was written.
pub(super) fn unpack(bytes: &[u8], held: &Likenesses) -> Result<Row> {
    let (key, packed): (Key<'_>, Rest<'_>) = postcard::from_bytes(bytes).map_err(Error::other)?;
    let (time, id) = time_and_id(key)?;
    let source = packed.source.map(|text| Source::Text(text.to_owned()));
    let source = packed.address.map(Source::Address).or(source).unwrap_or(Source::Missing);
    let own = Own { id, time, user_id: packed.user_id.map(Into::into), source };
    let login = match packed.common {
        Common::Written(written) => Box::new(written.login(own)),
        Common::Like(number) => {
            let like = held.of(number).ok_or_else(|| Error::other("a row is like none that is held"))?;
            Box::new(own.of(like))
        }
    };
    Ok(Row { login, naming: if packed.is_recorded { Naming::Recorded } else { Naming::Content } })
}

impl<'a> Written<'a> {
    fn of(login: &'a Login) -> Self {
        let place = login.place.as_ref().map(|place| {
            let country = place.country.as_ref().map(CountryCode::as_str);
            (place.latitude, place.longitude, place.radius_km, country, place.city.as_deref())
        });
        Self { outcome: login.outcome, place, texts: texts(login), by_get: login.detail.by_get }
    }

    fn login(self, own: Own) -> Login {
        let [status, login_type, login_sub_type, application, browser, platform, rest @ ..] =
            self.texts.map(Into::into);
        let [
            tls_protocol,
            cipher_suite,
            forwarded_for,
            auth_method,
            auth_context,
            auth_service_id,
            rest @ ..,
        ] = rest;
        let [login_url, api_type, api_version, client_version] = rest;
        let place = self.place.map(|(latitude, longitude, radius_km, country, city)| Place {
            latitude,
            longitude,
            radius_km,
            country: country.and_then(CountryCode::parse),
            city: city.map(Into::into),
        });
        Login {
            id: own.id,
            time: own.time,
            user_id: own.user_id,
            outcome: self.outcome,
            status,
            login_type,
            login_sub_type,
            source: own.source,
            place,
            application,
            client: Client { browser, platform, tls_protocol, cipher_suite },
            detail: LoginDetail {
                forwarded_for,
                auth_method,
                auth_context,
                auth_service_id,
                login_url,
                api_type,
                api_version,
                client_version,
                by_get: self.by_get,
                ..LoginDetail::default()
            },
        }
    }
}

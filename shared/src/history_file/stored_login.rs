//! A login as bytes in a temporary file, which the same process reads again.
#![expect(clippy::option_option, reason = "what may be missing may also be unreadable")]

use std::net::IpAddr;

use jiff::Timestamp;

use crate::observation::{
    Client, CountryCode, Login, LoginDetail, LoginId, Outcome, Place, SharedTexts, Source, Text, UserId,
};

const OUTCOMES: [Outcome; 5] = [
    Outcome::Success,
    Outcome::WrongPassword,
    Outcome::LockedOut,
    Outcome::Challenged,
    Outcome::OtherFailure,
];

/// Appends a login.
pub(super) fn write(login: &Login, out: &mut Vec<u8>) {
    let Login { id, time, user_id, outcome, status, login_type, login_sub_type, .. } = login;
    let Login { source, place, application, client, detail, .. } = login;
    out.extend(time.as_second().to_le_bytes());
    out.extend(time.subsec_nanosecond().to_le_bytes());
    out.push(*outcome as u8);
    out.push(u8::from(detail.by_get));
    text(id.as_str(), out);
    optional(user_id.as_ref().map(UserId::as_str), out);
    let Client { browser, platform, tls_protocol, cipher_suite } = client;
    for part in
        [status, login_type, login_sub_type, application, browser, platform, tls_protocol, cipher_suite]
    {
        text(part, out);
    }
    for part in detail_texts(detail) {
        text(part, out);
    }
    match source {
        Source::Missing => out.push(0),
        Source::Text(words) => {
            out.push(1);
            text(words, out);
        }
        Source::Address(IpAddr::V4(address)) => {
            out.push(4);
            out.extend(address.octets());
        }
        Source::Address(IpAddr::V6(address)) => {
            out.push(6);
            out.extend(address.octets());
        }
    }
    out.push(u8::from(place.is_some()));
    if let Some(Place { latitude, longitude, radius_km, country, city }) = place {
        for number in [latitude, longitude, radius_km] {
            out.extend(number.to_le_bytes());
        }
        optional(country.as_ref().map(CountryCode::as_str), out);
        optional(city.as_deref(), out);
    }
}

fn detail_texts(detail: &LoginDetail) -> [&Text; 8] {
    [
        &detail.forwarded_for,
        &detail.auth_method,
        &detail.auth_context,
        &detail.auth_service_id,
        &detail.login_url,
        &detail.api_type,
        &detail.api_version,
        &detail.client_version,
    ]
}

/// One byte says how long it is; 255, that four more do.
fn text(text: &str, out: &mut Vec<u8>) {
    if text.len() < 255 {
        out.push(text.len() as u8);
    } else {
        out.push(255);
        out.extend((text.len() as u32).to_le_bytes());
    }
    out.extend_from_slice(text.as_bytes());
}

fn optional(held: Option<&str>, out: &mut Vec<u8>) {
    out.push(u8::from(held.is_some()));
    if let Some(held) = held {
        text(held, out);
    }
}

/// Reads a login; `None` where the bytes are not those of one.
pub(super) fn read(bytes: &[u8], shared: &mut SharedTexts) -> Option<Login> {
    let mut bytes = Bytes(bytes);
    let time = Timestamp::new(i64::from_le_bytes(bytes.array()?), i32::from_le_bytes(bytes.array()?)).ok()?;
    let [outcome, by_get] = bytes.array()?;
    let id = LoginId::from(bytes.text()?);
    let user_id = bytes.optional()?.map(UserId::from);
    let mut next = || Some(shared.text(bytes.text()?));
    let (status, login_type, login_sub_type, application) = (next()?, next()?, next()?, next()?);
    let client = Client { browser: next()?, platform: next()?, tls_protocol: next()?, cipher_suite: next()? };
    let detail = LoginDetail {
        forwarded_for: next()?,
        auth_method: next()?,
        auth_context: next()?,
        auth_service_id: next()?,
        login_url: next()?,
        api_type: next()?,
        api_version: next()?,
        client_version: next()?,
        by_get: by_get != 0,
    };
    let outcome = *OUTCOMES.get(usize::from(outcome))?;
    let (source, place) = (bytes.source()?, bytes.place(shared)?);
    Some(Login {
        id,
        time,
        user_id,
        outcome,
        status,
        login_type,
        login_sub_type,
        source,
        place,
        application,
        client,
        detail,
    })
}

struct Bytes<'b>(&'b [u8]);

impl<'b> Bytes<'b> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    fn number(&mut self) -> Option<f64> {
        self.array().map(f64::from_le_bytes)
    }

    fn text(&mut self) -> Option<&'b str> {
        let [short] = self.array()?;
        let length = if short == 255 { u32::from_le_bytes(self.array()?) as usize } else { short.into() };
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        str::from_utf8(text).ok()
    }

    fn optional(&mut self) -> Option<Option<&'b str>> {
        let [is_there] = self.array()?;
        if is_there == 0 { Some(None) } else { self.text().map(Some) }
    }

    fn source(&mut self) -> Option<Source> {
        let [kind] = self.array()?;
        Some(match kind {
            0 => Source::Missing,
            1 => Source::Text(self.text()?.to_owned()),
            4 => Source::Address(IpAddr::from(self.array::<4>()?)),
            6 => Source::Address(IpAddr::from(self.array::<16>()?)),
            _ => return None,
        })
    }

    fn place(&mut self, shared: &mut SharedTexts) -> Option<Option<Place>> {
        if self.array()? == [0] {
            return Some(None);
        }
        let (latitude, longitude, radius_km) = (self.number()?, self.number()?, self.number()?);
        let country = self.optional()?.and_then(CountryCode::parse);
        let city = self.optional()?.map(|city| shared.text(city));
        Some(Some(Place { latitude, longitude, radius_km, country, city }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn login(source: &str, place: Option<Place>, by_get: bool) -> Login {
        let login = json!({ "id": "0Ya5g00000AbCdEAAV", "time": "2026-11-23T18:43:00.089Z", "user_id": null,
            "outcome": "other_failure", "status": "x".repeat(300), "login_type": "Application", "source": source,
            "client": { "browser": "Chrome 141" }, "detail": { "login_url": "é".repeat(20), "by_get": by_get } });
        Login { place, ..serde_json::from_value(login).unwrap() }
    }

    #[test]
    fn it_is_read_as_it_was_written() {
        let place = |country, city: &str| Place::from_parts(Some((48.9, -2.4)), country, Some(city.into()));
        let mut logins = vec![
            login("198.18.4.7", place(CountryCode::parse("FR"), "Paris"), false),
            login("2001:db8::9", place(None, ""), true),
            login("Salesforce.com IP", None, false),
            login("", None, false),
        ];
        for (login, outcome) in logins.iter_mut().zip(OUTCOMES) {
            (login.outcome, login.user_id) = (outcome, Some("0055g00000AbCdEAAV".into()));
        }
        logins.push(login("", None, false));
        let mut shared = SharedTexts::default();
        for login in logins {
            let mut bytes = Vec::new();
            write(&login, &mut bytes);
            assert_eq!(read(&bytes, &mut shared), Some(login));
            assert!((0..bytes.len()).all(|cut| read(&bytes[..cut], &mut shared).is_none()));
        }
    }
}

//! What a login's texts say by themselves, whoever it is of.

use std::collections::hash_map::Entry;

use foldhash::HashMap;

use super::crowd::{mark, marks};
use super::profile::grant;
use crate::observation::{AccessPath, ClientFamily, Login, Text};

/// The family of a client that says nothing of itself.
const SILENT: &str = "unknown/unknown";
/// What is kept before it is forgotten; an org has a few hundred ways in and clients together.
const MOST: usize = 4_096;

/// What one login's texts say.
#[derive(Debug)]
pub(super) struct Reading {
    texts: [Text; 7],
    /// Browser and platform without versions, as in `ClientFamily`.
    pub(super) family: ClientFamily,
    /// The same as a mark.
    pub(super) client: u32,
    /// Login type and sub-type as one name.
    pub(super) way: Text,
    pub(super) path: AccessPath,
    /// Of TLS, cipher, the host logged in to and the family; `None` for a client that says nothing of itself.
    pub(super) fingerprint: Option<u32>,
    /// Of TLS version and cipher; `None` where Salesforce recorded neither.
    pub(super) cipher: Option<u32>,
}

/// What was read before, by a sign of the texts: the same come again and again.
#[derive(Debug, Default)]
pub(super) struct Readings(HashMap<u64, Reading>);

impl Readings {
    pub(super) fn of(&mut self, login: &Login) -> &Reading {
        if self.0.len() >= MOST {
            self.0.clear();
        }
        let texts = texts(login);
        match self.0.entry(sign(texts)) {
            Entry::Vacant(room) => room.insert(Reading::of(login)),
            Entry::Occupied(known) => {
                let known = known.into_mut();
                if known.texts.each_ref() != texts {
                    *known = Reading::of(login);
                }
                known
            }
        }
    }
}

/// The texts that are read.
fn texts(login: &Login) -> [&Text; 7] {
    let Login { login_type, login_sub_type, client, detail, .. } = login;
    let [browser, platform] = [&client.browser, &client.platform];
    [
        login_type,
        login_sub_type,
        browser,
        platform,
        &client.tls_protocol,
        &client.cipher_suite,
        &detail.login_url,
    ]
}

/// Tells texts apart by how long they are and how they begin and end, at a fraction of a hash's cost. Those that it does not are
/// compared, and read again.
fn sign(texts: [&Text; 7]) -> u64 {
    let short = |bytes: &[u8]| bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
    texts.into_iter().fold(0, |sign: u64, text| {
        let bytes = text.as_bytes();
        let ends = match (bytes.first_chunk(), bytes.last_chunk()) {
            (Some(first), Some(last)) => {
                u64::from_le_bytes(*first) ^ u64::from_le_bytes(*last).rotate_left(29)
            }
            _ => short(bytes),
        };
        (sign.rotate_left(7) ^ ends).wrapping_add(bytes.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    })
}

impl Reading {
    fn of(login: &Login) -> Self {
        let (client, mut family) = (&login.client, String::new());
        client.write_family(&mut family);
        let [tls, suite, host] = [&client.tls_protocol, &client.cipher_suite, &login.detail.login_url];
        let fingerprint = (family != SILENT).then(|| marks([tls, suite, host, family.as_str()]));
        let cipher = (!tls.is_empty() || !suite.is_empty()).then(|| marks([tls.as_str(), suite]));
        Self {
            texts: texts(login).map(Clone::clone),
            client: mark(&family),
            family: ClientFamily::new(&family),
            way: grant(login).into(),
            path: login.path(),
            fingerprint,
            cipher,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_of_one_sign_are_each_read_as_they_are() {
        let login = |host: &str| -> Login {
            let login = json!({ "id": "login-1", "time": "2026-11-25T09:00:00Z", "outcome": "success", "status": "Success",
                "login_type": "Application", "source": "198.51.100.7", "detail": { "login_url": host },
                "client": { "browser": "Chrome 141", "platform": "Windows 11" } });
            serde_json::from_value(login).unwrap()
        };
        let hosts = ["acme-germany-one.my.salesforce.com", "acme-germany-two.my.salesforce.com"].map(login);
        assert_eq!(sign(texts(&hosts[0])), sign(texts(&hosts[1])));
        let mut readings = Readings::default();
        for login in hosts.iter().chain(&hosts) {
            let (said, anew) = (readings.of(login).fingerprint, Reading::of(login).fingerprint);
            assert_eq!(said, anew);
        }
        assert_ne!(Reading::of(&hosts[0]).fingerprint, Reading::of(&hosts[1]).fingerprint);
    }
}

//! What a login's texts say by themselves, whoever it is of.

use std::collections::hash_map::Entry;
use std::hash::BuildHasher;

use foldhash::HashMap;

use super::crowd::marks;
use super::profile::grant;
use crate::observation::{AccessPath, Login, Text};

/// The family of a client that says nothing of itself.
const SILENT: &str = "unknown/unknown";
/// What is kept before it is forgotten; an org has a few hundred ways in and clients together.
const MOST: usize = 4_096;

/// What one login's texts say.
#[derive(Debug)]
pub(super) struct Reading {
    texts: [Text; 7],
    /// Browser and platform without versions, as in `ClientFamily`.
    pub(super) family: String,
    /// Login type and sub-type as one name.
    pub(super) way: String,
    pub(super) path: AccessPath,
    /// Of TLS, cipher, the host logged in to and the family; `None` for a client that says nothing of itself.
    pub(super) fingerprint: Option<u32>,
    /// Of TLS version and cipher; `None` where Salesforce recorded neither.
    pub(super) cipher: Option<u32>,
}

/// What was read before, by a hash of the texts: the same come again and again.
#[derive(Debug, Default)]
pub(super) struct Readings(HashMap<u64, Reading>);

impl Readings {
    pub(super) fn of(&mut self, login: &Login) -> &Reading {
        if self.0.len() >= MOST {
            self.0.clear();
        }
        let texts = texts(login);
        let hash = self.0.hasher().hash_one(texts);
        match self.0.entry(hash) {
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

impl Reading {
    fn of(login: &Login) -> Self {
        let (client, mut family) = (&login.client, String::new());
        client.write_family(&mut family);
        let [tls, suite, host] = [&client.tls_protocol, &client.cipher_suite, &login.detail.login_url];
        let fingerprint = (family != SILENT).then(|| marks([tls, suite, host, family.as_str()]));
        let cipher = (!tls.is_empty() || !suite.is_empty()).then(|| marks([tls.as_str(), suite]));
        Self {
            texts: texts(login).map(Clone::clone),
            family,
            way: grant(login),
            path: login.path(),
            fingerprint,
            cipher,
        }
    }
}

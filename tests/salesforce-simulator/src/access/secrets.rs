//! Tokens that look like Salesforce's and carry a mark to find them by; drawn from a seed, so that an org is the same every
//! time. What was given out is known again where it must not be.

use crate::id::Id;
use rand::RngExt;
use rand::distr::Alphanumeric;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use std::collections::HashSet;

const REFRESH: &str = "5Aep861";
const DELETE: &str = "dT";
/// Stands near the start of every RSA key in PKCS#8.
const KEY: &str = "IBADANBgkqhkiG9w0BAQEF";
const JWT: &str = "eyJ0eXAiOiJKV1QifQ.eyJ";

/// Stands in every secret: `scripts/search-secrets` looks for it where no secret may be.
const CANARY: &str = "C4n4ry";

#[derive(Debug)]
pub(crate) struct Secrets {
    dice: ChaCha8Rng,
    issued: HashSet<String>,
}

impl Secrets {
    pub(crate) fn new(seed: u64) -> Self {
        Self { dice: ChaCha8Rng::seed_from_u64(seed ^ 0x5ec2_e750), issued: HashSet::new() }
    }

    /// `00D<12>!…`, as long as a real one.
    pub(crate) fn access_token(&mut self, org: Id) -> String {
        let token = format!("{}!AQ{}", org.short(), self.text(90));
        self.issue(token)
    }

    /// Three parts, as every JWT; nobody outside the org checks its signature.
    pub(crate) fn jwt(&mut self) -> String {
        let token = format!("{JWT}{}.{}", self.text(60), self.text(86));
        self.issue(token)
    }

    pub(crate) fn refresh_token(&mut self) -> String {
        let token = format!("{REFRESH}{}", self.text(80));
        self.issue(token)
    }

    pub(crate) fn delete_token(&mut self) -> String {
        let token = format!("{DELETE}{}", self.text(60));
        self.issue(token)
    }

    pub(crate) fn password(&mut self) -> String {
        self.text(16)
    }

    pub(crate) fn client_secret(&mut self) -> String {
        let secret = self.text(64).to_uppercase();
        self.issue(secret)
    }

    /// Whether a token that was given out, or a private key, stands anywhere in the text.
    pub(crate) fn stand_in(&self, text: &str, org: Id) -> bool {
        let access = format!("{}!AQ", org.short());
        let starts = [(access.as_str(), 90), (REFRESH, 80), (DELETE, 60), (JWT, 147)];
        let found = starts.iter().any(|(start, rest)| {
            let places = text.match_indices(start).map(|(at, _)| text.get(at..at + start.len() + rest));
            places.flatten().any(|candidate| self.issued.contains(candidate))
        });
        let runs = || text.split(|letter: char| !letter.is_ascii_alphanumeric());
        found
            || text.contains("PRIVATE KEY")
            || text.contains(KEY)
            || runs().any(|run| run.len() == 64 && self.issued.contains(run))
    }

    fn issue(&mut self, secret: String) -> String {
        self.issued.insert(secret.clone());
        secret
    }

    fn text(&mut self, length: usize) -> String {
        let random = (CANARY.len()..length).map(|_| char::from(self.dice.sample(Alphanumeric)));
        CANARY.chars().chain(random).collect()
    }
}

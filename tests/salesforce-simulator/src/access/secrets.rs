//! Tokens that look like Salesforce's; drawn from a seed, so that an org is the same every time.

use crate::id::Id;
use rand::RngExt;
use rand::distr::Alphanumeric;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

#[derive(Debug)]
pub(crate) struct Secrets(ChaCha8Rng);

impl Secrets {
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed ^ 0x5ec2_e750))
    }

    /// `00D<12>!…`, as long as a real one.
    pub(crate) fn access_token(&mut self, org: Id) -> String {
        format!("{}!AQ{}", org.short(), self.text(90))
    }

    pub(crate) fn refresh_token(&mut self) -> String {
        format!("5Aep861{}", self.text(80))
    }

    pub(crate) fn delete_token(&mut self) -> String {
        format!("dT{}", self.text(60))
    }

    pub(crate) fn password(&mut self) -> String {
        self.text(16)
    }

    fn text(&mut self, length: usize) -> String {
        (0..length).map(|_| char::from(self.0.sample(Alphanumeric))).collect()
    }
}

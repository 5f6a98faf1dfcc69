//! How unlikely one login is for its user: a log-likelihood ratio over what can be told of it.
//!
//! Each aspect (whence, with what, how, when) says how much more likely it is of a stranger than of this user, in nats
//! (natural logarithm: 2.3 is ten times). Source of the form: Freeman et al., "Who Are You?", NDSS 2016, equation 7. Two
//! things differ. How often a user brings something new is taken from himself, and whether his peers or the org know it is
//! held against what else was new for the org's users, so that whoever is always somewhere new is not strange for being
//! there. And aspects that come together in this org more often than chance would have it (a journey is a new network,
//! another client and another hour) are not counted twice: see [`Calibration`].

mod aspects;
mod calibration;
mod novelty;

pub use calibration::Calibration;

use aspects::Said;
use novelty::Novelty;

use super::View;
use super::facts::Facts;
use crate::observation::Login;

/// An aspect whose ratio is above this many nats, about 7 to 1, is strange for its user.
const STRANGE: f32 = 2.0;
/// What one aspect can say for a login: familiar things are cheap to copy.
const LEAST: f64 = -2.0;
/// What one aspect can say against a login, about 3,000 to 1: beyond it the model knows too little.
const MOST: f64 = 8.0;

/// An aspect of a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Aspect {
    /// The country, or the network where the country is known.
    Whence,
    /// The client's family.
    With,
    /// The login's type, or the application where the type is known.
    How,
    /// The time of day.
    When,
}

impl Aspect {
    /// Every aspect, in the order in which [`Risk`] holds them.
    pub const ALL: [Self; 4] = [Self::Whence, Self::With, Self::How, Self::When];

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Whence => "place",
            Self::With => "client",
            Self::How => "way in",
            Self::When => "hour",
        }
    }
}

/// How unlikely one successful login is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Risk {
    ratios: [f32; 4],
    novel: [Option<Novelty>; 4],
    /// The sum of the aspects, less what the org's own life explains of their coming together; in nats, -8 to 32.
    pub score: f32,
}

impl Risk {
    /// Of a success, by what was learned before it; `None` without a user.
    pub(super) fn of(view: &View<'_>, facts: &Facts<'_>, login: &Login) -> Option<Self> {
        if !login.succeeded() || login.user_id.is_none() {
            return None;
        }
        let said: [Said; 4] = Aspect::ALL.map(|aspect| match aspect {
            Aspect::Whence => aspects::whence(view, facts),
            Aspect::With => aspects::with(view, facts),
            Aspect::How => aspects::how(view, facts, login),
            Aspect::When => aspects::when(view, facts),
        });
        let ratios = said.map(|(ratio, _)| ratio.clamp(LEAST, MOST) as f32);
        let mut risk = Self { ratios, novel: said.map(|(_, novel)| novel), score: 0.0 };
        risk.score = ratios.iter().sum::<f32>() - view.org().calibration.explains(risk.pattern());
        Some(risk)
    }

    /// What an aspect says, in nats.
    pub fn ratio(&self, aspect: Aspect) -> f32 {
        self.ratios[aspect as usize]
    }

    /// The aspects that are strange for the user.
    pub fn strange(&self) -> impl Iterator<Item = Aspect> {
        Aspect::ALL.into_iter().filter(|aspect| self.ratio(*aspect) > STRANGE)
    }

    /// Which aspects are strange, one bit each.
    pub(super) fn pattern(&self) -> usize {
        self.strange().fold(0, |pattern, aspect| pattern | 1 << aspect as usize)
    }
}

#[cfg(test)]
impl Risk {
    pub(super) fn strange_in(pattern: usize, score: f32) -> Self {
        let ratio = |aspect: Aspect| if pattern & 1 << aspect as usize != 0 { STRANGE + 1.0 } else { 0.0 };
        Self { ratios: Aspect::ALL.map(ratio), novel: [None; 4], score }
    }
}

//! Which logins a detection is shown: most look at something that an ordinary login has not.

use super::Known;
use super::facts::Facts;
use crate::observation::Login;

/// What a login must have to be shown to a detection: each bit one trait, and all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shown(u8);

impl Shown {
    /// Every login.
    pub const EVERY: Self = Self(0);
    /// Successes.
    pub const SUCCESS: Self = Self(1);
    /// Failures.
    pub const FAILURE: Self = Self(1 << 1);
    /// None: it looks at other things than logins. No login has succeeded and failed.
    pub const NONE: Self = Self::SUCCESS.and(Self::FAILURE);
    /// Those from a network that is not known for the user, be it that he has no history.
    pub const UNKNOWN_NETWORK: Self = Self(1 << 2);
    /// Those from a network that is new for the user, who has a history.
    pub const NEW_NETWORK: Self = Self(1 << 3);
    /// Those with a client that is new for the user, who has a history.
    pub const NEW_CLIENT: Self = Self(1 << 4);
    /// Those from a country that is new for the user, who has a history.
    pub const NEW_COUNTRY: Self = Self(1 << 5);
    /// Those of which a data pack knows something.
    pub const ORIGIN: Self = Self(1 << 6);

    /// Both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What a login has.
    pub(super) fn by(login: &Login, facts: &Facts<'_>) -> Self {
        let traits = [
            (login.succeeded(), Self::SUCCESS),
            (!login.succeeded(), Self::FAILURE),
            (facts.knows_network != Known::Yes, Self::UNKNOWN_NETWORK),
            (facts.knows_network == Known::No, Self::NEW_NETWORK),
            (facts.knows_client == Known::No, Self::NEW_CLIENT),
            (facts.knows_country == Known::No, Self::NEW_COUNTRY),
            (login.detail.origin.is_some(), Self::ORIGIN),
        ];
        traits.into_iter().fold(Self::EVERY, |all, (has, one)| if has { all.and(one) } else { all })
    }

    /// Whether a login that has `traits` is shown.
    pub(super) fn is_met_by(self, traits: Self) -> bool {
        self.0 & traits.0 == self.0
    }
}

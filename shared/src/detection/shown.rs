//! Which logins a detection is shown: most look at something that an ordinary login has not.

use super::{Known, View};
use crate::observation::{AccessPath, Login};

/// What a login must have to be shown to a detection: each bit one trait, and all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shown(u16);

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

    /// Successes with an application that nobody has logged in with.
    pub const NEW_APPLICATION: Self = Self(1 << 7);
    /// Successes with an application that is new for their user.
    pub const FIRST_APPLICATION: Self = Self(1 << 8);
    /// Those by a login type and sub-type that are new for their user.
    pub const NEW_WAY: Self = Self(1 << 9);
    /// Those with a password.
    pub const PASSWORD: Self = Self(1 << 10);
    /// Those that name an identity provider.
    pub const PROVIDER: Self = Self(1 << 11);
    /// Failures, and successes from a network that is not known for the user.
    pub const SUSPECT: Self = Self(1 << 12);
    /// Those of users who have registered a factor lately.
    pub const REGISTERED: Self = Self(1 << 13);
    /// Those whose account was read.
    pub const ACCOUNT: Self = Self(1 << 14);

    /// Both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What a login has.
    pub(super) fn by(login: &Login, view: &View<'_>) -> Self {
        let facts = view.facts();
        let names_application = login.succeeded() && !login.application.is_empty();
        let has_profile = view.user().is_some();
        let has_registered = view.user().is_some_and(|user| !user.registrations.is_empty());
        let names_provider = !login.detail.auth_service_id.is_empty();
        let traits = [
            (login.succeeded(), Self::SUCCESS),
            (!login.succeeded(), Self::FAILURE),
            (facts.knows_network != Known::Yes, Self::UNKNOWN_NETWORK),
            (facts.knows_network == Known::No, Self::NEW_NETWORK),
            (facts.knows_client == Known::No, Self::NEW_CLIENT),
            (facts.knows_country == Known::No, Self::NEW_COUNTRY),
            (login.detail.origin.is_some(), Self::ORIGIN),
            (names_application && view.logged_in_with().is_none(), Self::NEW_APPLICATION),
            (
                names_application && has_profile && !facts.of_user.application.is_known(),
                Self::FIRST_APPLICATION,
            ),
            (has_profile && !facts.of_user.way.is_known(), Self::NEW_WAY),
            (facts.path == AccessPath::Password, Self::PASSWORD),
            (names_provider, Self::PROVIDER),
            (has_registered, Self::REGISTERED),
            (view.account().is_some(), Self::ACCOUNT),
            (!login.succeeded() || facts.knows_network != Known::Yes, Self::SUSPECT),
        ];
        traits.into_iter().fold(Self::EVERY, |all, (has, one)| if has { all.and(one) } else { all })
    }

    /// Whether a login that has `traits` is shown.
    pub(super) fn is_met_by(self, traits: Self) -> bool {
        self.0 & traits.0 == self.0
    }
}

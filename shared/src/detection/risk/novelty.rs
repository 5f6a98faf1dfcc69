//! What is new about a login for its user, and who else is known by it.

/// What a login can have that its user never had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(in crate::detection) enum Trait {
    Country,
    Network,
    Client,
    Grant,
    Application,
}

/// Who had it before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(in crate::detection) enum Who {
    /// Users of the same profile, the same role or the same country.
    Peers,
    /// Somebody else of the org.
    Org,
    Nobody,
}

/// Something new for a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::detection) struct Novelty {
    pub(super) of: Trait,
    pub(super) who: Who,
}

impl Trait {
    pub(super) const COUNT: usize = 5;

    /// How often a stranger has what is common in the org: he knows its country and its browsers, and seldom sits in its
    /// networks.
    pub(super) fn copied(self) -> f64 {
        match self {
            Self::Country | Self::Application => 0.5,
            Self::Network => 0.1,
            Self::Client => 0.6,
            Self::Grant => 0.7,
        }
    }
}

impl Novelty {
    /// How often a stranger's trait is of this kind, where it is not the user's own.
    pub(super) fn of_stranger(self) -> f64 {
        let copied = self.of.copied();
        match (self.who, self.of) {
            (Who::Nobody, _) => 1.0 - copied,
            (_, Trait::Country | Trait::Application) => copied / 2.0,
            (Who::Peers | Who::Org, _) => copied,
        }
    }
}

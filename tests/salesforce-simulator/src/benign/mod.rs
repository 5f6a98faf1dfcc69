//! Lives that look odd and are not: nobody in them may be touched.

mod business_traveller;
mod cast;
mod new_phone;
mod office_workers;
mod password_typos;
mod protected_admin_abroad;
mod vpn_from_abroad;

use crate::id::Id;
use crate::org::Org;
use jiff::Timestamp;

/// The harmless oddities that can be played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BenignKind {
    /// Two or three wrong passwords on a known device at home, then the right one.
    PasswordTypos,
    /// The corporate VPN, whose egress is in another country, minutes after a login from home.
    VpnFromAbroad,
    /// A login from a hotel, a flight's time after the last one at home.
    BusinessTraveller,
    /// The break-glass administrator: six wrong passwords, then success from a country new to the account.
    ProtectedAdminAbroad,
    /// A new phone on the home network.
    NewPhone,
    /// Ten colleagues behind one office address within minutes.
    OfficeWorkers,
}

impl BenignKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::PasswordTypos,
        Self::VpnFromAbroad,
        Self::BusinessTraveller,
        Self::ProtectedAdminAbroad,
        Self::NewPhone,
        Self::OfficeWorkers,
    ];
}

impl Org {
    /// Plays a harmless oddity around `now`; answers the ids of the users in it.
    pub fn live_benign(&mut self, kind: BenignKind, now: Timestamp) -> Vec<Id> {
        let users = match kind {
            BenignKind::PasswordTypos => password_typos::live(self, now),
            BenignKind::VpnFromAbroad => vpn_from_abroad::live(self, now),
            BenignKind::BusinessTraveller => business_traveller::live(self, now),
            BenignKind::ProtectedAdminAbroad => protected_admin_abroad::live(self, now),
            BenignKind::NewPhone => new_phone::live(self, now),
            BenignKind::OfficeWorkers => office_workers::live(self, now),
        };
        self.innocents.extend(&users);
        users
    }
}

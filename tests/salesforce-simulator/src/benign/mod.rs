//! Lives that look odd and are not: nobody in them may be touched.

mod acquired_company;
mod browser_rollout;
mod business_traveller;
mod carrier_churn;
mod cast;
mod conference;
mod fickle_geolocation;
mod new_office;
mod new_phone;
mod office_workers;
mod password_typos;
mod protected_admin_abroad;
mod relocation;
mod rotated_secret;
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
    /// Eight colleagues in the same hotel of a city new to them, in the same week.
    Conference,
    /// Somebody who now lives in another of the company's cities.
    Relocation,
    /// Twenty-five new users at once, from an egress and a city the org does not know.
    AcquiredCompany,
    /// Thirty people with a browser nobody had before, on the same day.
    BrowserRollout,
    /// An integration that fails once a minute, until somebody gives it the new key.
    RotatedSecret,
    /// One address that is in two cities by turns.
    FickleGeolocation,
    /// A phone with fourteen addresses of its carrier within the hour.
    CarrierChurn,
    /// An office behind a new egress.
    NewOffice,
}

impl BenignKind {
    /// Every kind.
    pub const ALL: [Self; 14] = [
        Self::PasswordTypos,
        Self::VpnFromAbroad,
        Self::BusinessTraveller,
        Self::ProtectedAdminAbroad,
        Self::NewPhone,
        Self::OfficeWorkers,
        Self::Conference,
        Self::Relocation,
        Self::AcquiredCompany,
        Self::BrowserRollout,
        Self::RotatedSecret,
        Self::FickleGeolocation,
        Self::CarrierChurn,
        Self::NewOffice,
    ];
    /// The six of a drill.
    pub const DRILL: [Self; 6] = [
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
            BenignKind::Conference => conference::live(self, now),
            BenignKind::Relocation => relocation::live(self, now),
            BenignKind::AcquiredCompany => acquired_company::live(self, now),
            BenignKind::BrowserRollout => browser_rollout::live(self, now),
            BenignKind::RotatedSecret => rotated_secret::live(self, now),
            BenignKind::FickleGeolocation => fickle_geolocation::live(self, now),
            BenignKind::CarrierChurn => carrier_churn::live(self, now),
            BenignKind::NewOffice => new_office::live(self, now),
        };
        self.innocents.extend(&users);
        users
    }
}

//! Lives that look odd and are not: nobody in them may be touched.

mod acquired_company;
mod admin_tools;
mod browser_rollout;
mod business_traveller;
mod carrier_cgnat;
mod carrier_churn;
mod cast;
mod conference;
mod family_visit;
mod fickle_geolocation;
mod idp_outage;
mod moved_session;
mod new_application;
mod new_authenticator;
mod new_hires;
mod new_office;
mod new_phone;
mod night_shift;
mod office_workers;
mod password_typos;
mod private_relay;
mod protected_admin_abroad;
mod relocation;
mod return_from_leave;
mod rotated_secret;
mod shared_machine;
mod tls_rollout;
mod vendor_moves;
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
    /// People who begin to use their browser's relay, with another exit of their country at each login.
    PrivateRelay,
    /// Everybody's TLS cipher changes; twenty people come on the first day.
    TlsRollout,
    /// Ten colleagues behind one address of a mobile carrier, tethered to their own computers.
    CarrierCgnat,
    /// Six people at one computer of a new branch, one after the other.
    SharedMachine,
    /// People who change to the night shift for good.
    NightShift,
    /// Five newcomers in the first office, who mistype, log in and register a factor each.
    NewHires,
    /// An administrator with three tools that he has not used before, and two logins without an IP address.
    AdminTools,
    /// Live sessions that their owners take along: into the VPN, onto a hotspot, into a café.
    MovedSession,
    /// An integration whose vendor has moved to another data centre.
    VendorMoves,
    /// Fifteen single-sign-on users who type a password while their identity provider is down.
    IdpOutage,
    /// Somebody back after months away, on his home line, with one wrong password.
    ReturnFromLeave,
    /// Twelve people who approve an app that the org has not had before, in the office.
    NewApplication,
    /// Two people with a new factor each, registered minutes after a login: at home, and in a café.
    NewAuthenticator,
    /// Somebody who works from his family's home, in a country nobody of the org has been to.
    FamilyVisit,
}

impl BenignKind {
    /// Every kind.
    pub const ALL: [Self; 28] = [
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
        Self::PrivateRelay,
        Self::TlsRollout,
        Self::CarrierCgnat,
        Self::SharedMachine,
        Self::NightShift,
        Self::NewHires,
        Self::AdminTools,
        Self::MovedSession,
        Self::VendorMoves,
        Self::IdpOutage,
        Self::ReturnFromLeave,
        Self::NewApplication,
        Self::NewAuthenticator,
        Self::FamilyVisit,
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
    /// Plays a harmless oddity around `now`; answers the ids of the users in it. What people had planned until tomorrow
    /// falls away; machines keep their times.
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
            BenignKind::PrivateRelay => private_relay::live(self, now),
            BenignKind::TlsRollout => tls_rollout::live(self, now),
            BenignKind::CarrierCgnat => carrier_cgnat::live(self, now),
            BenignKind::SharedMachine => shared_machine::live(self, now),
            BenignKind::NightShift => night_shift::live(self, now),
            BenignKind::NewHires => new_hires::live(self, now),
            BenignKind::AdminTools => admin_tools::live(self, now),
            BenignKind::MovedSession => moved_session::live(self, now),
            BenignKind::VendorMoves => vendor_moves::live(self, now),
            BenignKind::IdpOutage => idp_outage::live(self, now),
            BenignKind::ReturnFromLeave => return_from_leave::live(self, now),
            BenignKind::NewApplication => new_application::live(self, now),
            BenignKind::NewAuthenticator => new_authenticator::live(self, now),
            BenignKind::FamilyVisit => family_visit::live(self, now),
        };
        self.innocents.extend(&users);
        if kind != BenignKind::VendorMoves {
            self.future.forget(&users);
        }
        users
    }
}

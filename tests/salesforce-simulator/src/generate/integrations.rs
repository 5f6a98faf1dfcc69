//! Vendors' machines: an API-only user each, logging in about every hour, day and night.

use super::dice::Dice;
use super::networks;
use crate::arrival::{Arrival, Client, Method, SUCCESS, Source};
use crate::id::Id;
use jiff::Timestamp;

pub(crate) struct Integration {
    pub(crate) app: &'static str,
    pub(crate) name: &'static str,
    /// Minutes between two logins.
    minutes: i64,
    networks: usize,
    pub(crate) grant: GrantKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GrantKind {
    Refresh,
    Jwt,
}

const fn integration(
    app: &'static str,
    name: &'static str,
    minutes: i64,
    networks: usize,
    grant: GrantKind,
) -> Integration {
    Integration { app, name, minutes, networks, grant }
}

pub(crate) static INTEGRATIONS: [Integration; 8] = [
    integration("Drift Connector", "drift-connector", 60, 2, GrantKind::Refresh),
    integration("Quotewright CPQ", "quotewright", 55, 1, GrantKind::Refresh),
    integration("Ledgerline Sync", "ledgerline", 60, 1, GrantKind::Jwt),
    integration("Mailharbor", "mailharbor", 65, 3, GrantKind::Refresh),
    integration("Talkdeck Telephony", "talkdeck", 58, 2, GrantKind::Refresh),
    integration("Warehouse Loader", "warehouse-loader", 120, 1, GrantKind::Jwt),
    integration("Signpost eSign", "signpost", 75, 2, GrantKind::Refresh),
    integration("Helpbridge", "helpbridge", 50, 1, GrantKind::Refresh),
];

impl Integration {
    pub(crate) fn run(
        &self,
        vendor: usize,
        user_id: Id,
        span: (i64, i64),
        dice: &mut Dice,
        arrivals: &mut Vec<Arrival>,
    ) {
        let mut at = span.0 + dice.within(0..self.minutes * 60);
        while at < span.1 {
            if let Ok(time) = Timestamp::from_second(at) {
                arrivals.push(self.arrival(vendor, user_id, time, dice));
            }
            at += self.minutes * 60 + dice.within(-120..121);
        }
    }

    pub(crate) fn method(&self) -> Method {
        if self.grant == GrantKind::Jwt { Method::JWT } else { Method::REFRESH }
    }

    /// The address of one of the vendor's machines.
    pub(crate) fn machine(&self, vendor: usize, network: usize, host: usize) -> Source {
        networks::vendor(vendor, network % self.networks, host % 6)
    }

    fn arrival(&self, vendor: usize, user_id: Id, time: Timestamp, dice: &mut Dice) -> Arrival {
        let source = self.machine(vendor, dice.below(self.networks), dice.below(6));
        let (method, client) = (self.method(), Client::app(self.app));
        Arrival { user_id, time, method, source, client, status: SUCCESS, challenge: None }
    }
}

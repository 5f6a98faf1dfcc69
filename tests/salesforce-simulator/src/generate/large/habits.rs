//! How somebody in a lazy past logs in: a home, an office and devices, from which each visit is drawn.

use super::past::mixed;
use crate::arrival::{Client, Method, Source};
use crate::generate::cities::HOME_CITIES;
use crate::generate::devices::Device;
use crate::generate::integrations::INTEGRATIONS;
use crate::generate::networks;
use crate::generate::people::{Person, SignOn, home_line};

#[derive(Clone)]
pub(super) struct Habits {
    number: usize,
    pub(super) home: usize,
    office: usize,
    pub(super) sign_on: SignOn,
    desktop: Device,
    phone: Device,
    app: Option<&'static str>,
    remote: bool,
    vpn: bool,
    v6: bool,
}

/// One login, without its time.
pub(super) struct Visit {
    pub(super) method: Method,
    pub(super) source: Source,
    pub(super) client: Client,
    pub(super) status: &'static str,
}

impl From<&Person> for Habits {
    fn from(person: &Person) -> Self {
        Self {
            number: person.number,
            home: person.home,
            office: person.office,
            sign_on: person.sign_on,
            desktop: person.desktop.clone(),
            phone: person.phone.clone(),
            app: person.app,
            remote: person.remote_share > 0.9,
            vpn: person.vpn_share > 0.0,
            v6: person.v6,
        }
    }
}

impl Habits {
    pub(super) fn of(seed: u64, number: u32) -> Self {
        let chance = mixed(seed ^ 0x4AB1_7500, number.into());
        let office = [0, 0, 0, 1, 1, 2][(chance % 6) as usize];
        let phone = Device::phone_of(chance >> 8);
        let app = if phone.is_iphone() { "Salesforce for iOS" } else { "Salesforce for Android" };
        Self {
            number: number as usize,
            home: (office * 4 + [0, 0, 0, 1, 2, 3][(chance / 6 % 6) as usize]) % HOME_CITIES,
            office,
            sign_on: if chance >> 16 & 1 == 0 { SignOn::Single } else { SignOn::Password },
            desktop: Device::desktop_of(chance >> 20),
            phone,
            app: (chance >> 32).is_multiple_of(4).then_some(app),
            remote: (chance >> 36).is_multiple_of(5),
            vpn: (chance >> 40).is_multiple_of(2),
            v6: (chance >> 44).is_multiple_of(4),
        }
    }

    pub(super) fn visit(&self, day: i64, chance: u64) -> Visit {
        if let Some(app) = self.app.filter(|_| chance.is_multiple_of(4)) {
            let source = networks::mobile(self.home, self.number, (chance >> 8) as usize);
            let client = Client { application: app.into(), ..self.phone.client(day) };
            return Visit { method: Method::REFRESH, source, client, status: "Success" };
        }
        let source = match chance >> 16 & 15 {
            0..4 if self.vpn => networks::vpn((chance >> 24) as usize % 3),
            4..10 if !self.remote => networks::office(self.office, (chance >> 28) as usize % 2),
            _ => home_line(self.home, self.number, self.v6, day),
        };
        let password = self.sign_on == SignOn::Password;
        let method = if password { Method::PASSWORD } else { Method::saml() };
        let mistyped = password && (chance >> 32).is_multiple_of(64);
        let status = if mistyped { "Invalid Password" } else { "Success" };
        Visit { method, source, client: self.desktop.client(day), status }
    }
}

/// A vendor's machine does the same every time.
pub(super) fn machine_visit(vendor: usize, chance: u64) -> Visit {
    let integration = &INTEGRATIONS[vendor % INTEGRATIONS.len()];
    let source = integration.machine(vendor, (chance >> 8) as usize, (chance >> 16) as usize);
    let client = Client { application: integration.app.into(), ..Client::app("") };
    Visit { method: integration.method(), source, client, status: "Success" }
}

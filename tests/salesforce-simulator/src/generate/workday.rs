//! One person's logins on one day.

use super::cities::city;
use super::dice::Dice;
use super::networks;
use super::people::{Person, SignOn};
use crate::arrival::{Arrival, Challenge, Client, Method, SUCCESS, Source};
use jiff::Timestamp;

const DAY: i64 = 86_400;

/// Where a person spends the day.
enum Whereabouts {
    Office,
    Home,
    Away(usize),
    Travelling,
}

pub(crate) struct Workday<'p> {
    person: &'p Person,
    day: i64,
    dice: &'p mut Dice,
    arrivals: &'p mut Vec<Arrival>,
}

impl<'p> Workday<'p> {
    pub(crate) fn live(person: &'p Person, day: i64, dice: &'p mut Dice, arrivals: &'p mut Vec<Arrival>) {
        Self { person, day, dice, arrivals }.pass();
    }

    fn pass(&mut self) {
        if !self.works() {
            return;
        }
        let whereabouts = self.whereabouts();
        let offset = match whereabouts {
            Whereabouts::Away(place) => city(place).offset * 60,
            _ => self.person.offset(),
        };
        let midnight = self.day * DAY - offset;
        let begins = midnight + (self.dice.around(self.person.begins, 14.0) * 60.0) as i64;
        let through_vpn =
            !matches!(whereabouts, Whereabouts::Office) && self.dice.chance(self.person.vpn_share);
        for (hours, share) in Self::rhythm(&whereabouts) {
            if self.dice.chance(share) {
                let at = begins + (self.dice.around(hours, 0.5) * 3_600.0).max(0.0) as i64;
                let source = self.source(&whereabouts, through_vpn);
                self.log_in(at, source);
            }
        }
        self.use_phone(midnight, &whereabouts);
    }

    fn works(&mut self) -> bool {
        let weekday = (self.day + 3).rem_euclid(7);
        let shows_up = if weekday >= 5 { self.person.weekend_share } else { 0.96 };
        self.person.employed(self.day) && !self.person.on_holiday(self.day) && self.dice.chance(shows_up)
    }

    fn whereabouts(&mut self) -> Whereabouts {
        match self.person.trip(self.day) {
            Some(trip) if self.day == trip.from || self.day == trip.until => Whereabouts::Travelling,
            Some(trip) => Whereabouts::Away(trip.place),
            None if self.dice.chance(self.person.remote_share) => Whereabouts::Home,
            None => Whereabouts::Office,
        }
    }

    /// Hours after the day's beginning, and how likely a login is then.
    fn rhythm(whereabouts: &Whereabouts) -> Vec<(f64, f64)> {
        match whereabouts {
            Whereabouts::Travelling => Vec::new(),
            _ => vec![(0.0, 1.0), (2.4, 0.35), (4.6, 0.75), (7.0, 0.4)],
        }
    }

    fn source(&mut self, whereabouts: &Whereabouts, through_vpn: bool) -> Source {
        if through_vpn {
            return networks::vpn(self.dice.below(3));
        }
        match whereabouts {
            Whereabouts::Office => {
                let usual = networks::office(self.person.office, self.dice.below(2));
                self.person.egress.clone().unwrap_or(usual)
            }
            Whereabouts::Away(place) => networks::hotel(*place, self.person.number, self.day as usize),
            _ if self.dice.chance(0.04) => self.on_the_move(self.person.home),
            _ if self.person.relay && self.dice.chance(0.7) => self.relayed(),
            _ => self.person.home_line(self.day),
        }
    }

    /// Through an exit of his country, wherever in it he is.
    fn relayed(&mut self) -> Source {
        let country = self.person.home / 4 * 4;
        networks::relay(country + self.dice.below(4), self.dice.below(60))
    }

    fn on_the_move(&mut self, place: usize) -> Source {
        networks::mobile(place, self.person.number, self.dice.below(254))
    }

    fn log_in(&mut self, at: i64, source: Source) {
        let device = if self.dice.chance(0.05) { &self.person.spare } else { &self.person.desktop };
        let client = Client { cipher: self.person.cipher, ..device.client(self.day) };
        let method = self.person.method();
        if self.person.sign_on == SignOn::Password {
            self.mistype(at, &source, &client);
        }
        let asked = self.person.sign_on == SignOn::Password && self.dice.chance(0.5);
        let challenge = asked.then_some(Challenge::PASSED);
        self.arrive(at, method, source, client, "Success", challenge);
    }

    fn mistype(&mut self, at: i64, source: &Source, client: &Client) {
        if !self.dice.chance(self.person.typo_share) {
            return;
        }
        for try_before in 1..=self.dice.within(1..3) {
            let before = at - try_before * self.dice.within(15..50);
            self.arrive(before, Method::PASSWORD, source.clone(), client.clone(), "Invalid Password", None);
        }
    }

    fn use_phone(&mut self, midnight: i64, whereabouts: &Whereabouts) {
        let Some(app) = self.person.app else { return };
        let place = match whereabouts {
            Whereabouts::Away(place) => *place,
            Whereabouts::Travelling => return,
            _ => self.person.home,
        };
        for hour in [8.0, 12.5, 18.0] {
            if self.dice.chance(0.5) {
                let at = midnight + (self.dice.around(hour, 0.7) * 3_600.0) as i64;
                let source = self.on_the_move(place);
                let client = Client { application: app.into(), ..self.person.phone.client(self.day) };
                self.arrive(at, Method::REFRESH, source, client, "Success", None);
            }
        }
    }

    fn arrive(
        &mut self,
        at: i64,
        method: Method,
        mut source: Source,
        client: Client,
        status: &'static str,
        challenge: Option<Challenge>,
    ) {
        let Ok(time) = Timestamp::from_second(at) else { return };
        if self.dice.chance(0.01) {
            source.city = None;
        }
        let status = if status == "Success" { SUCCESS } else { status.into() };
        let user_id = self.person.user_id;
        self.arrivals.push(Arrival { user_id, time, method, source, client, status, challenge });
    }
}

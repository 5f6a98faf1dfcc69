//! Life after the history: everybody goes on by his habits, a day at a time, and logins open the sessions they do.

use super::dice::Dice;
use super::integrations::INTEGRATIONS;
use super::present::{APP_SECONDS, UI_SECONDS, add_token};
use super::workday::Workday;
use super::{DAY, Person, accounts, networks};
use crate::arrival::{Arrival, Method, SUCCESS, Source};
use crate::clock::shifted;
use crate::id::Id;
use crate::objects::user::Activity;
use crate::org::Org;
use jiff::Timestamp;
use std::collections::HashSet;
use std::sync::Arc;

/// One session of so many leaves the network it began on, with its owner.
const MOVES: usize = 14;

/// What is going to happen.
#[derive(Debug)]
pub(crate) struct Future {
    seed: u64,
    lived_until: Timestamp,
    /// Since 1970; the first that nobody has plans for.
    next_day: i64,
    planned: Vec<Arrival>,
    /// When which sessions are used from where.
    moves: Vec<(Timestamp, Vec<Id>, Source)>,
    /// By their place among the integrations.
    moved_vendors: HashSet<usize>,
}

impl Default for Future {
    /// Nothing.
    fn default() -> Self {
        let lived_until = Timestamp::UNIX_EPOCH;
        let (planned, moves) = (Vec::new(), Vec::new());
        Self { seed: 0, lived_until, next_day: i64::MAX, planned, moves, moved_vendors: HashSet::new() }
    }
}

impl Future {
    /// Life goes on after `now`.
    pub(crate) fn after(seed: u64, now: Timestamp) -> Self {
        // Days begin in the east before they do in Greenwich, and end in the west after.
        let next_day = now.as_second().div_euclid(DAY) - 1;
        Self { seed, lived_until: now, next_day, ..Self::default() }
    }

    /// These people's plans fall away.
    pub(crate) fn forget(&mut self, users: &[Id]) {
        self.planned.retain(|arrival| !users.contains(&arrival.user_id));
    }

    /// From now on a vendor's machines stand elsewhere, and keep their times.
    pub(crate) fn vendor_moved(&mut self, vendor: usize, user_id: Id) {
        self.moved_vendors.insert(vendor);
        let planned = self.planned.iter_mut().filter(|arrival| arrival.user_id == user_id);
        planned.enumerate().for_each(|(host, arrival)| arrival.source = networks::moved_vendor(vendor, host));
    }

    fn dice(&self, stream: u64) -> Dice {
        Dice::new(self.seed, 1_000_000 + self.next_day.unsigned_abs() * 100_000 + stream)
    }
}

impl Org {
    /// Lets everybody go on living until this instant, if that lies ahead: people log in and their sessions go along
    /// with them, apps use their tokens, machines keep their times, and who leaves loses his account. Only an org of
    /// [`generate_ahead`](crate::generate_ahead) has such a future.
    pub fn live_until(&mut self, until: Timestamp) {
        while self.future.next_day <= until.as_second().div_euclid(DAY) + 1 {
            self.plan();
            self.future.next_day += 1;
        }
        let mut due: Vec<_> = self.future.planned.extract_if(.., |arrival| arrival.time <= until).collect();
        due.sort_by_key(|arrival| arrival.time);
        for arrival in due {
            self.move_sessions(arrival.time);
            self.come(arrival);
        }
        self.move_sessions(until);
        self.let_go(until.as_second().div_euclid(DAY));
        self.future.lived_until = self.future.lived_until.max(until);
    }

    fn plan(&mut self) {
        let (day, mut planned) = (self.future.next_day, Vec::new());
        for person in &self.people {
            if self.user(&person.user_id).is_some_and(|user| user.is_active()) {
                let mut dice = self.future.dice(1_000 + person.number as u64);
                Workday::live(person, day, &mut dice, &mut planned);
            }
        }
        for (vendor, integration) in INTEGRATIONS.iter().enumerate() {
            let Some(user) = self.user_by_name(&accounts::username(integration.name)) else { continue };
            let (mut dice, first) = (self.future.dice(vendor as u64), planned.len());
            integration.run(vendor, user.id, (day * DAY, (day + 1) * DAY), &mut dice, &mut planned);
            if self.future.moved_vendors.contains(&vendor) {
                let moved = || networks::moved_vendor(vendor, dice.below(6));
                planned[first..]
                    .iter_mut()
                    .map(|arrival| &mut arrival.source)
                    .zip(std::iter::repeat_with(moved))
                    .for_each(|(source, moved)| *source = moved);
            }
        }
        planned.retain(|arrival| arrival.time > self.future.lived_until);
        self.future.planned.append(&mut planned);
    }

    /// The last day's evening is over everywhere when the account is closed.
    fn let_go(&mut self, day: i64) {
        let leaving = self.people.iter().filter(|person| person.left.is_some_and(|left| left < day));
        for user_id in leaving.map(|person| person.user_id).collect::<Vec<_>>() {
            self.set_activity(&user_id, Activity::Inactive);
        }
    }

    /// One login with what it brings: a success opens a session, and an app's uses its token.
    pub(crate) fn come(&mut self, arrival: Arrival) {
        let (user_id, time, application) =
            (arrival.user_id, arrival.time, arrival.client.application.clone());
        let (succeeds, refreshes) =
            (arrival.status == SUCCESS, arrival.method.sub_type == Method::REFRESH.sub_type);
        let login = self.record(arrival);
        if !succeeds {
            return;
        }
        if application == "Browser" {
            let family = self.open_ui_family(login, time, UI_SECONDS);
            self.plan_move(family, user_id, time);
        } else {
            let token = refreshes.then(|| self.use_token(user_id, &application, time));
            self.open_oauth_session(login, time, APP_SECONDS, token);
        }
    }

    fn use_token(&mut self, user_id: Id, app: &str, time: Timestamp) -> u64 {
        let is_his = |token: &&mut Arc<crate::objects::oauth_token::Token>| {
            token.user_id == user_id && token.app == app
        };
        let Some(token) = self.tokens.iter_mut().find(is_his).map(Arc::make_mut) else {
            return add_token(self, user_id, app, shifted(time, -30), 1, Some(time));
        };
        (token.use_count, token.last_used) = (token.use_count + 1, token.last_used.max(Some(time)));
        token.serial
    }

    fn plan_move(&mut self, family: Vec<Id>, user_id: Id, time: Timestamp) {
        let Some(person) = self.people.iter().find(|person| person.user_id == user_id) else { return };
        let number = family.first().and_then(|root| root.number("0Ak"));
        let mut dice = Dice::new(self.future.seed, 900_000_000 + number.unwrap_or_default());
        if dice.below(MOVES) == 0 {
            let at = shifted(time, dice.within(10 * 60..110 * 60));
            self.future.moves.push((at, family, onward(person, time, &mut dice)));
        }
    }

    fn move_sessions(&mut self, until: Timestamp) {
        let due: Vec<_> = self.future.moves.extract_if(.., |(at, ..)| *at <= until).collect();
        for (at, family, to) in due {
            carry(self, &family, at, &to);
        }
    }
}

/// Sessions are used from another address, as their owner's way leads.
pub(crate) fn carry(org: &mut Org, sessions: &[Id], time: Timestamp, to: &Source) {
    for id in sessions {
        if let Some(session) = org.sessions.get_mut(id) {
            session.source_ip.clone_from(&to.ip);
            session.last_modified = session.last_modified.max(time);
        }
    }
}

/// Where somebody may take his computer: into the VPN, onto his phone's hotspot, home.
fn onward(person: &Person, time: Timestamp, dice: &mut Dice) -> Source {
    let day = time.as_second().div_euclid(DAY);
    let trip = person.trip(day);
    match dice.below(3) {
        0 if person.vpn_share > 0.0 => networks::vpn(dice.below(3)),
        1 if trip.is_none() => person.home_line(day),
        _ => networks::mobile(trip.map_or(person.home, |trip| trip.place), person.number, dice.below(254)),
    }
}

//! The logins of a lazy past. In every cycle of rows each person logs in once and the machines share the rest, in an
//! order of the cycle's own; so the rows of a user are known without looking at those of others.

use super::habits::{Habits, Visit, machine_visit};
use super::rhythm::Rhythm;
use crate::arrival::Method;
use crate::generate::DAY;
use crate::generate::accounts::username;
use crate::generate::cities::city;
use crate::generate::integrations::INTEGRATIONS;
use crate::id::Id;
use crate::lazy::Source;
use crate::objects::login_geo::LoginGeo;
use crate::objects::login_history::Login;
use crate::objects::user::User;
use crate::org::Org;
use crate::soql::Value;
use crate::table::Keyed;
use jiff::Timestamp;
use std::sync::Arc;

/// Rows of machines to a hundred of people.
const MACHINES_PERCENT: u32 = 28;

pub(super) struct Past {
    pub(super) seed: u64,
    rhythm: Rhythm,
    /// Of the people who are held, each with his id; those after them are a function of the seed.
    held: Vec<(Id, Habits)>,
    /// The number in the id of the first person who is not held.
    crowd_from: u64,
    people: u32,
    machines: Vec<Id>,
    cycle: Cycle,
}

/// What a seed and a number come to: 64 bits that look like chance (SplitMix64).
pub(super) fn mixed(seed: u64, number: u64) -> u64 {
    let mut bits = seed.wrapping_mul(0xD6E8_FEB8_6659_FD93) ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    bits = (bits ^ bits >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ bits >> 31
}

impl Past {
    pub(super) fn new(org: &Org, seed: u64, rhythm: Rhythm, crowd: u32) -> Self {
        let held: Vec<_> = org.people.iter().map(|person| (person.user_id, Habits::from(person))).collect();
        let people = held.len() as u32 + crowd;
        let machines = INTEGRATIONS.iter().filter_map(|one| org.user_by_name(&username(one.name)));
        let last = org.users().last().and_then(|user| user.id.number(User::PREFIX)).unwrap_or_default();
        Self {
            seed,
            rhythm,
            held,
            crowd_from: last + 1,
            people,
            machines: machines.map(|user| user.id).collect(),
            cycle: Cycle::new(seed, people + (people / 100 * MACHINES_PERCENT).max(MACHINES_PERCENT)),
        }
    }

    pub(super) fn rows(&self) -> u32 {
        self.rhythm.rows()
    }

    /// How the person lives, by his number among all of them.
    pub(super) fn habits(&self, number: u32) -> Habits {
        let held = self.held.get(number as usize).map(|(_, habits)| habits.clone());
        held.unwrap_or_else(|| Habits::of(self.seed, number))
    }

    /// The number among all people of the first who is not held.
    pub(super) fn first_of_crowd(&self) -> u32 {
        self.held.len() as u32
    }

    pub(super) fn place_in_crowd(&self, user_id: &Id) -> Option<u32> {
        self.number(user_id)?.checked_sub(self.first_of_crowd())
    }

    pub(super) fn person_id(&self, number: u32) -> Id {
        match self.held.get(number as usize) {
            Some((id, _)) => *id,
            None => Id::new(User::PREFIX, self.crowd_from + u64::from(number - self.first_of_crowd())),
        }
    }

    pub(super) fn last_success(&self, user_id: &Id) -> Option<Timestamp> {
        let places = self.places(user_id).into_iter().rev();
        places.map(|place| self.make(place)).find(Login::succeeded).map(|login: Login| login.login_time)
    }

    /// How often the user came by refresh token, first and last.
    pub(super) fn refreshes(&self, user_id: &Id) -> Option<(i64, Timestamp, Timestamp)> {
        let rows = self.places(user_id).into_iter().map(|place| -> Login { self.make(place) });
        let refreshed = |login: &Login| login.login_sub_type.as_deref() == Method::REFRESH.sub_type;
        let mut times = rows.filter(refreshed).map(|login| login.login_time);
        let first = times.next()?;
        Some(times.fold((1, first, first), |(count, first, _), last| (count + 1, first, last)))
    }

    /// The user's rows, in order.
    fn places(&self, user_id: &Id) -> Vec<u32> {
        let slots: Vec<u32> = match self.machines.iter().position(|machine| machine == user_id) {
            Some(vendor) => {
                (self.people + vendor as u32..self.cycle.slots).step_by(self.machines.len()).collect()
            }
            None => self.number(user_id).into_iter().collect(),
        };
        let mut places: Vec<u32> =
            slots.into_iter().flat_map(|slot| self.cycle.places(slot, self.rows())).collect();
        places.sort_unstable();
        places
    }

    fn number(&self, user_id: &Id) -> Option<u32> {
        let crowd = || {
            let number = user_id.number(User::PREFIX)?.checked_sub(self.crowd_from)?;
            u32::try_from(number).ok()?.checked_add(self.first_of_crowd())
        };
        let held = self.held.iter().position(|(id, _)| id == user_id).map(|number| number as u32);
        held.or_else(crowd).filter(|number| *number < self.people)
    }
}

impl Source<Login> for Past {
    fn make(&self, place: u32) -> Login {
        let time = self.rhythm.time(place);
        let chance = mixed(self.seed ^ 0x0010_61E5, place.into());
        let slot = self.cycle.slot(place);
        let (user_id, Visit { method, source, client, status }) = match slot.checked_sub(self.people) {
            Some(machine) => {
                let vendor = machine as usize % self.machines.len();
                (self.machines[vendor], machine_visit(vendor, chance))
            }
            None => (self.person_id(slot), self.habits(slot).visit(time.div_euclid(DAY), chance)),
        };
        let login_time = Timestamp::from_second(time).unwrap_or(Timestamp::UNIX_EPOCH);
        Login {
            id: Id::new(Login::PREFIX, 1 + u64::from(place)),
            user_id,
            login_time,
            login_type: method.login_type.into(),
            login_sub_type: method.sub_type.map(Into::into),
            status: status.into(),
            source_ip: source.ip,
            forwarded_for_ip: None,
            country_iso: source.city.map(|city| city.country_iso.into()),
            geo: source.city.map(|city| Arc::new(LoginGeo::of(geo_id(place), login_time, city))),
            application: client.application,
            browser: client.browser,
            platform: client.platform,
            login_url: "simulated.my.salesforce.com".into(),
            authentication_service_id: method.service,
            api: client.api,
            cipher_suite: client.cipher.into(),
        }
    }

    fn sorted(&self, field: &str, place: u32) -> Option<Value<'static>> {
        let time = || Timestamp::from_second(self.rhythm.time(place)).unwrap_or(Timestamp::UNIX_EPOCH);
        (field == "LoginTime").then(|| Value::Time(time()))
    }

    fn holding(&self, field: &str, id: &Id) -> Option<Vec<u32>> {
        (field == "UserId").then(|| self.places(id))
    }
}

fn geo_id(place: u32) -> Id {
    Id::new(LoginGeo::PREFIX, 1 + u64::from(place))
}

/// Every login of the past has a place.
impl Source<LoginGeo> for Past {
    fn make(&self, place: u32) -> LoginGeo {
        let login: Login = self.make(place);
        let nowhere = || LoginGeo::of(geo_id(place), login.login_time, city(0));
        login.geo.as_deref().cloned().unwrap_or_else(nowhere)
    }
}

/// The order in which people and machines come: in each cycle of rows every slot once.
struct Cycle {
    seed: u64,
    slots: u32,
    /// Steps over the slots; its inverse leads back.
    step: u64,
    back: u64,
}

impl Cycle {
    fn new(seed: u64, slots: u32) -> Self {
        let size = u64::from(slots);
        let golden = size * 618 / 1_000;
        let step = (golden..size).find(|step| divisor(*step, size) == 1).unwrap_or(1);
        let back = inverse(step, size);
        Self { seed, slots, step, back }
    }

    /// Where a cycle begins, so that no two are alike.
    fn shift(&self, round: u32) -> u64 {
        mixed(self.seed, 0x00C1_C1E0_0000 + u64::from(round)) % u64::from(self.slots)
    }

    fn slot(&self, place: u32) -> u32 {
        let (round, turn) = (place / self.slots, place % self.slots);
        ((u64::from(turn) * self.step + self.shift(round)) % u64::from(self.slots)) as u32
    }

    /// Where a slot comes up among so many rows.
    fn places(&self, slot: u32, rows: u32) -> impl Iterator<Item = u32> + '_ {
        let size = u64::from(self.slots);
        let rounds = 0..rows.div_ceil(self.slots);
        let places = rounds.map(move |round| {
            let turn = (u64::from(slot) + size - self.shift(round)) % size * self.back % size;
            u64::from(round) * size + turn
        });
        places.filter(move |place| *place < u64::from(rows)).map(|place| place as u32)
    }
}

fn divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { divisor(b, a % b) }
}

/// The number that times `step` leaves 1 when divided by `size`; they have no divisor in common.
fn inverse(step: u64, size: u64) -> u64 {
    let (mut left, mut right) = ((step.cast_signed(), 1_i64), (size.cast_signed(), 0_i64));
    while right.0 != 0 {
        let times = left.0 / right.0;
        (left, right) = (right, (left.0 - times * right.0, left.1 - times * right.1));
    }
    left.1.rem_euclid(size.cast_signed()) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_slot_comes_up_once_a_cycle_and_is_found_again() {
        for slots in [28, 97, 1_280, 128_000] {
            let cycle = Cycle::new(3, slots);
            let rows = slots * 2 + slots / 3;
            let mut seen = vec![0_u32; slots as usize];
            (0..rows).for_each(|place| seen[cycle.slot(place) as usize] += 1);
            assert!(seen.iter().all(|times| (2..=3).contains(times)));
            for slot in [0, 1, slots / 2, slots - 1] {
                let places: Vec<u32> = cycle.places(slot, rows).collect();
                assert_eq!(places.len(), seen[slot as usize] as usize);
                assert!(places.is_sorted() && places.iter().all(|place| cycle.slot(*place) == slot));
            }
        }
    }
}

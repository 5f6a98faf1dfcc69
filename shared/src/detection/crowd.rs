//! Who was seen lately: a bounded set that forgets whoever was seen longest ago.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// At most `N` members, each with when it was last seen and how often. Members are held as hashes, so that an attack
/// on a hundred thousand users fills no more than one on `N`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Crowd<const N: usize>(Vec<Member>);

/// One member: its hash, the second it was last seen, and how often it was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member(pub u32, i64, pub u32);

impl<const N: usize> Default for Crowd<N> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<const N: usize> Crowd<N> {
    /// Notes that `mark` was seen at `time`.
    pub fn note(&mut self, mark: u32, time: Timestamp) {
        let second = time.as_second();
        if let Some(member) = self.0.iter_mut().find(|member| member.0 == mark) {
            member.1 = member.1.max(second);
            member.2 = member.2.saturating_add(1);
            return;
        }
        let member = Member(mark, second, 1);
        if self.0.len() < N {
            self.0.push(member);
        } else if let Some(oldest) = self.0.iter_mut().min_by_key(|member| member.1)
            && oldest.1 <= second
        {
            *oldest = member;
        }
    }

    /// Forgets `mark`, if it was last seen before `time`.
    pub fn forget(&mut self, mark: u32, time: Timestamp) {
        self.0.retain(|member| member.0 != mark || member.1 > time.as_second());
    }

    /// Members last seen from `from` to `until`, both included.
    pub fn seen(&self, from: Timestamp, until: Timestamp) -> impl Iterator<Item = &Member> {
        let (from, until) = (from.as_second(), until.as_second());
        self.0.iter().filter(move |member| (from..=until).contains(&member.1))
    }

    /// How many others than `mark` were last seen from `from` to `until`.
    pub fn others(&self, mark: u32, from: Timestamp, until: Timestamp) -> usize {
        self.seen(from, until).filter(|member| member.0 != mark).count()
    }

    /// When the newest member was last seen, in seconds.
    pub fn newest(&self) -> i64 {
        self.0.iter().map(|member| member.1).max().unwrap_or(i64::MIN)
    }

    /// Whether nobody was seen.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A short name of a text, for counting different ones: 32-bit FNV-1a.
pub fn mark(text: &str) -> u32 {
    marks([text])
}

/// A short name of several texts.
pub fn marks<'t>(texts: impl IntoIterator<Item = &'t str>) -> u32 {
    let step = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(16_777_619);
    texts.into_iter().fold(2_166_136_261, |hash, text| step(text.bytes().fold(hash, step), 0x1f))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_hundred_thousand_fill_no_more_than_its_capacity() {
        let mut crowd = Crowd::<48>::default();
        for user in 0..100_000_u32 {
            crowd.note(mark(&user.to_string()), at(i64::from(user)));
        }
        assert_eq!(crowd.seen(at(0), at(200_000)).count(), 48);
        assert_eq!(crowd.newest(), 99_999);
    }

    #[test]
    fn the_order_of_sightings_does_not_matter_below_capacity() {
        let sightings = [(1, 10), (2, 20), (1, 5), (3, 7)];
        let crowd = |order: &[usize]| {
            let mut crowd = Crowd::<8>::default();
            for place in order {
                crowd.note(sightings[*place].0, at(sightings[*place].1));
            }
            let mut members = crowd.0;
            members.sort_by_key(|member| member.0);
            members
        };
        assert_eq!(crowd(&[0, 1, 2, 3]), crowd(&[3, 2, 1, 0]));
    }
}

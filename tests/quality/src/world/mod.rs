//! Labelled worlds: an org with a learned past, a judged present in which people live, odd things happen and attacks
//! are made, and what is what.

mod attacks;
mod dice;
mod script;
mod truth;

pub(crate) use truth::{Label, Takeover, Truth};

use dice::Dice;
use jiff::{SignedDuration, Timestamp};
use salesforce_simulator::{BenignKind, CampaignKind, Org, Seed, generate_ahead};
use script::{Act, Script};

/// How large a world is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    pub(crate) users: usize,
    /// Days that only teach.
    pub(crate) learned: u32,
    /// Days that are judged.
    pub(crate) judged: u32,
    /// How many oddities are played.
    pub(crate) oddities: usize,
}

impl Scale {
    /// A small, middling or larger company, by the seed.
    pub(crate) fn of(seed: u64, judged: u32) -> Self {
        let mut dice = Dice::new(seed, 1);
        let users = [100, 150, 220, 300, 400][dice.below(5)] + dice.below(50);
        let learned = 60 + dice.below(60) as u32;
        Self { users, learned, judged, oddities: (users / 8).min(BenignKind::ALL.len()) }
    }
}

/// When it plays.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    /// The oldest row.
    pub(crate) begins: Timestamp,
    /// Rows from here on are judged.
    pub(crate) judged: Timestamp,
    pub(crate) ends: Timestamp,
}

/// An org after its life, and the truth about it.
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) org: Org,
    pub(crate) truth: Truth,
    pub(crate) span: Span,
}

impl World {
    /// Makes the world of a seed and lets it live to its end.
    pub(crate) fn of(seed: u64, scale: &Scale) -> Self {
        let mut dice = Dice::new(seed, 2);
        let days = |days: u32| SignedDuration::from_hours(24 * i64::from(days));
        // A Monday, weeks apart from other worlds'.
        let monday = Timestamp::from_second(1_780_272_000).unwrap_or_default();
        let judged = monday + days(7 * dice.below(20) as u32);
        let span = Span { begins: judged - days(scale.learned), judged, ends: judged + days(scale.judged) };
        let Scale { users, learned, .. } = *scale;
        let past = Seed { seed: 7_919 * seed + 13, users, days: learned, now: judged };
        let mut org = generate_ahead(&past, scale.judged + 7);
        let mut truth = Truth::default();
        for (time, act) in Script::of(&mut dice, scale, &span) {
            truth.note_leavers(&org, time);
            org.live_until(time);
            play(&mut org, &mut truth, &mut dice, (time, act));
        }
        org.live_until(span.ends);
        truth.gather(&org, span.ends);
        Self { seed, org, truth, span }
    }
}

fn play(org: &mut Org, truth: &mut Truth, dice: &mut Dice, (time, act): (Timestamp, Act)) {
    match act {
        Act::Attack(kind) => {
            let staff = org.user_count();
            org.launch_with(&*attacks::varied(kind, dice, staff), time);
        }
        Act::Oddity(kind) => {
            let before = org.logins().len();
            let users = org.live_benign(kind, time);
            truth.note_oddity(kind, &org.logins()[before..], &users);
        }
        Act::Nothing => {}
    }
}

/// What an oddity or attack is called.
pub(crate) fn name_of_attack(kind: CampaignKind) -> String {
    spaced(&format!("{kind:?}"))
}

/// What an oddity is called.
pub(crate) fn name_of_oddity(kind: BenignKind) -> String {
    spaced(&format!("{kind:?}"))
}

fn spaced(name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}

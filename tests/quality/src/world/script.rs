//! When what is played: one attack every few days, an oddity on most working days.

use jiff::{SignedDuration, Timestamp};
use salesforce_simulator::{BenignKind, CampaignKind};

use super::dice::Dice;
use super::{Scale, Span};

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    Attack(CampaignKind),
    Oddity(BenignKind),
    /// A day goes by.
    Nothing,
}

pub(super) struct Script;

impl Script {
    /// The acts in the order of time.
    pub(super) fn of(dice: &mut Dice, scale: &Scale, span: &Span) -> Vec<(Timestamp, Act)> {
        let days = i64::from(scale.judged);
        let mut acts: Vec<_> = (0..days).map(|day| (at(span, day, 0), Act::Nothing)).collect();
        let mut kinds = CampaignKind::ALL;
        dice.shuffle(&mut kinds);
        for (place, kind) in (0_i64..).zip(kinds) {
            let earliest = longest(kind).min(days - 1);
            let day = (2 + place * (days - 3) / 14).max(earliest) + dice.from(0, 1);
            acts.push((at(span, day.min(days - 1), minute(dice, kind)), Act::Attack(kind)));
        }
        let oddities = i64::try_from(scale.oddities.max(1)).unwrap_or(i64::MAX);
        let mut kinds = BenignKind::ALL;
        dice.shuffle(&mut kinds);
        for (place, kind) in (0_i64..).zip(kinds.into_iter().take(scale.oddities)) {
            let day = 1 + place * (days - 2) / oddities;
            let (day, minute) = convenient(kind, day, dice);
            acts.push((at(span, day.min(days - 1), minute), Act::Oddity(kind)));
        }
        acts.sort_by_key(|(time, _)| *time);
        acts
    }
}

fn at(span: &Span, day: i64, minute: i64) -> Timestamp {
    span.judged + SignedDuration::from_mins(day * 24 * 60 + minute)
}

/// Days that an attack may have taken when it ends.
fn longest(kind: CampaignKind) -> i64 {
    match kind {
        CampaignKind::TrustedApp => 26,
        CampaignKind::SlowSpray => 10,
        CampaignKind::StolenIntegration | CampaignKind::LeaversToken => 6,
        _ => 2,
    }
}

/// Whoever needs his victim at work comes while he is there.
fn minute(dice: &mut Dice, kind: CampaignKind) -> i64 {
    use CampaignKind::{InterceptedSso, PhishedSso, SessionTheft, Vishing};
    let at_work = matches!(kind, InterceptedSso | PhishedSso | SessionTheft | Vishing);
    if at_work { dice.from(8 * 60, 15 * 60) } else { dice.from(10, 24 * 60 - 10) }
}

/// The day and minute (UTC) near `day` at which such a thing happens: journeys end on Mondays, the night shift begins late.
fn convenient(kind: BenignKind, day: i64, dice: &mut Dice) -> (i64, i64) {
    use BenignKind::{
        BusinessTraveller, Conference, FamilyVisit, IdpOutage, NewHires, NightShift, Relocation,
    };
    let working = if day % 7 >= 5 { day + 2 } else { day };
    match kind {
        BusinessTraveller | Conference | FamilyVisit | Relocation => (day / 7 * 7, dice.from(6 * 60, 8 * 60)),
        IdpOutage | NewHires => (working, dice.from(7 * 60 + 40, 9 * 60)),
        NightShift => (working, dice.from(21 * 60, 21 * 60 + 40)),
        _ => (working, dice.from(13 * 60, 16 * 60)),
    }
}

//! For which part of a period a data pack was believed: a list of today's does not tell last spring's.

use jiff::Timestamp;
use serde::Serialize;

use crate::policy::PackKind;

/// One pack's part in a period.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PackPart {
    /// Its name in the policy.
    pub pack: String,
    /// As what it is believed: what a database says of Tor and of VPNs are two parts.
    pub kind: PackKind,
    /// From when until when, within the period; `None` for no part of it.
    pub believed: Option<(Timestamp, Timestamp)>,
    /// How much of the period that is, 0 to 1.
    pub share: f64,
}

impl PackPart {
    /// The part of a period for which a pack is believed that is believed from one instant until before another.
    pub fn of(
        pack: &str,
        kind: PackKind,
        (begins, ends): (Timestamp, Timestamp),
        (first, last): (Timestamp, Timestamp),
    ) -> Self {
        let believed = (begins <= last && first < ends).then(|| (begins.max(first), ends.min(last)));
        let length = |(from, until): (Timestamp, Timestamp)| until.duration_since(from).as_secs_f64();
        let share = believed.map_or(0.0, |part| match length((first, last)) {
            whole if whole > 0.0 => length(part) / whole,
            _ => 1.0,
        });
        Self { pack: pack.to_owned(), kind, believed, share }
    }

    /// What it means, for people.
    pub fn words(&self) -> String {
        let (name, kind) = (&self.pack, self.kind.name());
        let minute = |at: Timestamp| at.strftime("%F %R");
        let rest = "informs and decides nothing; a longer `max_age` tries it on all";
        match self.believed {
            None => format!(
                "The pack `{name}` ({kind}) was believed for no part of the period: what it says {rest}."
            ),
            Some(_) if self.share >= 1.0 => {
                format!("The pack `{name}` ({kind}) was believed for the whole period.")
            }
            Some((from, until)) => format!(
                "The pack `{name}` ({kind}) was believed from {} to {} UTC, {:.1} % of the period: what it says of the rest {rest}.",
                minute(from),
                minute(until),
                self.share * 100.0,
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_part_of_the_period_is_told_with_what_to_do() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let period = (at("2026-06-01T00:00:00Z"), at("2026-11-28T00:00:00Z"));
        let words = |from: &str, until: &str| {
            PackPart::of("tor", PackKind::Tor, (at(from), at(until)), period).words()
        };
        insta::assert_snapshot!(words("2026-11-25T00:00:00Z", "2026-11-27T00:00:00Z"), @"The pack `tor` (tor) was believed from 2026-11-25 00:00 to 2026-11-27 00:00 UTC, 1.1 % of the period: what it says of the rest informs and decides nothing; a longer `max_age` tries it on all.");
        insta::assert_snapshot!(words("2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z"), @"The pack `tor` (tor) was believed for no part of the period: what it says informs and decides nothing; a longer `max_age` tries it on all.");
        insta::assert_snapshot!(words("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"), @"The pack `tor` (tor) was believed for the whole period.");
        let instant = PackPart::of("tor", PackKind::Tor, period, (period.0, period.0));
        assert!((instant.share - 1.0).abs() < 1e-9, "one login is a whole period");
    }
}

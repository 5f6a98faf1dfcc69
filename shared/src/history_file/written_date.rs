//! A date and time as it was written, before it is known which number is the day.

use jiff::civil::{Date, DateTime, Time};

use super::zone::{Zone, zone};

/// Which of three numbers is which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Mdy,
    Dmy,
    Ymd,
}

/// What the numbers themselves say about their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    /// This order.
    Only(Order),
    /// Day, month or a year of two digits may stand first.
    Either,
    /// Day or month may stand first, and it is the same date.
    Same,
}

/// A date and time as it was written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct WrittenDate {
    numbers: [i16; 3],
    time: Time,
    pub(super) says: Says,
    pub(super) zone: Zone,
}

impl WrittenDate {
    /// Takes a text apart: three numbers with one kind of separator, a time of day, perhaps AM or PM, perhaps a zone.
    pub(super) fn read(text: &str) -> Option<Self> {
        let text = text.replace(['\u{a0}', '\u{202f}'], " ");
        let (first, rest) = number(text.trim())?;
        let separator = rest.chars().next().filter(|c| matches!(c, '/' | '-' | '.'))?;
        let (second, rest) = number(rest.strip_prefix(separator)?)?;
        let (third, rest) = number(rest.strip_prefix(separator)?)?;
        let (time, rest) = time(rest.trim_start_matches([' ', ',']).trim_start_matches('T'))?;
        let says = says([first, second, third], separator);
        let numbers = [first.value, second.value, third.value];
        Some(Self { numbers, time, says, zone: zone(rest)? })
    }

    /// The date in an order; `None` when there is no such day.
    pub(super) fn in_order(&self, order: Order) -> Option<DateTime> {
        let [a, b, c] = self.numbers;
        let (year, month, day) = match order {
            Order::Mdy => (c, a, b),
            Order::Dmy => (c, b, a),
            Order::Ymd => (a, b, c),
        };
        let year = if year < 100 { year + 2000 } else { year };
        let date = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
        Some(date.to_datetime(self.time))
    }
}

#[derive(Clone, Copy)]
struct Number {
    value: i16,
    digits: usize,
}

/// Dots are how day-first countries write their dates.
fn says([first, second, third]: [Number; 3], separator: char) -> Says {
    let may_be = |number: Number, most| (1..=most).contains(&number.value);
    if first.digits == 4 {
        return Says::Only(Order::Ymd);
    }
    // `26/11/23` may begin with its year.
    if third.digits < 4 && separator != '.' && may_be(second, 12) && may_be(third, 31) {
        return Says::Either;
    }
    match (may_be(first, 12) && may_be(second, 31), may_be(first, 31) && may_be(second, 12)) {
        (true, true) if first.value == second.value => Says::Same,
        (_, true) if separator == '.' => Says::Only(Order::Dmy),
        (true, false) => Says::Only(Order::Mdy),
        (false, true) => Says::Only(Order::Dmy),
        _ => Says::Either,
    }
}

fn number(text: &str) -> Option<(Number, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let value = text.get(..digits).filter(|_| (1..=4).contains(&digits))?.parse().ok()?;
    Some((Number { value, digits }, text.get(digits..)?))
}

fn time(text: &str) -> Option<(Time, &str)> {
    let (hour, rest) = number(text)?;
    let (minute, rest) = number(rest.strip_prefix(':')?)?;
    let (second, rest) = match rest.strip_prefix(':') {
        Some(rest) => number(rest)?,
        None => (Number { value: 0, digits: 2 }, rest),
    };
    let (nanosecond, rest) = fraction(rest);
    let (hour, rest) = half_of_day(hour.value, rest.trim_start())?;
    let part = |number: Number| i8::try_from(number.value).ok();
    Some((Time::new(hour, part(minute)?, part(second)?, nanosecond).ok()?, rest))
}

fn fraction(text: &str) -> (i32, &str) {
    let Some(rest) = text.strip_prefix('.') else { return (0, text) };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = rest.split_at(digits);
    let padded: String = digits.chars().chain("000000000".chars()).take(9).collect();
    (padded.parse().unwrap_or(0), rest)
}

/// As English, Spanish, Greek, Chinese, Japanese and Korean write it behind the time.
const BEFORE_NOON: [&str; 7] = ["AM", "a.m.", "a. m.", "π.μ.", "上午", "午前", "오전"];
const AFTER_NOON: [&str; 7] = ["PM", "p.m.", "p. m.", "μ.μ.", "下午", "午後", "오후"];

/// `12 AM` is midnight; without AM or PM the hour counts to 23.
fn half_of_day(hour: i16, rest: &str) -> Option<(i8, &str)> {
    let after = |name: &&str| {
        let found = rest.get(..name.len()).filter(|start| start.eq_ignore_ascii_case(name));
        found.and_then(|_| rest.get(name.len()..))
    };
    let (base, rest) = match (BEFORE_NOON.iter().find_map(after), AFTER_NOON.iter().find_map(after)) {
        (Some(rest), _) => (0, rest),
        (None, Some(rest)) => (12, rest),
        (None, None) => return Some((i8::try_from(hour).ok()?, rest)),
    };
    (1..=12).contains(&hour).then(|| (i8::try_from(hour % 12 + base).unwrap_or(0), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn civil(text: &str, order: Order) -> Option<String> {
        Some(WrittenDate::read(text)?.in_order(order)?.to_string())
    }

    #[test]
    fn every_way_of_writing_the_same_minute() {
        let same = [
            ("2026-11-23T18:43:00.000+0000", Order::Ymd),
            ("2026-11-23 18:43:00 UTC", Order::Ymd),
            ("11/23/2026 18:43:00 PST", Order::Mdy),
            ("11/23/2026, 6:43 PM", Order::Mdy),
            ("11/23/2026, 6:43:00\u{202f}p.m. PST", Order::Mdy),
            ("23.11.26 18:43", Order::Dmy),
            ("23/11/2026 6:43 p. m.", Order::Dmy),
            ("23/11/2026 6:43\u{a0}p.\u{a0}m. CET", Order::Dmy),
            ("23/11/2026 6:43 μ.μ.", Order::Dmy),
            ("2026/11/23 6:43 下午", Order::Ymd),
        ];
        for (text, order) in same {
            assert_eq!(civil(text, order).as_deref(), Some("2026-11-23T18:43:00"), "{text}");
        }
        assert_eq!(civil("1/2/2026 12:05 AM", Order::Dmy).as_deref(), Some("2026-02-01T00:05:00"));
    }

    #[test]
    fn numbers_above_twelve_decide() {
        let says = |text| WrittenDate::read(text).unwrap().says;
        assert_eq!(says("11/23/2026 1:00"), Says::Only(Order::Mdy));
        assert_eq!(says("23/11/2026 1:00"), Says::Only(Order::Dmy));
        assert_eq!(says("11/12/2026 1:00"), Says::Either);
        assert_eq!(says("11/11/2026 1:00"), Says::Same);
        assert_eq!(says("11.12.2026 1:00"), Says::Only(Order::Dmy));
        assert_eq!(says("26/11/23 18:43 JST"), Says::Either);
        assert_eq!(says("11/11/26 1:00"), Says::Either);
        assert_eq!(says("11/23/26 1:00"), Says::Only(Order::Mdy));
    }

    #[test]
    fn what_is_no_date() {
        for text in [
            "",
            "yesterday",
            "2026-11-23",
            "11/23-2026 1:00",
            "1/1/2026 13:00 PM",
            "1/1/2026 25:00",
            "1/1/2026 6:43 ب.ظ.",
        ] {
            assert_eq!(WrittenDate::read(text), None, "{text:?}");
        }
        assert_eq!(civil("2/30/2026 1:00", Order::Mdy), None);
    }
}

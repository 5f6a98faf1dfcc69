//! From the text of a date to an instant.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;

use super::rejected::quoted;
use super::written_date::{Order, Says, WrittenDate};
use super::zone::Zone;

/// How this file's dates are read.
#[derive(Debug)]
pub(super) struct Dates {
    pub(super) form: Form,
    /// The zone of dates that name none.
    pub(super) zone: Option<TimeZone>,
}

/// How the numbers are put together.
#[derive(Debug)]
pub(super) enum Form {
    /// A date that does not begin with its year is in this order.
    Ordered(Order),
    /// Only dates that begin with their year.
    Iso,
    /// A strftime pattern.
    Pattern(String),
}

/// Why a text is no instant.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoInstant {
    /// It is no date, or no such day exists.
    Malformed(String),
    /// It names no zone.
    NoZone(String),
    /// It names a zone that is not known.
    UnknownZone(String),
}

impl Dates {
    pub(super) fn read(&self, text: &str) -> Result<Timestamp, NoInstant> {
        if let Form::Pattern(pattern) = &self.form {
            return self.by_pattern(pattern, text);
        }
        let malformed = || NoInstant::Malformed(format!("{} is not a date and time", quoted(text)));
        let written = WrittenDate::read(text).ok_or_else(malformed)?;
        let order = self.order_of(written.says).ok_or_else(malformed)?;
        let civil = written.in_order(order).ok_or_else(malformed)?;
        match written.zone {
            Zone::Known(zone) => at(civil, &zone),
            Zone::Absent => self.without_zone(civil, text),
            Zone::Unknown => self.zone.as_ref().map_or_else(
                || Err(NoInstant::UnknownZone(quoted(zone_letters(text)))),
                |zone| at(civil, zone),
            ),
        }
    }

    /// A date that begins with four digits begins with its year, whatever was said of the others.
    fn order_of(&self, says: Says) -> Option<Order> {
        match (&self.form, says) {
            (_, Says::Only(Order::Ymd)) => Some(Order::Ymd),
            (Form::Ordered(order), _) => Some(*order),
            (Form::Iso | Form::Pattern(_), _) => None,
        }
    }

    fn by_pattern(&self, pattern: &str, text: &str) -> Result<Timestamp, NoInstant> {
        let malformed =
            || NoInstant::Malformed(format!("{} does not match the pattern {pattern}", quoted(text)));
        let parts = BrokenDownTime::parse(pattern, text.trim()).map_err(|_| malformed())?;
        if parts.offset().is_some() || parts.timestamp().is_some() {
            return parts.to_timestamp().map_err(|_| malformed());
        }
        if parts.iana_time_zone().is_some() {
            return parts.to_zoned_datetime().map(|zoned| zoned.timestamp()).map_err(|_| malformed());
        }
        self.without_zone(parts.to_datetime().map_err(|_| malformed())?, text)
    }

    fn without_zone(&self, civil: DateTime, text: &str) -> Result<Timestamp, NoInstant> {
        let zone = self.zone.as_ref().ok_or_else(|| NoInstant::NoZone(quoted(text)))?;
        at(civil, zone)
    }
}

/// An hour that the clock shows twice in autumn is the first one; one that it skips in spring is moved on.
fn at(civil: DateTime, zone: &TimeZone) -> Result<Timestamp, NoInstant> {
    zone.to_timestamp(civil).map_err(|_| NoInstant::Malformed(format!("{civil} is out of range")))
}

fn zone_letters(text: &str) -> &str {
    text.rsplit([' ', ':']).next().unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(form: Form, zone: Option<&str>, text: &str) -> Result<String, NoInstant> {
        let zone = zone.map(|name| TimeZone::get(name).unwrap());
        Dates { form, zone }.read(text).map(|instant| instant.to_string())
    }

    #[test]
    fn the_zone_in_the_row_comes_before_the_zone_that_was_given() {
        let month_first = || Form::Ordered(Order::Mdy);
        let paris = Some("Europe/Paris");
        let read = |zone, text| read(month_first(), zone, text);
        assert_eq!(read(paris, "11/23/2026 18:43:00 PST").unwrap(), "2026-11-24T02:43:00Z");
        assert_eq!(read(paris, "11/23/2026, 6:43 PM").unwrap(), "2026-11-23T17:43:00Z");
        assert_eq!(read(paris, "11/23/2026, 6:43 PM IST").unwrap(), "2026-11-23T17:43:00Z");
        assert_eq!(read(None, "2026-11-23T18:43:00.000+0000").unwrap(), "2026-11-23T18:43:00Z");
        assert!(matches!(read(None, "11/23/2026, 6:43 PM"), Err(NoInstant::NoZone(_))));
        assert_eq!(read(None, "11/23/2026 6:43 PM IST"), Err(NoInstant::UnknownZone("`IST`".into())));
        assert!(matches!(read(paris, "23/11/2026 1:00"), Err(NoInstant::Malformed(_))));
    }

    #[test]
    fn iso_takes_nothing_else() {
        assert!(read(Form::Iso, None, "2026-11-23T18:43:00Z").is_ok());
        assert!(read(Form::Iso, None, "11/23/2026 18:43:00 UTC").is_err());
    }

    #[test]
    fn patterns() {
        let pattern = |text: &str| Form::Pattern(text.to_owned());
        let paris = Some("Europe/Paris");
        let read_paris = |form, text| read(form, paris, text);
        assert_eq!(
            read_paris(pattern("%d %b %Y %H:%M"), "23 Nov 2026 18:43").unwrap(),
            "2026-11-23T17:43:00Z"
        );
        assert_eq!(
            read(pattern("%Y%m%d %H%M %z"), None, "20261123 1843 +0200").unwrap(),
            "2026-11-23T16:43:00Z"
        );
        assert!(matches!(
            read(pattern("%d %b %Y %H:%M"), None, "23 Nov 2026 18:43"),
            Err(NoInstant::NoZone(_))
        ));
        assert!(matches!(read(pattern("%d %b %Y"), None, "23/11"), Err(NoInstant::Malformed(_))));
    }
}

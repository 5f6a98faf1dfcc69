//! What `--date-format` may say.

use std::str::FromStr;

use jiff::fmt::strtime::BrokenDownTime;

/// How dates are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DateFormat {
    /// `mdy`: 11/23/2026.
    MonthFirst,
    /// `dmy`: 23/11/2026.
    DayFirst,
    /// `ymd`: 2026/11/23.
    YearFirst,
    /// `iso`: 2026-11-23T18:43:00Z.
    Iso,
    /// A strftime pattern, for example `%d.%m.%Y %H:%M`.
    Pattern(String),
}

impl FromStr for DateFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().as_str() {
            "mdy" => Ok(Self::MonthFirst),
            "dmy" => Ok(Self::DayFirst),
            "ymd" => Ok(Self::YearFirst),
            "iso" => Ok(Self::Iso),
            _ if text.contains('%') => pattern(text),
            _ => Err(format!(
                "`{text}` is not a date format: use mdy, dmy, ymd, iso or a pattern such as `%d.%m.%Y %H:%M`"
            )),
        }
    }
}

/// A pattern is refused here rather than on every row.
fn pattern(text: &str) -> Result<DateFormat, String> {
    let sample = jiff::civil::date(2026, 11, 23).at(18, 43, 0, 0).in_tz("UTC");
    let sample = sample.map_err(|error| error.to_string())?;
    match BrokenDownTime::from(&sample).to_string(text) {
        Ok(_) => Ok(DateFormat::Pattern(text.to_owned())),
        Err(error) => Err(format!("`{text}` is not a strftime pattern: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_patterns() {
        assert_eq!("DMY".parse(), Ok(DateFormat::DayFirst));
        assert_eq!("%d.%m.%Y %H:%M".parse(), Ok(DateFormat::Pattern("%d.%m.%Y %H:%M".into())));
        assert!("%Q%!".parse::<DateFormat>().is_err());
        assert!("european".parse::<DateFormat>().unwrap_err().contains("use mdy"));
    }
}

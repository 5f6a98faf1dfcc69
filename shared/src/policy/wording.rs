//! A deserializer's words in words for people.

use jiff::{SignedDuration, Span, SpanRelativeTo};

use crate::observation::CountryCode;

/// What is wrong, and what was probably meant.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Worded {
    pub(super) problem: String,
    pub(super) did_you_mean: Option<String>,
    /// Whether it is a key too many rather than a wrong value.
    pub(super) is_surplus: bool,
}

/// Names that are listed whole where none is near.
const LISTED: usize = 20;

/// How a deserializer names what it expects, and how people do.
const EXPECTED: [(&str, &str); 11] = [
    ("u32", "a whole number, 0 or more"),
    ("u64", "a whole number, 0 or more"),
    ("usize", "a whole number, 0 or more"),
    ("i64", "a whole number"),
    ("f64", "a number"),
    ("a boolean", "true or false"),
    ("a string", "text"),
    ("string or map", "text"),
    ("a sequence", "a list"),
    ("a map", "a section with keys"),
    ("a signed duration string", "a duration such as 24h or 15m"),
];

pub(super) fn worded(said: &str) -> Worded {
    let names: Vec<_> = said.split('`').skip(1).step_by(2).collect();
    let (wrong, known) = names.split_first().map_or(("", &[][..]), |(wrong, known)| (*wrong, known));
    let did_you_mean = nearest(wrong, known.iter().copied());
    let list = if did_you_mean.is_none() && known.len() <= LISTED && !known.is_empty() {
        format!("; known are {}", known.join(", "))
    } else {
        String::new()
    };
    if said.starts_with("unknown field") {
        return Worded { problem: format!("there is no such key{list}"), did_you_mean, is_surplus: true };
    }
    if said.starts_with("unknown variant") {
        return Worded {
            problem: format!("`{wrong}` may not stand here{list}"),
            did_you_mean,
            is_surplus: false,
        };
    }
    if said.ends_with(" is not a two-letter country code") {
        let did_you_mean = CountryCode::named(wrong).map(|code| code.to_string());
        return Worded { problem: said.to_owned(), did_you_mean, is_surplus: false };
    }
    if said == "invalid IP address syntax" {
        let problem = "a network such as 203.0.113.0/24 is needed".to_owned();
        return Worded { problem, did_you_mean: None, is_surplus: false };
    }
    Worded { problem: plain(said), did_you_mean: None, is_surplus: false }
}

/// What is wrong with a text of which the reader of durations has `said` something: whoever writes days or weeks means their
/// hours.
pub(super) fn no_duration(text: &str, said: &str) -> Option<Worded> {
    text.parse::<SignedDuration>().err().filter(|error| error.to_string() == said)?;
    let span = text.parse::<Span>().and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()));
    let did_you_mean = span.ok().map(|span| match span.as_secs() % 3_600 {
        0 => format!("{}h", span.as_hours()),
        _ => format!("{span:#}"),
    });
    let problem = format!("`{text}` is no duration: write hours, minutes or seconds, such as 24h or 1h 30m");
    Some(Worded { problem, did_you_mean, is_surplus: false })
}

fn plain(said: &str) -> String {
    let Some((found, wanted)) = said.split_once(", expected ") else { return said.to_owned() };
    let found = found.trim_start_matches("invalid type: ").trim_start_matches("invalid value: ");
    let found = if found == "sequence" { "a list" } else { found };
    let known = EXPECTED.iter().find(|(theirs, _)| wanted.trim() == *theirs).map(|(_, ours)| *ours);
    let wanted = if wanted.starts_with("struct ") { "a section with keys" } else { known.unwrap_or(wanted) };
    format!("found {found}, but {wanted} is needed")
}

/// The name that is written almost like `wrong`.
pub fn nearest<'a>(wrong: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    let wrong = wrong.to_lowercase();
    let scored =
        names.map(|name| (strsim::normalized_damerau_levenshtein(&wrong, &name.to_lowercase()), name));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 >= 0.6).then(|| best.1.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_understood_and_nonsense_gets_the_list() {
        let slip = worded("unknown field `per_huor`, expected one of `per_request`, `per_hour`, `per_day`");
        assert_eq!(slip.did_you_mean.as_deref(), Some("per_hour"));
        let nonsense = worded("unknown variant `attack`, expected one of `off`, `observe`, `ask`, `contain`");
        assert_eq!(nonsense.problem, "`attack` may not stand here; known are off, observe, ask, contain");
        assert_eq!(nearest("Contain", ["ask", "contain"].into_iter()).as_deref(), Some("contain"));
        assert_eq!(
            worded("invalid type: string \"x\", expected u32").problem,
            "found string \"x\", but a whole number, 0 or more is needed"
        );
    }

    #[test]
    fn days_are_told_in_hours_and_what_another_reader_said_is_left_to_it() {
        let meant = |text: &str| {
            let said = text.parse::<SignedDuration>().unwrap_err().to_string();
            let worded = no_duration(text, &said).unwrap();
            assert!(worded.problem.starts_with(&format!("`{text}` is no duration")), "{}", worded.problem);
            worded.did_you_mean
        };
        assert_eq!(meant("1d").as_deref(), Some("24h"));
        assert_eq!(meant("1w 1d").as_deref(), Some("192h"));
        assert_eq!(meant("1d 30m").as_deref(), Some("24h 30m"));
        assert_eq!(meant("a while"), None);
        assert_eq!(no_duration("1d", "missing field `until`"), None);
    }
}

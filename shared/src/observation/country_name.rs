//! Countries by name.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::CountryCode;

impl CountryCode {
    /// A code, an English name, or a place that ends in one (`Lyon, France`); what is not known is `None`.
    pub fn named(text: &str) -> Option<Self> {
        let last = text.rsplit(',').next().unwrap_or(text);
        [text, last].into_iter().find_map(|name| KNOWN.get(&name.trim().to_lowercase()).copied())
    }

    /// Every code of ISO 3166-1, and `XK`.
    pub fn all() -> impl Iterator<Item = Self> {
        NAMES.lines().filter_map(|line| Self::parse(line.get(..2)?))
    }
}

/// Every code of ISO 3166-1, and `XK`, with the English names by which ISO, Unicode CLDR and people call it; the usual one
/// stands first. Source: iso3166.tab of the IANA time zone database (public domain), with full names.
const NAMES: &str = include_str!("country_names.tsv");

static KNOWN: LazyLock<HashMap<String, CountryCode>> = LazyLock::new(|| {
    let named = NAMES.lines().filter_map(|line| Some((line, CountryCode::parse(line.get(..2)?)?)));
    named.flat_map(|(line, code)| line.split('\t').map(move |name| (name.to_lowercase(), code))).collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_names_and_places() {
        let code = |text| CountryCode::named(text).map(|code| code.to_string()).unwrap_or_default();
        let cases = [
            ("fr", "FR"),
            ("united states", "US"),
            ("Lyon, France", "FR"),
            ("Ghana", "GH"),
            ("CÔTE D'IVOIRE", "CI"),
            ("Korea, Republic of", "KR"),
            ("UK", "GB"),
            ("Austin, TX", ""),
            ("Atlantis", ""),
            ("", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(code(text), expected, "{text}");
        }
    }

    #[test]
    fn every_line_names_a_country_and_no_name_means_two() {
        let entries: usize = NAMES.lines().map(|line| line.split('\t').count()).sum();
        assert_eq!((CountryCode::all().count(), entries), (250, KNOWN.len()));
    }
}

//! Countries: their codes, and how large they are.

use std::fmt;

use serde::{Deserialize, Serialize};

/// ISO 3166-1 alpha-2, upper case.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CountryCode([u8; 2]);

/// A circle that covers a country's populated mainland.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    pub(super) latitude: f64,
    pub(super) longitude: f64,
    pub(super) radius_km: f64,
}

impl CountryCode {
    /// Two ASCII letters in any case; anything else is `None`.
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim().as_bytes() {
            [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
                Some(Self([a.to_ascii_uppercase(), b.to_ascii_uppercase()]))
            }
            _ => None,
        }
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or("??")
    }

    /// The code as its two letters.
    pub(crate) fn letters(self) -> [u8; 2] {
        self.0
    }

    pub(super) fn extent(self) -> Option<Extent> {
        let found = EXTENTS.binary_search_by(|(code, ..)| code.as_bytes().cmp(self.0.as_slice())).ok()?;
        let (_, latitude, longitude, radius_km) = EXTENTS[found];
        Some(Extent { latitude, longitude, radius_km })
    }
}

impl fmt::Display for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for CountryCode {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or_else(|| format!("`{text}` is not a two-letter country code"))
    }
}

impl From<CountryCode> for String {
    fn from(code: CountryCode) -> Self {
        code.to_string()
    }
}

/// Code, latitude, longitude, radius in kilometres: rounded outward by hand from an atlas, so that a distance
/// between two circles is a lower bound. A country that is not listed yields no place, and travel abstains.
const EXTENTS: &[(&str, f64, f64, f64)] = &[
    ("AE", 24.0, 54.0, 300.0),
    ("AL", 41.0, 20.0, 200.0),
    ("AM", 40.2, 45.0, 200.0),
    ("AR", -36.0, -64.0, 2000.0),
    ("AT", 47.6, 14.1, 350.0),
    ("AU", -27.0, 134.0, 2300.0),
    ("AZ", 40.3, 47.7, 300.0),
    ("BA", 44.2, 17.8, 200.0),
    ("BD", 23.8, 90.3, 400.0),
    ("BE", 50.6, 4.6, 170.0),
    ("BG", 42.7, 25.3, 300.0),
    ("BO", -16.7, -64.7, 900.0),
    ("BR", -12.0, -52.0, 2600.0),
    ("BY", 53.5, 28.0, 400.0),
    ("CA", 55.0, -95.0, 3300.0),
    ("CH", 46.8, 8.2, 220.0),
    ("CI", 7.6, -5.6, 450.0),
    ("CL", -33.0, -71.0, 2500.0),
    ("CM", 5.7, 12.7, 750.0),
    ("CN", 35.0, 103.0, 2800.0),
    ("CO", 4.0, -73.0, 1000.0),
    ("CR", 10.0, -84.2, 250.0),
    ("CU", 21.6, -79.0, 700.0),
    ("CY", 35.0, 33.2, 130.0),
    ("CZ", 49.8, 15.5, 300.0),
    ("DE", 51.1, 10.4, 500.0),
    ("DK", 56.0, 10.5, 300.0),
    ("DO", 18.9, -70.5, 250.0),
    ("DZ", 32.0, 3.0, 1300.0),
    ("EC", -1.5, -78.5, 500.0),
    ("EE", 58.7, 25.5, 220.0),
    ("EG", 27.0, 30.0, 800.0),
    ("ES", 39.0, -4.0, 1900.0),
    ("ET", 9.0, 39.5, 900.0),
    ("FI", 64.0, 26.0, 700.0),
    ("FR", 46.6, 2.5, 650.0),
    ("GB", 54.5, -3.0, 650.0),
    ("GE", 42.0, 43.5, 300.0),
    ("GH", 7.9, -1.2, 450.0),
    ("GR", 38.5, 24.0, 500.0),
    ("GT", 15.6, -90.3, 300.0),
    ("HK", 22.35, 114.15, 50.0),
    ("HN", 14.8, -86.5, 400.0),
    ("HR", 45.0, 16.0, 330.0),
    ("HU", 47.2, 19.4, 300.0),
    ("ID", -2.5, 118.0, 2700.0),
    ("IE", 53.2, -8.0, 280.0),
    ("IL", 31.4, 35.0, 250.0),
    ("IN", 22.0, 80.0, 1900.0),
    ("IQ", 33.0, 43.7, 650.0),
    ("IR", 32.5, 54.0, 1200.0),
    ("IS", 64.9, -18.6, 300.0),
    ("IT", 42.5, 12.5, 750.0),
    ("JM", 18.1, -77.3, 130.0),
    ("JO", 31.2, 36.5, 300.0),
    ("JP", 36.5, 138.0, 1700.0),
    ("KE", 0.5, 37.9, 650.0),
    ("KH", 12.7, 104.9, 350.0),
    ("KP", 40.2, 127.2, 400.0),
    ("KR", 36.4, 127.9, 400.0),
    ("KW", 29.3, 47.6, 130.0),
    ("KZ", 48.0, 67.0, 1600.0),
    ("LB", 33.9, 35.9, 130.0),
    ("LK", 7.6, 80.7, 260.0),
    ("LT", 55.3, 23.9, 220.0),
    ("LU", 49.8, 6.1, 60.0),
    ("LV", 56.9, 24.9, 250.0),
    ("MA", 31.0, -7.0, 1000.0),
    ("MD", 47.2, 28.5, 220.0),
    ("ME", 42.8, 19.2, 110.0),
    ("MK", 41.6, 21.7, 130.0),
    ("MM", 19.5, 96.5, 1100.0),
    ("MT", 35.9, 14.4, 40.0),
    ("MU", -20.2, 57.6, 600.0),
    ("MX", 23.5, -102.0, 1900.0),
    ("MY", 4.0, 109.0, 1200.0),
    ("NG", 9.3, 8.3, 750.0),
    ("NL", 52.2, 5.4, 200.0),
    ("NO", 64.5, 16.0, 1100.0),
    ("NP", 28.3, 84.0, 500.0),
    ("NZ", -41.5, 173.0, 1000.0),
    ("OM", 20.8, 56.0, 700.0),
    ("PA", 8.5, -80.1, 350.0),
    ("PE", -9.5, -75.0, 1200.0),
    ("PH", 12.0, 122.5, 1000.0),
    ("PK", 30.0, 70.0, 1000.0),
    ("PL", 52.1, 19.4, 430.0),
    ("PR", 18.2, -66.4, 120.0),
    ("PT", 38.5, -9.0, 1900.0),
    ("PY", -23.3, -58.3, 550.0),
    ("QA", 25.3, 51.2, 100.0),
    ("RO", 45.9, 25.0, 400.0),
    ("RS", 44.2, 20.8, 270.0),
    ("RU", 60.0, 90.0, 4500.0),
    ("SA", 24.0, 45.0, 1200.0),
    ("SE", 62.5, 17.0, 900.0),
    ("SG", 1.35, 103.8, 40.0),
    ("SI", 46.1, 14.8, 140.0),
    ("SK", 48.7, 19.6, 230.0),
    ("SN", 14.4, -14.5, 400.0),
    ("SV", 13.7, -88.9, 150.0),
    ("SY", 35.0, 38.5, 400.0),
    ("TH", 13.5, 101.0, 950.0),
    ("TN", 34.2, 9.6, 450.0),
    ("TR", 39.0, 35.2, 900.0),
    ("TW", 23.7, 121.0, 280.0),
    ("TZ", -6.3, 35.0, 750.0),
    ("UA", 48.6, 31.4, 750.0),
    ("UG", 1.3, 32.4, 350.0),
    ("US", 40.0, -100.0, 6000.0),
    ("UY", -32.8, -56.0, 350.0),
    ("UZ", 41.5, 64.5, 800.0),
    ("VE", 7.0, -66.0, 900.0),
    ("VN", 16.0, 107.0, 1000.0),
    ("ZA", -29.0, 25.0, 950.0),
    ("ZM", -13.8, 27.8, 750.0),
    ("ZW", -19.0, 29.8, 500.0),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_so_that_the_search_finds_every_row() {
        assert!(EXTENTS.is_sorted_by(|a, b| a.0 < b.0));
        for (code, ..) in EXTENTS {
            assert!(CountryCode::parse(code).unwrap().extent().is_some());
        }
    }

    #[test]
    fn codes_are_two_letters() {
        assert_eq!(CountryCode::parse(" us ").unwrap().as_str(), "US");
        assert_eq!(CountryCode::parse("USA"), None);
        assert_eq!(CountryCode::parse("1A"), None);
    }
}

//! Real places, so that distances and travel times are real.

/// A city that people work in, travel to or attack from.
#[derive(Debug, PartialEq)]
pub struct City {
    /// English name.
    pub name: &'static str,
    /// English name.
    pub country: &'static str,
    /// ISO 3166 alpha-2.
    pub country_iso: &'static str,
    /// State or region.
    pub subdivision: &'static str,
    /// Of the centre.
    pub postal_code: &'static str,
    /// Degrees.
    pub latitude: f64,
    /// Degrees.
    pub longitude: f64,
    /// IANA name.
    pub time_zone: &'static str,
    /// Standard time's offset from GMT in minutes; the simulated world has no daylight saving.
    pub offset: i64,
}

macro_rules! cities {
    ($($name:literal $country:literal $iso:literal $sub:literal $post:literal $lat:literal $lon:literal $zone:literal $offset:literal;)*) => {
        &[$(City {
            name: $name, country: $country, country_iso: $iso, subdivision: $sub, postal_code: $post,
            latitude: $lat, longitude: $lon, time_zone: $zone, offset: $offset,
        }),*]
    };
}

/// The first [`HOME_CITIES`] are where staff live, grouped by office; the next are where they travel.
pub(crate) static CITIES: &[City] = cities! {
    "Berlin" "Germany" "DE" "Berlin" "10115" 52.5200 13.4050 "Europe/Berlin" 60;
    "Potsdam" "Germany" "DE" "Brandenburg" "14467" 52.3906 13.0645 "Europe/Berlin" 60;
    "Leipzig" "Germany" "DE" "Saxony" "04109" 51.3397 12.3731 "Europe/Berlin" 60;
    "Hamburg" "Germany" "DE" "Hamburg" "20095" 53.5511 9.9937 "Europe/Berlin" 60;
    "Austin" "United States" "US" "Texas" "78701" 30.2672 -97.7431 "America/Chicago" -360;
    "San Antonio" "United States" "US" "Texas" "78205" 29.4241 -98.4936 "America/Chicago" -360;
    "Dallas" "United States" "US" "Texas" "75201" 32.7767 -96.7970 "America/Chicago" -360;
    "Houston" "United States" "US" "Texas" "77002" 29.7604 -95.3698 "America/Chicago" -360;
    "Bengaluru" "India" "IN" "Karnataka" "560001" 12.9716 77.5946 "Asia/Kolkata" 330;
    "Mysuru" "India" "IN" "Karnataka" "570001" 12.2958 76.6394 "Asia/Kolkata" 330;
    "Chennai" "India" "IN" "Tamil Nadu" "600001" 13.0827 80.2707 "Asia/Kolkata" 330;
    "Hyderabad" "India" "IN" "Telangana" "500001" 17.3850 78.4867 "Asia/Kolkata" 330;
    "London" "United Kingdom" "GB" "England" "EC1A" 51.5074 -0.1278 "Europe/London" 0;
    "Paris" "France" "FR" "Ile-de-France" "75001" 48.8566 2.3522 "Europe/Paris" 60;
    "Amsterdam" "Netherlands" "NL" "North Holland" "1012" 52.3676 4.9041 "Europe/Amsterdam" 60;
    "Madrid" "Spain" "ES" "Madrid" "28001" 40.4168 -3.7038 "Europe/Madrid" 60;
    "New York" "United States" "US" "New York" "10001" 40.7128 -74.0060 "America/New_York" -300;
    "San Francisco" "United States" "US" "California" "94103" 37.7749 -122.4194 "America/Los_Angeles" -480;
    "Toronto" "Canada" "CA" "Ontario" "M5H" 43.6532 -79.3832 "America/Toronto" -300;
    "Singapore" "Singapore" "SG" "Singapore" "048616" 1.3521 103.8198 "Asia/Singapore" 480;
    "Dubai" "United Arab Emirates" "AE" "Dubai" "00000" 25.2048 55.2708 "Asia/Dubai" 240;
    "Tokyo" "Japan" "JP" "Tokyo" "100-0001" 35.6762 139.6503 "Asia/Tokyo" 540;
    "Dublin" "Ireland" "IE" "Leinster" "D01" 53.3498 -6.2603 "Europe/Dublin" 0;
    "Lagos" "Nigeria" "NG" "Lagos" "100001" 6.5244 3.3792 "Africa/Lagos" 60;
    "Sao Paulo" "Brazil" "BR" "Sao Paulo" "01000" -23.5505 -46.6333 "America/Sao_Paulo" -180;
    "Chisinau" "Moldova" "MD" "Chisinau" "2001" 47.0105 28.8638 "Europe/Chisinau" 120;
    "Hanoi" "Vietnam" "VN" "Hanoi" "100000" 21.0278 105.8342 "Asia/Ho_Chi_Minh" 420;
    "Auckland" "New Zealand" "NZ" "Auckland" "1010" -36.8509 174.7645 "Pacific/Auckland" 720;
};

/// Cities that staff live in: four for each of the three offices.
pub(crate) const HOME_CITIES: usize = 12;
/// Where the corporate VPN lets its traffic out.
pub(crate) const VPN_CITY: usize = 22;
/// Where business trips lead.
pub(crate) const TRAVEL: std::ops::Range<usize> = 12..22;
/// Cities nobody of the org has been to.
pub(crate) const STRANGE: std::ops::Range<usize> = 23..28;

pub(crate) fn city(place: usize) -> &'static City {
    &CITIES[place % CITIES.len()]
}

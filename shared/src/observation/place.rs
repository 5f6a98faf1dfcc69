//! Where on Earth, and how sure.

use serde::{Deserialize, Serialize};

use super::{CountryCode, Text};

/// Mean radius of the Earth in kilometres (IUGG R1).
const EARTH_RADIUS_KM: f64 = 6_371.008_8;
/// Geolocation names a city and still errs by about this much; Salesforce states no accuracy of its own.
const CITY_RADIUS_KM: f64 = 50.0;
/// Used for a country whose size is not in the table: wide enough that nothing follows from it.
const UNKNOWN_COUNTRY_RADIUS_KM: f64 = 2_500.0;

/// A point with the radius of its uncertainty.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// Degrees north, -90 to 90.
    pub latitude: f64,
    /// Degrees east, -180 to 180.
    pub longitude: f64,
    /// The true place lies within this many kilometres.
    pub radius_km: f64,
    /// ISO 3166-1 alpha-2.
    pub country: Option<CountryCode>,
    /// City, unlocalised, as Salesforce names it.
    #[serde(default)]
    pub city: Option<Text>,
}

impl Place {
    /// From what Salesforce gives: coordinates where LoginGeo was readable, else the country alone. `None` when
    /// neither says anything usable.
    pub fn from_parts(
        coordinates: Option<(f64, f64)>,
        country: Option<CountryCode>,
        city: Option<Text>,
    ) -> Option<Self> {
        let city = city.filter(|name| !name.trim().is_empty());
        let extent = country.and_then(CountryCode::extent);
        let country_radius = extent.map_or(UNKNOWN_COUNTRY_RADIUS_KM, |extent| extent.radius_km);
        match coordinates.filter(|(latitude, longitude)| is_on_earth(*latitude, *longitude)) {
            Some((latitude, longitude)) => {
                let radius_km = if city.is_some() { CITY_RADIUS_KM } else { country_radius };
                Some(Self { latitude, longitude, radius_km, country, city })
            }
            None => extent.map(|extent| Self {
                latitude: extent.latitude,
                longitude: extent.longitude,
                radius_km: extent.radius_km,
                country,
                city: None,
            }),
        }
    }

    /// Great-circle distance of the centres in kilometres (haversine).
    pub fn distance_km(&self, other: &Self) -> f64 {
        let (lat1, lat2) = (self.latitude.to_radians(), other.latitude.to_radians());
        let half_lat = (lat2 - lat1) / 2.0;
        let half_lon = (other.longitude - self.longitude).to_radians() / 2.0;
        let h = half_lat.sin().powi(2) + lat1.cos() * lat2.cos() * half_lon.sin().powi(2);
        2.0 * EARTH_RADIUS_KM * h.clamp(0.0, 1.0).sqrt().asin()
    }

    /// The shortest distance that both uncertainties allow, never below zero.
    pub fn least_distance_km(&self, other: &Self) -> f64 {
        (self.distance_km(other) - self.radius_km - other.radius_km).max(0.0)
    }

    /// A short name for people: `Lyon, FR`, `FR`, or coordinates.
    pub fn label(&self) -> String {
        match (&self.city, self.country) {
            (Some(city), Some(country)) => format!("{city}, {country}"),
            (Some(city), None) => city.to_string(),
            (None, Some(country)) => country.to_string(),
            (None, None) => format!("{:.1}, {:.1}", self.latitude, self.longitude),
        }
    }
}

/// Geolocation databases write 0,0 for "unknown"; nobody logs in from the Gulf of Guinea's buoy.
fn is_on_earth(latitude: f64, longitude: f64) -> bool {
    (-90.0..=90.0).contains(&latitude)
        && (-180.0..=180.0).contains(&longitude)
        && (latitude != 0.0 || longitude != 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn city(latitude: f64, longitude: f64, country: &str, name: &str) -> Place {
        Place::from_parts(Some((latitude, longitude)), CountryCode::parse(country), Some(name.into()))
            .unwrap()
    }

    #[test]
    fn distance_paris_new_york() {
        let paris = city(48.8566, 2.3522, "FR", "Paris");
        let new_york = city(40.7128, -74.0060, "US", "New York");
        assert!((paris.distance_km(&new_york) - 5_837.0).abs() < 5.0);
        assert!((paris.least_distance_km(&new_york) - 5_737.0).abs() < 5.0);
        assert!(paris.least_distance_km(&paris) < f64::EPSILON);
    }

    #[test]
    fn a_country_alone_is_as_uncertain_as_it_is_large() {
        let place = |code: &str| Place::from_parts(None, CountryCode::parse(code), None).unwrap();
        assert!(place("US").radius_km > 2_000.0);
        assert!(place("FR").least_distance_km(&place("DE")) < 1.0);
        assert!(place("FR").least_distance_km(&place("JP")) > 7_000.0);
    }

    #[test]
    fn null_island_and_nonsense_are_no_places() {
        assert_eq!(Place::from_parts(Some((0.0, 0.0)), None, None), None);
        assert_eq!(Place::from_parts(Some((f64::NAN, 3.0)), None, None), None);
    }
}

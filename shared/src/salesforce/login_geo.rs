//! LoginGeo: where Salesforce places an address. Source: Object Reference, LoginGeo.

use serde::Deserialize;

use super::wire::Text;
use crate::observation::{CountryCode, Place};

/// As the parent of another record.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Geo {
    latitude: Option<f64>,
    longitude: Option<f64>,
    #[serde(default)]
    city: Text,
    pub(super) country_iso: Option<String>,
}

impl Geo {
    /// The place; the country's own, where there are no coordinates.
    pub(super) fn place(self, country: Option<CountryCode>) -> Option<Place> {
        Place::from_parts(self.latitude.zip(self.longitude), country, Some(self.city.0.into()))
    }
}

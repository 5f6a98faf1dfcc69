//! Countries that a policy names.

use super::Policy;
use super::faults::{Wrong, wrong};
use crate::observation::CountryCode;

/// Every code that is no country's: no login could have it.
pub(super) fn faults(policy: &Policy) -> Vec<Wrong> {
    let mut found = Vec::new();
    let mut note = |code: CountryCode, path: &[&str]| {
        if CountryCode::all().any(|known| known == code) {
            return;
        }
        let did_you_mean = CountryCode::named(code.as_str()).map(|code| code.to_string());
        let problem = format!("`{code}` is no country code of ISO 3166-1");
        found.push(Wrong { did_you_mean, ..wrong(path, problem) });
    };
    for (number, exemption) in policy.exemptions.iter().enumerate() {
        for (at, code) in exemption.countries.iter().enumerate() {
            note(*code, &["exemptions", &number.to_string(), "countries", &at.to_string()]);
        }
    }
    for (at, code) in policy.detections.new_country.parameters.listed.iter().enumerate() {
        note(*code, &["detections", "new-country", "parameters", "listed", &at.to_string()]);
    }
    for (number, test) in policy.tests.iter().enumerate() {
        for (list, logins) in [("usual", &test.usual), ("logins", &test.logins)] {
            for (at, code) in logins.iter().enumerate().filter_map(|(at, login)| Some((at, login.country?))) {
                note(code, &["tests", &number.to_string(), list, &at.to_string(), "country"]);
            }
        }
    }
    found
}

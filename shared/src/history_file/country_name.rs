//! Countries by name.

use crate::observation::CountryCode;

/// A code, an English name, or a place that ends in one (`Lyon, France`); what is not known is `None`.
pub(super) fn country(text: &str) -> Option<CountryCode> {
    let last = text.rsplit(',').next().unwrap_or(text).trim();
    CountryCode::parse(last).or_else(|| {
        let found = NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(last))?;
        CountryCode::parse(found.1)
    })
}

const NAMES: &[(&str, &str)] = &[
    ("Argentina", "AR"),
    ("Australia", "AU"),
    ("Austria", "AT"),
    ("Belarus", "BY"),
    ("Belgium", "BE"),
    ("Brazil", "BR"),
    ("Bulgaria", "BG"),
    ("Canada", "CA"),
    ("Chile", "CL"),
    ("China", "CN"),
    ("Colombia", "CO"),
    ("Croatia", "HR"),
    ("Cyprus", "CY"),
    ("Czech Republic", "CZ"),
    ("Czechia", "CZ"),
    ("Denmark", "DK"),
    ("Egypt", "EG"),
    ("Estonia", "EE"),
    ("Finland", "FI"),
    ("France", "FR"),
    ("Germany", "DE"),
    ("Greece", "GR"),
    ("Hong Kong", "HK"),
    ("Hungary", "HU"),
    ("India", "IN"),
    ("Indonesia", "ID"),
    ("Iran", "IR"),
    ("Ireland", "IE"),
    ("Israel", "IL"),
    ("Italy", "IT"),
    ("Japan", "JP"),
    ("Kenya", "KE"),
    ("Latvia", "LV"),
    ("Lithuania", "LT"),
    ("Luxembourg", "LU"),
    ("Malaysia", "MY"),
    ("Mexico", "MX"),
    ("Moldova", "MD"),
    ("Morocco", "MA"),
    ("Netherlands", "NL"),
    ("The Netherlands", "NL"),
    ("New Zealand", "NZ"),
    ("Nigeria", "NG"),
    ("North Korea", "KP"),
    ("Norway", "NO"),
    ("Pakistan", "PK"),
    ("Philippines", "PH"),
    ("Poland", "PL"),
    ("Portugal", "PT"),
    ("Romania", "RO"),
    ("Russia", "RU"),
    ("Russian Federation", "RU"),
    ("Saudi Arabia", "SA"),
    ("Serbia", "RS"),
    ("Singapore", "SG"),
    ("Slovakia", "SK"),
    ("Slovenia", "SI"),
    ("South Africa", "ZA"),
    ("South Korea", "KR"),
    ("Republic of Korea", "KR"),
    ("Spain", "ES"),
    ("Sweden", "SE"),
    ("Switzerland", "CH"),
    ("Taiwan", "TW"),
    ("Thailand", "TH"),
    ("Türkiye", "TR"),
    ("Turkey", "TR"),
    ("Ukraine", "UA"),
    ("United Arab Emirates", "AE"),
    ("United Kingdom", "GB"),
    ("United States", "US"),
    ("United States of America", "US"),
    ("Vietnam", "VN"),
    ("Viet Nam", "VN"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_names_and_places() {
        let code = |text| country(text).map(|code| code.to_string());
        assert_eq!(code("fr").as_deref(), Some("FR"));
        assert_eq!(code("united states").as_deref(), Some("US"));
        assert_eq!(code("Lyon, France").as_deref(), Some("FR"));
        assert_eq!(code("Atlantis"), None);
        assert_eq!(code(""), None);
        assert!(NAMES.iter().all(|(_, code)| CountryCode::parse(code).is_some()));
    }
}

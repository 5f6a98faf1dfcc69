//! What the cells of several lists have in common.

use session_warden::observation::UserId;

/// A user by the name that is unique, or by the id where no name is known.
pub(super) fn user<'t>(id: Option<&'t UserId>, username: &'t str) -> &'t str {
    match id {
        Some(id) if username.is_empty() => id.as_str(),
        _ => username,
    }
}

/// A place as far as it is known.
pub(super) fn place(city: Option<&str>, country: Option<&str>) -> String {
    city.into_iter().chain(country).collect::<Vec<_>>().join(", ")
}

/// What a client calls itself; Salesforce writes `Unknown` where it calls itself nothing.
pub(super) fn client(browser: &str, platform: &str) -> String {
    let told = [browser, platform].into_iter().filter(|text| !text.is_empty() && *text != "Unknown");
    told.collect::<Vec<_>>().join(", ")
}

//! Clients that exemptions name.

use super::Policy;
use super::faults::{Wrong, steps};
use crate::observation::ClientFamily;

/// What Salesforce writes in Browser and Platform most often, without versions. A client may call itself anything else, and
/// what is written almost like one of these is a slip of the pen.
const USUAL: [&str; 24] = [
    "android",
    "apache-httpclient",
    "chrome",
    "chrome mobile",
    "edge",
    "firefox",
    "internet explorer",
    "ios",
    "ipad",
    "iphone",
    "java",
    "jersey",
    "linux",
    "mac",
    "mac os",
    "mac os x",
    "mac osx",
    "macintosh",
    "macos",
    "microsoft edge",
    "python-requests",
    "safari",
    "unknown",
    "windows",
];
/// From this likeness on, of 1, a word is a slip of another: one letter in five.
const SLIP: f64 = 0.8;

/// Every client that no login can have.
pub(super) fn faults(policy: &Policy) -> Vec<Wrong> {
    let mut found = Vec::new();
    for (number, exemption) in policy.exemptions.iter().enumerate() {
        for (at, family) in exemption.clients.iter().enumerate() {
            let path = steps(&["exemptions", &number.to_string(), "clients", &at.to_string()]);
            let fault = fault(&family.to_string());
            found.extend(fault.map(|(problem, did_you_mean)| Wrong { path, problem, did_you_mean }));
        }
    }
    found
}

fn fault(text: &str) -> Option<(String, Option<String>)> {
    let wanted = "browser and platform without versions, as findings name them, such as chrome/windows";
    let Some(family) = ClientFamily::meant(text) else {
        return Some((format!("`{text}` is no client: {wanted}"), None));
    };
    let meant = family.to_string().split('/').map(usual).collect::<Vec<_>>().join("/");
    (meant != text).then(|| (format!("`{text}` is no client that is known: {wanted}"), Some(meant)))
}

/// The usual word that one is a slip of; else the word.
fn usual(word: &str) -> &str {
    let likeness = |usual: &&str| strsim::normalized_damerau_levenshtein(word, usual);
    if USUAL.contains(&word) {
        return word;
    }
    USUAL.into_iter().find(|usual| likeness(usual) >= SLIP).unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_finding_would_name_so_is_told_with_what_was_meant() {
        let meant = |text: &str| fault(text).map(|(_, meant)| meant);
        for good in
            ["chrome/windows", "mac os x/unknown", "chromium/linux", "python-requests/linux", "nintendo/wii"]
        {
            assert_eq!(meant(good), None, "{good}");
        }
        for none in ["netscape", "", "/", "chrome/"] {
            assert_eq!(meant(none), Some(None), "{none}");
        }
        let slips = [
            ("Chrome 141/Windows 11", "chrome/windows"),
            ("chorme/windwos", "chrome/windows"),
            ("python-requests/2.32/Linux", "python-requests/linux"),
        ];
        for (slip, family) in slips {
            assert_eq!(meant(slip), Some(Some(family.to_owned())), "{slip}");
        }
    }
}

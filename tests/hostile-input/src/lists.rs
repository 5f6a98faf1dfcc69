//! Lists of what others have seen an attacker use.

use serde_json::json;
use session_warden::indicators::{Indicators, Matcher, Seen, read_file};

use crate::file;

/// Plain text, CSV and STIX 2.1, told apart by their content.
pub fn indicators(data: &[u8]) {
    let file = file(data);
    let mut list = Indicators::default();
    let _ = read_file(file.path(), &mut list);
    is_sound(&list);
}

/// A STIX pattern, inside of a bundle that is well-formed.
pub fn stix(data: &[u8]) {
    let pattern = String::from_utf8_lossy(data);
    let indicator =
        json!({ "type": "indicator", "id": "indicator--1", "pattern": pattern, "pattern_type": "stix" });
    let file = file(json!({ "type": "bundle", "objects": [indicator] }).to_string().as_bytes());
    let mut list = Indicators::default();
    let read = read_file(file.path(), &mut list);
    assert!(read.is_ok(), "a bundle is read whatever its patterns are");
    is_sound(&list);
    assert!(!list.all().is_empty() || list.rejected.total > 0, "no pattern is dropped in silence");
}

fn is_sound(list: &Indicators) {
    for indicator in list.all() {
        assert!(!indicator.provenance.is_empty() && !indicator.observable.to_string().is_empty());
    }
    let users = list.all().iter().map(|entry| entry.observable.to_string());
    let users = users.map(|user| (user.clone(), session_warden::observation::UserId::new(user))).collect();
    let mut found = Vec::new();
    if let Ok(matcher) = Matcher::new(list.all(), &users) {
        let address = std::net::Ipv4Addr::new(198, 51, 100, 7).into();
        matcher
            .find(&Seen { address: Some(address), agents: ["curl", "Linux"], ..Seen::default() }, &mut found);
    }
    assert!(found.iter().all(|place| *place < list.all().len()));
}

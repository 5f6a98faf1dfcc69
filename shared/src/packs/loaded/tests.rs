use std::fs;

use jiff::SignedDuration;
use serde_json::json;

use super::*;
use crate::observation::Login;

const NOW: &str = "2026-11-26T12:00:00Z";
const INDICATORS: &str = "value,type,valid_from,valid_until,source,confidence\n\
    198.51.100.7,ip,2026-11-01,2026-12-01,CERT,90\n\
    198.51.100.8,ip,,2026-11-20,CERT,\n\
    198.51.100.9,ip,2026-12-24,,CERT,\n\
    python-requests,user-agent,,,,\n\
    0055g00000AbCdEAAV,user,,,,\n\
    evil.example,domain,,,,\n";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("tor.txt"), "# exits\n203.0.113.200\nuser-agent: tor\n").unwrap();
    fs::write(folder.path().join("iocs.csv"), INDICATORS).unwrap();
    let database = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/networks.mmdb");
    fs::copy(database, folder.path().join("own.mmdb")).unwrap();
    folder
}

fn declared(kind: &str, path: &str) -> DeclaredPack {
    serde_json::from_value(json!({ "name": kind, "path": path, "kind": kind, "valid_from": "2026-11-26" }))
        .unwrap()
}

fn load(folder: &Path, declared: &[DeclaredPack]) -> Packs {
    let (packs, wrong) = Packs::load(declared, folder);
    assert_eq!(wrong, []);
    packs
}

fn login(address: &str, time: Timestamp) -> Login {
    let login = json!({ "id": "x", "time": time, "user_id": "ada", "outcome": "success", "status": "Success",
        "login_type": "Application", "source": address });
    serde_json::from_value(login).unwrap()
}

fn told(packs: &Packs, login: Login) -> Login {
    let mut seen = Observation::Login(Box::new(login));
    packs.tell(&mut seen);
    let Observation::Login(login) = seen else { panic!() };
    *login
}

/// Which lists name an address at a time, and whether their word counts.
fn listed(packs: &Packs, login: Login) -> Vec<(String, bool)> {
    let origin = told(packs, login).detail.origin.unwrap_or_default();
    let word = |listing: &Listing| (listing.list.to_string(), listing.validity == Validity::Current);
    origin.listed.iter().map(word).collect()
}

#[test]
fn without_packs_nothing_is_told() {
    let before = login("203.0.113.9", now());
    assert_eq!(told(&Packs::default(), before.clone()), before);
    let folder = folder();
    let packs = load(folder.path(), &[declared("tor", "tor.txt")]);
    assert_eq!(told(&packs, before.clone()), before, "nor of what they do not know");
    assert_eq!(told(&packs, login("Salesforce.com IP", now())), login("Salesforce.com IP", now()));
}

#[test]
fn lists_name_what_they_hold_and_their_word_has_an_end() {
    let folder = folder();
    let packs = load(folder.path(), &[declared("tor", "tor.txt"), declared("indicators", "iocs.csv")]);
    let of =
        |address: &str, hours: i64| listed(&packs, login(address, now() + SignedDuration::from_hours(hours)));
    let said = |list: &str, counts| vec![(list.to_owned(), counts)];
    assert_eq!(of("203.0.113.200", 0), said("tor", true));
    assert_eq!(of("203.0.113.200", 24), said("tor", false), "a list of Tor exits is believed for a day");
    assert_eq!(of("203.0.113.200", -13), said("tor", false), "and not of what was before it was made");
    assert_eq!(of("198.51.100.7", 0), said("indicators", true));
    assert_eq!(of("198.51.100.7", 24 * 5), said("indicators", false), "the entry is over");
    assert_eq!(of("198.51.100.8", 0), said("indicators", false), "over by its own word");
    assert_eq!(of("198.51.100.9", 0), said("indicators", false), "not begun");
    let mut scripted = login("192.0.2.77", now());
    scripted.client.browser = "Python-Requests/2.32".into();
    let origin = told(&packs, scripted).detail.origin.unwrap();
    assert_eq!((origin.listed[0].entry.as_str(), origin.listed[0].by_address), ("python-requests", false));
    assert_eq!(origin.listed[0].place, "line 5");
    let named = Login { user_id: Some("0055g00000AbCdEAAV".into()), ..login("192.0.2.77", now()) };
    assert_eq!(listed(&packs, named), said("indicators", true));
}

#[test]
fn a_database_of_ones_own_tells_provider_country_and_tor() {
    let folder = folder();
    let packs = load(folder.path(), &[declared("mmdb", "own.mmdb")]);
    let hosted = told(&packs, login("203.0.113.9", now()));
    let origin = hosted.detail.origin.unwrap();
    assert_eq!((origin.label().as_str(), origin.kind), ("DigitalOcean (AS14061)", ProviderKind::Hosting));
    assert_eq!(hosted.place.unwrap().label(), "NL", "where Salesforce tells no place");
    let placed = Login {
        place: Place::from_parts(None, crate::observation::CountryCode::parse("FR"), None),
        ..login("203.0.113.9", now())
    };
    assert_eq!(told(&packs, placed).place.unwrap().label(), "FR", "Salesforce's own word counts");
    let other = told(&packs, login("198.51.100.7", now())).detail.origin.unwrap();
    assert_eq!((other.label().as_str(), other.country.unwrap().as_str()), ("Acme (AS64496)", "FR"));
    assert_eq!(listed(&packs, login("2001:db8::7", now())), [("mmdb".to_owned(), true)]);
    assert_eq!(
        told(&packs, login("192.0.2.1", now())),
        login("192.0.2.1", now()),
        "what cannot be read is not known"
    );
    assert!(packs.supplies(Sensor::Providers, now()) && !packs.supplies(Sensor::Indicators, now()));
}

#[test]
fn a_database_that_is_too_old_tells_no_provider_and_no_country() {
    let folder = folder();
    let old = DeclaredPack { max_age: Some(SignedDuration::from_hours(24)), ..declared("mmdb", "own.mmdb") };
    let packs = load(folder.path(), &[old]);
    let later = now() + SignedDuration::from_hours(48);
    assert_eq!(told(&packs, login("203.0.113.9", later)), login("203.0.113.9", later));
    assert_eq!(listed(&packs, login("2001:db8::7", later)), [("mmdb".to_owned(), false)], "it informs");
    assert!(!packs.supplies(Sensor::Providers, later));
}

#[test]
fn what_a_database_says_of_tor_is_believed_no_longer_than_a_list() {
    let folder = folder();
    let packs = load(folder.path(), &[declared("mmdb", "own.mmdb")]);
    let later = now() + SignedDuration::from_hours(48);
    assert_eq!(listed(&packs, login("2001:db8::7", later)), [("mmdb".to_owned(), false)]);
    assert!(told(&packs, login("203.0.113.9", later)).detail.origin.is_some(), "of providers it is");
}

#[test]
fn what_cannot_be_used_is_told_and_the_rest_is_used() {
    let folder = folder();
    let empty = folder.path().join("empty.txt");
    fs::write(&empty, "# nothing\nevil.example\n").unwrap();
    let all = ["nowhere.txt", "empty.txt", "tor.txt"].map(|file| declared("tor", file));
    let (packs, wrong) = Packs::load(&all, folder.path());
    let wrong: Vec<_> = wrong.into_iter().map(|(number, error)| (number, error.reason)).collect();
    assert_eq!((wrong[0].0, wrong[1].0), (0, 1));
    assert!(wrong[0].1.starts_with("cannot be read: "), "{wrong:?}");
    assert!(
        wrong[1].1.starts_with("has no entry that can be used: ") && wrong[1].1.contains("line 2"),
        "{wrong:?}"
    );
    assert_eq!(listed(&packs, login("203.0.113.200", now())).len(), 1);
    let (_, wrong) =
        Packs::load(&[declared("mmdb", "tor.txt"), declared("networks", "tor.txt")], folder.path());
    assert!(wrong[0].1.reason.starts_with("is no MaxMind database: "), "{wrong:?}");
    assert!(wrong[1].1.reason.starts_with("is no network pack"), "{wrong:?}");
}

#[test]
fn a_person_is_told_what_is_old_over_or_wrong() {
    let folder = folder();
    let packs = load(folder.path(), &[declared("tor", "tor.txt"), declared("indicators", "iocs.csv")]);
    let warned = |hours: i64| {
        let time = now() + SignedDuration::from_hours(hours);
        let told: Vec<_> = packs.states(time).iter().flat_map(|state| state.warnings(time)).collect();
        told.join("\n").replace(&folder.path().display().to_string(), "")
    };
    insta::assert_snapshot!(warned(0), @r"
    An entry of the pack `tor` cannot be used: /tor.txt, line 3: is the user agent `tor`, and this kind of list holds addresses only.
    1 entry of the pack `indicators` is over.
    An entry of the pack `indicators` cannot be used: /iocs.csv, line 7: Salesforce records nothing of the type `domain`.
    ");
    assert!(warned(24).starts_with(
        "The pack `tor` is of 2026-11-26, and since 2026-11-27 it informs and decides nothing: renew /tor.txt."
    ));
}

#[test]
fn twenty_entries_that_cannot_be_used_are_told_and_the_others_counted() {
    let folder = folder();
    let bad = "evil.example\n".repeat(23);
    fs::write(folder.path().join("tor.txt"), format!("203.0.113.200\n{bad}")).unwrap();
    let told = load(folder.path(), &[declared("tor", "tor.txt")]).states(now())[0].warnings(now());
    assert_eq!(told.len(), 21);
    assert!(told[19].contains("tor.txt, line 21: `evil.example` is no address"), "{}", told[19]);
    assert_eq!(told[20], "3 more entries of the pack `tor` cannot be used.");
    fs::write(folder.path().join("tor.txt"), bad).unwrap();
    let (_, wrong) = Packs::load(&[declared("tor", "tor.txt")], folder.path());
    assert!(wrong[0].1.reason.ends_with("; and 3 more"), "{}", wrong[0].1.reason);
}

#[test]
fn a_pack_is_believed_for_a_part_of_a_period() {
    let folder = folder();
    let of_now = |kind: &str, file: &str| DeclaredPack { valid_from: None, ..declared(kind, file) };
    let packs = load(folder.path(), &[of_now("tor", "tor.txt"), of_now("mmdb", "own.mmdb")]);
    let day = SignedDuration::from_hours(24);
    let as_of = |name: &str| packs.states(now()).iter().find(|state| state.name == name).unwrap().as_of;
    let tor = as_of("tor");
    let parts = packs.believed_in((tor - day * 9, tor + day));
    let part = parts.iter().find(|part| part.pack == "tor").unwrap();
    assert_eq!((part.kind, part.believed), (PackKind::Tor, Some((tor - day, tor + day))));
    assert!((part.share - 0.2).abs() < 1e-6, "{}", part.share);
    assert!(parts.iter().any(|part| part.pack == "mmdb"));
    let before = (tor - day * 9, tor - day * 2);
    assert!(
        !packs.supplies_in(Sensor::Anonymisers, before)
            && packs.supplies_in(Sensor::Anonymisers, (before.0, tor))
    );
}

#[test]
fn a_file_that_is_replaced_is_read_anew() {
    let folder = folder();
    let packs = load(folder.path(), &[declared("tor", "tor.txt")]);
    let (file, newer) = (folder.path().join("tor.txt"), folder.path().join("newer"));
    fs::write(&newer, "203.0.113.201\n203.0.113.202\n").unwrap();
    fs::rename(&newer, &file).unwrap();
    assert!(packs.refresh(now()).is_empty());
    assert_eq!(listed(&packs, login("203.0.113.201", now())).len(), 1);
    assert!(listed(&packs, login("203.0.113.200", now())).is_empty());
    fs::write(&file, "<html>a login page of some proxy</html>").unwrap();
    assert_eq!(packs.refresh(now()).len(), 1);
    assert_eq!(listed(&packs, login("203.0.113.201", now())).len(), 1, "the old one stays in force");
    assert!(packs.refresh(now()).is_empty(), "it is told once");
    let later = now() + SignedDuration::from_hours(48);
    assert_eq!((packs.refresh(later).len(), packs.refresh(later).len()), (1, 0), "its age too");
}

#[test]
fn a_file_that_comes_later_is_read() {
    let folder = folder();
    let (packs, wrong) = Packs::load(&[declared("tor", "later.txt")], folder.path());
    assert_eq!((wrong.len(), packs.states(now()).len()), (1, 0));
    fs::write(folder.path().join("later.txt"), "203.0.113.200\n").unwrap();
    assert!(packs.refresh(now()).is_empty());
    assert_eq!(listed(&packs, login("203.0.113.200", now())).len(), 1);
}

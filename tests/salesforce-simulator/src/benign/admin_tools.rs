//! An administrator takes up tools that he has not used before: Workbench, Data Loader, the command line. The last is once
//! run by Salesforce, which tells its own servers by a name, and of one login it tells no address.

use super::cast::{day, log_in};
use crate::arrival::{Client, Method, Source};
use crate::campaign::attacked;
use crate::clock::shifted;
use crate::generate::{Person, networks};
use crate::id::Id;
use crate::org::Org;
use jiff::Timestamp;

pub(super) fn live(org: &mut Org, now: Timestamp) -> Vec<Id> {
    let today = day(now);
    let at_work = |person: &&Person| person.trip(today).is_none() && !person.on_holiday(today);
    let administrators = org.people.iter().filter(|person| person.number < 4).filter(at_work);
    let mut free = administrators.filter(|person| !attacked(org, person.user_id));
    let Some(person) = free.next().cloned() else { return Vec::new() };
    let source = networks::office(person.office, 0);
    log_in(
        org,
        person.user_id,
        shifted(now, -3_000),
        person.method(),
        source.clone(),
        person.desktop.client(today),
    );
    let tools = [
        ("Workbench", "Remote Access 2.0", "Chrome 141", "Windows 11"),
        ("Salesforce CLI", "Remote Access 2.0", "Unknown", "Unknown"),
        ("Data Loader", "Partner Product", "Java (Salesforce.com)", "Unknown"),
    ];
    for (turn, (app, login_type, browser, platform)) in (0_i64..).zip(tools) {
        let method = Method { login_type, sub_type: None, service: None };
        let client = Client { browser: browser.into(), platform: platform.into(), ..Client::app(app) };
        log_in(org, person.user_id, shifted(now, -900 * (2 - turn)), method, source.clone(), client);
    }
    for (before, ip) in [(600, "Salesforce.com IP"), (300, "")] {
        let source = Source { ip: ip.into(), city: None };
        let method = Method { login_type: "Remote Access 2.0", sub_type: None, service: None };
        log_in(org, person.user_id, shifted(now, -before), method, source, Client::app("Salesforce CLI"));
    }
    vec![person.user_id]
}

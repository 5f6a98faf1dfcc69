//! Writes a simulated org's login history as the REST API returns it, one record a line, in the order of time. A history that is
//! too short goes round again, later and with other ids, so that users and networks do not grow with rows. Of each ten thousand rows
//! twenty are a password spray from one address.
//! On standard input: `{"path": …, "users": …, "rows": …}`.

#![allow(clippy::unwrap_used, reason = "a measurement, run by scripts/bench-evaluate")]

use std::fs::File;
use std::io::{BufWriter, Write};

use jiff::Timestamp;
use salesforce_simulator::{Login, Seed, generate};
use serde_json::{Value, json};

/// Days that are made; their rows go round.
const DAYS: u32 = 90;
const NOW: &str = "2026-11-23T12:00:00Z";

fn main() {
    let asked: Value = serde_json::from_reader(std::io::stdin()).unwrap();
    let users = usize::try_from(asked["users"].as_u64().unwrap()).unwrap();
    let org = generate(&Seed { users, days: DAYS, now: NOW.parse().unwrap(), ..Seed::default() });
    let logins: Vec<_> = org.every_login().collect();
    let mut file = BufWriter::new(File::create(asked["path"].as_str().unwrap()).unwrap());
    for row in 0..usize::try_from(asked["rows"].as_u64().unwrap()).unwrap() {
        let (round, place) = (row / logins.len(), row % logins.len());
        serde_json::to_writer(&mut file, &record(&logins[place], round, row)).unwrap();
        file.write_all(b"\n").unwrap();
    }
    file.flush().unwrap();
}

fn record(login: &Login, round: usize, row: usize) -> Value {
    let days = i64::try_from(round).unwrap() * i64::from(DAYS);
    let later = login.login_time.as_millisecond() + days * 86_400_000;
    let time = Timestamp::from_millisecond(later).unwrap().strftime("%Y-%m-%dT%H:%M:%S.%3f+0000").to_string();
    let id = format!("0Ya{row:015}");
    let (mut address, mut status) = (login.source_ip.as_ref(), &*login.status);
    if row % 10_000 < 20 {
        (address, status) = ("198.19.77.7", "Invalid Password");
    }
    let kind = |name: &str, id: &str| json!({ "type": name, "url": format!("/services/data/v67.0/sobjects/{name}/{id}") });
    let geo = login.geo.as_ref().map(|geo| {
        json!({ "attributes": kind("LoginGeo", &format!("04F{row:015}")), "Latitude": geo.latitude,
            "Longitude": geo.longitude, "City": geo.city })
    });
    json!({
        "attributes": kind("LoginHistory", &id), "Id": id, "UserId": login.user_id.as_str(), "LoginTime": time,
        "LoginType": &*login.login_type, "LoginSubType": login.login_sub_type.as_deref(), "Status": status,
        "SourceIp": address, "CountryIso": login.country_iso.as_deref(), "LoginGeo": geo,
        "TlsProtocol": "TLS 1.3", "CipherSuite": "TLS_AES_256_GCM_SHA384", "Application": &*login.application,
        "Browser": &*login.browser, "Platform": &*login.platform,
    })
}

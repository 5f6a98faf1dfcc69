//! A simulated login history as the file that Setup > Login History downloads.

use std::path::Path;

use anyhow::Context;
use jiff::{SignedDuration, Timestamp};
use salesforce_simulator::{BenignKind, CampaignKind, Login, Org, Seed, generate_ahead};

use crate::arguments::WorldOptions;
use crate::output;

const HEADER: [&str; 14] = [
    "User ID",
    "Username",
    "Login Time",
    "Source IP",
    "Login Type",
    "Status",
    "Browser",
    "Platform",
    "Application",
    "Login Subtype",
    "Country Code",
    "TLS Cipher Suite",
    "Login URL",
    "API Type",
];

/// Writes the history of an org that is calm for half of its days; in the other half each attack happens once, and
/// between two of them a few harmless oddities.
pub(super) fn write(path: &Path, world: &WorldOptions, now: Timestamp) -> anyhow::Result<u64> {
    let org = eventful(world, now);
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(HEADER)?;
    let mut rows = 0;
    for login in org.logins() {
        csv.write_record(row(&org, login))?;
        rows += 1;
    }
    output::write_file(path, &csv.into_inner().context("Failed to write CSV")?)?;
    Ok(rows)
}

fn eventful(world: &WorldOptions, now: Timestamp) -> Org {
    let day = SignedDuration::from_hours(24);
    let lively = world.days / 2;
    let begin = now - day * i32::try_from(lively).unwrap_or(i32::MAX);
    let past = Seed { seed: world.seed, users: world.users as usize, days: world.days - lively, now: begin };
    let mut org = generate_ahead(&past, lively + 7);
    let oddities = BenignKind::ALL.len().div_ceil(CampaignKind::ALL.len());
    let acts = CampaignKind::ALL.len() * (oddities + 1);
    let pause = now.duration_since(begin) / i32::try_from(acts).unwrap_or(i32::MAX);
    let mut time = begin;
    let mut next = |org: &mut Org| {
        time += pause;
        org.live_until(time);
        time
    };
    for (attack, oddities) in CampaignKind::ALL.into_iter().zip(BenignKind::ALL.chunks(oddities)) {
        for oddity in oddities {
            let time = next(&mut org);
            org.live_benign(*oddity, time);
        }
        let time = next(&mut org);
        org.launch(attack, time);
    }
    org.live_until(now);
    org
}

fn row(org: &Org, login: &Login) -> [String; 14] {
    let user = org.user(&login.user_id);
    let text = |text: &Option<salesforce_simulator::Text>| text.as_deref().unwrap_or("").to_owned();
    [
        login.user_id.to_string(),
        user.as_ref().map_or(String::new(), |user| user.username.clone()),
        login.login_time.strftime("%m/%d/%Y %H:%M:%S UTC").to_string(),
        login.source_ip.to_string(),
        login.login_type.to_string(),
        login.status.to_string(),
        login.browser.to_string(),
        login.platform.to_string(),
        login.application.to_string(),
        text(&login.login_sub_type),
        text(&login.country_iso),
        login.cipher_suite.to_string(),
        login.login_url.to_string(),
        login.api.as_ref().map_or(String::new(), |(kind, _)| kind.to_string()),
    ]
}

//! A generated org of the usual size: the same every time, plausible, and readable through the network.

use jiff::Timestamp;
use salesforce_simulator::{BenignKind, CampaignKind, Login, Org, Seed, Simulator, generate};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

fn seed() -> Seed {
    Seed { now: "2026-11-23T15:00:00Z".parse().unwrap(), ..Seed::default() }
}

fn rows(org: &Org) -> String {
    format!("{:?}{:?}{:?}{:?}", org.users(), org.logins(), org.sessions(), org.tokens())
}

#[test]
fn the_same_seed_gives_the_same_org() {
    let small = Seed { users: 60, days: 30, ..seed() };
    let first = rows(&generate(&small));
    assert!(first == rows(&generate(&small)));
    assert!(first != rows(&generate(&Seed { seed: 2, ..small })));
}

#[test]
fn an_org_of_any_size_can_be_made_and_attacked() {
    for (users, days) in [(0, 0), (1, 1), (40, 200), (60, 3)] {
        let mut org = generate(&Seed { users, days, ..seed() });
        for kind in CampaignKind::ALL {
            let victim = org.launch(kind, seed().now).user_id;
            assert!(org.user(&victim).is_some() || days < 2, "{kind:?} {users} {days}");
        }
        for kind in BenignKind::ALL {
            org.live_benign(kind, seed().now);
        }
    }
    let far = Timestamp::MAX;
    generate(&Seed { users: 0, days: 1, now: far, ..Seed::default() });
    generate(&Seed { users: 0, days: 1, now: Timestamp::MIN, ..Seed::default() });
}

#[test]
fn the_org_is_plausible() {
    let org = generate(&seed());
    let logins = org.logins();
    assert_eq!(org.users().len(), 240);
    assert!((80_000..140_000).contains(&logins.len()), "{} logins", logins.len());
    assert!(
        logins
            .iter()
            .all(|login| login.login_time <= seed().now && login.login_time.subsec_nanosecond() == 0)
    );
    assert!(logins.is_sorted_by_key(|login| (login.login_time, login.id)));
    share("failed", logins, |login| !login.succeeded(), 0.002..0.03);
    share("without a place", logins, |login| login.geo.is_none(), 0.002..0.05);
    share("from one machine to another", logins, |login| login.login_type == "Remote Access 2.0", 0.2..0.6);
    share("single sign-on", logins, |login| login.login_type.starts_with("SAML"), 0.15..0.5);
    share("on a weekend", logins, |login| is_weekend(login.login_time), 0.05..0.25);
    let live = org.sessions().iter().filter(|session| session.is_live(seed().now)).count();
    assert!(live > 100 && live < org.sessions().len(), "{live} live sessions of {}", org.sessions().len());
    assert!((30..200).contains(&org.tokens().len()), "{} tokens", org.tokens().len());
    assert!(org.verifications().len() > 5_000);
    assert!(org.users().iter().filter(|user| !user.is_active()).count() > 3);
}

fn share(what: &str, logins: &[Arc<Login>], which: fn(&Login) -> bool, expected: std::ops::Range<f64>) {
    let found = logins.iter().filter(|login| which(login)).count() as f64 / logins.len() as f64;
    assert!(expected.contains(&found), "{found} of the logins are {what}");
}

fn is_weekend(time: Timestamp) -> bool {
    (time.as_second().div_euclid(86_400) + 3).rem_euclid(7) >= 5
}

#[test]
fn every_address_is_reserved_and_every_new_login_reads_forward() {
    let mut org = generate(&seed());
    for kind in CampaignKind::ALL {
        org.launch(kind, seed().now);
    }
    for login in org.logins() {
        let ip = &login.source_ip;
        let second = ip.split('.').nth(1).and_then(|octet| octet.parse::<u8>().ok());
        let reserved = ip.starts_with("2001:db8:")
            || ip.starts_with("198.1") && matches!(second, Some(18 | 19))
            || ip.starts_with("100.") && matches!(second, Some(64..=127));
        assert!(reserved && ip.parse::<std::net::IpAddr>().is_ok(), "{ip}");
    }
}

#[test]
fn people_have_few_devices_and_few_networks() {
    let org = generate(&seed());
    let mut platforms: HashMap<&str, BTreeSet<&str>> = HashMap::new();
    for login in org.logins() {
        platforms.entry(&login.user_id).or_default().insert(&login.platform);
    }
    assert!(platforms.values().all(|platforms| platforms.len() <= 4), "{platforms:?}");
}

#[test]
fn a_campaign_leaves_the_traces_it_names() {
    let mut org = generate(&seed());
    org.set_clock(salesforce_simulator::Clock::Fixed(seed().now));
    for kind in CampaignKind::DRILL {
        let known: BTreeSet<String> = org.logins().iter().map(|login| login.source_ip.to_string()).collect();
        let campaign = org.launch(kind, seed().now);
        let logins: Vec<_> =
            org.logins().iter().filter(|login| campaign.login_ids.contains(&login.id)).collect();
        assert_eq!(logins.len(), campaign.login_ids.len());
        assert!(logins.iter().all(|login| login.user_id == campaign.user_id));
        assert!(logins.iter().all(|login| !known.contains(&*login.source_ip)), "{kind:?}");
        assert!(logins.last().unwrap().succeeded());
        let live = org.live_sessions_of(&campaign.user_id);
        assert!(
            campaign.session_ids.iter().all(|id| live.iter().any(|session| session.id == *id)),
            "{kind:?}"
        );
        assert!(org.attempt(&campaign.loot).gets_in());
    }
    let users: BTreeSet<_> = org.ground_truth().iter().map(|campaign| campaign.user_id).collect();
    assert_eq!(users.len(), CampaignKind::DRILL.len());
}

#[test]
fn harmless_oddities_and_campaigns_hit_different_people() {
    let mut org = generate(&seed());
    let innocent: Vec<_> =
        BenignKind::ALL.into_iter().flat_map(|kind| org.live_benign(kind, seed().now)).collect();
    let distinct: BTreeSet<_> = innocent.iter().collect();
    assert_eq!(distinct.len(), innocent.len());
    assert!(innocent.len() >= 15, "{innocent:?}");
    for _ in 0..4 {
        for kind in CampaignKind::ALL {
            assert!(!innocent.contains(&org.launch(kind, seed().now).user_id), "{kind:?}");
        }
    }
}

#[tokio::test]
async fn every_login_can_be_read_through_pages() {
    let simulator = Simulator::start(generate(&seed())).await.unwrap();
    let api = crate::support::log_in(&simulator, "scanner").await;
    let logins = api.records("SELECT Id, LoginGeo.City FROM LoginHistory ORDER BY LoginTime, Id").await;
    let read: BTreeSet<String> =
        logins.iter().map(|login| login["Id"].as_str().unwrap().to_owned()).collect();
    let org = simulator.org();
    assert_eq!(read.len(), logins.len());
    assert_eq!(read, org.logins().iter().map(|login| login.id.to_string()).collect());
    drop(org);
    simulator.finish().unwrap();
}

#[test]
fn a_phished_user_was_just_elsewhere() {
    for hour in [0, 5, 10, 15, 20] {
        let now = Timestamp::from_second(seed().now.as_second() - 86_400 + hour * 3_600).unwrap();
        let mut org = generate(&Seed { now, users: 80, days: 30, ..seed() });
        let campaign = org.launch(CampaignKind::PhishedSso, now);
        let own = |login: &&Arc<Login>| {
            login.user_id == campaign.user_id && !campaign.login_ids.contains(&login.id)
        };
        let last = org
            .logins()
            .iter()
            .filter(own)
            .filter(|login| login.succeeded())
            .max_by_key(|login| login.login_time);
        let attack = org.logins().iter().find(|login| login.id == campaign.login_ids[0]).unwrap();
        let hours = (attack.login_time.as_second() - last.unwrap().login_time.as_second()) as f64 / 3_600.0;
        assert!(hours <= 2.0, "{hours}");
        assert!(attack.login_type == "Application" && last.unwrap().login_type.starts_with("SAML"));
        let registered = org.verifications().last().unwrap();
        assert_eq!((registered.user_id, &*registered.activity), (campaign.user_id, "ConnectTotp"));
        assert!(registered.time < attack.login_time);
    }
}

//! Every campaign leaves exactly what its ground truth says, and nothing about anybody else.

use jiff::Timestamp;
use salesforce_simulator::{
    BenignKind, BruteForce, Campaign, CampaignKind, Clock, CredentialStuffing, InterceptedSso, LargeSeed,
    NetworkKind, Org, PasswordSpray, QueryBurst, Seed, SlowSpray, StolenIntegration, TrustedApp, Vishing,
    generate, generate_large,
};
use std::collections::{BTreeMap, BTreeSet};

fn now() -> Timestamp {
    "2026-11-24T10:30:00Z".parse().unwrap()
}

fn org() -> Org {
    let mut org = generate(&Seed { users: 240, days: 40, now: now(), ..Seed::default() });
    org.set_clock(Clock::Fixed(now()));
    org
}

/// Every record by its id, as text.
fn records(org: &Org) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    all.extend(org.logins().iter().map(|row| (row.id.to_string(), format!("{row:?}"))));
    all.extend(org.sessions().iter().map(|row| (row.id.to_string(), format!("{row:?}"))));
    all.extend(org.verifications().iter().map(|row| (row.id.to_string(), format!("{row:?}"))));
    all.extend(org.tokens().iter().map(|row| (format!("token {}", row.serial), format!("{row:?}"))));
    all.extend(org.users().iter().map(|row| (row.id.to_string(), format!("{row:?}"))));
    all
}

fn changed(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> BTreeSet<String> {
    assert!(before.keys().all(|id| after.contains_key(id)), "a record has gone");
    after.iter().filter(|(id, record)| before.get(*id) != Some(record)).map(|(id, _)| id.clone()).collect()
}

fn told(campaign: &Campaign) -> BTreeSet<String> {
    let rows = campaign
        .login_ids
        .iter()
        .chain(&campaign.session_ids)
        .chain(&campaign.past_session_ids)
        .chain(&campaign.verification_ids);
    let rows = rows.chain(&campaign.own_login_ids).map(ToString::to_string);
    rows.chain(campaign.token_serials.iter().map(|serial| format!("token {serial}"))).collect()
}

#[test]
fn a_campaign_leaves_what_its_ground_truth_says_and_nothing_else() {
    for kind in CampaignKind::ALL {
        let mut org = org();
        let before = records(&org);
        let campaign = org.launch(kind, now());
        let changed = changed(&before, &records(&org));
        let (users, rows): (BTreeSet<_>, BTreeSet<_>) =
            changed.into_iter().partition(|id| id.starts_with("005"));
        assert_eq!(rows, told(&campaign), "{kind:?}");
        let tried: BTreeSet<_> = campaign.user_ids.iter().map(ToString::to_string).collect();
        assert!(users.is_subset(&tried) && tried.contains(campaign.user_id.as_str()), "{kind:?}");
        assert_eq!(org.ground_truth(), [campaign]);
    }
}

#[test]
fn the_rows_of_a_campaign_are_its_users_its_addresses_and_its_time() {
    let mut org = org();
    for kind in CampaignKind::ALL {
        let known: BTreeSet<_> = org.logins().iter().map(|login| login.source_ip.to_string()).collect();
        let campaign = org.launch(kind, now());
        assert!(
            campaign.source_ips.iter().all(|ip| !known.contains(ip)),
            "{kind:?} {:?}",
            campaign.source_ips
        );
        for login in org.logins().iter().filter(|login| campaign.login_ids.contains(&login.id)) {
            assert!(campaign.user_ids.contains(&login.user_id), "{kind:?}");
            assert!(campaign.source_ips.iter().any(|ip| *ip == login.source_ip), "{kind:?}");
            assert!((campaign.started..=now()).contains(&login.login_time), "{kind:?} {}", login.login_time);
            assert!(!login.succeeded() || login.login_time >= campaign.first_success, "{kind:?}");
        }
        assert!(campaign.started <= campaign.first_success && campaign.first_success <= now(), "{kind:?}");
        let open: BTreeSet<_> =
            org.sessions().iter().filter(|one| one.is_live(now())).map(|one| one.id).collect();
        assert!(campaign.session_ids.iter().all(|id| open.contains(id)), "{kind:?}");
        let leaver = kind == CampaignKind::LeaversToken;
        assert_eq!(org.attempt(&campaign.loot).gets_in(), !leaver, "{kind:?}");
    }
    let taken: BTreeSet<_> = org.ground_truth().iter().map(|campaign| campaign.user_id).collect();
    assert_eq!(taken.len(), CampaignKind::ALL.len());
}

#[test]
fn the_same_org_is_attacked_in_the_same_way() {
    for kind in CampaignKind::ALL {
        assert_eq!(org().launch(kind, now()), org().launch(kind, now()));
    }
}

#[test]
fn a_campaign_follows_its_parameters() {
    let mut org = org();
    let failed = |org: &Org, campaign: &Campaign| {
        let own = org.logins().iter().filter(|login| campaign.login_ids.contains(&login.id));
        own.filter(|login| !login.succeeded()).count()
    };
    let brute = org.launch_with(&BruteForce { guesses: Some(25), minutes: 20 }, now());
    assert_eq!((failed(&org, &brute), seconds(&brute)), (25, 20 * 60));
    let spray = org
        .launch_with(&PasswordSpray { users: 12, passwords: 4, hits: 3, ..PasswordSpray::default() }, now());
    assert_eq!((spray.user_ids.len(), spray.login_ids.len(), failed(&org, &spray)), (12, 48, 45));
    assert_eq!(spray.source_ips.len(), 1);
    let slow = org.launch_with(
        &SlowSpray { users: 10, passwords: 2, days: 9, sources: 7, ..SlowSpray::default() },
        now(),
    );
    assert_eq!((slow.login_ids.len(), slow.source_ips.len()), (20, 7));
    assert!(seconds(&slow) > 8 * 86_400, "{}", seconds(&slow));
    let stuffing =
        org.launch_with(&CredentialStuffing { users: 15, hits: 4, ..CredentialStuffing::default() }, now());
    assert_eq!((stuffing.user_ids.len(), failed(&org, &stuffing)), (15, 11));
    let stolen =
        org.launch_with(&StolenIntegration { recon_hours: 50, ..StolenIntegration::default() }, now());
    assert_eq!(seconds(&stolen), 50 * 3_600);
    let weeks = org.launch_with(&TrustedApp { recon_days: 20, ..TrustedApp::default() }, now());
    assert!((19 * 86_400..=20 * 86_400).contains(&seconds(&weeks)));
    let used = org.api_calls();
    org.launch_with(&QueryBurst { queries: 1_234, ..QueryBurst::default() }, now());
    assert_eq!(org.api_calls() - used, 1_234);
    let called = org.launch_with(
        &Vishing { app: "Loader Two", network: NetworkKind::Mobile, ..Vishing::default() },
        now(),
    );
    let token = org.tokens().iter().find(|token| token.serial == called.token_serials[0]).unwrap();
    assert_eq!((token.app.as_str(), token.use_count, token.user_id), ("Loader Two", 5, called.user_id));
    let caught = org
        .launch_with(&InterceptedSso { factor: ("ConnectTotp", "Totp"), ..InterceptedSso::default() }, now());
    let factor = org.verifications().last().unwrap();
    assert_eq!((factor.id, &*factor.activity), (caught.verification_ids[0], "ConnectTotp"));
}

fn seconds(campaign: &Campaign) -> i64 {
    now().as_second() - campaign.started.as_second()
}

#[test]
fn every_kind_can_be_played_again_and_again_and_in_a_large_world() {
    let large = LargeSeed { users: 2_000, logins: Some(50_000), now: now(), ..LargeSeed::default() };
    for mut org in [org(), generate_large(&large)] {
        for kind in CampaignKind::ALL.into_iter().cycle().take(6 * CampaignKind::ALL.len()) {
            org.launch(kind, now());
        }
        for login in org.logins() {
            assert!(login.source_ip.parse::<std::net::IpAddr>().is_ok(), "{}", login.source_ip);
        }
    }
}

#[test]
fn a_harmless_oddity_is_about_the_users_it_names() {
    for kind in BenignKind::ALL {
        let mut org = org();
        let before: BTreeSet<_> = org.logins().iter().map(|login| login.id).collect();
        let users = org.live_benign(kind, now());
        let distinct: BTreeSet<_> = users.iter().copied().collect();
        assert_eq!(distinct.len(), users.len(), "{kind:?}");
        let rows: Vec<_> = org.logins().iter().filter(|login| !before.contains(&login.id)).collect();
        let seen: BTreeSet<_> = rows.iter().map(|login| login.user_id).collect();
        assert_eq!(seen, distinct, "{kind:?}");
        assert!(rows.iter().all(|login| login.login_time <= now()
            && login.login_time.as_second() > now().as_second() - 7 * 86_400));
    }
}

#[test]
fn oddities_are_as_odd_as_they_say() {
    let mut org = org();
    let rows = |org: &mut Org, kind: BenignKind| {
        let before = org.logins().len();
        org.live_benign(kind, now());
        org.logins()[before..].to_vec()
    };
    let conference = rows(&mut org, BenignKind::Conference);
    let cities: BTreeSet<_> = conference.iter().map(|login| login.geo.as_ref().unwrap().city).collect();
    assert_eq!((cities.len(), conference.len()), (1, 24));
    let acquired = rows(&mut org, BenignKind::AcquiredCompany);
    assert!(
        acquired.len() == 25
            && acquired
                .iter()
                .all(|login| org.user(&login.user_id).unwrap().created
                    > "2026-11-22T00:00:00Z".parse().unwrap())
    );
    let rollout = rows(&mut org, BenignKind::BrowserRollout);
    assert!(rollout.len() == 30 && rollout.iter().all(|login| login.browser == rollout[0].browser));
    let rotated = rows(&mut org, BenignKind::RotatedSecret);
    let gaps: BTreeSet<_> = rotated
        .windows(2)
        .map(|pair| pair[1].login_time.as_second() - pair[0].login_time.as_second())
        .collect();
    assert_eq!((gaps, rotated.iter().filter(|login| !login.succeeded()).count()), (BTreeSet::from([60]), 40));
    let fickle = rows(&mut org, BenignKind::FickleGeolocation);
    assert!(fickle.iter().all(|login| login.source_ip == fickle[0].source_ip));
    assert_ne!(fickle[0].geo.as_ref().unwrap().city, fickle[1].geo.as_ref().unwrap().city);
    let churn: BTreeSet<_> =
        rows(&mut org, BenignKind::CarrierChurn).iter().map(|one| one.source_ip.to_string()).collect();
    assert_eq!(churn.len(), 14);
    let office: BTreeSet<_> =
        rows(&mut org, BenignKind::NewOffice).iter().map(|one| one.source_ip.to_string()).collect();
    assert_eq!(office.len(), 1);
}

//! What Event Relay tells before a scan sees it, more than once and in any order.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use salesforce_simulator::{CampaignKind, RealTimeRelay, RelayedKeys, RelayedTimes, Switches, at_least_once};

use crate::org_under_watch::Watched;

const CAMPAIGNS: [CampaignKind; 4] = [
    CampaignKind::BruteForce,
    CampaignKind::PhishedSso,
    CampaignKind::SessionTheft,
    CampaignKind::StolenRefreshToken,
];

/// Which detections have found something, by whom it is about.
type Found = BTreeMap<String, BTreeSet<String>>;

/// The same attacks, told by a relay with these switches and then scanned.
async fn found(switches: Switches) -> Found {
    let mut watched = Watched::after_learning().await;
    *watched.simulator.org().switches_mut() = switches;
    let began = watched.now();
    for kind in CAMPAIGNS {
        watched.simulator.org().launch(kind, began);
    }
    watched.pass(SignedDuration::from_mins(2));
    let first_try = began - SignedDuration::from_mins(30);
    let events = at_least_once(watched.simulator.org().relayed(first_try), 7);
    assert_eq!(events.is_empty(), switches.real_time_relay == RealTimeRelay::NotCarried);
    watched.hear(&events).await;
    watched.round().await;
    watched.hear(&events).await;
    // The stolen session's own login is older than what a scan reads again; an hour later it is counted and missed.
    watched.pass(SignedDuration::from_mins(61));
    watched.round().await;
    assert_eq!(watched.logins_counted().await, watched.rows_before_now(), "{switches:?}");
    let mut found = Found::new();
    for finding in watched.findings.values() {
        let by = finding.detections.iter().map(|detection| detection.id.clone());
        found.entry(finding.subject.id.clone()).or_default().extend(by);
    }
    found
}

/// When the sessions that an attacker has opened end by what was learned of his victim, where a relay tells of his logout, and the
/// instant of that.
async fn ends_after_a_logout(is_heard: bool) -> (Vec<String>, String) {
    let mut watched = Watched::after_learning().await;
    let began = watched.now();
    let campaign = watched.simulator.org().launch(CampaignKind::BruteForce, began);
    watched.pass(SignedDuration::from_mins(2));
    let login = watched.simulator.org().relayed(began - SignedDuration::from_mins(1));
    watched.hear(&login).await;
    watched.round().await;
    watched.pass(SignedDuration::from_mins(2));
    let logout = watched.now();
    assert!(watched.simulator.org().log_out(&campaign.session_ids[0]) > 0);
    let events = at_least_once(watched.simulator.org().relayed(logout), 7);
    assert!(events.iter().all(|event| event["detail-type"] == "LogoutEventStream"), "{events:?}");
    if is_heard {
        watched.hear(&events).await;
    }
    // Whatever comes an hour later commits all of it.
    watched.pass(SignedDuration::from_mins(61));
    watched.simulator.org().launch(CampaignKind::BruteForce, watched.now());
    watched.pass(SignedDuration::from_mins(1));
    watched.round().await;
    let held = watched.profile_of(&campaign.user_id).await["held"].clone();
    let ends = held.as_array().unwrap().iter().map(|held| held["expires"].as_str().unwrap().to_owned());
    (ends.collect(), logout.to_string())
}

#[tokio::test]
async fn a_session_whose_logout_is_relayed_is_over_then() {
    let (ends, logout) = ends_after_a_logout(true).await;
    assert!(!ends.is_empty() && ends.iter().all(|ends| *ends == logout), "{ends:?} {logout}");
    let (ends, logout) = ends_after_a_logout(false).await;
    assert!(!ends.is_empty() && ends.iter().all(|ends| *ends > logout), "{ends:?} {logout}");
}

#[tokio::test]
async fn a_relay_adds_salesforces_own_alarms_and_doubles_nothing() {
    let scanned = found(Switches { real_time_relay: RealTimeRelay::NotCarried, ..Switches::default() }).await;
    assert!(scanned.len() >= CAMPAIGNS.len(), "{scanned:?}");
    let ways = [
        Switches::default(),
        Switches { relayed_times: RelayedTimes::Written, ..Switches::default() },
        Switches { relayed_keys: RelayedKeys::Untold, ..Switches::default() },
    ];
    for switches in ways {
        let mut told = found(switches).await;
        let mut alarms = 0;
        for by in told.values_mut() {
            alarms += usize::from(by.remove("platform-threat"));
        }
        assert_eq!(told, scanned, "{switches:?}");
        assert_eq!(alarms, 3, "{switches:?}");
    }
}

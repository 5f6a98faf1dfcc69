//! What is found in an org under watch, and that nothing is lost or counted twice.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::SignedDuration;
use salesforce_simulator::{
    Activity, BenignKind, CampaignKind, Clock, Effect, Fault, Frost, Matcher, Occurrence, Outsiders,
    Permission, RefreshRows, User,
};
use session_warden::detection::{Finding, Severity, SubjectKind};
use session_warden::stages::ScanError;

use crate::org_under_watch::crashing_store::CrashingStore;
use crate::org_under_watch::{RoundError, Watched};

#[tokio::test]
async fn three_campaigns_are_found_and_nobody_else() {
    let mut watched = Watched::after_learning().await;
    let now = watched.now();
    let campaigns: Vec<_> = CampaignKind::DRILL.map(|kind| watched.simulator.org().launch(kind, now)).into();
    for kind in BenignKind::DRILL {
        watched.simulator.org().live_benign(kind, now);
    }
    watched.pass(SignedDuration::from_secs(20));
    watched.round().await;
    let hostile: BTreeSet<_> = campaigns.iter().map(|c| c.user_id.to_string()).collect();
    let high = watched.findings.values().filter(|f| f.severity >= Severity::High);
    let found: BTreeSet<_> = high.filter_map(|f| f.user_id.as_ref().map(ToString::to_string)).collect();
    let break_glass = watched.simulator.org().break_glass().unwrap().id.to_string();
    assert_eq!(found.difference(&hostile).collect::<Vec<_>>(), [&break_glass]);
    assert!(hostile.is_subset(&found), "{hostile:?} {found:?}");
    assert!(
        watched.findings.values().all(|f| f.subject.kind == SubjectKind::User),
        "own identities are no news"
    );
    assert!(watched.simulator.org().take_writes().is_empty(), "a scan changes nothing");
}

/// Whoever leaves or resets a password has sessions that were judged before.
#[tokio::test]
async fn what_a_changed_account_holds_is_judged_again() {
    let mut watched = Watched::after_learning().await;
    watched.round().await;
    let leaver = {
        let mut org = watched.simulator.org();
        let holds = |user: &&Arc<User>| user.is_active() && !org.live_sessions_of(&user.id).is_empty();
        let leaver = org.users().iter().rfind(holds).unwrap().id;
        org.set_activity(&leaver, Activity::Inactive);
        leaver.to_string()
    };
    watched.pass(SignedDuration::from_mins(5));
    watched.round().await;
    let named = |finding: &&Finding| {
        finding.user_id.as_ref().is_some_and(|user| user.as_str() == leaver)
            && finding.detections.iter().any(|detection| detection.id == "leavers-session")
    };
    assert_eq!(watched.findings.values().filter(named).count(), 1, "{:#?}", watched.findings);
    watched.pass(SignedDuration::from_mins(5));
    assert_eq!(watched.round().await.sessions, 0, "once");
}

#[tokio::test]
async fn crashes_lose_nothing_and_count_nothing_twice() {
    let mut watched = Watched::new().await;
    let (mut crashes, mut calls) = (0, 1);
    loop {
        let store = CrashingStore::after(Arc::clone(&watched.store), calls);
        match watched.round_on(&store).await {
            Ok(scanned) if scanned.caught_up => break,
            Ok(_) => {}
            Err(RoundError::Scan(ScanError::Salesforce(error))) => panic!("not of our making: {error}"),
            Err(_) => crashes += 1,
        }
        calls += 3 + calls / 4;
    }
    assert!(crashes > 10, "only {crashes} crashes");
    assert_eq!(watched.logins_counted().await, watched.rows_before_now());
}

#[tokio::test]
async fn token_uses_are_watched_every_quarter_of_an_hour() {
    for refresh_rows in [RefreshRows::Written, RefreshRows::NotWritten] {
        token_uses_are_watched(refresh_rows).await;
    }
}

/// Also where a refresh leaves no row in the login history.
async fn token_uses_are_watched(refresh_rows: RefreshRows) {
    let mut watched = Watched::after_learning().await;
    watched.simulator.org().switches_mut().refresh_rows = refresh_rows;
    let now = watched.now();
    let campaign = watched.simulator.org().launch(CampaignKind::StolenRefreshToken, now);
    let loot = campaign.loot;
    watched.pass(SignedDuration::from_mins(1));
    assert_eq!(watched.round().await.tokens, 0, "it looked a minute ago");
    let of_victim = |found: &&Finding| found.subject.id == campaign.user_id.as_str();
    let found = watched.findings.values().find(of_victim).unwrap();
    let by = found.detections.iter().find(|by| by.id == "integration-network");
    assert_eq!(by.map(|by| by.severity), Some(Severity::High), "{refresh_rows:?} {found:#?}");
    watched.simulator.org().attempt(&loot);
    let used_at = watched.now();
    watched.pass(SignedDuration::from_mins(14));
    assert!(watched.round().await.tokens > 0);
    // What is newer makes what was seen old enough to be kept.
    for _ in 0..3 {
        watched.simulator.org().attempt(&loot);
        watched.pass(SignedDuration::from_mins(15));
        assert!(watched.round().await.tokens > 0);
    }
    let profiles = watched.application_profiles().await;
    let used_at = used_at.to_string();
    let used = |profile: &serde_json::Value| profile["last_token_use"].as_str() >= Some(&used_at);
    assert!(profiles.iter().any(used), "{} profiles", profiles.len());
    assert_eq!(watched.round().await.tokens, 0);
}

#[tokio::test]
async fn without_customize_application_tokens_are_blind_and_the_rest_is_seen() {
    for outsiders in [Outsiders::OwnRows, Outsiders::Refused] {
        tokens_are_blind_and_the_rest_is_seen(outsiders).await;
    }
}

async fn tokens_are_blind_and_the_rest_is_seen(outsiders: Outsiders) {
    let mut watched = Watched::new().await;
    watched.simulator.org().switches_mut().outsiders = outsiders;
    let username =
        watched.simulator.connection_document()["scanner"]["username"].as_str().unwrap().to_owned();
    watched.simulator.org().remove_permission(&username, Permission::CustomizeApplication);
    let scanned = loop {
        let scanned = watched.round().await;
        if scanned.caught_up {
            break scanned;
        }
    };
    assert!(
        matches!(&scanned.blind[..], [one] if one.starts_with("refresh tokens cannot be seen: Customize Application")),
        "{:?}",
        scanned.blind
    );
    assert!(scanned.sessions > 0 && scanned.tokens == 0);
}

#[tokio::test]
async fn a_scan_that_may_not_read_logins_is_blind_whatever_salesforce_answers() {
    for outsiders in [Outsiders::OwnRows, Outsiders::Refused] {
        let mut watched = Watched::new().await;
        watched.simulator.org().switches_mut().outsiders = outsiders;
        let document = watched.simulator.connection_document();
        let username = document["scanner"]["username"].as_str().unwrap();
        for permission in [Permission::ManageUsers, Permission::MonitorLoginHistory] {
            watched.simulator.org().remove_permission(username, permission);
        }
        let store = Arc::clone(&watched.store);
        let error = watched.round_on(store.as_ref()).await.unwrap_err();
        assert!(matches!(&error, RoundError::Scan(ScanError::Blind { .. })), "{outsiders:?} {error}");
    }
}

#[tokio::test]
async fn a_clock_that_is_wrong_and_a_scanner_that_is_frozen_are_told_with_every_scan() {
    let mut watched = Watched::after_learning().await;
    let document = watched.simulator.connection_document();
    let username = document["scanner"]["username"].as_str().unwrap();
    let own = watched.simulator.org().user_by_name(username).unwrap().id;
    watched.pass(SignedDuration::from_mins(16));
    let quiet = watched.round().await;
    assert!(quiet.blind.is_empty() && quiet.unseen.is_empty(), "{:?} {:?}", quiet.blind, quiet.unseen);

    watched.simulator.org().set_clock(Clock::Fixed(watched.now() + SignedDuration::from_secs(40)));
    let scanned = watched.round().await;
    assert!(
        matches!(&scanned.unseen[..], [one] if one.contains("40 s behind Salesforce")),
        "{:?}",
        scanned.unseen
    );
    watched.simulator.org().set_clock(Clock::Fixed(watched.now() - SignedDuration::from_mins(5)));
    let scanned = watched.round().await;
    assert!(
        matches!(&scanned.blind[..], [one] if one.contains("300 s ahead of Salesforce")),
        "{:?}",
        scanned.blind
    );

    watched.simulator.org().set_frozen(own.as_str(), Frost::Frozen);
    watched.pass(SignedDuration::from_mins(16));
    for _ in 0..2 {
        let scanned = watched.round().await;
        assert!(matches!(&scanned.blind[..], [one] if one.contains("frozen")), "{:?}", scanned.blind);
        watched.pass(SignedDuration::from_mins(1));
    }
    watched.simulator.org().set_frozen(own.as_str(), Frost::Thawed);
    assert!(watched.round().await.blind.is_empty());
}

#[tokio::test]
async fn logins_do_not_wait_for_verifications_that_cannot_be_read() {
    let mut watched = Watched::after_learning().await;
    let verifications = || Matcher::any().object("VerificationHistory");
    let slow = Fault::on(verifications(), Occurrence::Every, Effect::refusal(400, "QUERY_TIMEOUT"));
    watched.simulator.org().faults_mut().add(slow);
    watched.pass(SignedDuration::from_mins(16));
    let scanned = watched.round().await;
    assert!(scanned.caught_up && scanned.logins > 0);
    let again = |note: &&String| note.contains("are read again from");
    let first = scanned.unseen.iter().find(again).cloned();
    assert!(first.is_some(), "{:?}", scanned.unseen);
    watched.pass(SignedDuration::from_mins(1));
    assert_eq!(watched.round().await.unseen.iter().find(again), first.as_ref(), "the mark stands still");
    watched.simulator.org().faults_mut().clear();
    watched.pass(SignedDuration::from_mins(1));
    let scanned = watched.round().await;
    assert!(scanned.unseen.is_empty(), "{:?}", scanned.unseen);
}

#[tokio::test]
async fn logins_from_no_ip_address_are_judged_counted_and_accuse_nobody() {
    let mut watched = Watched::new().await;
    let now = watched.now();
    let users = watched.simulator.org().live_benign(BenignKind::AdminTools, now);
    let at = |ip: &str| watched.simulator.org().logins().iter().any(|login| login.source_ip == ip);
    assert!(at("Salesforce.com IP") && at(""));
    watched.pass(SignedDuration::from_secs(20));
    loop {
        let scanned = watched.round().await;
        assert_eq!(scanned.rejected, 0);
        if scanned.caught_up {
            break;
        }
    }
    assert_eq!(watched.logins_counted().await, watched.rows_before_now());
    let of_them = watched.findings.values().filter(|found| {
        users.iter().any(|user| found.user_id.as_ref().is_some_and(|id| id.as_str() == user.as_str()))
    });
    let grave: Vec<_> = of_them.filter(|found| found.severity >= Severity::High).collect();
    assert!(grave.is_empty(), "{grave:#?}");
}

#[tokio::test]
async fn rows_that_appear_late_are_judged_and_counted_once() {
    let mut watched = Watched::after_learning().await;
    let now = watched.now();
    watched.pass(SignedDuration::from_mins(1));
    watched.round().await;
    // They happened up to nine minutes ago, and Salesforce shows them only now.
    let campaign = watched.simulator.org().launch(CampaignKind::BruteForce, now);
    for _ in 0..3 {
        watched.pass(SignedDuration::from_mins(1));
        watched.round().await;
    }
    let found = watched.findings.values().find(|f| f.subject.id == campaign.user_id.as_str()).unwrap();
    assert_eq!(found.detections[0].id, "brute-force-success");
    assert_eq!(watched.logins_counted().await, watched.rows_before_now());
}

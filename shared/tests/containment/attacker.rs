//! A client that uses everything it holds every few milliseconds while it is being shut out, and makes itself new access
//! wherever it can: after "contained" is said, nothing of it works; where Salesforce lies, it is never said.

use std::time::Duration;

use salesforce_simulator::{
    AccessTokens, CampaignKind, Cascade, Clock, Door, FreezeSessions, Loot, Lying, RefreshRows,
    RevokeSessions, Switches,
};
use session_warden::containment::{Containment, Outcome, Target};
use session_warden::stages::Apply;

use crate::support::Scene;
use crate::{session_level, wide};

/// Whether he can log in anew.
#[derive(Clone, Copy, PartialEq)]
enum Knows {
    ThePassword,
    NoPassword,
}

/// What an attacker holds, and goes on gathering.
struct Attacker {
    held: Vec<Loot>,
    knows: Knows,
    /// How often he got in.
    successes: usize,
}

impl Attacker {
    /// He has a browser session with its children, an API session, a refresh token and the password.
    fn of(scene: &Scene) -> Self {
        let (user, address) = (scene.campaign.user_id, scene.campaign.loot.source_ip.clone());
        let mut org = scene.simulator.org();
        let browser = org.log_in(&user, &address).unwrap();
        let mut api = scene.campaign.loot.clone();
        api.refresh_token = org.approve(user, "Data Loader").map(|token| token.refresh_token.clone());
        org.take_writes();
        Self { held: vec![browser, api], knows: Knows::ThePassword, successes: 0 }
    }

    /// He has a session and the refresh token that made it, and makes himself sessions of it; he knows no password.
    fn with_token(scene: &Scene) -> Self {
        let mut loot = scene.campaign.loot.clone();
        loot.password = None;
        assert!(loot.refresh_token.is_some());
        Self { held: vec![loot], knows: Knows::NoPassword, successes: 0 }
    }

    /// Uses all of it, and keeps what that makes.
    fn tries(&mut self, scene: &Scene) -> bool {
        let mut org = scene.simulator.org();
        let mut gets_in = false;
        for loot in &self.held {
            gets_in |= org.attempt(loot).gets_in();
        }
        if self.knows == Knows::ThePassword {
            self.held.extend(org.log_in(&scene.campaign.user_id, &scene.campaign.loot.source_ip));
        }
        self.held.dedup_by(|a, b| a.access_token == b.access_token);
        self.successes += usize::from(gets_in);
        gets_in
    }

    async fn goes_on(&mut self, scene: &Scene) {
        loop {
            self.tries(scene);
            tokio::time::sleep(Duration::from_millis(4)).await;
        }
    }
}

/// Contains while the attacker is at work.
async fn contained_under_attack(scene: &Scene, attacker: &mut Attacker) -> Containment {
    tokio::select! {
        record = scene.contain() => record.unwrap(),
        () = attacker.goes_on(scene) => unreachable!(),
    }
}

#[tokio::test]
async fn after_contained_is_said_nothing_of_it_works() {
    let usual = Switches::default();
    for switches in [
        usual,
        Switches { cascade: Cascade::Off, revoke_sessions: RevokeSessions::Kept, ..usual },
        Switches { freeze_sessions: FreezeSessions::Killed, ..usual },
    ] {
        let mut scene = Scene::of(CampaignKind::BruteForce).await;
        scene.policy.containment.attempts = 10;
        *scene.simulator.org().switches_mut() = switches;
        let mut attacker = Attacker::of(&scene);
        assert!(attacker.tries(&scene));
        let record = contained_under_attack(&scene, &mut attacker).await;
        assert_eq!(record.outcome, Some(Outcome::Contained), "{record:#?}");
        assert!(attacker.successes > 1 && attacker.held.len() > 2, "he was at work");
        assert!(!attacker.tries(&scene), "{switches:?}");
    }
}

#[tokio::test]
async fn a_jwt_that_outlives_its_session_is_told_as_a_window() {
    let scene = Scene::of(CampaignKind::BruteForce).await;
    scene.simulator.org().switches_mut().access_tokens = AccessTokens::Jwt;
    let mut attacker = Attacker::of(&scene);
    {
        let mut org = scene.simulator.org();
        let minting = attacker.held.iter().find(|loot| loot.refresh_token.is_some()).unwrap().clone();
        assert_eq!(org.attempt(&minting).refresh_token, Door::Open);
    }
    let record = contained_under_attack(&scene, &mut attacker).await;
    assert_eq!(record.outcome, Some(Outcome::Contained), "{record:#?}");
    assert!(record.residual_until.is_some());
    let mut org = scene.simulator.org();
    for loot in &attacker.held {
        let access = org.attempt(loot);
        assert!(access.refresh_token != Door::Open && access.password != Door::Open);
    }
}

/// By a clock that is six hours ahead every session of his would have run out long ago.
#[tokio::test]
async fn a_clock_that_is_wrong_hides_no_session() {
    let scene = Scene::of(CampaignKind::BruteForce).await;
    scene.salesforce.org_id().await.unwrap();
    scene.simulator.org().set_clock(Clock::Ahead(-6 * 3_600));
    let mut attacker = Attacker::of(&scene);
    let record = scene.contain().await.unwrap();
    assert_eq!(record.outcome, Some(Outcome::Contained), "{record:#?}");
    assert!(!attacker.tries(&scene));
}

#[tokio::test]
async fn where_salesforce_lies_contained_is_never_said() {
    for lying in [Lying::Deletes, Lying::Revokes, Lying::Freezes, Lying::Always] {
        let scene = Scene::of(CampaignKind::BruteForce).await;
        let switches = Switches { lying, revoke_sessions: RevokeSessions::Kept, ..Switches::default() };
        *scene.simulator.org().switches_mut() = switches;
        let mut attacker = Attacker::of(&scene);
        let record = contained_under_attack(&scene, &mut attacker).await;
        assert!(matches!(record.outcome, Some(Outcome::NotContained { .. })), "{lying:?} {record:#?}");
        assert!(record.survivors_total > 0, "{lying:?}");
    }
}

/// Live sessions that are held from his address: also those that he has made meanwhile.
fn his_sessions(scene: &Scene) -> usize {
    let live = scene.simulator.org().live_sessions_of(&scene.campaign.user_id);
    live.iter().filter(|session| *session.source_ip == *scene.campaign.loot.source_ip).count()
}

/// Ends his sessions, and the token behind them, while he is at work.
async fn session_ended_under_attack(scene: &Scene, attacker: &mut Attacker) -> Containment {
    let request = session_level::request(scene, &[], &[&scene.campaign.loot.source_ip]);
    let stage = scene.stage();
    tokio::select! {
        record = stage.contain(request, Apply::Act) => record.unwrap(),
        () = attacker.goes_on(scene) => unreachable!(),
    }
}

#[tokio::test]
async fn of_a_session_nothing_works_that_he_holds_or_makes_and_the_user_works_on() {
    let both = [RevokeSessions::Removed, RevokeSessions::Kept];
    for (revoke_sessions, refresh_rows) in
        both.into_iter().flat_map(|it| [(it, RefreshRows::Written), (it, RefreshRows::NotWritten)])
    {
        let (mut scene, own) = session_level::scene(CampaignKind::StolenRefreshToken).await;
        scene.policy.containment.attempts = 10;
        {
            let mut org = scene.simulator.org();
            let switches = org.switches_mut();
            (switches.revoke_sessions, switches.refresh_rows) = (revoke_sessions, refresh_rows);
        }
        let mut attacker = Attacker::with_token(&scene);
        assert!(attacker.tries(&scene));
        let record = session_ended_under_attack(&scene, &mut attacker).await;
        assert_eq!(record.outcome, Some(Outcome::SessionEnded), "{record:#?}");
        assert!(attacker.successes > 1, "he was at work");
        assert!(!attacker.tries(&scene) && his_sessions(&scene) == 0, "{revoke_sessions:?} {refresh_rows:?}");
        let mut org = scene.simulator.org();
        assert_eq!(org.attempt(&own).session, Door::Open, "the user's own session lives on");
        assert!(!org.is_frozen(&scene.campaign.user_id));
    }
}

#[tokio::test]
async fn where_salesforce_lies_a_session_is_never_called_ended() {
    for lying in [Lying::Deletes, Lying::Revokes, Lying::Always] {
        let (scene, own) = session_level::scene(CampaignKind::StolenRefreshToken).await;
        let switches = Switches { lying, revoke_sessions: RevokeSessions::Kept, ..Switches::default() };
        *scene.simulator.org().switches_mut() = switches;
        let mut attacker = Attacker::with_token(&scene);
        let record = session_ended_under_attack(&scene, &mut attacker).await;
        assert!(matches!(record.outcome, Some(Outcome::NotContained { .. })), "{lying:?} {record:#?}");
        assert!(record.survivors_total > 0, "{lying:?}");
        assert_eq!(scene.simulator.org().attempt(&own).session, Door::Open);
    }
}

/// Two people have agreed that an application ends, and it does while he is at work.
async fn app_ended_under_attack(scene: &mut Scene, attacker: &mut Attacker) -> Containment {
    let target = Target::App { app_name: wide::stolen_app(scene) };
    let people = scene.approvers(&["Ada", "Grace"]);
    let waiting = scene.stage().contain(wide::asked(scene, target), Apply::Act).await.unwrap();
    for (name, key) in &people {
        scene.approve(&waiting, key, name).await;
    }
    let (stage, org) = (scene.stage(), scene.org_id());
    tokio::select! {
        changed = stage.tend(&org) => changed.unwrap().remove(0),
        () = attacker.goes_on(scene) => unreachable!(),
    }
}

#[tokio::test]
async fn of_an_application_nothing_works_that_he_holds_or_makes() {
    let both = [RevokeSessions::Removed, RevokeSessions::Kept];
    for (revoke_sessions, refresh_rows) in
        both.into_iter().flat_map(|it| [(it, RefreshRows::Written), (it, RefreshRows::NotWritten)])
    {
        let (mut scene, own) = session_level::scene(CampaignKind::StolenRefreshToken).await;
        scene.policy.containment.attempts = 10;
        {
            let mut org = scene.simulator.org();
            let switches = org.switches_mut();
            (switches.revoke_sessions, switches.refresh_rows) = (revoke_sessions, refresh_rows);
        }
        wide::spread(&scene, &wide::stolen_app(&scene), 10);
        let mut attacker = Attacker::with_token(&scene);
        assert!(attacker.tries(&scene));
        let record = app_ended_under_attack(&mut scene, &mut attacker).await;
        assert_eq!(record.outcome, Some(Outcome::AccessEnded), "{record:#?}");
        assert!(attacker.successes > 1, "he was at work");
        assert!(!attacker.tries(&scene) && his_sessions(&scene) == 0, "{revoke_sessions:?} {refresh_rows:?}");
        assert_eq!(
            scene.simulator.org().attempt(&own).session,
            Door::Open,
            "a browser is none of its sessions"
        );
    }
}

#[tokio::test]
async fn where_salesforce_lies_an_application_is_never_called_ended() {
    for lying in [Lying::Deletes, Lying::Revokes, Lying::Always] {
        let mut scene = Scene::of(CampaignKind::StolenRefreshToken).await;
        let switches = Switches { lying, revoke_sessions: RevokeSessions::Kept, ..Switches::default() };
        *scene.simulator.org().switches_mut() = switches;
        let mut attacker = Attacker::with_token(&scene);
        let record = app_ended_under_attack(&mut scene, &mut attacker).await;
        assert!(matches!(record.outcome, Some(Outcome::NotContained { .. })), "{lying:?} {record:#?}");
        assert!(record.survivors_total > 0, "{lying:?}");
    }
}

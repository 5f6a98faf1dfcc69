//! A client that uses everything it holds every few milliseconds while it is being shut out, and makes itself new access
//! wherever it can: after "contained" is said, nothing of it works; where Salesforce lies, it is never said.

use std::time::Duration;

use salesforce_simulator::{
    AccessTokens, CampaignKind, Cascade, Door, FreezeSessions, Loot, Lying, RevokeSessions, Switches,
};
use session_warden::containment::{Containment, Outcome};

use crate::support::Scene;

/// What an attacker holds, and goes on gathering.
struct Attacker {
    held: Vec<Loot>,
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
        Self { held: vec![browser, api], successes: 0 }
    }

    /// Uses all of it, and keeps what that makes.
    fn tries(&mut self, scene: &Scene) -> bool {
        let mut org = scene.simulator.org();
        let mut gets_in = false;
        for loot in &self.held {
            gets_in |= org.attempt(loot).gets_in();
        }
        self.held.extend(org.log_in(&scene.campaign.user_id, &scene.campaign.loot.source_ip));
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

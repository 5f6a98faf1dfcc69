//! An attacker who holds one key of every kind at once and uses all of them every few milliseconds, making himself new
//! ones wherever he can. After access is called ended none of them works; where Salesforce lies, it is never called so.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::SignedDuration;
use salesforce_simulator::{
    AccessTokens, CampaignKind, Cascade, Clock, Door, Id, Loot, Lying, Org, RevokeSessions, Switches,
};
use session_warden::containment::{Containment, Outcome, Target};
use session_warden::stages::Apply;

use crate::support::Scene;
use crate::{session_level, wide};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    /// The access token of a browser session.
    Browser,
    /// A session under another.
    Child,
    /// An opaque access token of an application.
    Api,
    /// A refresh token.
    Refresh,
    /// A JWT access token, which lives on for half an hour after its session.
    Jwt,
}

const EVERY: [Key; 5] = [Key::Browser, Key::Child, Key::Api, Key::Refresh, Key::Jwt];

/// How far what he does reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Session,
    User,
    App,
    Org,
}

const LEVELS: [Level; 4] = [Level::Session, Level::User, Level::App, Level::Org];

struct Attacker {
    /// A refresh token, and at the level of a user the password.
    loot: Loot,
    tokens: Vec<(Key, Loot)>,
    browser: Option<Id>,
    /// How often any of it worked.
    successes: usize,
}

impl Attacker {
    fn of(scene: &Scene, level: Level) -> Self {
        let (user, mut loot) = (scene.campaign.user_id, scene.campaign.loot.clone());
        let mut org = scene.simulator.org();
        loot.password = loot.password.filter(|_| level == Level::User);
        if loot.refresh_token.is_none() {
            loot.refresh_token = org.approve(user, "Data Loader").map(|token| token.refresh_token.clone());
        }
        org.switches_mut().access_tokens = AccessTokens::Opaque;
        let api = org.exchange(&loot).unwrap();
        let (mut tokens, mut browser) = (vec![(Key::Api, api)], None);
        if level == Level::App {
            // What he opens by password is none of an application's sessions.
            let made = org.live_sessions_of(&user).into_iter().max_by_key(|session| session.id).unwrap();
            browser = org.derive_session(&made.id);
        } else {
            tokens.push((Key::Browser, org.log_in(&user, &loot.source_ip).unwrap()));
        }
        org.switches_mut().access_tokens = AccessTokens::Jwt;
        tokens.push((Key::Jwt, org.exchange(&loot).unwrap()));
        org.take_writes();
        drop(org);
        let mut attacker = Self { loot, tokens, browser, successes: 0 };
        assert_eq!(attacker.uses(scene), BTreeSet::from(EVERY), "he begins with all of them: {level:?}");
        attacker
    }

    /// Uses all of it, and keeps what that makes; answers what worked.
    fn uses(&mut self, scene: &Scene) -> BTreeSet<Key> {
        let mut org = scene.simulator.org();
        let mut works = self.works(&mut org, scene);
        if let Some(made) = org.exchange(&self.loot) {
            works.insert(Key::Refresh);
            self.tokens.push((Key::Jwt, made));
        }
        if self.loot.password.is_some() {
            let again = org.log_in(&scene.campaign.user_id, &self.loot.source_ip);
            self.tokens.extend(again.map(|made| (Key::Browser, made)));
        }
        // It takes the token of a root to open a browser with it.
        if let Some((root, _)) = his_rows(&org, scene).iter().find(|(_, is_child)| !is_child) {
            org.derive_session(root);
        }
        self.successes += usize::from(!works.is_empty());
        works
    }

    /// Which sessions let him in.
    fn works(&self, org: &mut Org, scene: &Scene) -> BTreeSet<Key> {
        let open = |(key, held): &(Key, Loot)| (org.attempt(held).session == Door::Open).then_some(*key);
        let mut works: BTreeSet<_> = self.tokens.iter().filter_map(open).collect();
        let rows = his_rows(org, scene);
        works.extend(rows.iter().any(|(_, is_child)| *is_child).then_some(Key::Child));
        works.extend(rows.iter().any(|(id, _)| Some(*id) == self.browser).then_some(Key::Browser));
        works
    }

    async fn goes_on(&mut self, scene: &Scene) {
        loop {
            self.uses(scene);
            tokio::time::sleep(Duration::from_millis(4)).await;
        }
    }
}

/// Live sessions that are held from his address, and whether each is under another.
fn his_rows(org: &Org, scene: &Scene) -> Vec<(Id, bool)> {
    let live = org.live_sessions_of(&scene.campaign.user_id).into_iter();
    let his = live.filter(|session| *session.source_ip == *scene.campaign.loot.source_ip);
    his.map(|session| (session.id, !session.is_root())).collect()
}

/// A user who is at work himself, under a containment with time for an attacker who is as quick as it.
async fn scene(level: Level) -> (Scene, Loot) {
    let kind = if level == Level::User { CampaignKind::BruteForce } else { CampaignKind::StolenRefreshToken };
    let (mut scene, own) = session_level::scene(kind).await;
    scene.policy.containment.attempts = 10;
    if level == Level::Org {
        // Whoever logs in two seconds after the end is let in: the readings must last longer.
        scene.pauses.reread = Duration::from_millis(250);
    }
    (scene, own)
}

async fn ended(scene: &mut Scene, level: Level, attacker: &mut Attacker) -> Containment {
    let target = match level {
        Level::Session => {
            let request = session_level::request(scene, &[], &[&scene.campaign.loot.source_ip]);
            let stage = scene.stage();
            return while_he_works(attacker, scene, async {
                stage.contain(request, Apply::Act).await.unwrap()
            })
            .await;
        }
        Level::User => {
            return while_he_works(attacker, scene, async { scene.contain().await.unwrap() }).await;
        }
        Level::App => Target::App { app_name: wide::stolen_app(scene) },
        Level::Org => Target::Org,
    };
    let people = scene.approvers(&["Ada", "Grace"]);
    let waiting = scene.stage().contain(wide::asked(scene, target), Apply::Act).await.unwrap();
    for (name, key) in &people {
        scene.approve(&waiting, key, name).await;
    }
    let (stage, org) = (scene.stage(), scene.org_id());
    while_he_works(attacker, scene, async { stage.tend(&org).await.unwrap().remove(0) }).await
}

async fn while_he_works(
    attacker: &mut Attacker,
    scene: &Scene,
    ending: impl Future<Output = Containment>,
) -> Containment {
    let ending = Box::pin(ending);
    tokio::select! {
        record = ending => record,
        () = attacker.goes_on(scene) => unreachable!(),
    }
}

/// By Salesforce's clock, after the window that the record tells by a clock that has stood still meanwhile.
fn after_the_window(record: &Containment) -> Clock {
    Clock::Fixed(record.residual_until.unwrap() + SignedDuration::from_mins(5))
}

fn outcome(level: Level) -> Outcome {
    match level {
        Level::Session => Outcome::SessionEnded,
        Level::User => Outcome::Contained,
        Level::App | Level::Org => Outcome::AccessEnded,
    }
}

#[tokio::test]
async fn of_five_kinds_of_keys_held_at_once_none_works_when_access_is_called_ended() {
    let usual = Switches::default();
    let kept = Switches { cascade: Cascade::Off, revoke_sessions: RevokeSessions::Kept, ..usual };
    for (level, switches) in [Level::Session, Level::User, Level::App]
        .into_iter()
        .flat_map(|level| [usual, kept].map(|switches| (level, switches)))
    {
        let (mut scene, own) = scene(level).await;
        *scene.simulator.org().switches_mut() = switches;
        let mut attacker = Attacker::of(&scene, level);
        let record = ended(&mut scene, level, &mut attacker).await;
        assert_eq!(record.outcome, Some(outcome(level)), "{level:?} {record:#?}");
        assert!(attacker.successes > 1, "he was at work");
        assert_eq!(attacker.uses(&scene), [Key::Jwt].into(), "within the window: {level:?} {switches:?}");
        scene.simulator.org().set_clock(after_the_window(&record));
        assert!(attacker.uses(&scene).is_empty(), "after the window: {level:?} {switches:?}");
        let works_on = scene.simulator.org().attempt(&own).session == Door::Open;
        assert_eq!(works_on, level != Level::User, "the user's own browser: {level:?}");
    }
}

/// Tokens stay where everybody is logged off, which is said before: what he makes of his is a new login, and all that
/// he held is dead.
#[tokio::test]
async fn of_everybody_logged_off_only_what_was_said_to_stay_works() {
    let (mut scene, _) = scene(Level::Org).await;
    let mut attacker = Attacker::of(&scene, Level::Org);
    let began = scene.simulator.org().now();
    let held = attacker.tokens.clone();
    let record = ended(&mut scene, Level::Org, &mut attacker).await;
    assert_eq!(record.outcome, Some(Outcome::AccessEnded), "{record:#?}");
    assert!(record.impact.warnings.iter().any(|warning| warning.contains("refresh tokens stay")));
    let mut org = scene.simulator.org();
    let live = org.live_sessions_of(&scene.campaign.user_id);
    assert!(live.iter().all(|session| session.created > began), "he has logged in anew");
    org.set_clock(after_the_window(&record));
    let dead = held.iter().all(|(_, held)| org.attempt(held).session != Door::Open);
    assert!(dead, "of what he held before");
}

#[tokio::test]
async fn where_salesforce_lies_to_whoever_holds_every_key_access_is_never_called_ended() {
    for level in LEVELS {
        for lying in [Lying::Deletes, Lying::Revokes, Lying::Freezes, Lying::Always] {
            let is_used = match lying {
                Lying::Revokes => level != Level::Org,
                Lying::Freezes => level == Level::User,
                _ => true,
            };
            if !is_used {
                continue;
            }
            let (mut scene, _) = scene(level).await;
            scene.policy.containment.attempts = 3;
            let switches = Switches { lying, revoke_sessions: RevokeSessions::Kept, ..Switches::default() };
            *scene.simulator.org().switches_mut() = switches;
            let mut attacker = Attacker::of(&scene, level);
            let record = ended(&mut scene, level, &mut attacker).await;
            let is_said = matches!(record.outcome, Some(Outcome::NotContained { .. }));
            assert!(is_said && record.survivors_total > 0, "{level:?} {lying:?} {record:#?}");
        }
    }
}

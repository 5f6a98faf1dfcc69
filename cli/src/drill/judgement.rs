//! Whether the drill went as it should: every attacker out, everybody else untouched.

use std::collections::BTreeSet;

use salesforce_simulator::{Access, Campaign, Door, Org, Simulator, Write};
use serde::Serialize;
use session_warden::containment::{Containment, Outcome};

use super::Cast;
use super::stages::{Stage, stages};
use crate::output;
use crate::round::Round;

/// What became of one attack.
#[derive(Debug, Serialize)]
pub(crate) struct Attack {
    pub(crate) campaign: String,
    pub(crate) username: String,
    pub(crate) found_by: Vec<String>,
    pub(crate) outcome: String,
    pub(crate) login_to_verified_seconds: Option<i64>,
    /// How long after the hostile login each stage was reached.
    pub(crate) stages: Vec<Stage>,
    pub(crate) second_try: String,
    /// Found, contained, and every way in shut.
    pub(crate) repelled: bool,
}

/// What the drill came to.
#[derive(Debug, Serialize)]
pub(crate) struct Judgement {
    pub(crate) attacks: Vec<Attack>,
    /// Harmless users who played a part.
    pub(crate) harmless: usize,
    /// Users who were not attacked and whose access was changed all the same.
    pub(crate) touched: Vec<String>,
    /// What went wrong, as sentences.
    pub(crate) problems: Vec<String>,
}

impl Judgement {
    /// Whether everything went as it should.
    pub(crate) fn passed(&self) -> bool {
        self.problems.is_empty()
    }
}

/// Holds what was found and done against what was played.
pub(crate) fn judge(simulator: &Simulator, cast: &Cast, round: &Round) -> Judgement {
    let mut org = simulator.org();
    let writes = org.take_writes();
    let mut problems = Vec::new();
    let attacks = cast
        .campaigns
        .iter()
        .map(|campaign| judge_attack(&mut org, campaign, round, &mut problems))
        .collect();
    let attacked: BTreeSet<_> = cast.campaigns.iter().map(|campaign| campaign.user_id.to_string()).collect();
    let touched: Vec<_> = touched_users(&writes).difference(&attacked).cloned().collect();
    problems.extend(touched.iter().map(|user| format!("user {user} was not attacked and was touched")));
    let harmless = cast.harmless.iter().flat_map(|(_, users)| users).collect::<BTreeSet<_>>().len();
    Judgement { attacks, harmless, touched, problems }
}

fn judge_attack(org: &mut Org, campaign: &Campaign, round: &Round, problems: &mut Vec<String>) -> Attack {
    let user = campaign.user_id.to_string();
    let found =
        round.raised.iter().filter(|finding| finding.user_id.as_ref().is_some_and(|id| id.as_str() == user));
    let found_by: BTreeSet<_> = found.flat_map(|finding| &finding.detections).map(|d| d.id.clone()).collect();
    let containment =
        round.containments.iter().rfind(|c| c.request.target.user().is_some_and(|id| id.as_str() == user));
    let is_contained =
        containment.is_some_and(|c| c.outcome == Some(Outcome::Contained) && c.survivors.is_empty());
    let access = org.attempt(&campaign.loot);
    if found_by.is_empty() {
        problems.push(format!("the {:?} attack on {} was missed", campaign.kind, campaign.username));
    } else if !is_contained {
        problems.push(format!("{} was attacked, found, and not contained", campaign.username));
    }
    if access.gets_in() {
        problems.push(format!("the attacker of {} still gets in", campaign.username));
    }
    Attack {
        campaign: campaign_name(campaign),
        username: campaign.username.clone(),
        found_by: found_by.into_iter().collect(),
        outcome: containment.map_or("-".to_owned(), output::outcome_words),
        login_to_verified_seconds: containment.and_then(|c| c.login_to_verified_seconds),
        stages: containment.map(|record| stages_of(record, round)).unwrap_or_default(),
        second_try: second_try(access),
        repelled: is_contained && !access.gets_in(),
    }
}

fn stages_of(record: &Containment, round: &Round) -> Vec<Stage> {
    let Some(trigger) = &record.request.trigger else { return Vec::new() };
    let found = round.raised.iter().find(|finding| finding.finding_id == trigger.finding_id);
    found.map(|finding| stages(trigger.first_seen, finding.detected_at, record)).unwrap_or_default()
}

fn campaign_name(campaign: &Campaign) -> String {
    use salesforce_simulator::CampaignKind::{BruteForce, PhishedSso, StolenRefreshToken};
    match campaign.kind {
        BruteForce => "brute force".to_owned(),
        StolenRefreshToken => "stolen refresh token".to_owned(),
        PhishedSso => "phished single sign-on".to_owned(),
        other => format!("{other:?}"),
    }
}

fn second_try(access: Access) -> String {
    let doors = [("session", access.session), ("token", access.refresh_token), ("password", access.password)];
    let tried = doors.into_iter().filter(|(_, door)| *door != Door::None);
    let tried: Vec<_> = tried
        .map(|(name, door)| format!("{name} {}", if door == Door::Open { "OPEN" } else { "shut" }))
        .collect();
    tried.join(", ")
}

/// Users whose sessions, tokens or account a write was aimed at.
fn touched_users(writes: &[Write]) -> BTreeSet<String> {
    writes
        .iter()
        .filter_map(|write| match write {
            Write::Revoked { user_id, .. }
            | Write::RevokedAccess { user_id }
            | Write::SetFrozen { user_id, .. } => Some(user_id.clone()),
            _ => None,
        })
        .collect()
}

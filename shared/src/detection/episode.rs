//! Many observations of one attack, joined.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Containable, FindingId, Hit, Severity, Subject};
use crate::observation::{OrgId, Position, UserId};

/// Hits closer than this to an episode belong to it.
const GAP: SignedDuration = SignedDuration::from_hours(24);
/// Access that is seen again this much later is news: whoever contained the first may not have ended the second.
const AGAIN: SignedDuration = SignedDuration::from_mins(15);
/// An episode is told anew after this: what lies weeks apart is not one attack, and a stay so long is worth another word.
const SPAN: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Hits kept in full; an attacker who is seen more often than this is described well enough by these.
const HITS: usize = 400;

/// One subject's open episode.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Episode {
    /// The finding it is told as.
    pub finding_id: FindingId,
    /// Whom or what it is about.
    pub subject: Subject,
    /// The first and last observation that spoke against it.
    pub first_seen: Timestamp,
    /// The last.
    pub last_seen: Timestamp,
    /// Counts the escalations, from 1.
    pub version: u64,
    /// Every hit, by detection and observation, so that judging an observation again adds nothing.
    pub hits: BTreeMap<String, (Timestamp, Hit)>,
    /// Hits that no longer fitted.
    pub more_hits: u64,
    /// The newest access that was told.
    pub raised_for: Option<Timestamp>,
    /// The last use of a token of a user whose access was seen.
    #[serde(default)]
    pub still_used: Option<Timestamp>,
}

/// What an escalation is measured by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Weight {
    severity: Severity,
    detections: BTreeSet<String>,
    containable: BTreeSet<UserId>,
}

impl Episode {
    /// Opens an episode; `None` without a hit. Its id is a hash of the org, the subject and the first evidence, so a replay gives the
    /// same one.
    pub(super) fn open(org: &OrgId, at: &Position, hits: Vec<Hit>) -> Option<Self> {
        let subject = hits.first()?.subject.clone();
        let mut hash = Sha256::new();
        for part in [org.as_str(), &subject.key(), &at.to_string()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let finding_id = FindingId::new(hex::encode(&hash.finalize()[..16]));
        let mut episode = Self {
            finding_id,
            subject,
            first_seen: at.time,
            last_seen: at.time,
            version: 1,
            hits: BTreeMap::new(),
            more_hits: 0,
            raised_for: None,
            still_used: None,
        };
        for hit in hits {
            episode.add(at, hit);
        }
        episode.raised_for = episode.last_access();
        Some(episode)
    }

    /// Whether an observation at `time` belongs to this episode.
    pub(super) fn covers(&self, time: Timestamp) -> bool {
        let after = |time: Timestamp, span| time.checked_add(span).unwrap_or(Timestamp::MAX);
        let until = after(self.last_seen, GAP).min(after(self.first_seen, SPAN));
        time >= self.first_seen.checked_sub(GAP).unwrap_or(Timestamp::MIN) && time <= until
    }

    /// Takes in that something spoke against its subject at `time`. Mere context does not: a traveller's every hotel would
    /// keep his episode open.
    pub(super) fn extend_to(&mut self, time: Timestamp) {
        self.first_seen = self.first_seen.min(time);
        self.last_seen = self.last_seen.max(time);
    }

    /// Adds a hit. The same observation judged again changes nothing, unless what came late before it has made it graver.
    pub(super) fn add(&mut self, at: &Position, hit: Hit) {
        let key = format!("{}@{at}", hit.detection);
        if self.hits.get(&key).is_some_and(|(_, known)| known.severity >= hit.severity) {
            return;
        }
        self.hits.insert(key, (at.time, hit));
        if self.hits.len() > HITS
            && let Some(least) = self.least_telling()
        {
            self.hits.remove(&least);
            self.more_hits += 1;
        }
    }

    /// Of the detection that spoke most often, the oldest of its weakest hits, but not its first. Whoever floods a user with
    /// guesses pushes guesses out, and nothing that another detection says.
    fn least_telling(&self) -> Option<String> {
        let mut by_detection: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for (key, (time, hit)) in &self.hits {
            let rank = (hit.containable == Containable::Yes, hit.severity, *time, key);
            by_detection.entry(&hit.detection).or_default().push(rank);
        }
        let said = by_detection.into_values().max_by_key(Vec::len)?;
        let first = said.iter().min_by_key(|(.., time, key)| (*time, *key))?.3;
        let further = said.iter().filter(|(.., key)| *key != first);
        further.min().map(|(.., key)| (*key).clone())
    }

    /// Takes in that a token of its user was used at `time`; answers whether that is news to this episode, which must
    /// have seen the user's access before.
    pub(super) fn goes_on(&mut self, time: Timestamp) -> bool {
        let is_within = self.first_seen <= time && self.covers(time);
        let is_news = is_within && self.still_used < Some(time) && !self.containable_users().is_empty();
        if is_news {
            self.still_used = Some(time);
        }
        is_news
    }

    /// When its access was last seen, or what spoke against it.
    pub(crate) fn last_active(&self) -> Timestamp {
        self.still_used.map_or(self.last_seen, |used| used.max(self.last_seen))
    }

    /// Counts an escalation, if this is one: graver, more kinds of evidence, another user whose access was seen, or
    /// access again, a while after it was last raised.
    pub(super) fn escalate_from(&mut self, before: &Self) -> bool {
        let newest = self.last_access();
        let again = newest.is_some_and(|newest| self.raised_for.is_none_or(|raised| newest > raised + AGAIN));
        let escalates = again || self.weight() != before.weight();
        if escalates {
            self.version += 1;
            self.raised_for = newest;
        }
        escalates
    }

    /// The newest hit that shows access of at least high severity.
    fn last_access(&self) -> Option<Timestamp> {
        self.accesses().max()
    }

    /// The oldest such hit.
    pub(super) fn first_access(&self) -> Option<Timestamp> {
        self.accesses().min()
    }

    fn accesses(&self) -> impl Iterator<Item = Timestamp> {
        let shows = |hit: &&(Timestamp, Hit)| {
            hit.1.containable == Containable::Yes && hit.1.severity >= Severity::High
        };
        self.hits.values().filter(shows).map(|(time, _)| *time)
    }

    /// Every hit that was kept.
    pub fn all_hits(&self) -> impl Iterator<Item = &Hit> {
        self.hits.values().map(|(_, hit)| hit)
    }

    /// The hits that speak against the subject; the others are context, such as the owner's own logins beside it.
    pub fn evidence(&self) -> impl Iterator<Item = &Hit> {
        self.all_hits().filter(|hit| hit.severity > Severity::Info)
    }

    pub(super) fn weight(&self) -> Weight {
        Weight {
            severity: self.severity(),
            detections: self.all_hits().map(|hit| hit.detection.clone()).collect(),
            containable: self.containable_users(),
        }
    }

    /// 0 to 100: the chance that at least one detection is right, were their families independent; each detection
    /// counts once, at its strongest.
    pub fn score(&self) -> f64 {
        Severity::score(self.strongest().iter().map(|(detection, hit)| (*detection, hit.severity)))
    }

    /// The severity of that score.
    pub fn severity(&self) -> Severity {
        Severity::of_score(self.score())
    }

    /// The strongest hit of each detection.
    pub fn strongest(&self) -> BTreeMap<&str, &Hit> {
        let mut strongest: BTreeMap<&str, &Hit> = BTreeMap::new();
        for hit in self.all_hits() {
            let known = strongest.entry(&hit.detection).or_insert(hit);
            if hit.severity > known.severity {
                *known = hit;
            }
        }
        strongest
    }

    /// Users whose access was seen, by a hit of at least medium severity.
    pub fn containable_users(&self) -> BTreeSet<UserId> {
        let hits = self.all_hits();
        hits.filter(|hit| hit.containable == Containable::Yes && hit.severity >= Severity::Medium)
            .filter_map(|hit| hit.user_id.clone())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detection::catalogue;
    use crate::detection::detections::world::{LYON, World};
    use crate::observation::Observation;
    use crate::policy::Policy;

    #[test]
    fn what_is_judged_again_may_become_graver_and_never_milder() {
        let mut world = World::with_office_workers();
        let login = world.login("ada", "198.19.200.9", 5);
        let at = Observation::Login(Box::new(login.clone())).position();
        let about = catalogue(&Policy::default())[0].about();
        let hit = |severity| Hit::on_login(about, severity, &login);
        let mut episode = Episode::open(&OrgId::new("00D"), &at, vec![hit(Severity::Medium)]).unwrap();
        for (said, kept) in [(Severity::High, Severity::High), (Severity::Low, Severity::High)] {
            episode.add(&at, hit(said));
            assert_eq!((episode.hits.len(), episode.severity(), episode.more_hits), (1, kept, 0));
        }
    }

    #[test]
    fn a_flood_of_guesses_hides_no_takeover() {
        let mut world = World::with_office_workers();
        for number in 0..450 {
            world.fail_from("ada", "198.19.200.9", number / 2);
        }
        let mut login = world.login("ada", "198.19.200.9", 226);
        login.client.browser = "Firefox 115".into();
        world.see(login);
        let episode = &world.state.episodes["user/ada"];
        assert_eq!((episode.hits.len(), episode.severity()), (HITS, Severity::High));
        assert!(episode.more_hits > 0 && episode.strongest().contains_key("brute-force-success"));
        let times =
            || episode.hits.values().filter(|(_, hit)| hit.detection == "brute-force").map(|(time, _)| *time);
        assert_eq!(times().min(), Some(episode.first_seen), "what it began with stays");
    }

    /// Every day another hotel, and every other day another browser.
    #[test]
    fn a_journey_is_no_single_episode() {
        let mut world = World::with_office_workers();
        let mut findings = |days: i64, new_client_every: i64| {
            for day in 0..days {
                let mut login =
                    world.login_in("ada", &format!("198.19.{}.9", day * 16 % 256), LYON, day * 1_200);
                if day % new_client_every == 0 {
                    login.client.browser = format!("{} 1", char::from(b'A' + day as u8)).into();
                }
                world.see(login);
            }
            let mut findings = world.findings();
            findings.sort_by_key(|finding| finding.first_seen);
            findings
        };
        let spans = |findings: Vec<crate::detection::Finding>| -> Vec<_> {
            findings.iter().map(|finding| finding.last_seen.duration_since(finding.first_seen)).collect()
        };
        let context_between = spans(findings(16, 2));
        assert!(
            context_between.len() >= 5 && context_between.iter().all(|span| *span <= GAP),
            "{context_between:?}"
        );
    }

    #[test]
    fn an_episode_is_told_anew_after_a_week() {
        let mut world = World::with_integration("sync", "Acme Sync", "198.18.90.10");
        for hour in 0..10 * 24 {
            world.hits_of_refresh("sync", "Acme Sync", "198.18.90.10", hour * 60);
            world.hits_of_refresh("sync", "Acme Sync", "198.19.200.9", hour * 60 + 5);
        }
        let findings = world.findings();
        let of_user: Vec<_> = findings.iter().filter(|finding| finding.user_id.is_some()).collect();
        assert_eq!(of_user.len(), 2);
        assert!(of_user.iter().all(|finding| finding.severity == Severity::High));
        assert!(of_user.iter().all(|finding| finding.last_seen.duration_since(finding.first_seen) <= SPAN));
    }
}

//! What people said is no alarm: a journey, a change, a finding that was examined.

use ipnet::IpNet;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Hit;
use super::facts::Facts;
use crate::observation::{ClientFamily, CountryCode, Observation, Source, User, UserId};

pub(crate) mod instant;

/// For whom and for what something is no alarm, until when, and why. Everything that is written must hold; what an
/// observation does not show (a session has no country) holds for nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exemption {
    /// A username or user id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The detections that it keeps quiet, by id.
    pub detections: Vec<String>,
    /// From one of these networks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<IpNet>,
    /// From one of these countries, ISO 3166-1 alpha-2.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub countries: Vec<CountryCode>,
    /// With one of these clients, browser and platform without versions, as in a finding: `chrome/windows`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clients: Vec<ClientFamily>,
    /// Through one of these applications.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub applications: Vec<String>,
    /// From when: an instant, or a date, which begins at midnight UTC.
    #[serde(default, deserialize_with = "instant::begin", skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Until when: an instant, or a date, which ends at midnight UTC.
    #[serde(deserialize_with = "instant::end")]
    pub until: Timestamp,
    /// Why, for whoever reads it later.
    pub reason: String,
}

impl Exemption {
    /// What is wrong with it, as a clause; `None` where it can be used.
    pub fn fault(&self) -> Option<String> {
        let is_narrow = self.user.is_some() || !self.networks.is_empty() || !self.applications.is_empty();
        let faults = [
            (self.detections.is_empty(), "it names no detection"),
            (!is_narrow, "it names no user, network or application, and would hold for everybody"),
            (self.reason.trim().is_empty(), "it gives no reason"),
            (self.from.is_some_and(|from| from >= self.until), "it ends before it begins"),
        ];
        faults.into_iter().find(|(is_so, _)| *is_so).map(|(_, fault)| fault.to_owned())
    }

    /// Whether it holds for what a detection said of an observation.
    pub(super) fn covers(
        &self,
        hit: &Hit,
        seen: &Observation,
        facts: &Facts<'_>,
        account: Option<&User>,
    ) -> bool {
        let time = seen.time();
        self.detections.contains(&hit.detection)
            && time < self.until
            && self.from.is_none_or(|from| from <= time)
            && self.user.as_ref().is_none_or(|user| names(user, hit.user_id.as_ref(), account))
            && holds(&self.networks, seen.source().and_then(Source::address), |net, address| {
                net.contains(address)
            })
            && holds(&self.countries, facts.country, PartialEq::eq)
            && holds(&self.clients, client(seen), PartialEq::eq)
            && holds(&self.applications, seen.application(), |wanted, name| wanted == name)
    }
}

/// Whether an observation shows one of those that are wanted; all will do where none is.
fn holds<W, T>(wanted: &[W], shown: Option<T>, is: impl Fn(&W, &T) -> bool) -> bool {
    wanted.is_empty() || shown.is_some_and(|shown| wanted.iter().any(|wanted| is(wanted, &shown)))
}

fn names(entry: &str, user: Option<&UserId>, account: Option<&User>) -> bool {
    user.is_some_and(|user| UserId::new(entry) == *user)
        || account.is_some_and(|account| entry.trim().eq_ignore_ascii_case(&account.username))
}

fn client(seen: &Observation) -> Option<ClientFamily> {
    match seen {
        Observation::Login(login) => Some(login.client.family()),
        Observation::Logout(_)
        | Observation::Session(_)
        | Observation::Verification(_)
        | Observation::TokenUse(_)
        | Observation::Threat(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::detection::Severity;
    use crate::detection::detections::world::{Hits, LAGOS, World};

    fn exemption(written: &serde_json::Value) -> Exemption {
        let mut all = json!({ "detections": ["new-country"], "until": "2026-12-01", "reason": "a journey" });
        all.as_object_mut().unwrap().extend(written.as_object().unwrap().clone());
        serde_json::from_value(all).unwrap()
    }

    /// Ada's first login from Lagos, with the workers' client.
    fn seen_under(written: &serde_json::Value) -> Hits {
        let mut world = World::with_office_workers();
        let exempt = exemption(written);
        assert_eq!(exempt.fault(), None, "{written}");
        world.state.dismissed = vec![exempt];
        world.hits_at("ada", "198.19.200.9", LAGOS, 5)
    }

    #[test]
    fn all_that_is_written_must_hold() {
        let cases = [
            (json!({ "user": "ada" }), true),
            (json!({ "user": "ada", "countries": ["NG"], "networks": ["198.19.0.0/16"] }), true),
            (json!({ "user": "ada", "clients": ["chrome/windows"], "applications": ["Browser"] }), true),
            (json!({ "user": "bob" }), false),
            (json!({ "user": "ada", "countries": ["JP"] }), false),
            (json!({ "networks": ["203.0.113.0/24"] }), false),
            (json!({ "user": "ada", "clients": ["firefox/windows"] }), false),
            (json!({ "user": "ada", "applications": ["Data Loader"] }), false),
            (json!({ "user": "ada", "until": "2026-01-01" }), false),
            (json!({ "user": "ada", "from": "2026-11-30" }), false),
            (json!({ "user": "ada", "detections": ["new-client"] }), false),
        ];
        let usual = World::with_office_workers().hits_at("ada", "198.19.200.9", LAGOS, 5);
        assert!(usual["new-country"].severity > Severity::Info);
        for (written, holds) in cases {
            let hit = &seen_under(&written)["new-country"];
            assert_eq!(hit.severity == Severity::Info, holds, "{written}");
            assert_eq!(hit.evidence.contains_key("exempt"), holds, "{written}");
        }
    }

    #[test]
    fn a_date_that_ends_something_is_part_of_it() {
        let exempt = exemption(&json!({ "user": "ada", "from": "2026-11-30" }));
        assert_eq!(exempt.from.unwrap().to_string(), "2026-11-30T00:00:00Z");
        assert_eq!(exempt.until.to_string(), "2026-12-02T00:00:00Z");
        let again: Exemption = serde_json::from_value(serde_json::to_value(&exempt).unwrap()).unwrap();
        assert_eq!(again, exempt, "an instant stays itself");
    }

    #[test]
    fn what_would_hold_for_everybody_or_nothing_is_refused() {
        let fault = |written: &serde_json::Value| exemption(written).fault().unwrap_or_default();
        assert!(fault(&json!({ "countries": ["JP"] })).contains("everybody"));
        assert!(fault(&json!({ "user": "ada", "detections": [] })).contains("no detection"));
        assert!(fault(&json!({ "user": "ada", "reason": " " })).contains("no reason"));
        assert!(fault(&json!({ "user": "ada", "from": "2026-12-05" })).contains("before it begins"));
    }
}

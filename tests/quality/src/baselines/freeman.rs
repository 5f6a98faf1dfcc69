//! Freeman, Jain, Dürmuth, Biggio, Giacinto: "Who Are You? A Statistical Approach to Measuring User Authenticity", NDSS 2016,
//! the score without attack data (equation 7), with the features, weights and smoothing that Wiefling, Jørgensen, Thunem and Lo
//! Iacono use for risk-based authentication (2021):
//!
//! S = ∏ p(x) / p(x | u) · (1 / users) / (n of u / n), over the address and the client. A feature's probability is a weighted
//! sum over its levels. LoginHistory has no provider of an address, so its network stands for that.

use std::collections::HashMap;

use session_warden::observation::{Login, Network};

/// Address, network, country.
const ADDRESS: [f64; 3] = [0.6, 0.3, 0.1];
/// Whole client, browser with version, platform, kind of device.
const CLIENT: [f64; 4] = [0.538_67, 0.268_05, 0.188_18, 0.005_11];
/// What a user's likelihood of nothing is taken for: a part of everybody's.
const UNSEEN: f64 = 0.25;

/// How often each value of each level was seen.
#[derive(Debug, Default)]
struct Counts {
    all: f64,
    levels: Vec<HashMap<String, f64>>,
}

impl Counts {
    fn add(&mut self, levels: &[String]) {
        self.all += 1.0;
        self.levels.resize_with(levels.len().max(self.levels.len()), HashMap::new);
        for (counts, value) in self.levels.iter_mut().zip(levels) {
            *counts.entry(value.clone()).or_default() += 1.0;
        }
    }

    fn count(&self, level: usize, value: &str) -> f64 {
        self.levels.get(level).and_then(|counts| counts.get(value)).copied().unwrap_or(0.0)
    }

    /// A user's: not smoothed.
    fn likelihood(&self, levels: &[String], weights: &[f64]) -> f64 {
        let share = |(level, value)| self.count(level, value) / self.all.max(1.0);
        let shares = levels.iter().map(String::as_str).enumerate().map(share);
        shares.zip(weights).map(|(share, weight)| share * weight).sum()
    }

    /// Everybody's: smoothed at the first level by the number of values of the next that may still come.
    fn probability(&self, levels: &[String], weights: &[f64]) -> f64 {
        let first = levels.first().map_or(0.0, |value| self.count(0, value));
        let unseen = self.levels.get(1).map_or(1.0, |next| next.len() as f64).max(1.0);
        let smoothed = if first > 0.0 {
            first / self.all * (1.0 - unseen / (self.all + unseen))
        } else {
            1.0 / (self.all + unseen)
        };
        let plain = first / self.all.max(1.0);
        self.likelihood(levels, weights) + weights.first().copied().unwrap_or(0.0) * (smoothed - plain)
    }
}

#[derive(Debug, Default)]
struct Known {
    address: Counts,
    client: Counts,
}

impl Known {
    fn add(&mut self, address: &[String], client: &[String]) {
        self.address.add(address);
        self.client.add(client);
    }
}

/// The score of each success of a user with a past; every success is learned.
pub(super) fn scores(logins: &[Login]) -> Vec<Option<f64>> {
    let mut org = Known::default();
    let mut users: HashMap<&str, Known> = HashMap::new();
    let mut scores = Vec::with_capacity(logins.len());
    for login in logins {
        let Some(user) = login.user_id.as_ref().filter(|_| login.succeeded()) else {
            scores.push(None);
            continue;
        };
        let (address, client) = (address(login), client(login));
        let count = users.len() as f64;
        let known = users.entry(user.as_str()).or_default();
        scores.push((known.address.all > 0.0).then(|| {
            let familiar = known.address.all / org.address.all;
            ratio(&org.address, &known.address, &address, &ADDRESS)
                * ratio(&org.client, &known.client, &client, &CLIENT)
                * (1.0 / count)
                / familiar
        }));
        known.add(&address, &client);
        org.add(&address, &client);
    }
    scores
}

fn ratio(org: &Counts, user: &Counts, levels: &[String], weights: &[f64]) -> f64 {
    let (everybody, own) = (org.probability(levels, weights), user.likelihood(levels, weights));
    if own > 0.0 { everybody / own } else { 1.0 / UNSEEN }
}

fn address(login: &Login) -> Vec<String> {
    let network = login.source.address().map(|address| Network::of(address).to_string());
    let country = login.place.as_ref().and_then(|place| place.country).map(|country| country.to_string());
    vec![login.source.to_string(), network.unwrap_or_default(), country.unwrap_or_default()]
}

fn client(login: &Login) -> Vec<String> {
    let (browser, platform) = (&login.client.browser, &login.client.platform);
    let mobile = ["iPhone", "Android", "iPad"].iter().any(|one| platform.contains(one));
    let device = if mobile { "mobile" } else { "desktop" };
    vec![format!("{browser}/{platform}"), browser.to_string(), platform.to_string(), device.to_owned()]
}

#[cfg(test)]
mod tests {
    use super::super::rows::{row, success};
    use super::*;

    #[test]
    fn what_is_usual_scores_low_and_what_is_strange_scores_high() {
        let mut logins: Vec<_> = (0..40).map(|at| success("a", at, "Berlin")).collect();
        logins.extend((0..40).map(|at| row("b", 50 + at, "198.19.9.9", "London", "Success")));
        logins.push(success("a", 100, "Berlin"));
        logins.push(row("a", 101, "198.19.9.9", "London", "Success"));
        logins.push(row("a", 102, "203.0.113.9", "Auckland", "Success"));
        logins.push(row("a", 103, "203.0.113.9", "Auckland", "Invalid Password"));
        let scores = scores(&logins);
        assert_eq!((scores[0], scores[40], scores[83]), (None, None, None));
        let [usual, a_colleagues, nobodys] = [80, 81, 82].map(|at| scores[at].unwrap());
        assert!(usual < 1.0 && usual < a_colleagues && usual < nobodys, "{usual} {a_colleagues} {nobodys}");
    }

    #[test]
    fn a_score_is_the_formula() {
        let scores =
            scores(&[success("a", 0, "Berlin"), success("b", 1, "Berlin"), success("a", 2, "Berlin")]);
        // Address and client: everybody's 2/2, smoothed at the first level by 1 - 1/3; the user's 1/1. Users 2, his share 1/2.
        let expected = (0.6 * 2.0 / 3.0 + 0.4)
            * (1.0 - 0.538_67 / 3.0 - (1.0 - 0.538_67 - 0.268_05 - 0.188_18 - 0.005_11));
        let own = 0.538_67 + 0.268_05 + 0.188_18 + 0.005_11;
        let score = scores[2].unwrap();
        assert!((score - expected / own).abs() < 1e-4, "{score} {}", expected / own);
    }
}

//! What simple rules of others would have found, and what they would have cost.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use session_warden::observation::Login;

use super::Tally;
use crate::baselines::Scores;
use crate::world::{Label, Span, Takeover, Truth};

/// One rule's worth.
#[derive(Debug, Default, Clone, PartialEq, Serialize)]
pub(crate) struct Compared {
    /// Benign logins it flags.
    pub(crate) benign: u64,
    /// Accounts taken for which it flags any row of the attack on them.
    pub(crate) found: usize,
}

/// The rules' worth.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Others {
    pub(crate) rules: BTreeMap<String, Compared>,
    /// Scores of benign logins, the highest first once all are there.
    #[serde(skip)]
    benign: Vec<f64>,
    /// The highest score of each takeover.
    #[serde(skip)]
    hostile: Vec<f64>,
}

impl Others {
    pub(super) fn add(&mut self, other: Self) {
        for (name, compared) in other.rules {
            let mine = self.rules.entry(name).or_default();
            mine.benign += compared.benign;
            mine.found += compared.found;
        }
        self.benign.extend(other.benign);
        self.hostile.extend(other.hostile);
    }

    /// Sets Freeman's threshold where it flags no larger share of benign logins than we do, and at two fixed shares.
    pub(super) fn finish(&mut self, logins: u64, ours: f64) {
        self.benign.sort_unstable_by(|a, b| b.total_cmp(a));
        let settings = [("at our share of benign logins", ours), ("at 0.1 %", 0.001), ("at 1 %", 0.01)];
        for (name, share) in settings {
            let allowed = (share * logins as f64).floor() as usize;
            let threshold = self.benign.get(allowed).copied().unwrap_or(0.0);
            let compared = Compared {
                benign: self.benign.partition_point(|score| *score > threshold) as u64,
                found: self.hostile.iter().filter(|score| **score > threshold).count(),
            };
            self.rules.insert(format!("Freeman, {name}"), compared);
        }
    }
}

impl Tally {
    /// Takes in what others say of the judged logins.
    pub(crate) fn compare(&mut self, scores: &Scores, logins: &[Login], truth: &Truth, span: &Span) {
        let judged = || logins.iter().enumerate().filter(|(_, login)| login.time >= span.judged);
        let mut rows: HashMap<(usize, &str), Vec<usize>> = HashMap::new();
        let mut benign = Vec::new();
        for (place, login) in judged() {
            match (truth.label(login.id.as_str()), &login.user_id) {
                (Label::Hostile(campaign), Some(user)) => {
                    rows.entry((campaign, user.as_str())).or_default().push(place);
                }
                (Label::Hostile(_), None) => {}
                _ => benign.push(place),
            }
        }
        let of = |taken| -> Vec<usize> {
            let taken: &Takeover = taken;
            rows.get(&(taken.campaign, taken.user.as_str())).cloned().unwrap_or_default()
        };
        let attacks: Vec<_> = truth.takeovers.iter().map(of).collect();
        for (name, flags) in &scores.rules {
            let compared = self.others.rules.entry((*name).to_owned()).or_default();
            compared.benign += benign.iter().filter(|place| flags[**place]).count() as u64;
            compared.found += attacks.iter().filter(|rows| rows.iter().any(|place| flags[*place])).count();
        }
        self.others.benign.extend(benign.iter().filter_map(|place| scores.freeman[*place]));
        let highest =
            |rows: &Vec<usize>| rows.iter().filter_map(|place| scores.freeman[*place]).fold(0.0, f64::max);
        self.others.hostile.extend(attacks.iter().map(highest));
    }
}

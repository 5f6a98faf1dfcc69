//! Somebody has left, his account is closed, and the app on his phone still holds a refresh token, which is used.

use super::played::Played;
use super::target::{NetworkKind, attacked, hideout_of};
use super::trail::{Password, Trail};
use super::{Campaign, CampaignKind};
use crate::arrival::Client;
use crate::clock::shifted;
use crate::generate::present::add_token;
use crate::id::Id;
use crate::objects::user::Activity;
use crate::org::Org;
use jiff::Timestamp;

/// The parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct LeaversToken {
    /// Days during which the token is used; the account is closed before the first.
    pub days: i64,
    /// Uses a day.
    pub uses: i64,
    /// From where.
    pub network: NetworkKind,
}

impl Default for LeaversToken {
    fn default() -> Self {
        Self { days: 3, uses: 2, network: NetworkKind::Mobile }
    }
}

impl Played for LeaversToken {
    fn play(&self, org: &mut Org, now: Timestamp) -> Campaign {
        let mut trail = Trail::new(CampaignKind::LeaversToken, org, now);
        let (user_id, app, last_seen) = leaver(org, now);
        let serial = add_token(org, user_id, app, shifted(last_seen, -90 * 86_400), 40, Some(last_seen));
        trail.holds(serial);
        org.set_activity(&user_id, Activity::Inactive);
        let uses = self.days.max(1) * self.uses.max(1);
        for number in (0..uses).rev() {
            let source = hideout_of(self.network, org, number.unsigned_abs() as usize);
            let time = trail.ago(number * 86_400 / self.uses.max(1)).max(last_seen);
            trail.refresh(org, serial, time, (&source, &Client::app(app)));
        }
        trail.end(org, user_id, Password::Unknown)
    }
}

/// Of those nobody has attacked the one who has not logged in for longest, with his app and his last login.
fn leaver(org: &Org, now: Timestamp) -> (Id, &'static str, Timestamp) {
    let free = org.people.iter().filter(|person| person.number >= 4 && !attacked(org, person.user_id));
    // Who has never come has not left.
    let seen = free.filter_map(|person| Some((org.user(&person.user_id)?.last_login?, person)));
    let (last, quiet) = seen.min_by_key(|(last, _)| *last).unzip();
    let app = quiet.and_then(|person| person.app).unwrap_or("Salesforce for iOS");
    (quiet.map_or(org.id(), |person| person.user_id), app, last.unwrap_or(now).min(now))
}

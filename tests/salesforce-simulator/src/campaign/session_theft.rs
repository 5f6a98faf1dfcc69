//! The cookie of a live session is replayed from another address: no login, no failure, nothing but the session's row.

use super::played::Played;
use super::target::{NetworkKind, attacked, hideout_of, staff};
use super::trail::{Password, Trail};
use super::{Campaign, CampaignKind};
use crate::arrival::{Arrival, SUCCESS};
use crate::generate::people::SignOn;
use crate::generate::present::UI_SECONDS;
use crate::id::Id;
use crate::org::Org;
use jiff::Timestamp;

/// Seconds between the victim's own login and the theft, where it has to be made.
const HOME_BEFORE: i64 = 40 * 60;

/// The parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionTheft {
    /// From where the cookie is used.
    pub network: NetworkKind,
    /// Rows of the family that are used, the root first.
    pub rows: usize,
}

impl Default for SessionTheft {
    fn default() -> Self {
        Self { network: NetworkKind::ResidentialProxy, rows: 2 }
    }
}

impl Played for SessionTheft {
    fn play(&self, org: &mut Org, now: Timestamp) -> Campaign {
        let mut trail = Trail::new(CampaignKind::SessionTheft, org, now);
        let mut family = live_family(org, now);
        if family.is_empty() {
            family = opened_just_now(org, &mut trail);
        }
        let user_id =
            family.first().and_then(|id| org.sessions.get(id)).map_or(org.id(), |root| root.user_id);
        let source = hideout_of(self.network, org, 0);
        let rows = self.rows.clamp(1, family.len().max(1)).min(family.len());
        trail.carry_off(org, &family[..rows], now, &source);
        trail.end(org, user_id, Password::Unknown)
    }
}

/// Where nobody is in, somebody logs in from home first; all of his session is stolen.
fn opened_just_now(org: &mut Org, trail: &mut Trail) -> Vec<Id> {
    let Some(victim) = staff(org, SignOn::Single, trail.now) else { return Vec::new() };
    let (time, today) = (trail.ago(HOME_BEFORE), trail.now.as_second().div_euclid(86_400));
    let (user_id, method, status) = (victim.user_id, victim.method(), SUCCESS);
    let (source, client) = (victim.home_line(today), victim.desktop.client(today));
    let login = org.record(Arrival { user_id, time, method, source, client, status, challenge: None });
    trail.own_login_ids.push(login);
    let family = org.open_ui_family(login, trail.now, UI_SECONDS);
    trail.session_ids.extend(&family);
    family
}

/// The rows of a session in the user interface that its owner is using now.
fn live_family(org: &Org, now: Timestamp) -> Vec<Id> {
    let root = org.sessions().iter().rev().find(|session| {
        session.is_root()
            && session.session_type == "UI"
            && session.is_live(now)
            && !attacked(org, session.user_id)
            && org.people.iter().any(|person| person.number >= 4 && person.user_id == session.user_id)
    });
    let Some(root) = root else { return Vec::new() };
    let mut family: Vec<Id> = vec![root.id];
    let children = org.sessions().iter().filter(|session| session.parent_id == root.id && !session.is_root());
    family.extend(children.map(|session| session.id));
    family
}

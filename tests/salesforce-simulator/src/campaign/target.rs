//! Whom an attack hits, and from where.

use crate::arrival::{Client, Source};
use crate::generate::Person;
use crate::generate::cities::{HOME_CITIES, STRANGE, city};
use crate::generate::integrations::INTEGRATIONS;
use crate::generate::networks;
use crate::generate::people::SignOn;
use crate::id::Id;
use crate::objects::oauth_token::Token;
use crate::org::Org;
use jiff::Timestamp;
use std::sync::Arc;

/// What kind of network an attacker comes from; each kind has address blocks of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkKind {
    /// A Tor exit: another /24 for each address, of places nobody of the org has been to.
    TorExit,
    /// A commercial VPN.
    Vpn,
    /// A rented server.
    Hosting,
    /// Somebody's home line, through a proxy.
    ResidentialProxy,
    /// The same in one of the cities where staff live, so that the place looks right.
    NearbyProxy,
    /// A mobile carrier.
    Mobile,
}

/// A member of staff with this sign-on who is active, not an administrator and not yet attacked.
pub(super) fn staff(org: &Org, sign_on: SignOn, now: Timestamp) -> Option<Person> {
    let today = now.as_second().div_euclid(86_400);
    let settled = |person: &&Person| person.trip(today).is_none() && person.joined < today - 60;
    let fitting =
        || org.people.iter().filter(|person| person.sign_on == sign_on && active(org, person.user_id));
    let plain = || fitting().filter(|person| person.number >= 4).filter(settled);
    let fresh = plain().find(|person| !attacked(org, person.user_id));
    fresh.or_else(|| plain().next()).or_else(|| fitting().next()).or(org.people.first()).cloned()
}

pub(super) fn single_sign_on_user(org: &Org, now: Timestamp) -> Id {
    staff(org, SignOn::Single, now).map_or(org.id(), |person| person.user_id)
}

/// Somebody who answers the telephone.
pub(super) fn office_worker(org: &Org, now: Timestamp) -> Id {
    staff(org, SignOn::Password, now).map_or(org.id(), |person| person.user_id)
}

/// Up to so many who have a password and were not attacked; one at least.
pub(super) fn password_users(org: &Org, most: usize, now: Timestamp) -> Vec<Id> {
    let fresh = org.people.iter().filter(|person| {
        person.number >= 4
            && person.sign_on == SignOn::Password
            && active(org, person.user_id)
            && !attacked(org, person.user_id)
    });
    let users: Vec<Id> = fresh.map(|person| person.user_id).take(most.max(1)).collect();
    if users.is_empty() { vec![office_worker(org, now)] } else { users }
}

/// A vendor's token, if possible one whose user was not attacked.
pub(super) fn vendor_token(org: &mut Org) -> Arc<Token> {
    let vendors = |token: &&Arc<Token>| INTEGRATIONS.iter().any(|integration| integration.app == token.app);
    let fresh = org.tokens.iter().filter(vendors).find(|token| !attacked(org, token.user_id));
    let token = fresh.or_else(|| org.tokens.iter().find(vendors)).cloned();
    token.unwrap_or_else(|| first_token(org))
}

/// An org without history has no tokens: its first integration gets one.
fn first_token(org: &mut Org) -> Arc<Token> {
    let user_id = org.user_by_name("drift-connector@acme.example").map_or(org.id(), |user| user.id);
    let now = org.now();
    crate::generate::present::add_token(org, user_id, INTEGRATIONS[0].app, now, 0, None);
    org.tokens[org.tokens.len() - 1].clone()
}

fn active(org: &Org, user_id: Id) -> bool {
    org.user(&user_id).is_some_and(|user| user.is_active()) && !org.is_frozen(&user_id)
}

pub(crate) fn attacked(org: &Org, user_id: Id) -> bool {
    let hit =
        |campaign: &super::Campaign| campaign.user_id == user_id || campaign.user_ids.contains(&user_id);
    org.campaigns.iter().any(hit) || org.innocents.contains(&user_id)
}

/// Hosting nobody has used, a new block for every campaign.
pub(super) fn hideout(org: &Org) -> Source {
    let campaign = org.campaigns.len();
    networks::hosting(STRANGE.start + campaign % STRANGE.len(), campaign, 40)
}

/// One of a campaign's addresses, in a network of this kind that no other campaign uses.
pub(super) fn hideout_of(kind: NetworkKind, org: &Org, number: usize) -> Source {
    let campaign = org.campaigns.len();
    let place = |number: usize| STRANGE.start + (campaign + number) % STRANGE.len();
    match kind {
        NetworkKind::TorExit => networks::tor_exit(place(number), campaign * 3 + number),
        NetworkKind::Vpn => networks::commercial_vpn(place(0), campaign, number),
        NetworkKind::Hosting => networks::hosting(place(0), campaign, 40 + number),
        NetworkKind::ResidentialProxy => networks::residential_proxy(place(number), campaign, number),
        NetworkKind::NearbyProxy => networks::residential_proxy(campaign * 5 % HOME_CITIES, campaign, number),
        NetworkKind::Mobile => networks::mobile(place(0), campaign, number * 7),
    }
}

/// Two such networks in the strange city farthest from `home`.
pub(super) fn far_hideouts(org: &Org, home: usize) -> (Source, Source) {
    let away = |place: &usize| city(*place).kilometres_to(city(home));
    let place = STRANGE.max_by(|a, b| away(a).total_cmp(&away(b))).unwrap_or(STRANGE.start);
    let campaign = org.campaigns.len();
    (networks::hosting(place, campaign, 40), networks::hosting(place, campaign + 64, 117))
}

pub(super) fn browser() -> Client {
    script("Browser", "Chrome 109")
}

/// An app whose requests name this agent.
pub(super) fn script(app: &str, agent: &'static str) -> Client {
    let platform = if app == "Browser" { "Linux" } else { "Unknown" };
    Client { browser: agent.into(), platform: platform.into(), ..Client::app(app) }
}

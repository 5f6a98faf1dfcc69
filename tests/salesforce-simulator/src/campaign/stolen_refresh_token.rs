//! A vendor's refresh token, used from where the vendor has never been.

use super::played::Played;
use super::target::{hideout, vendor_token};
use super::trail::{Password, Trail};
use super::{Campaign, CampaignKind};
use crate::arrival::Client;
use crate::org::Org;
use jiff::Timestamp;

/// One use of the token, by a client that looks like the vendor's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StolenRefreshToken;

impl Played for StolenRefreshToken {
    fn play(&self, org: &mut Org, now: Timestamp) -> Campaign {
        let mut trail = Trail::new(CampaignKind::StolenRefreshToken, org, now);
        let token = vendor_token(org);
        trail.refresh(org, token.serial, now, (&hideout(org), &Client::app(&token.app)));
        trail.end(org, token.user_id, Password::Unknown)
    }
}

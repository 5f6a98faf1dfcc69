//! The break-glass administrator in an emergency: it looks like an attack, and nothing may be done about it.

use super::cast::{log_in, mistype};
use crate::arrival::{Client, Method};
use crate::generate::cities::STRANGE;
use crate::generate::networks;
use crate::id::Id;
use crate::org::Org;
use jiff::Timestamp;

const WRONG_PASSWORDS: i64 = 6;

pub(super) fn live(org: &mut Org, now: Timestamp) -> Vec<Id> {
    let Some(user_id) = org.break_glass().map(|user| user.id) else { return Vec::new() };
    let source = networks::hotel(STRANGE.end - 1, 5, 5);
    let (browser, platform) = ("Safari 18".into(), "Mac OSX".into());
    let client = Client { browser, platform, ..Client::app("Browser") };
    mistype(org, user_id, now, WRONG_PASSWORDS, &source, &client);
    log_in(org, user_id, now, Method::PASSWORD, source, client);
    vec![user_id]
}

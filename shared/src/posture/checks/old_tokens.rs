//! Refresh tokens that have outlived their use.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::posture::check::{Examined, PostureCheck};
use crate::posture::facts::{Facts, IDLE};

/// A year.
const OLD: SignedDuration = SignedDuration::from_hours(365 * 24);

pub(super) const CHECK: PostureCheck = PostureCheck {
    id: "old-tokens",
    title: "Refresh tokens older than a year, or not used for 90 days",
    why: "a token does not age: one that was copied from a vendor years ago still lets its thief in",
    fix: "let the app's refresh token policy expire them, have vendors rotate theirs, and revoke what nobody uses \
          (warden tokens --app lists them)",
    judge,
};

/// An application's tokens that are out of order.
#[derive(Default)]
struct Count {
    idle: usize,
    old: usize,
}

/// By application: an org has thousands of tokens.
fn judge(facts: &Facts, examined: &mut Examined) -> Option<()> {
    let tokens = examined.need(&facts.tokens)?;
    examined.looked_at = tokens.len();
    let (mut apps, mut untold) = (BTreeMap::<&str, Count>::new(), 0);
    for token in tokens {
        let is_older = |at: Timestamp, age| facts.now.duration_since(at) > age;
        match (token.last_used.max(token.created), token.created) {
            (None, _) => untold += 1,
            (Some(at), _) if is_older(at, IDLE) => apps.entry(&token.app_name).or_default().idle += 1,
            (_, Some(at)) if is_older(at, OLD) => apps.entry(&token.app_name).or_default().old += 1,
            _ => {}
        }
    }
    for (app, Count { idle, old }) in apps {
        let parts = [(idle, "not used for 90 days"), (old, "in use and older than a year")];
        let parts =
            parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
        examined.find(app, parts.collect::<Vec<_>>().join(", "));
    }
    if untold > 0 {
        let what =
            format!("OauthToken: {untold} tokens say neither when they were granted nor when they were used");
        examined.unreadable.push(what);
    }
    Some(())
}

//! Accounts that were ended while their access goes on.

use super::held::Held;
use crate::observation::User;
use crate::posture::check::{Examined, PostureCheck};
use crate::posture::facts::Facts;

pub(super) const CHECK: PostureCheck = PostureCheck {
    id: "ended-account-with-access",
    title: "Inactive or frozen users with live sessions or tokens",
    why: "who has left, or was locked out for cause, may still be in",
    fix: "end what they hold: warden contain --user",
    judge,
};

/// Who is inactive is judged also where it is not seen who is frozen.
fn judge(facts: &Facts, examined: &mut Examined) -> Option<()> {
    let frozen = examined.need(&facts.frozen);
    let (sessions, tokens) = (examined.need(&facts.sessions), examined.need(&facts.tokens));
    let is_frozen = |user: &User| frozen.is_some_and(|frozen| frozen.contains(&user.id));
    let users = examined.need(&facts.users)?;
    for user in users.values().filter(|user| !user.is_active || is_frozen(user)) {
        examined.looked_at += 1;
        let held = Held::by(&user.id, sessions, tokens);
        if !held.is_nothing() {
            let how = if user.is_active { "frozen" } else { "inactive" };
            examined.find(&user.username, format!("{how}: {held}"));
        }
    }
    Some(())
}

//! Accounts that nobody uses and that can still be used.

use super::held::Held;
use crate::posture::check::{Examined, PostureCheck};
use crate::posture::facts::Facts;

pub(super) const CHECK: PostureCheck = PostureCheck {
    id: "dormant-with-access",
    title: "Dormant users who still hold sessions or tokens",
    why: "nobody misses what is done in the name of a user who has not logged in for 90 days",
    fix: "end what they hold (warden contain --user), and deactivate who does not come back",
    judge,
};

fn judge(facts: &Facts, examined: &mut Examined) -> Option<()> {
    let (sessions, tokens) = (examined.need(&facts.sessions), examined.need(&facts.tokens));
    let (users, dormant) = (examined.need(&facts.users)?, examined.need(&facts.dormant)?);
    examined.looked_at = dormant.len();
    for id in dormant {
        let held = Held::by(id, sessions, tokens);
        if !held.is_nothing() {
            let name = users.get(id).map_or(id.as_str(), |user| &user.username);
            examined.find(name, held.to_string());
        }
    }
    Some(())
}

//! Passwords that never expire.

use crate::posture::check::{Examined, PostureCheck};
use crate::posture::facts::Facts;

const NEVER_EXPIRES: &str = "PermissionsPasswordNeverExpires";

pub(super) const CHECK: PostureCheck = PostureCheck {
    id: "password-never-expires",
    title: "Passwords that never expire",
    why: "a password that leaked anywhere, at any time, is still good",
    fix: "take away the permission Password Never Expires, and set User passwords expire in; let programs use keys \
          instead of passwords",
    judge,
};

/// By permission for single users, by policy for the whole org; Health Check words the policy in the identity's language,
/// which is taken to be English.
fn judge(facts: &Facts, examined: &mut Examined) -> Option<()> {
    let settings = examined.need(&facts.settings);
    for policy in settings.into_iter().flatten().filter(|setting| setting.is_of("PasswordPolicies")) {
        if policy.org_value.to_lowercase().contains("never") {
            examined.find(&policy.name, format!("is {:?} for the whole org", policy.org_value));
        }
    }
    let (users, privileges) = (examined.need(&facts.users)?, examined.need(&facts.privileges)?);
    if !privileges.tells_of(NEVER_EXPIRES) {
        examined.unreadable.push(format!("PermissionSet.{NEVER_EXPIRES}: is not shown to this identity"));
    }
    for user in users.values().filter(|user| user.is_active) {
        examined.looked_at += 1;
        if privileges.holds(&user.id, NEVER_EXPIRES) {
            examined.find(&user.username, format!("by permission; profile {}", user.profile));
        }
    }
    Some(())
}

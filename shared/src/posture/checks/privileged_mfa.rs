//! Privileged people without a second factor.

use std::collections::{BTreeMap, BTreeSet};

use crate::observation::{AccountKind, SignOn, User, UserId};
use crate::posture::check::{Examined, PostureCheck};
use crate::posture::facts::Facts;
use crate::salesforce::{Factor, Privilege};

/// What makes an account worth stealing before all others.
const PRIVILEGED: [&str; 7] = [
    "PermissionsModifyAllData",
    "PermissionsViewAllData",
    "PermissionsManageUsers",
    "PermissionsCustomizeApplication",
    "PermissionsAuthorApex",
    "PermissionsManageAuthProviders",
    "PermissionsModifyMetadata",
];
/// Nobody asks its holder for a second factor. Source: Salesforce Help, "Exclude Exempt Users from MFA".
const WAIVED: &str = "PermissionsBypassMFAForUiLogins";

pub(super) const CHECK: PostureCheck = PostureCheck {
    id: "privileged-without-mfa",
    title: "Privileged people without a second factor",
    why: "a guessed or phished password is then all it takes to own the org",
    fix: "have them register a security key or an authenticator, and take away Waive Multi-Factor Authentication for \
          Exempt Users; or let them in by single sign-on only",
    judge,
};

fn judge(facts: &Facts, examined: &mut Examined) -> Option<()> {
    let (factors, users) = (examined.need(&facts.factors), examined.need(&facts.users));
    let privileges = examined.need(&facts.privileges)?;
    let users = users?;
    for (id, held) in privileges.users() {
        let held = labels(held);
        let Some(user) = users.get(id).filter(|user| logs_in_himself(user) && !held.is_empty()) else {
            continue;
        };
        examined.looked_at += 1;
        let registered = |factors: &BTreeMap<UserId, BTreeSet<Factor>>| {
            factors.get(id).is_some_and(|factors| factors.iter().copied().any(is_second))
        };
        if privileges.holds(id, WAIVED) {
            examined.find(&user.username, format!("is never asked for one; holds {held}"));
        } else if factors.is_some_and(|factors| !registered(factors)) {
            examined.find(&user.username, format!("has registered none; holds {held}"));
        }
    }
    Some(())
}

fn labels(held: &BTreeSet<Privilege>) -> String {
    let powerful = held.iter().filter(|privilege| PRIVILEGED.contains(&privilege.api_name()));
    powerful.map(|privilege| privilege.label).collect::<Vec<_>>().join(", ")
}

/// With a password, in Salesforce's own login form: an identity provider asks those it vouches for itself.
fn logs_in_himself(user: &User) -> bool {
    user.is_active && user.kind == AccountKind::Human && user.details.sign_on == SignOn::Salesforce
}

/// A code by text or e-mail goes where an attacker may read it, and a temporary one is gone tomorrow.
fn is_second(factor: Factor) -> bool {
    matches!(factor, Factor::SecurityKey | Factor::BuiltIn | Factor::SalesforceAuthenticator | Factor::Totp)
}

//! Applications that any user may let in.

use std::collections::{BTreeMap, BTreeSet};

use crate::observation::AppKind;
use crate::posture::check::{Examined, PostureCheck};
use crate::posture::facts::Facts;
use crate::salesforce::Permitted;

pub(super) const CHECK: PostureCheck = PostureCheck {
    id: "app-self-authorised",
    title: "Applications that users let in themselves",
    why: "one user who is talked into it on the telephone gives a stranger a token",
    fix: "install the app and set its Permitted Users to Admin approved users are pre-authorized; block what nobody \
          needs",
    judge,
};

fn judge(facts: &Facts, examined: &mut Examined) -> Option<()> {
    let tokens = examined.need(&facts.tokens);
    let apps = examined.need(&facts.apps)?;
    examined.looked_at = apps.len();
    for app in apps {
        match app.permitted {
            Some(Permitted::AdminApproved) => {}
            Some(Permitted::SelfAuthorised) => examined.find(&app.name, "installed; all users may self-authorize"),
            None => examined.unreadable.push(format!(
                "ConnectedApplication.OptionsAllowAdminApprovedUsersOnly of {:?}: is not shown to this identity",
                app.name
            )),
        }
    }
    // An app that is not installed is let in by whoever approves it. External client apps are no connected apps.
    let installed: BTreeSet<_> = apps.iter().map(|app| app.name.as_str()).collect();
    let mut holders: BTreeMap<&str, BTreeSet<_>> = BTreeMap::new();
    for token in tokens.into_iter().flatten().filter(|token| token.app == AppKind::Connected) {
        if !installed.contains(token.app_name.as_str()) {
            holders.entry(&token.app_name).or_default().insert(&token.user_id);
        }
    }
    examined.looked_at += holders.len();
    for (app, users) in holders {
        examined.find(app, format!("not installed, and let in by {} users", users.len()));
    }
    Some(())
}

//! Applications that may be used from anywhere.

use std::collections::BTreeSet;

use crate::posture::check::{Examined, PostureCheck};
use crate::posture::facts::Facts;

/// Applications that are named; all are counted.
const NAMED: usize = 10;

pub(super) const CHECK: PostureCheck = PostureCheck {
    id: "app-without-ip-limits",
    title: "Applications with relaxed IP restrictions",
    why: "a vendor's stolen refresh token then works from any address, whatever the profile says",
    fix: "look at IP Relaxation of each app in Setup > Connected Apps > Manage Connected Apps, and choose Enforce IP \
          restrictions",
    judge,
};

/// ConnectedApplication does not have it. Source: Metadata API, ConnectedApp, `oauthPolicy`, `ipRelaxation`.
fn judge(facts: &Facts, examined: &mut Examined) -> Option<()> {
    let (apps, tokens) = (examined.need(&facts.apps), examined.need(&facts.tokens));
    let installed = apps.into_iter().flatten().map(|app| app.name.as_str());
    let let_in = tokens.into_iter().flatten().map(|token| token.app_name.as_str());
    let names: BTreeSet<_> = installed.chain(let_in).collect();
    (!names.is_empty()).then(|| {
        examined.unreadable.push(format!(
            "IP relaxation of {} applications ({}): needs the Metadata API (ConnectedApp, oauthPolicy.ipRelaxation), for \
             example sf project retrieve start -m ConnectedApp",
            names.len(),
            some_of(&names)
        ));
    })
}

fn some_of(names: &BTreeSet<&str>) -> String {
    let mut told: Vec<_> = names.iter().take(NAMED).map(|name| (*name).to_owned()).collect();
    if names.len() > NAMED {
        told.push(format!("{} more", names.len() - NAMED));
    }
    told.join(", ")
}

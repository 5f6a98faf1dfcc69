//! Whom or what a person means.

use std::collections::BTreeSet;

use anyhow::{Context, bail, ensure};
use session_warden::containment::{Marks, Target, containments};
use session_warden::observation::{SessionId, UserId};

use super::{ContainOptions, Level};
use crate::output;
use crate::pipeline::Org;
use crate::workplace::Workplace;

/// The target that the options name. A level may only widen what is named.
pub(super) async fn target(
    options: &ContainOptions,
    org: &Org,
    workplace: &Workplace,
) -> anyhow::Result<Target> {
    let named = named_by(options, org, workplace).await?;
    let Some(asked) = options.level else { return Ok(named) };
    match (named, asked) {
        (named, asked) if asked == level(&named) => Ok(named),
        (Target::Session { user_id, .. }, Level::User) => Ok(Target::User { user_id }),
        (_, Level::Org) => Ok(Target::Org),
        (Target::User { .. }, Level::Session) => {
            bail!(
                "--level session needs --session or --address: else the hostile session is not told from the user's own"
            )
        }
        (named, asked) => bail!(
            "--level {} does not follow from {}: a level may only be widened",
            format!("{asked:?}").to_lowercase(),
            named.name()
        ),
    }
}

async fn named_by(options: &ContainOptions, org: &Org, workplace: &Workplace) -> anyhow::Result<Target> {
    let whose = &options.whose;
    if let Some(user) = &whose.user {
        let found = org.find_user(user).await?.with_context(|| {
            format!("The org {} has no user `{user}`; give the exact username or the user id", org.alias)
        })?;
        return Ok(of_user(found.id, options));
    }
    if let Some(app) = &whose.app {
        return application(app, org, workplace).await;
    }
    if whose.all {
        return Ok(Target::Org);
    }
    sessions(&whose.session, org).await
}

fn of_user(user_id: UserId, options: &ContainOptions) -> Target {
    if options.address.is_empty() {
        return Target::User { user_id };
    }
    let addresses = options.address.iter().map(std::net::IpAddr::to_canonical).collect();
    Target::Session { user_id, hostile: Marks { addresses, ..Marks::default() } }
}

async fn sessions(ids: &[String], org: &Org) -> anyhow::Result<Target> {
    let (mut owners, mut session_ids) = (BTreeSet::new(), BTreeSet::new());
    for id in ids {
        let found = org.find_session(&SessionId::new(id.as_str())).await?.with_context(|| {
            format!("The org {} has no session `{id}`: it has ended, or the id is wrong; `warden sessions` lists them", org.alias)
        })?;
        owners.insert(found.user_id);
        session_ids.insert(found.id);
    }
    ensure!(owners.len() == 1, "The sessions belong to {} users; name the sessions of one", owners.len());
    let user_id = owners.pop_first().context("No session is named")?;
    Ok(Target::Session { user_id, hostile: Marks { session_ids, ..Marks::default() } })
}

/// The application of exactly this name; a name that is only like others lists them.
async fn application(app: &str, org: &Org, workplace: &Workplace) -> anyhow::Result<Target> {
    let (all, target) = (org.applications().await?, Target::App { app_name: app.to_owned() });
    if all.iter().any(|(name, _)| name == app) || was_asked_for(&target, org, workplace).await? {
        return Ok(target);
    }
    if org.has_sessions_of(app).await? {
        return Ok(target);
    }
    let asked = app.to_lowercase();
    let alike = all.iter().filter(|(name, _)| name.to_lowercase().contains(&asked));
    let alike: Vec<_> =
        alike.map(|(name, count)| format!("`{}` ({count} tokens)", output::harmless(name))).collect();
    if alike.is_empty() {
        bail!(
            "No application called `{app}` holds a token or has a live session in org {}; `warden tokens` lists those with \
             tokens",
            org.alias
        );
    }
    bail!(
        "No application with a token or a live session is called exactly `{app}`; did you mean {}?",
        alike.join(", ")
    )
}

fn level(target: &Target) -> Level {
    match target {
        Target::Session { .. } => Level::Session,
        Target::User { .. } => Level::User,
        Target::App { .. } => Level::App,
        Target::Org => Level::Org,
    }
}

/// Whether there is a record of it: what has begun is gone on with, also when nothing of it is left to be listed.
async fn was_asked_for(target: &Target, org: &Org, workplace: &Workplace) -> anyhow::Result<bool> {
    let all = containments(&org.id().await?).each(workplace.store.as_ref()).await?;
    Ok(output::readable(all).any(|record| record.request.target == *target))
}

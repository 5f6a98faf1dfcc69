//! `warden release`: by whose decision an account is frozen, and with `--apply` the way back, proven.

use anyhow::Context;
use clap::Args;
use session_warden::containment::Containment;
use session_warden::salesforce::http_client;
use session_warden::settings::Settings;
use session_warden::stages::{Apply, GivenBack, Password, Release};

use crate::arguments::{Output, StoreOptions};
use crate::exit::Exit;
use crate::output;
use crate::pipeline::{Org, anchor};
use crate::workplace::{self, Workplace};

/// `warden release`.
#[derive(Debug, Args)]
pub(crate) struct ReleaseOptions {
    /// Connection document of the org.
    #[arg(long, value_name = "FILE")]
    connection: String,
    #[command(flatten)]
    store: StoreOptions,
    /// Whom: a username or a user id.
    #[arg(long, value_name = "USER")]
    user: String,
    /// Make the password invalid first; Salesforce sends a link to the user's mailbox, which must not be lost too.
    #[arg(long)]
    reset_password: bool,
    /// Why, for the record.
    #[arg(long, value_name = "TEXT", default_value = "asked for by a person")]
    reason: String,
    /// Do it; without this only who froze the account is told.
    #[arg(long)]
    apply: bool,
}

/// Tells who froze an account, and thaws it if it was us.
pub(crate) async fn run(options: &ReleaseOptions, format: Output) -> anyhow::Result<Exit> {
    output::no_csv(format, "release")?;
    let workplace = Workplace::existing(&options.store).await?;
    let org = Org::connect(&workplace::connection(&options.connection)?, &http_client()?)?;
    let user = org.find_user(&options.user).await?.with_context(|| {
        format!(
            "The org {} has no user `{}`; give the exact username or the user id",
            org.alias, options.user
        )
    })?;
    let asked = Release {
        org_id: org.id().await?,
        user_id: user.id,
        by: Settings::of_process().person(),
        reason: options.reason.clone(),
        password: if options.reset_password { Password::Reset } else { Password::Kept },
    };
    let apply = if options.apply { Apply::Act } else { Apply::Plan };
    let given = Box::pin(org.release(&workplace, &asked, apply)).await?;
    let told = match format {
        Output::Json => output::say_json(&given),
        Output::Table | Output::Csv => output::say(&words(&given, options)),
    };
    // What was done is told first: a head that cannot be signed does not hide it.
    let anchored = match apply {
        Apply::Act => anchor(&workplace, &asked.org_id).await.inspect_err(output::complain).is_ok(),
        Apply::Plan => true,
    };
    told?;
    Ok(if given.open && anchored { Exit::Clean } else { Exit::Findings })
}

fn words(given: &GivenBack, options: &ReleaseOptions) -> String {
    let mut lines = vec![given.frozen_by.explained()];
    lines.extend(Some(output::sentence(&given.trail)).filter(|trail| !trail.is_empty()));
    lines.extend(given.containment.iter().flat_map(|containment| of_ours(given, containment, options)));
    lines.push(format!("{} API calls.", given.api_calls));
    lines.join("\n")
}

/// About a freeze of ours.
fn of_ours(given: &GivenBack, containment: &Containment, options: &ReleaseOptions) -> Vec<String> {
    let mut lines = Vec::new();
    lines.push(format!(
        "Frozen {} because: {}",
        containment.started.strftime("%Y-%m-%d %H:%M:%SZ"),
        output::harmless(&containment.request.reason)
    ));
    if given.open {
        lines.push("Released, and proven by a second look.".to_owned());
        lines.push(watched(containment).to_owned());
    } else if !options.apply {
        lines.push("Nothing was done. Before --apply: is the second factor the user's own, are strange applications, trusted addresses and mailbox rules gone? --reset-password makes a guessed password worthless.".to_owned());
    }
    lines.push("Sessions and tokens that were ended do not come back: the user logs in, and authorises applications, again.".to_owned());
    lines
}

/// Only what a finding calls hostile can be told from the user's own.
fn watched(containment: &Containment) -> &'static str {
    if containment.request.trigger.is_some() {
        "It is watched for 24 hours: access that the finding calls hostile opens the case again."
    } else {
        "No finding led to it, so nothing is known to be hostile: whoever logs in from now on does not open the case again."
    }
}

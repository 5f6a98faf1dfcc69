//! `warden contain`: what would end, and with `--apply` the end of it, proven.

use anyhow::{Context, bail};
use session_warden::clock::{Clock, SystemClock};
use session_warden::containment::{Containment, Outcome, Request, RequestedBy, Step, StepResult};
use session_warden::detection::Level;
use session_warden::observation::{User, UserId};
use session_warden::salesforce::{Role, http_client};
use session_warden::settings::Settings;
use session_warden::stages::Apply;
use session_warden::store;

use crate::arguments::{self, ContainOptions, Output};
use crate::exit::Exit;
use crate::output;
use crate::pipeline::{Org, anchor};
use crate::workplace::{self, Rules, Workplace};

/// Plans, and with `--apply` contains, one user.
pub(crate) async fn run(options: &ContainOptions, format: Output) -> anyhow::Result<Exit> {
    output::no_csv(format, "contain")?;
    let connection = workplace::connection(&options.connection)?;
    if connection.identity(Role::Revoker).is_none() {
        bail!("{}: the document has no revoker, so nothing can be contained; add one", options.connection);
    }
    let workplace = Workplace::open(&options.store).await?;
    let rules = Rules::load(options.policy.as_deref())?;
    let org = Org::connect(&connection, &http_client()?)?;
    let org_id = org.id().await?;
    let user = org.find_user(&options.user).await?.with_context(|| {
        format!(
            "The org {} has no user `{}`; give the exact username or the user id",
            org.alias, options.user
        )
    })?;
    let request = request(options, &org_id, &user);
    if !options.apply {
        let plan = org.contain(&workplace, &rules, request, Apply::Plan).await?;
        return tell(&plan, options, format);
    }
    workplace.store.write(vec![store::register(&org_id, &org.alias)]).await?;
    let containment = org.contain(&workplace, &rules, request, Apply::Act).await?;
    let told = tell(&containment, options, format);
    // What was done is told first: a head that cannot be signed does not hide it.
    let anchored = anchor(&workplace, &org_id).await.inspect_err(output::complain);
    Ok(told?.max(if anchored.is_ok() { Exit::Clean } else { Exit::Findings }))
}

fn tell(containment: &Containment, options: &ContainOptions, format: Output) -> anyhow::Result<Exit> {
    match format {
        Output::Json => output::say_json(containment)?,
        Output::Table | Output::Csv => show(containment, options)?,
    }
    Ok(exit(containment))
}

fn level(asked: arguments::Level) -> Level {
    match asked {
        arguments::Level::Session => Level::Session,
        arguments::Level::User => Level::User,
        arguments::Level::App => Level::App,
        arguments::Level::Org => Level::Org,
    }
}

/// A person's request is the same one for the rest of the day: asking twice is asking once.
fn request(options: &ContainOptions, org_id: &session_warden::observation::OrgId, user: &User) -> Request {
    let day = SystemClock.now().strftime("%Y-%m-%d");
    Request {
        request_id: format!("person/{}/user/{day}", user.id),
        org_id: org_id.clone(),
        user_id: UserId::new(user.id.as_str()),
        level: level(options.level),
        reason: options.reason.clone(),
        requested_by: RequestedBy::Person { name: Settings::of_process().person() },
        trigger: None,
    }
}

fn exit(containment: &Containment) -> Exit {
    match &containment.outcome {
        None | Some(Outcome::Contained | Outcome::AccessEnded) => Exit::Clean,
        Some(Outcome::NotContained { .. } | Outcome::Refused { .. }) => Exit::Findings,
    }
}

fn show(containment: &Containment, options: &ContainOptions) -> anyhow::Result<()> {
    let impact = &containment.impact;
    let mut lines = vec![
        format!("{} ({})", output::harmless(&impact.username), containment.request.user_id),
        format!("  {} sessions in {} families end", impact.sessions, impact.session_families),
        format!(
            "  {} refresh tokens are revoked: {}",
            impact.tokens,
            output::harmless(&impact.applications.join(", "))
        ),
        format!(
            "  the account {}",
            if impact.freezes {
                "is frozen until somebody presses Unfreeze on it in Setup > Users"
            } else {
                "is not frozen"
            }
        ),
    ];
    lines.extend(impact.warnings.iter().map(|warning| format!("  ! {}", output::harmless(warning))));
    lines.extend(containment.steps.iter().map(step_line));
    lines.extend(
        containment
            .survivors
            .iter()
            .map(|survivor| format!("  SURVIVOR: {}", output::survivor_words(survivor))),
    );
    match &containment.outcome {
        Some(_) => lines.push(output::outcome_words(containment)),
        None if options.apply => lines.push("not finished".to_owned()),
        None => lines.push("This is the plan; nothing was done. Add --apply to do it.".to_owned()),
    }
    output::say(&lines.join("\n"))
}

fn step_line(step: &Step) -> String {
    let result = match &step.result {
        StepResult::Done => "done".to_owned(),
        StepResult::Planned => "planned".to_owned(),
        StepResult::Begun => "begun".to_owned(),
        StepResult::AlreadySo => "already so".to_owned(),
        StepResult::Failed { reason } => format!("FAILED: {}", output::harmless(reason)),
    };
    format!(
        "  {} {} ({}): {result}",
        step.at.strftime("%H:%M:%S"),
        output::step_words(step.kind),
        step.targets
    )
}

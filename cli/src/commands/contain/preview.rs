//! A containment as a person sees it: what ends, what stays, what was done.

use session_warden::containment::{ClientKind, Containment, Impact, Step, StepResult, Target};

use crate::output::{self, harmless};

/// Families told one by one; the rest is a number.
const LISTED: usize = 10;

/// The plan, its impact, and what became of it.
pub(crate) fn lines(containment: &Containment, applied: bool) -> Vec<String> {
    let impact = &containment.impact;
    let mut lines = vec![
        head(containment),
        format!("  {} sessions in {} families end", impact.sessions, impact.session_families),
    ];
    lines.extend(families(impact));
    lines.push(format!(
        "  {} refresh tokens are revoked: {}",
        impact.tokens,
        harmless(&impact.applications.join(", "))
    ));
    lines.extend(cut_off(impact));
    lines.extend(left_alone(containment));
    lines.extend(impact.irreversible.iter().map(|it| format!("  Cannot be undone: {}", harmless(it))));
    lines.extend(
        impact.unread.iter().chain(&impact.warnings).map(|warning| format!("  ! {}", harmless(warning))),
    );
    lines.extend(containment.steps.iter().map(step_line));
    let survivors = containment.survivors.iter();
    lines.extend(survivors.map(|survivor| format!("  SURVIVOR: {}", output::survivor_words(survivor))));
    lines.push(match &containment.outcome {
        Some(_) => output::outcome_words(containment),
        None if applied => "not finished".to_owned(),
        None => "This is the plan; nothing was done. Add --apply to do it.".to_owned(),
    });
    lines
}

fn head(containment: &Containment) -> String {
    let (target, impact) = (&containment.request.target, &containment.impact);
    match target {
        Target::User { user_id } => format!("{} ({user_id})", harmless(&impact.username)),
        Target::Session { user_id, .. } => {
            format!("Hostile sessions of {} ({user_id})", harmless(&impact.username))
        }
        Target::App { app_name } => {
            format!("The application {}, used by {} users", harmless(app_name), impact.users)
        }
        Target::Org => format!("Everybody: {} users are in", impact.users),
    }
}

fn families(impact: &Impact) -> Vec<String> {
    let shown = impact.families.iter().take(LISTED).map(|family| {
        format!(
            "    {} from {} since {}, {} rows ({})",
            harmless(&family.session_type),
            harmless(&family.address),
            family.began.strftime("%Y-%m-%d %H:%M:%SZ"),
            family.rows,
            family.root
        )
    });
    let more = impact.session_families.saturating_sub(LISTED);
    shown.chain((more > 0).then(|| format!("    and {more} more"))).collect()
}

/// Who is to be told that something stops.
fn cut_off(impact: &Impact) -> impl Iterator<Item = String> {
    impact.cut_off.iter().map(|client| {
        let what = match client.kind {
            ClientKind::Integration => "an integration, works as",
            ClientKind::Mobile => "on the phone of",
            ClientKind::Application => "used by",
        };
        let more = match client.users.saturating_sub(client.usernames.len()) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let used = client.last_used.map(|at| format!(", last used {}", at.strftime("%Y-%m-%d %H:%M:%SZ")));
        format!(
            "    {}, {what} {}{more}{}",
            harmless(&client.application),
            harmless(&client.usernames.join(", ")),
            used.unwrap_or_default()
        )
    })
}

fn left_alone(containment: &Containment) -> Vec<String> {
    let impact = &containment.impact;
    match &containment.request.target {
        Target::User { .. } if impact.frozen_by_others.is_some() => {
            vec!["  the account stays frozen, as others have decided".to_owned()]
        }
        Target::User { .. } if impact.freezes => {
            vec!["  the account is frozen until `warden release`, or Unfreeze in Setup > Users".to_owned()]
        }
        Target::User { .. } => vec!["  the account is not frozen".to_owned()],
        Target::Session { .. } => {
            let kept = format!("  {} families of the user live on", impact.kept_families);
            let with_tokens = (impact.families_with_tokens > 0).then(|| {
                format!("  {} more may end with the tokens of their application", impact.families_with_tokens)
            });
            [kept].into_iter().chain(with_tokens).collect()
        }
        Target::App { .. } | Target::Org => {
            vec![format!("  {} protected users and our own are left alone", impact.spared_users)]
        }
    }
}

fn step_line(step: &Step) -> String {
    let result = match &step.result {
        StepResult::Done => "done".to_owned(),
        StepResult::Planned => "planned".to_owned(),
        StepResult::Begun => "begun".to_owned(),
        StepResult::AlreadySo => "already so".to_owned(),
        StepResult::Failed { reason } => format!("FAILED: {}", harmless(reason)),
    };
    format!(
        "  {} {} ({}): {result}",
        step.at.strftime("%H:%M:%S"),
        output::step_words(step.kind),
        step.targets
    )
}

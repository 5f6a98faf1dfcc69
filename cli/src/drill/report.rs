//! The drill's report.

use std::path::Path;

use futures::TryStreamExt;
use session_warden::report::{DrillResult, DrillVerdict, Report, ReportSource};

use super::judgement::{Attack, Judgement};
use crate::pipeline::Org;
use crate::report::{self, Timelines};
use crate::round::Round;

/// Gathers what the drill saw and writes the page.
pub(crate) async fn write(
    path: &Path,
    org: &Org,
    round: &Round,
    judgement: &Judgement,
) -> anyhow::Result<()> {
    let findings = round.last_versions();
    let mut timelines = Timelines::of(&findings, &round.containments);
    let mut rows = 0;
    if let Some(from) = timelines.earliest() {
        let mut pages = std::pin::pin!(org.logins(from, report::now()));
        while let Some(page) = pages.try_next().await? {
            rows += page.rows.len() as u64;
            page.rows.iter().for_each(|login| timelines.see(login));
        }
    }
    let source = ReportSource { what: "a simulated org, live".to_owned(), rows, ..ReportSource::default() };
    let timelines = timelines.gathered();
    report::write(
        path,
        &Report {
            title: "Session Warden drill".to_owned(),
            org: org.alias.clone(),
            generated_at: report::now(),
            source,
            findings,
            containments: round.containments.clone(),
            timelines,
            detections_off: Vec::new(),
            drill: judgement.attacks.iter().map(result).chain([harmless(judgement)]).collect(),
        },
    )
}

fn result(attack: &Attack) -> DrillResult {
    DrillResult {
        name: format!("{} against {}", attack.campaign, attack.username),
        expected: "found, contained, and every way in shut".to_owned(),
        seen: format!("{}; second try: {}", attack.outcome, attack.second_try),
        verdict: if attack.repelled { DrillVerdict::Met } else { DrillVerdict::Missed },
    }
}

fn harmless(judgement: &Judgement) -> DrillResult {
    DrillResult {
        name: format!("{} harmless users who look odd", judgement.harmless),
        expected: "left alone".to_owned(),
        seen: format!("{} of them touched", judgement.touched.len()),
        verdict: if judgement.touched.is_empty() { DrillVerdict::Met } else { DrillVerdict::Missed },
    }
}

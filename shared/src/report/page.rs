//! The whole page.

use askama::Template;

use super::card::{Card, ContainmentView, Said};
use super::shown::Shown;
use super::verdict::{Kind, Verdict};
use super::wording::{count, instant};
use super::{DrillResult, DrillVerdict, Report};
use crate::containment::Containment;
use crate::detection::{Finding, Severity};

#[derive(Template)]
#[template(path = "report.html")]
pub(super) struct Page {
    title: Shown,
    org: Shown,
    generated_at: String,
    headline: String,
    tone: &'static str,
    severities: Vec<Tally>,
    verdicts: Vec<Tally>,
    alarms: Vec<Alarm>,
    source: SourceView,
    cards: Vec<Card>,
    loose: Vec<ContainmentView>,
    off: Vec<(Shown, Shown)>,
    drill: Vec<DrillView>,
    drill_words: String,
}

struct Tally {
    class: &'static str,
    name: &'static str,
    count: usize,
}

struct Alarm {
    whom: Shown,
    words: Shown,
    anchor: String,
}

struct SourceView {
    what: Shown,
    rows: String,
    period: String,
    rejected: String,
    rejected_first: Vec<Shown>,
}

struct DrillView {
    name: Shown,
    expected: Shown,
    seen: Shown,
    class: &'static str,
    verdict: &'static str,
}

/// A finding with what became of it.
struct Case<'a> {
    finding: &'a Finding,
    verdict: Verdict,
    containments: Vec<&'a Containment>,
}

impl Page {
    pub(super) fn of(report: &Report) -> Self {
        let cases = cases(report);
        let loose: Vec<_> = loose(report, &cases);
        let cards: Vec<_> = cases
            .iter()
            .enumerate()
            .map(|(n, case)| Card::of(case.finding, n + 1, &case.verdict, report, &case.containments))
            .collect();
        Self {
            title: Shown::of(&report.title),
            org: Shown::of(&report.org),
            generated_at: instant(report.generated_at),
            headline: headline(&cases),
            tone: tone(&cases),
            severities: severities(&cases),
            verdicts: verdicts(&cases),
            alarms: alarms(&cards),
            source: SourceView::of(report),
            cards,
            loose: loose
                .iter()
                .map(|containment| ContainmentView::of(containment, Said::NotYet, report.generated_at))
                .collect(),
            off: report
                .detections_off
                .iter()
                .map(|off| (Shown::of(&off.id), Shown::of(&off.reason)))
                .collect(),
            drill: report.drill.iter().map(DrillView::of).collect(),
            drill_words: drill_words(&report.drill),
        }
    }
}

fn cases(report: &Report) -> Vec<Case<'_>> {
    let mut findings: Vec<_> = report.findings.iter().collect();
    findings.sort_by(|a, b| {
        b.severity.cmp(&a.severity).then(b.score.total_cmp(&a.score)).then(a.first_seen.cmp(&b.first_seen))
    });
    findings.into_iter().map(|finding| case(finding, report)).collect()
}

fn case<'a>(finding: &'a Finding, report: &'a Report) -> Case<'a> {
    let mut containments: Vec<_> =
        report.containments.iter().filter(|containment| belongs(containment, finding)).collect();
    containments.sort_by_key(|containment| containment.started);
    let verdict = Verdict::of(finding, containments.last().copied());
    Case { finding, verdict, containments }
}

/// A person's request names no finding: it stands with the findings about the same user.
fn belongs(containment: &Containment, finding: &Finding) -> bool {
    match &containment.request.trigger {
        Some(trigger) => trigger.finding_id == finding.finding_id,
        None => finding.user_id.is_some() && finding.user_id.as_ref() == containment.request.target.user(),
    }
}

fn loose<'a>(report: &'a Report, cases: &[Case<'_>]) -> Vec<&'a Containment> {
    let all = report.containments.iter();
    all.filter(|containment| !cases.iter().any(|case| belongs(containment, case.finding))).collect()
}

fn headline(cases: &[Case<'_>]) -> String {
    match cases.len() as u64 {
        0 => "No findings".to_owned(),
        n => count(n, "finding", "findings"),
    }
}

fn tone(cases: &[Case<'_>]) -> &'static str {
    let worst = cases.iter().map(|case| case.verdict.kind).min();
    match worst {
        None => "calm",
        Some(kind) => kind.class(),
    }
}

fn severities(cases: &[Case<'_>]) -> Vec<Tally> {
    const ALL: [Severity; 5] =
        [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info];
    let count = |severity| cases.iter().filter(|case| case.finding.severity == severity).count();
    let tallies =
        ALL.map(|severity| Tally { class: severity.name(), name: severity.name(), count: count(severity) });
    tallies.into_iter().filter(|tally| tally.count > 0).collect()
}

fn verdicts(cases: &[Case<'_>]) -> Vec<Tally> {
    let count = |kind: Kind| cases.iter().filter(|case| case.verdict.kind == kind).count();
    let tallies = Kind::ALL.map(|kind| Tally { class: kind.class(), name: kind.name(), count: count(kind) });
    tallies.into_iter().filter(|tally| tally.count > 0).collect()
}

fn alarms(cards: &[Card]) -> Vec<Alarm> {
    let loud = cards.iter().filter(|card| card.verdict == Kind::NotContained.class());
    loud.map(|card| Alarm {
        whom: card.subject.clone(),
        words: card.words.clone(),
        anchor: card.anchor.clone(),
    })
    .collect()
}

impl SourceView {
    fn of(report: &Report) -> Self {
        let source = &report.source;
        let period = source.period.map(|(first, last)| format!("{} to {}", instant(first), instant(last)));
        let rejected = match source.rejected {
            0 => String::new(),
            n => format!(
                "{} could not be used and {} not judged",
                count(n, "row", "rows"),
                if n == 1 { "was" } else { "were" }
            ),
        };
        Self {
            what: Shown::of(&source.what),
            rows: count(source.rows, "row", "rows"),
            period: period.unwrap_or_default(),
            rejected,
            rejected_first: source.rejected_first.iter().take(20).map(Shown::of).collect(),
        }
    }
}

impl DrillView {
    fn of(result: &DrillResult) -> Self {
        let (class, verdict) = match result.verdict {
            DrillVerdict::Met => ("met", "as expected"),
            DrillVerdict::Missed => ("missed", "NOT as expected"),
        };
        Self {
            name: Shown::of(&result.name),
            expected: Shown::of(&result.expected),
            seen: Shown::of(&result.seen),
            class,
            verdict,
        }
    }
}

fn drill_words(results: &[DrillResult]) -> String {
    let met = results.iter().filter(|result| result.verdict == DrillVerdict::Met).count();
    format!(
        "{met} of {} as expected",
        count(results.len() as u64, "attack and oddity", "attacks and oddities")
    )
}

//! The page of a review.

use askama::Template;
use jiff::{SignedDuration, Timestamp};

use super::ReportError;
use super::shown::Shown;
use super::wording::{civil, count, duration, instant};
use crate::digest::{Case, Digest, OpenSessions, Outcomes, Watch};

#[derive(Template)]
#[template(path = "digest.html")]
struct Page {
    made: String,
    orgs: Vec<OrgView>,
}

struct OrgView {
    number: usize,
    name: Shown,
    period: String,
    findings: Vec<(&'static str, String)>,
    outcomes: Vec<(&'static str, String)>,
    speed: String,
    answers: Vec<Shown>,
    not_contained: Vec<CaseView>,
    waiting: Vec<CaseView>,
    sessions_words: Shown,
    sessions: Vec<SessionView>,
    watch: &'static str,
    watch_words: String,
    gaps: Vec<(String, String)>,
    blind: Vec<Shown>,
    unreadable: Option<String>,
}

struct CaseView {
    id: Shown,
    whom: Shown,
    since: String,
    reason: Shown,
    state: Shown,
}

struct SessionView {
    user: Shown,
    kind: Shown,
    address: Shown,
    began: String,
}

/// The page of one org's review each, with the name by which the operator knows the org.
///
/// # Errors
/// When the template cannot be filled.
pub fn render_digest(reviews: &[(String, Digest)], made: Timestamp) -> Result<String, ReportError> {
    let orgs = reviews.iter().enumerate();
    let orgs = orgs.map(|(number, (name, digest))| OrgView::of(number + 1, name, digest)).collect();
    Ok(Page { made: instant(made), orgs }.render()?)
}

impl OrgView {
    fn of(number: usize, name: &str, digest: &Digest) -> Self {
        let (sessions_words, sessions) = sessions(&digest.open_sessions);
        Self {
            number,
            name: Shown::of(name),
            period: format!("{} to {}", instant(digest.from), instant(digest.until)),
            findings: digest
                .findings
                .iter()
                .map(|it| {
                    (it.severity.name(), format!("{} {}, {} open", it.raised, it.severity.name(), it.open))
                })
                .collect(),
            outcomes: outcomes(&digest.containments),
            speed: speed(&digest.containments),
            answers: digest
                .answers
                .iter()
                .map(|answer| Shown::of(format!("{}: {}", answer.question.id(), answer.words())))
                .collect(),
            not_contained: digest.not_contained.iter().map(CaseView::of).collect(),
            waiting: digest.waiting.iter().map(CaseView::of).collect(),
            sessions_words,
            sessions,
            watch: if digest.watch.is_whole() { "contained" } else { "not-contained" },
            watch_words: watch_words(&digest.watch),
            gaps: digest
                .watch
                .gaps
                .iter()
                .map(|gap| (civil(gap.from), duration(gap.until.duration_since(gap.from))))
                .collect(),
            blind: digest.watch.blind.iter().map(Shown::of).collect(),
            unreadable: digest.unreadable_words(),
        }
    }
}

/// By the classes of the style sheet; what did not occur is left out.
fn outcomes(of: &Outcomes) -> Vec<(&'static str, String)> {
    let all = [
        ("contained", of.contained, "contained"),
        ("ended", of.access_ended, "access ended"),
        ("ended", of.session_ended, "session ended"),
        ("not-contained", of.not_contained + of.unfinished, "NOT contained"),
        ("waiting", of.waiting, "waiting for people"),
        ("refused", of.refused, "refused"),
        ("observed", of.released, "given back"),
    ];
    let occurred = all.into_iter().filter(|(_, times, _)| *times > 0);
    occurred.map(|(class, times, name)| (class, format!("{times} {name}"))).collect()
}

fn speed(of: &Outcomes) -> String {
    let seconds = of.median_login_to_verified_seconds.zip(of.longest_login_to_verified_seconds);
    let told = |seconds| duration(SignedDuration::from_secs(seconds));
    let words = |(median, longest)| {
        format!(
            "From the hostile login to the proof: {} in the middle, {} at most.",
            told(median),
            told(longest)
        )
    };
    seconds.map(words).unwrap_or_default()
}

/// What is said of the watch: also by the command.
pub fn watch_words(watch: &Watch) -> String {
    let Some(last) = watch.last else {
        return "No scan has reached the present: the org was not watched.".to_owned();
    };
    let gaps = match watch.gaps_total {
        0 => "no gap".to_owned(),
        gaps => count(gaps as u64, "gap", "gaps"),
    };
    format!(
        "{}, the last {}; {gaps}, the longest pause {}.",
        count(watch.scans, "scan has reached the present", "scans have reached the present"),
        instant(last),
        duration(SignedDuration::from_secs(watch.longest_pause_seconds))
    )
}

fn sessions(open: &OpenSessions) -> (Shown, Vec<SessionView>) {
    match open {
        OpenSessions::NotRead { reason } => (Shown::of(reason), Vec::new()),
        OpenSessions::Read { total, oldest } => {
            let views = oldest.iter().map(|session| SessionView {
                user: Shown::of(session.user_id.as_str()),
                kind: Shown::of(&session.session_type),
                address: Shown::of(&session.address),
                began: civil(session.began),
            });
            let words = match total {
                0 => "None.".to_owned(),
                total => count(*total as u64, "session", "sessions"),
            };
            (Shown::of(words), views.collect())
        }
    }
}

impl CaseView {
    fn of(case: &Case) -> Self {
        Self {
            id: Shown::of(&case.containment_id),
            whom: Shown::of(&case.whom),
            since: civil(case.since),
            reason: Shown::of(&case.reason),
            state: Shown::of(&case.state),
        }
    }
}

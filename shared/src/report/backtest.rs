//! The page of a back-test, with its plots.

use askama::Template;
use jiff::Timestamp;

use super::shown::Shown;
use super::wording::{civil, count, instant};
use super::{DetectionOff, ReportError};
use crate::backtest::{Asked, Backtest, Fired, PackPart, Week};

/// Users that the page lists; the JSON has all of them.
const LISTED: usize = 200;
/// The plots' width, the height of their drawing and the room for names, in pixels.
const WIDTH: f64 = 1_000.0;
const HEIGHT: f64 = 180.0;
const NAMES: f64 = 210.0;
const LEFT: f64 = 44.0;
const TOP: f64 = 12.0;
const ROW: f64 = 24.0;

/// One policy's back-test, and what it is called.
#[derive(Debug, Clone)]
pub struct BacktestRun {
    /// The policy, for example its file.
    pub policy: String,
    /// What it would have done.
    pub backtest: Backtest,
    /// Detections that could not speak.
    pub off: Vec<DetectionOff>,
    /// For which part of the period each data pack was believed.
    pub packs: Vec<PackPart>,
}

#[derive(Template)]
#[template(path = "backtest.html")]
struct Page {
    what: Shown,
    made: String,
    rejected: String,
    runs: Vec<Run>,
}

struct Run {
    number: usize,
    policy: Shown,
    hash: Shown,
    logins: String,
    period: String,
    a_week: String,
    all: String,
    tallies: Vec<(&'static str, String)>,
    weeks: Weeks,
    detections: Detections,
    contained: Vec<Contained>,
    more: usize,
    off: Vec<(Shown, Shown)>,
    packs: Vec<Shown>,
}

struct Weeks {
    height: f64,
    base: f64,
    right: f64,
    grid: Vec<(f64, u64)>,
    bars: Vec<Bar>,
    labels: Vec<(f64, String)>,
}

struct Bar {
    class: &'static str,
    x: f64,
    y: f64,
    width: f64,
    height: f64,
    hint: String,
}

struct Detections {
    height: f64,
    rows: Vec<DetectionRow>,
}

struct DetectionRow {
    id: Shown,
    title: &'static str,
    y: f64,
    middle: f64,
    width: f64,
    contained: f64,
    label_x: f64,
    label: String,
}

struct Contained {
    at: String,
    user: Shown,
    severity: &'static str,
    detections: Shown,
    held_back: Shown,
}

/// Back-tests of one history as one HTML file that needs no network and no script. `rejected` is how many rows could not
/// be used.
pub fn render_backtest(
    what: &str,
    runs: &[BacktestRun],
    rejected: u64,
    now: Timestamp,
) -> Result<String, ReportError> {
    let rejected = match rejected {
        0 => String::new(),
        n => format!("{} could not be used", count(n, "row", "rows")),
    };
    let runs = (1..).zip(runs).map(|(number, run)| Run::of(number, run)).collect();
    Ok(Page { what: Shown::of(what), made: instant(now), rejected, runs }.render()?)
}

impl Run {
    fn of(number: usize, run: &BacktestRun) -> Self {
        let backtest = &run.backtest;
        let period = backtest.period.map(|(first, last)| format!("{} to {}", instant(first), instant(last)));
        let off = DetectionOff::by_reason(&run.off);
        let tallies = parts(&backtest.total).into_iter().filter(|(_, n, _)| *n > 0);
        Self {
            number,
            policy: Shown::of(&run.policy),
            hash: Shown::of(&backtest.policy_hash),
            logins: logins(backtest),
            period: period.unwrap_or_default(),
            a_week: format!("{:.1}", backtest.findings_a_week),
            all: count(backtest.total.all(), "finding", "findings"),
            tallies: tallies.map(|(class, n, words)| (class, format!("{n} {words}"))).collect(),
            weeks: Weeks::of(&backtest.weeks),
            detections: Detections::of(&backtest.detections),
            contained: backtest.contained.iter().take(LISTED).map(Contained::of).collect(),
            more: backtest.contained.len().saturating_sub(LISTED),
            off: off
                .into_iter()
                .map(|(reason, ids)| (Shown::of(ids.join(", ")), Shown::of(reason)))
                .collect(),
            packs: run.packs.iter().map(|part| Shown::of(part.words())).collect(),
        }
    }
}

/// How many were judged and how many taught; nothing where only findings are known.
fn logins(backtest: &Backtest) -> String {
    match (backtest.logins, backtest.taught) {
        (0, 0) => String::new(),
        (judged, 0) => count(judged, "login", "logins"),
        (judged, taught) => {
            format!("{} judged, {taught} before them only taught", count(judged, "login", "logins"))
        }
    }
}

impl Contained {
    fn of(case: &crate::backtest::WouldContain) -> Self {
        Self {
            at: civil(case.at),
            user: Shown::of(&case.user),
            severity: case.severity.name(),
            detections: Shown::of(case.detections.join(", ")),
            held_back: Shown::of(case.held_back.as_deref().unwrap_or("")),
        }
    }
}

impl Weeks {
    fn of(weeks: &[Week]) -> Self {
        let most = weeks.iter().map(|week| week.asked.all()).max().unwrap_or(0).max(1);
        let step = step(most);
        let top = most.div_ceil(step) * step;
        let (base, right) = (TOP + HEIGHT, WIDTH - 4.0);
        let y = |n: u64| base - HEIGHT * n as f64 / top as f64;
        let slot = (right - LEFT) / weeks.len().max(1) as f64;
        let x = |place: usize| LEFT + slot * place as f64;
        let every = weeks.len().div_ceil(13).max(1);
        let labels = weeks.iter().enumerate().step_by(every);
        let bars = weeks
            .iter()
            .enumerate()
            .flat_map(|(place, week)| bars(week, x(place) + slot * 0.12, (slot * 0.76).min(60.0), &y));
        Self {
            height: base + 26.0,
            base,
            right,
            grid: (0..=top / step).map(|n| (y(n * step), n * step)).collect(),
            bars: bars.collect(),
            labels: labels.map(|(place, week)| (x(place) + slot * 0.12, day(week.begins))).collect(),
        }
    }
}

/// By what is asked for: its class, how many, and in words.
fn parts(asked: &Asked) -> [(&'static str, u64, &'static str); 4] {
    [
        ("contain", asked.contain, "would be contained"),
        ("ask", asked.ask, "would be asked"),
        ("notify", asked.notify, "told"),
        ("none", asked.none, "recorded only"),
    ]
}

/// One week's bar, from what acts most at its foot to what is only recorded.
fn bars(week: &Week, x: f64, width: f64, y: &impl Fn(u64) -> f64) -> Vec<Bar> {
    let (mut below, mut bars) = (0, Vec::new());
    for (class, n, words) in parts(&week.asked).into_iter().filter(|(_, n, _)| *n > 0) {
        let (foot, head) = (y(below), y(below + n));
        let hint = format!("Week of {}: {n} {words}", day(week.begins));
        bars.push(Bar { class, x, y: head, width, height: foot - head, hint });
        below += n;
    }
    bars
}

impl Detections {
    fn of(fired: &[Fired]) -> Self {
        let most = fired.iter().map(|fired| fired.findings).max().unwrap_or(1).max(1) as f64;
        let room = WIDTH - NAMES - 130.0;
        let row = |(place, fired): (usize, &Fired)| {
            let length = |n: u64| room * n as f64 / most;
            let (y, width) = (TOP + ROW * place as f64, length(fired.findings));
            DetectionRow {
                id: Shown::of(&fired.id),
                title: fired.title(),
                y,
                middle: y + 13.0,
                width,
                contained: length(fired.contained),
                label_x: NAMES + width + 8.0,
                label: format!("{}, {} alone", fired.findings, fired.alone),
            }
        };
        Self {
            height: TOP + ROW * fired.len() as f64 + 4.0,
            rows: fired.iter().enumerate().map(row).collect(),
        }
    }
}

/// Between lines of the grid: 1, 2, 5 and their multiples by ten, so that there are at most six.
fn step(most: u64) -> u64 {
    let sizes = (0..19).flat_map(|power| [1, 2, 5].map(|size: u64| size * 10_u64.pow(power)));
    sizes.into_iter().find(|size| most.div_ceil(*size) <= 5).unwrap_or(most)
}

fn day(at: Timestamp) -> String {
    at.strftime("%-d %b").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grid_has_few_round_lines() {
        assert_eq!([1, 5, 6, 23, 60, 999].map(step), [1, 1, 2, 5, 20, 200]);
        let empty = Weeks::of(&[]);
        assert!(empty.bars.is_empty() && empty.grid.iter().all(|(y, _)| y.is_finite()));
    }
}

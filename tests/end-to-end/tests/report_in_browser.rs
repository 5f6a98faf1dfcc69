//! The report in a real browser: what a person sees, and what hostile text cannot do there.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod sample_report;

use std::path::{Path, PathBuf};
use std::process::Command;

use session_warden::backtest::{Backtest, Judged, PackPart};
use session_warden::detection::Action;
use session_warden::policy::{PackKind, Policy};
use session_warden::report::{BacktestRun, DetectionOff, Report, render, render_backtest};

/// Runs a browser on a page and returns what it wrote to standard output.
fn browse(page: &Path, arguments: &[&str]) -> String {
    let profile = tempfile::tempdir().unwrap();
    let program = option_from_environment("CHROMIUM").unwrap_or_else(|| "chromium".into());
    let output = Command::new(&program)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--hide-scrollbars", "--disable-dev-shm-usage"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .args(arguments)
        .arg(format!("file://{}", page.display()))
        .output();
    let output = output.unwrap_or_else(|error| {
        panic!(
            "{} cannot be run: {error}. `make setup` installs it, and CHROMIUM names another one",
            program.display()
        )
    });
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[expect(clippy::disallowed_methods, reason = "a test has no settings")]
fn option_from_environment(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).map(PathBuf::from)
}

struct Page {
    directory: tempfile::TempDir,
}

impl Page {
    fn of(report: &Report) -> Self {
        Self::holding(&render(report).unwrap())
    }

    fn holding(html: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("report.html"), html).unwrap();
        Self { directory }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("report.html")
    }

    fn dom(&self) -> String {
        browse(&self.path(), &["--dump-dom"])
    }

    /// The picture's bytes.
    fn screenshot(&self, width: u32) -> Vec<u8> {
        let picture = self.directory.path().join("report.png");
        let to = format!("--screenshot={}", picture.display());
        browse(&self.path(), &[&to, &format!("--window-size={width},2400")]);
        std::fs::read(picture).unwrap()
    }
}

fn occurrences(text: &str, part: &str) -> usize {
    text.matches(part).count()
}

#[test]
fn a_browser_shows_every_finding_with_its_timeline() {
    let dom = Page::of(&sample_report::sample()).dom();
    assert_eq!(occurrences(&dom, "<article class=\"card"), 3);
    assert_eq!(occurrences(&dom, "<svg class=\"wide\""), 3);
    assert_eq!(occurrences(&dom, "<svg class=\"narrow\""), 3);
    assert!(occurrences(&dom, "class=\"marker") > 40);
    assert!(dom.contains("<h2>NOT contained</h2>"));
    assert!(dom.contains("NOT contained: a refresh token of Order Sync is still there"));
    assert!(dom.contains("Observed only: the mode is observe"));
}

#[test]
fn a_browser_paints_it() {
    let page = Page::of(&sample_report::sample());
    for width in [1200, 390] {
        let picture = page.screenshot(width);
        assert!(picture.starts_with(b"\x89PNG"));
        assert!(picture.len() > 40_000, "{} bytes at {width} pixels", picture.len());
    }
}

/// The sample's findings, all of them asked to be contained, under the name of a hostile policy and user.
fn backtest(name: &str) -> Page {
    let mut report = sample_report::sample();
    for finding in &mut report.findings {
        finding.action = Action::Contain;
        finding.username = Some(name.to_owned());
        name.clone_into(&mut finding.detections[0].id);
    }
    let last = report.findings.iter().map(|finding| finding.last_seen).max().unwrap();
    let period = (last - jiff::SignedDuration::from_hours(24 * 180), last);
    let judged = Judged { logins: 1_200_000, taught: 0, active_users: Some(5_000), period: Some(period) };
    let backtest = Backtest::of(&report.findings, &Policy::default(), &judged);
    let off = vec![DetectionOff { id: name.to_owned(), reason: name.to_owned() }];
    let packs = vec![PackPart::of(name, PackKind::Tor, (last, last), period)];
    let run = BacktestRun { policy: name.to_owned(), backtest, off, packs };
    Page::holding(&render_backtest(name, &[run], 3, last).unwrap())
}

#[test]
fn a_browser_shows_a_back_test_with_its_plots() {
    let page = backtest("policy.yaml");
    let dom = page.dom();
    assert_eq!(occurrences(&dom, "<svg class=\"plot\""), 2);
    assert!(occurrences(&dom, "<rect class=\"asked-contain\"") > 1 && dom.contains("would be contained"));
    for width in [1200, 390] {
        let picture = page.screenshot(width);
        assert!(picture.starts_with(b"\x89PNG") && picture.len() > 20_000, "{} bytes", picture.len());
    }
    let dom = backtest(HOSTILE).dom();
    assert_eq!((occurrences(&dom, "<script"), occurrences(&dom, "<img")), (0, 0));
    assert!(!dom.contains("<title>owned") && dom.contains("&lt;script&gt;"));
    assert_eq!(occurrences(&dom, "<svg class=\"plot\""), 2, "the page keeps its shape");
}

const HOSTILE: &str = "\"'></title></text></svg><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">";

#[test]
fn hostile_text_stays_text() {
    let mut report = sample_report::sample();
    report.title = HOSTILE.into();
    report.org = HOSTILE.into();
    for finding in &mut report.findings {
        finding.subject.name = HOSTILE.into();
        finding.explanation.push(HOSTILE.into());
        for detected in &mut finding.detections {
            detected.title = HOSTILE.into();
            detected.evidence.insert(HOSTILE.into(), HOSTILE.into());
        }
    }
    for event in report.timelines.values_mut().flatten() {
        event.label = HOSTILE.into();
    }
    let dom = Page::of(&report).dom();
    assert_eq!(occurrences(&dom, "<script"), 0);
    assert_eq!(occurrences(&dom, "<img"), 0);
    assert!(!dom.contains("<title>owned"), "a script has run");
    assert!(dom.contains("&lt;script&gt;"));
    assert_eq!(occurrences(&dom, "<article class=\"card"), 3, "the page keeps its shape");
}

//! The report in a real browser: what a person sees, and what hostile text cannot do there.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod sample_report;

use std::path::{Path, PathBuf};
use std::process::Command;

use session_warden::report::{Report, render};

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
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("report.html"), render(report).unwrap()).unwrap();
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

#[test]
fn hostile_text_stays_text() {
    const HOSTILE: &str = "\"'></title></text></svg><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">";
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

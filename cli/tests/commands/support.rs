//! The `warden` binary, and a simulated org to point it at.

use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use salesforce_simulator::{Org, Seed, Simulator, generate};
use session_warden::clock::{Clock, SystemClock};
use session_warden::observation::OrgId;

/// `warden`, with its state in a directory of the test's.
pub(crate) fn warden(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_warden"));
    command.env("XDG_STATE_HOME", directory).env("NO_COLOR", "1").current_dir(directory);
    command
}

/// What a run came to: exit code, standard output, standard error.
pub(crate) fn outcome(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    // Among the test's own output it is searched for secrets.
    println!("{out}{err}");
    (output.status.code().unwrap_or(-1), out, err)
}

fn is_hostile(c: char) -> bool {
    c.is_control() && c != '\n' || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200f}')
}

/// What a terminal, a spreadsheet or a person gets to see.
pub(crate) fn assert_harmless(what: &str, shown: &str) {
    let hostile = shown.find(is_hostile).map(|at| shown[at..].chars().take(40).collect::<String>());
    assert_eq!(hostile, None, "{what}");
    assert!(shown.len() < 4_000_000, "{what}: {} bytes", shown.len());
}

/// The page as a browser understands it.
pub(crate) fn browse(page: &Path) -> String {
    let profile = tempfile::tempdir().unwrap();
    #[expect(clippy::disallowed_methods, reason = "a test has no settings")]
    let program = std::env::var_os("CHROMIUM").map_or_else(|| PathBuf::from("chromium"), PathBuf::from);
    let output = std::process::Command::new(&program)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-sync",
        ])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-dev-shm-usage",
            "--dump-dom",
        ])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("file://{}", page.display()))
        .output()
        .unwrap_or_else(|error| {
            panic!("{} cannot be run: {error}. `make setup` installs it", program.display())
        });
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// JSON, one object a line.
pub(crate) fn objects(out: &str) -> Vec<serde_json::Value> {
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The keys of an object, sorted: whether JSON keeps their order depends on what else is built.
pub(crate) fn keys(object: &serde_json::Value) -> String {
    let mut keys: Vec<_> = object.as_object().unwrap().keys().cloned().collect();
    keys.sort();
    keys.join(" ")
}

/// A table's words, with what differs from run to run by another name: times, ages, and what is named.
pub(crate) fn words(table: &str, renamed: &[(&str, &str)]) -> String {
    let is_drawn = |word: &&str| !word.starts_with(['─', '═', '╌']);
    let told = |word: &str| match renamed.iter().find(|(what, _)| *what == word) {
        Some((_, name)) => (*name).to_owned(),
        None if word.starts_with("20") && word.contains('-') || word.len() == 8 && word.contains(':') => {
            "TIME".to_owned()
        }
        None => word.to_owned(),
    };
    let line = |line: &str| line.split_whitespace().filter(is_drawn).map(told).collect::<Vec<_>>().join(" ");
    let lines: Vec<_> = table.lines().map(line).filter(|line| !line.is_empty()).collect();
    (0..10).fold(lines.join("\n"), |text, seconds| text.replace(&format!(" {seconds} s ago"), " N s ago"))
}

/// A small org that lives until now.
pub(crate) fn small_org() -> Org {
    generate(&Seed { users: 50, days: 20, now: SystemClock.now(), ..Seed::default() })
}

/// A served org with its connection document.
pub(crate) struct Served {
    pub(crate) simulator: Simulator,
    pub(crate) directory: tempfile::TempDir,
    pub(crate) connection: PathBuf,
}

impl Served {
    pub(crate) async fn start() -> Self {
        Self::of(small_org()).await
    }

    pub(crate) async fn of(org: Org) -> Self {
        let simulator = Simulator::start(org).await.unwrap();
        let directory = tempfile::tempdir().unwrap();
        let connection = directory.path().join("connection.json");
        std::fs::write(&connection, simulator.connection_document().to_string()).unwrap();
        Self { simulator, directory, connection }
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Writes the connection document, changed.
    pub(crate) fn rewrite(&self, change: impl FnOnce(&mut serde_json::Value)) {
        let mut document = self.simulator.connection_document();
        change(&mut document);
        std::fs::write(&self.connection, document.to_string()).unwrap();
    }

    /// Writes `policy.yaml`.
    pub(crate) fn policy(&self, yaml: &str) {
        std::fs::write(self.path().join("policy.yaml"), yaml).unwrap();
    }

    /// A file beside the store.
    pub(crate) fn beside_store(&self, name: &str) -> PathBuf {
        self.path().join("session-warden").join(name)
    }

    /// The org's id.
    pub(crate) fn org_id(&self) -> OrgId {
        OrgId::new(self.simulator.org().id())
    }

    /// `warden contain --apply` under `policy.yaml`.
    pub(crate) async fn contain_now(&self, user: &str, more: &[&str]) -> (i32, String, String) {
        let connection = self.connection.to_str().unwrap();
        let arguments =
            ["contain", "--apply", "--policy", "policy.yaml", "--connection", connection, "--user", user];
        self.warden(&[&arguments, more].concat()).await
    }

    /// Runs `warden` beside the server.
    pub(crate) async fn warden(&self, arguments: &[&str]) -> (i32, String, String) {
        let mut command = warden(self.path());
        command.args(arguments);
        tokio::task::spawn_blocking(move || outcome(&command.output().unwrap())).await.unwrap()
    }

    /// `warden run --once` on this org.
    pub(crate) async fn run_once(&self, policy: Option<&str>) -> (i32, String, String) {
        let connection = self.connection.to_str().unwrap();
        let mut arguments = vec!["run", "--once", "--connection", connection];
        if let Some(yaml) = policy {
            self.policy(yaml);
            arguments.extend(["--policy", "policy.yaml"]);
        }
        self.warden(&arguments).await
    }
}

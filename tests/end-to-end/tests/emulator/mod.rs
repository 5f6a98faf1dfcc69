//! Lambda functions under the runtime interface emulator: the real binaries, the real protocol, no AWS.

use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
const FUNCTIONS: [&str; 3] = ["scan-login-history", "evaluate-activity", "revoke-sessions"];
/// What the slowest machine may take for one invocation.
const LONGEST: Duration = Duration::from_mins(10);
/// Looks for the emulator's port, one every 50 ms.
const LOOKS: usize = 200;

/// A function under the emulator; it ends with this.
pub(crate) struct Function {
    name: &'static str,
    emulator: Child,
    address: String,
    log: PathBuf,
}

impl Function {
    /// Starts a function with these variables set; its log goes to a file in `directory`.
    pub(crate) fn start(name: &'static str, variables: &[(&str, String)], directory: &Path) -> Self {
        let (address, runtime) = (free_address(), free_address());
        let log = directory.join(format!("{name}.log"));
        let emulator = Command::new(emulator())
            .args(["--log-level", "error", "--runtime-interface-emulator-address", &address])
            .args(["--runtime-api-address", &runtime])
            .arg(bootstrap(name))
            .env_remove("RUST_LOG")
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(File::create(&log).unwrap())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let function = Self { name, emulator, address, log };
        function.wait_until_it_listens();
        function
    }

    /// Which function it is.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Invokes the function: its answer, or its error as `errorType` and `errorMessage`.
    pub(crate) async fn invoke(&self, payload: &Value) -> Value {
        let url = format!("http://{}/2015-03-31/functions/function/invocations", self.address);
        let client = session_warden::salesforce::http_client().unwrap();
        client.post(url).timeout(LONGEST).json(payload).send().await.unwrap().json().await.unwrap()
    }

    /// What it has logged: those lines that are JSON.
    pub(crate) fn log(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(&self.log).unwrap();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    fn wait_until_it_listens(&self) {
        for _ in 0..LOOKS {
            if TcpStream::connect(&self.address).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the emulator does not listen on {}", self.address);
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        // The emulator leaves it behind when it is killed, and it would finish its work.
        let function = child_of(self.emulator.id());
        let _ = self.emulator.kill();
        let _ = self.emulator.wait();
        let is_dead = function.is_some_and(kill);
        // Among the test's own output it is searched for secrets.
        println!("{}", std::fs::read_to_string(&self.log).unwrap_or_default());
        assert!(is_dead || std::thread::panicking(), "{} goes on", self.name);
    }
}

/// The binary that `cargo lambda` has built for a function.
pub(crate) fn bootstrap(name: &str) -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(build).join(name).join("bootstrap")
}

/// As `make build` does it, but for this machine and sooner.
fn build() -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("lambda");
    let mut cargo_lambda = Command::new(tool("bin/cargo-lambda"));
    cargo_lambda.args(["lambda", "build", "--locked", "--profile", "functions-test", "--compiler", "cargo"]);
    cargo_lambda.arg("--lambda-dir").arg(&directory);
    // What is deployed knows no SQLite; here a file stands in for DynamoDB where that is not what is tested.
    let packages = FUNCTIONS.iter().flat_map(|name| ["--package".to_owned(), (*name).to_owned()]);
    let local = FUNCTIONS.iter().flat_map(|name| ["--features".to_owned(), format!("{name}/local")]);
    cargo_lambda.args(packages.chain(local)).current_dir(ROOT);
    assert!(cargo_lambda.status().unwrap().success(), "cargo lambda could not build the functions");
    directory
}

fn emulator() -> PathBuf {
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
    let library = tool("lib").read_dir().unwrap().next().unwrap().unwrap().path();
    existing(library.join(format!("site-packages/samcli/local/rapid/aws-lambda-rie-{architecture}")))
}

fn tool(path: &str) -> PathBuf {
    existing(Path::new(ROOT).join(".tools/venv").join(path))
}

fn existing(path: PathBuf) -> PathBuf {
    assert!(path.exists(), "{} is missing: run `make setup`", path.display());
    path
}

/// The process that another one has started.
fn child_of(parent: u32) -> Option<u32> {
    let tasks = Path::new("/proc").join(parent.to_string()).join("task");
    let children = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("children"));
    let children = tasks.read_dir().ok()?.flatten().filter_map(|task| children(task).ok());
    children.collect::<String>().split_whitespace().next()?.parse().ok()
}

/// Whether it is dead then.
fn kill(process: u32) -> bool {
    let _ = Command::new("kill").args(["-KILL", &process.to_string()]).stderr(Stdio::null()).status();
    (0..LOOKS).any(|look| {
        std::thread::sleep(Duration::from_millis(u64::from(look > 0) * 50));
        !is_running(process)
    })
}

/// Not when it is dead and nobody has taken note of it.
fn is_running(process: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    status.lines().any(|line| line.starts_with("State:") && !line.contains('Z'))
}

fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

//! AWS on this machine: [moto](https://docs.getmoto.org) behind real HTTP, and faults on the way to it.
#![allow(clippy::expect_used, clippy::missing_panics_doc, reason = "a test's support fails the test")]

mod calls;
mod faults;
mod meter;
mod resources;
mod stack;

pub use faults::{Fault, Faults};
pub use meter::Meter;
pub use resources::Received;
pub use stack::{Function, Relay, Stack};

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

use aws_config::{BehaviorVersion, SdkConfig};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
/// Where everything is.
pub const REGION: &str = "eu-central-1";
/// Whose everything is: moto's account.
pub const ACCOUNT: &str = "123456789012";

/// A moto of one's own. It ends with the process that started it.
#[derive(Debug)]
pub struct LocalAws {
    endpoint: String,
    process: Mutex<Child>,
}

impl LocalAws {
    /// Starts it; it is empty.
    pub fn start() -> Self {
        let script = Path::new(ROOT).join("scripts/moto");
        let mut process = Command::new(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .env("MOTO_ALLOW_NONEXISTENT_REGION", "false")
            .spawn()
            .expect("scripts/moto starts");
        let mut port = String::new();
        let output = process.stdout.take().expect("its output is piped");
        BufReader::new(output).read_line(&mut port).expect("it prints its port");
        assert!(!port.is_empty(), "moto is missing: run `make setup`");
        Self { endpoint: format!("http://127.0.0.1:{}", port.trim()), process: Mutex::new(process) }
    }

    /// Where it listens.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// What a client needs to speak to it.
    pub async fn configuration(&self) -> SdkConfig {
        configuration(&self.endpoint).await
    }
}

impl Drop for LocalAws {
    fn drop(&mut self) {
        if let Ok(process) = self.process.get_mut() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// What a client needs to speak to an endpoint.
pub async fn configuration(endpoint: &str) -> SdkConfig {
    let credentials = aws_sdk_dynamodb::config::Credentials::new("test", "test", None, None, "test");
    aws_config::defaults(BehaviorVersion::v2026_01_12())
        .endpoint_url(endpoint)
        .region(REGION)
        .credentials_provider(credentials)
        .load()
        .await
}

/// The environment of a program that is to speak to an endpoint.
pub fn variables(endpoint: &str) -> [(&'static str, String); 4] {
    [
        ("AWS_ENDPOINT_URL", endpoint.to_owned()),
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
    ]
}

//! The stacks of the templates, made in moto.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

use crate::{LocalAws, REGION, ROOT, variables};

/// What the templates made.
#[derive(Debug, Deserialize)]
pub struct Stack {
    functions: BTreeMap<String, Function>,
    schedules: BTreeMap<String, String>,
    /// The outputs of the core's stack.
    pub outputs: BTreeMap<String, String>,
    /// The names of the org's secrets.
    pub secrets: Vec<String>,
    /// What the org relays.
    pub relay: Relay,
}

/// A function, as the template deploys it.
#[derive(Debug, Deserialize)]
pub struct Function {
    /// What it is started with.
    pub variables: BTreeMap<String, String>,
    queue: Option<String>,
    batch_size: Option<i32>,
}

/// Where the events of an org arrive.
#[derive(Debug, Deserialize)]
pub struct Relay {
    /// The event bus.
    pub bus: String,
    /// Who sends, as each event says.
    pub source: String,
}

impl LocalAws {
    /// Makes the core and what belongs to an org.
    pub fn deploy(&self, org: &str) -> Stack {
        let python = Path::new(ROOT).join(".tools/venv/bin/python");
        let mut deploy = Command::new(python);
        deploy.args(["-W", "ignore"]).arg(Path::new(ROOT).join("infra/tests/local_stack.py")).arg(org);
        deploy.env("AWS_DEFAULT_REGION", REGION).envs(variables(self.endpoint()));
        let made = deploy.output().expect("run `make setup`");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        serde_json::from_slice(&made.stdout).expect("it says what it made")
    }
}

impl Stack {
    /// A function by its name, without the prefix of the stack.
    pub fn function(&self, name: &str) -> &Function {
        self.functions.get(name).expect("a function of the template")
    }

    /// What a schedule sends, with what the scheduler writes into it.
    pub fn scheduled(&self, schedule: &str, time: &str) -> serde_json::Value {
        let input = self.schedules.get(schedule).expect("a schedule of the template");
        let input = input.replace("<aws.scheduler.scheduled-time>", time);
        let input = input.replace("<aws.scheduler.execution-id>", "d32c5kddcf5bb8c3");
        serde_json::from_str(&input.replace("<aws.scheduler.attempt-number>", "1")).expect("JSON")
    }
}

impl Function {
    /// The URL of its queue, and how many messages it takes at once.
    pub fn source(&self) -> (&str, i32) {
        (self.queue.as_deref().expect("it has a queue"), self.batch_size.expect("it takes batches"))
    }
}

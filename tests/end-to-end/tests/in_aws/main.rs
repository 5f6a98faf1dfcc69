//! The three functions as the templates deploy them: DynamoDB, SQS, EventBridge, SNS, S3 and Secrets Manager behind real HTTP, made
//! by the templates themselves, and a pump that takes messages from queue to function as Lambda's event sources do.

#![allow(clippy::unwrap_used, reason = "a test's support fails the test")]
#![allow(clippy::print_stdout, reason = "what tests print is searched for secrets")]

mod approved;
mod commands;
#[path = "../emulator/mod.rs"]
mod emulator;
mod faults;
mod killed;
mod poisoned;
mod relay;
mod repeated;
mod throttled;
mod whole_way;
mod world;

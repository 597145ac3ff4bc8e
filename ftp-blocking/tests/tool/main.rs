//! The tool `ftpx`, run as a script runs it: not at a terminal.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod commands;
mod login;
mod mirrors;
mod run;
#[cfg(target_os = "linux")]
mod terminal;
mod trace;

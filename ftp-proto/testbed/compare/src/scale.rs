//! What a file costs when many sessions share one thread.

mod client;
mod server;

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

pub use client::fetch;
pub use server::serve;

/// Ends the server, which is a child, by its pid.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Prints a row for each number of sessions, each with a client process of its own.
pub fn run(counts: &[usize], files: usize) -> Result<(), Box<dyn Error>> {
    let program = std::env::current_exe()?;
    let mut command = Command::new(&program);
    let mut server = Running(command.arg("scale-server").stdout(Stdio::piped()).spawn()?);
    let output = server.0.stdout.take().ok_or("no output")?;
    let mut addresses = String::new();
    BufReader::new(output).read_line(&mut addresses)?;
    println!(
        "| sessions | files | CPU us per file | of it in user space | KiB per session | peak MiB | files per s |"
    );
    println!("|---|---|---|---|---|---|---|");
    for sessions in counts {
        let mut command = Command::new(&program);
        command
            .arg("scale-client")
            .arg(sessions.to_string())
            .arg(files.to_string());
        let status = command.args(addresses.split_whitespace()).status()?;
        if !status.success() {
            return Err(format!("{status} of {command:?}").into());
        }
    }
    Ok(())
}

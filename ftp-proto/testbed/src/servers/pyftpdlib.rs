//! pyftpdlib: one process with an event loop for both families. The only one that needs no root.

use std::io;
use std::path::Path;
use std::process::Command;

use super::installation::{Installation, folder};
use super::process::Daemon;
use super::{PASSWORD, Site, USER, Variant};

const SCRIPT: &str = include_str!("pyftpdlib.py");

pub(super) fn launch(site: &Site<'_>) -> io::Result<Vec<Daemon>> {
    let mut command = interpreter()?;
    command
        .arg(site.write("server.py", SCRIPT)?)
        .arg("--tree")
        .arg(site.tree)
        .args(["--port", &site.ports.control.to_string()])
        .args(["--passive", &site.ports.passive.start().to_string()])
        .arg(site.ports.passive.end().to_string())
        .args(["--user", USER, "--password", PASSWORD])
        .stdout(site.log()?)
        .stderr(site.log()?);
    if let Some(identity) = site.identity()? {
        command.arg("--identity").arg(&identity.file);
        identity.limit_versions(&mut command);
    }
    if site.setup.variant == Variant::Implicit {
        command.arg("--implicit");
    }
    command.args(site.addresses.iter().map(|a| a.ip().to_string()));
    Ok(vec![Daemon::spawn(&mut command)?])
}

/// The Python that has pyftpdlib: the one that `.ci/fetch-servers` chose, or that of `PATH`.
fn interpreter() -> io::Result<Command> {
    let packages = folder().join("python");
    let fetched = packages.join("python3");
    let program = if fetched.exists() {
        fetched
    } else {
        Installation::find("python3")?.program
    };
    let mut probe = python(&program, &packages);
    if probe
        .args(["-c", "import pyftpdlib"])
        .output()?
        .status
        .success()
    {
        return Ok(python(&program, &packages));
    }
    Err(io::Error::other(
        "python3 cannot import it (.ci/fetch-servers fetches it)",
    ))
}

fn python(program: &Path, packages: &Path) -> Command {
    let mut command = Command::new(program);
    command.env("PYTHONPATH", packages).env("TZ", "UTC");
    command
}

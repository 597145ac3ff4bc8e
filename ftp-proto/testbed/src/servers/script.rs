//! Servers that are libraries: a script or a program of ours makes a server of each, one process
//! for all addresses.
//!
//! All of them take the same arguments.

use std::io;
use std::path::PathBuf;
use std::process::Command;

use super::installation::{Installation, folder};
use super::process::Daemon;
use super::tls::Identity;
use super::{Kind, PASSWORD, Site, USER, Variant};

pub(super) fn launch(site: &Site<'_>) -> io::Result<Vec<Daemon>> {
    let mut command = match site.setup.kind {
        Kind::Aioftp => python(site, "aioftp", include_str!("aioftp.py"))?,
        Kind::Twisted => python(site, "twisted", include_str!("twisted.py"))?,
        Kind::FtpSrv => node(site, "ftp-srv", include_str!("ftp_srv.js"))?,
        Kind::NodeFtpd => node(site, "ftpd", include_str!("node_ftpd.js"))?,
        Kind::Libunftp => unftp()?,
        _ => python(site, "pyftpdlib", include_str!("pyftpdlib.py"))?,
    };
    command
        .env("TZ", "UTC")
        .arg("--tree")
        .arg(site.tree)
        .args(["--port", &site.ports.control.to_string()])
        .args(["--first", &site.ports.passive.start().to_string()])
        .args(["--last", &site.ports.passive.end().to_string()])
        .args(["--user", USER, "--password", PASSWORD])
        .stdout(site.log()?)
        .stderr(site.log()?);
    if let Some(identity) = site.identity()? {
        secure(&mut command, site, &identity);
    }
    command.args(site.addresses.iter().map(|a| a.ip().to_string()));
    Ok(vec![Daemon::spawn(&mut command)?])
}

fn secure(command: &mut Command, site: &Site<'_>, identity: &Identity) {
    let setup = site.setup;
    command.arg("--identity").arg(&identity.file);
    if setup.kind == Kind::Pyftpdlib {
        identity.limit_versions(command);
        if setup.variant == Variant::Implicit {
            command.arg("--implicit");
        }
        return;
    }
    let (oldest, newest) = setup.versions.range();
    command
        .args(["--oldest", &oldest.to_string()])
        .args(["--newest", &newest.to_string()]);
}

/// The Python that `.ci/fetch-servers` chose, or that of `PATH`, with a script that needs a
/// package.
fn python(site: &Site<'_>, package: &str, script: &str) -> io::Result<Command> {
    let packages = folder().join("python");
    let fetched = packages.join("python3");
    let program = if fetched.exists() {
        fetched
    } else {
        Installation::find("python3")?.program
    };
    let python = || {
        let mut command = Command::new(&program);
        command.env("PYTHONPATH", &packages);
        command
    };
    let import = format!("import {package}");
    if !python().args(["-c", &import]).output()?.status.success() {
        return Err(not_fetched(format!("python3 cannot import {package}")));
    }
    let mut command = python();
    command.arg(site.write("server.py", script)?);
    Ok(command)
}

/// The Node.js of `PATH`, with a script that needs a package.
fn node(site: &Site<'_>, package: &str, script: &str) -> io::Result<Command> {
    let program = Installation::find("node")?.program;
    let packages = std::path::absolute(folder().join("node/node_modules"))?;
    if !packages.join(package).is_dir() {
        return Err(not_fetched(format!("the package {package} is not there")));
    }
    let mut command = Command::new(program);
    command
        .arg(site.write("server.js", script)?)
        .arg("--packages")
        .arg(packages);
    Ok(command)
}

/// The package `unftp` of this folder, which `.ci/fetch-servers` builds.
fn unftp() -> io::Result<Command> {
    let program: PathBuf = folder().join("unftp/release/ftp-testbed-unftp");
    if !program.is_file() {
        return Err(not_fetched("the server of ours is not built".to_owned()));
    }
    Ok(Command::new(program))
}

fn not_fetched(what: String) -> io::Error {
    io::Error::other(format!("{what} (.ci/fetch-servers fetches it)"))
}

//! Pure-FTPd, with a user database of its own and one process per family.

use std::io;
use std::path::{Path, PathBuf};

use super::installation::Installation;
use super::process::Daemon;
use super::sandbox::Sandbox;
use super::{PASSWORD_HASH, Site, USER, USER_ID};

pub(super) fn launch(site: &Site<'_>) -> io::Result<Vec<Daemon>> {
    let installation = Installation::find("pure-ftpd")?;
    let users = users(site)?;
    let sandbox = Sandbox::create(site)?;
    let identity = site.identity()?;
    let (first, last) = (site.ports.passive.start(), site.ports.passive.end());
    site.addresses
        .iter()
        .map(|address| {
            let mut command = sandbox.command(&installation);
            command
                // Pure-FTPd reads the address up to the comma, so that IPv6 needs no brackets.
                .args(["-S", &format!("{},{}", address.ip(), address.port())])
                .args(["-l", &format!("puredb:{}", users.display())])
                .args(["-p", &format!("{first}:{last}")])
                .args([
                    "-g",
                    &format!("{}/run-{}", site.directory.display(), address.is_ipv6()),
                ])
                // The lowest uid that may log in; sessions, in all and per host; minutes of
                // idleness; no DNS; no log.
                .args(["-u", &USER_ID.to_string()])
                .args(["-c", "500", "-C", "500", "-I", "60", "-H", "-f", "none"])
                // How many names a listing may hold; 10,000 if not said.
                .args(["-L", "1000000:20"])
                .env("FTP_ANON_DIR", site.tree)
                .stdout(site.log()?)
                .stderr(site.log()?);
            if let Some(identity) = &identity {
                // 1: TLS and clear sessions both; 3 would not be implicit TLS but refuse clear data
                // connections.
                command.args(["-Y", "1", "-2"]).arg(&identity.file);
                identity.limit_versions(&mut command);
            }
            Daemon::spawn(&mut command)
        })
        .collect()
}

/// Makes the database. `pure-pw useradd` would hash the password at a cost of seconds for each
/// login.
fn users(site: &Site<'_>) -> io::Result<PathBuf> {
    let tree = site.tree.display();
    let line = format!("{USER}:{PASSWORD_HASH}:{USER_ID}:{USER_ID}::{tree}/./::::::::::::\n");
    let passwd = site.write("pureftpd.passwd", &line)?;
    let database = site.directory.join("pureftpd.pdb");
    make_database(&passwd, &database)?;
    Ok(database)
}

fn make_database(passwd: &Path, database: &Path) -> io::Result<()> {
    let tool = Installation::find("pure-pw")?;
    let output = tool
        .command()
        .arg("mkdb")
        .arg(database)
        .arg("-f")
        .arg(passwd)
        .output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!("pure-pw: {}", said.trim())))
}

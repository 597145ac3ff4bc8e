//! Accounts for servers that ask the system for them.
//!
//! The server gets a mount namespace of its own in which `/etc/passwd`, `/etc/group`, `/etc/shadow`
//! and `/etc/pam.d` are ours, and in which what it writes to `/run` and `/var/log` stays with us.
//! Nothing of the machine changes.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use super::installation::Installation;
use super::{ANONYMOUS_ID, PASSWORD_HASH, Site, USER, USER_ID};

/// Mounts, then becomes the server: the pid stays the one that was started.
const SCRIPT: &str = r#"
set -e
for name in passwd group shadow pam.d; do mount --bind "$1/$name" "/etc/$name"; done
mount --bind "$1/run" /run
mount --bind "$1/log" /var/log
shift
exec "$@"
"#;

/// Real passwords, of the one account that has one.
const PAM: &str =
    "auth required pam_unix.so\naccount required pam_unix.so\nsession required pam_permit.so\n";

/// The files that are mounted over those of the system.
#[derive(Debug)]
pub(super) struct Sandbox {
    directory: PathBuf,
    zone: Option<&'static str>,
}

impl Sandbox {
    /// Writes the files.
    pub(super) fn create(site: &Site<'_>) -> io::Result<Self> {
        check_permission()?;
        let directory = site.directory.join("etc");
        fs::create_dir_all(directory.join("pam.d"))?;
        fs::create_dir_all(directory.join("run"))?;
        fs::create_dir_all(directory.join("log"))?;
        let home = site.tree.display();
        let passwd = format!(
            "root:x:0:0:root:/root:/bin/sh\n\
             nobody:x:65534:65534:nobody:/nonexistent:/bin/sh\n\
             {USER}:x:{USER_ID}:{USER_ID}:{USER}:{home}:/bin/sh\n\
             ftp:x:{ANONYMOUS_ID}:{ANONYMOUS_ID}:ftp:{home}:/bin/sh\n"
        );
        let group =
            format!("root:x:0:\nnogroup:x:65534:\n{USER}:x:{USER_ID}:\nftp:x:{ANONYMOUS_ID}:\n");
        let shadow = format!(
            "root:*:19000:0:99999:7:::\nnobody:*:19000:0:99999:7:::\n\
             {USER}:{PASSWORD_HASH}:19000:0:99999:7:::\nftp:*:19000:0:99999:7:::\n"
        );
        fs::write(directory.join("passwd"), passwd)?;
        fs::write(directory.join("group"), group)?;
        fs::write(directory.join("shadow"), shadow)?;
        fs::set_permissions(directory.join("shadow"), Permissions::from_mode(0o640))?;
        for service in ["vsftpd", "ftp", "pure-ftpd", "other"] {
            fs::write(directory.join("pam.d").join(service), PAM)?;
        }
        let zone = site.setup.zone;
        Ok(Self { directory, zone })
    }

    /// A command that runs an installed or unpacked program with these accounts. Append its
    /// arguments.
    pub(super) fn command(&self, installation: &Installation) -> Command {
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "--propagation", "private", "sh", "-c", SCRIPT])
            .arg("sandbox")
            .arg(&self.directory)
            .arg(&installation.program);
        installation.apply(&mut command);
        if let Some(zone) = self.zone {
            command.env("TZ", zone);
        }
        command
    }
}

/// Root within a container often may not mount.
fn check_permission() -> io::Result<()> {
    let output = Command::new("unshare")
        .args(["--mount", "--propagation", "private", "true"])
        .output()
        .map_err(|error| io::Error::other(format!("cannot run unshare: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!(
        "no permission for a private mount namespace: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    )))
}

//! ProFTPD. It needs no accounts of the system: its own file of users will do.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::installation::Installation;
use super::process::Daemon;
use super::tls::Identity;
use super::{ANONYMOUS_ID, PASSWORD_HASH, Site, USER, USER_ID, Variant};

pub(super) fn launch(site: &Site<'_>) -> io::Result<Vec<Daemon>> {
    let installation = Installation::find("proftpd")?;
    let tree = site.tree.display();
    // The user of <Anonymous> must be among them, or the login is refused.
    let users = format!(
        "{USER}:{PASSWORD_HASH}:{USER_ID}:{USER_ID}::{tree}:/bin/sh\n\
         ftp:!:{ANONYMOUS_ID}:{ANONYMOUS_ID}::{tree}:/bin/sh\n\
         nobody:!:65534:65534::/nonexistent:/bin/sh\n"
    );
    let groups = format!("{USER}:x:{USER_ID}:\nftp:x:{ANONYMOUS_ID}:\nnogroup:x:65534:\n");
    for (name, contents) in [("users", users), ("groups", groups)] {
        // It refuses files that others may read.
        fs::set_permissions(site.write(name, &contents)?, Permissions::from_mode(0o640))?;
    }
    let mut text = configuration(site, &installation);
    if let Some(identity) = site.identity()? {
        text.push_str(&tls_configuration(site, &identity));
    }
    let mut command = installation.command();
    command.args(["-n", "-q", "-c"]);
    command.arg(site.write("proftpd.conf", &text)?);
    command.stdout(site.log()?).stderr(site.log()?);
    Ok(vec![Daemon::spawn(&mut command)?])
}

fn configuration(site: &Site<'_>, installation: &Installation) -> String {
    // Checksums come by a module of their own.
    let modules = installation.root.as_ref().map_or_else(String::new, |root| {
        let path = format!("{}/usr/lib/proftpd", root.display());
        let digest = Path::new(&path).join("mod_digest.so").is_file();
        let load = if digest {
            "\nLoadModule mod_digest.c"
        } else {
            ""
        };
        format!("ModulePath {path}{load}")
    });
    let addresses: Vec<_> = site.addresses.iter().map(|a| a.ip().to_string()).collect();
    let (addresses, port) = (addresses.join(" "), site.ports.control);
    let (first, last) = (site.ports.passive.start(), site.ports.passive.end());
    let (directory, tree) = (site.directory.display(), site.tree.display());
    format!(
        "{modules}
ServerName testbed
ServerType standalone
DefaultAddress {addresses}
SocketBindTight on
Port {port}
PassivePorts {first} {last}
UseReverseDNS off
User nobody
Group nogroup
AuthOrder mod_auth_file.c
AuthUserFile {directory}/users
AuthGroupFile {directory}/groups
RequireValidShell off
DefaultRoot ~
Umask 022
AllowOverwrite on
AllowStoreRestart on
UseSendfile on
PidFile {directory}/pid
ScoreboardFile {directory}/scoreboard
SystemLog {directory}/log
TransferLog none
WtmpLog off
MaxInstances none
TimeoutIdle 3600
TimeoutNoTransfer 3600
TimeoutStalled 3600
<IfModule mod_digest.c>
  DigestEngine on
</IfModule>
<IfModule mod_delay.c>
  DelayEngine off
</IfModule>
<Anonymous {tree}>
  User ftp
  Group ftp
  UserAlias anonymous ftp
</Anonymous>
"
    )
}

/// Session reuse is demanded unless said otherwise.
fn tls_configuration(site: &Site<'_>, identity: &Identity) -> String {
    let options = match site.setup.variant {
        Variant::Implicit => "TLSOptions UseImplicitSSL NoSessionReuseRequired",
        Variant::RequireReuse => "",
        Variant::Plain | Variant::Tls => "TLSOptions NoSessionReuseRequired",
    };
    let (oldest, newest) = site.setup.versions.range();
    let versions: Vec<_> = (oldest..=newest)
        .map(|minor| format!("TLSv1.{minor}"))
        .collect();
    let (versions, file) = (versions.join(" "), identity.file.display());
    let directory = site.directory.display();
    format!(
        "LoadModule mod_tls.c
TLSEngine on
TLSRequired off
TLSLog {directory}/log
TLSProtocol {versions}
TLSECCertificateFile {file}
TLSECCertificateKeyFile {file}
TLSVerifyClient off
{options}
"
    )
}

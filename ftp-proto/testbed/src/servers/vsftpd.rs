//! vsftpd. Its IPv6 socket would listen on every address of the machine, so there is one process
//! per family.

use std::fs;
use std::io;
use std::net::SocketAddr;

use super::installation::Installation;
use super::process::Daemon;
use super::sandbox::Sandbox;
use super::tls::Identity;
use super::{Site, Variant};

pub(super) fn launch(site: &Site<'_>) -> io::Result<Vec<Daemon>> {
    let installation = Installation::find("vsftpd")?;
    let sandbox = Sandbox::create(site)?;
    fs::create_dir(site.directory.join("empty"))?;
    let identity = site.identity()?;
    site.addresses
        .iter()
        .map(|address| {
            let name = format!("vsftpd-{}.conf", address.is_ipv6());
            let mut text = configuration(site, address);
            let mut command = sandbox.command(&installation);
            if let Some(identity) = &identity {
                text.push_str(&tls_configuration(site.setup.variant, identity));
                identity.limit_versions(&mut command);
            }
            command.arg(site.write(&name, &text)?);
            command.stdout(site.log()?).stderr(site.log()?);
            Daemon::spawn(&mut command)
        })
        .collect()
}

fn configuration(site: &Site<'_>, address: &SocketAddr) -> String {
    let listen = match address {
        SocketAddr::V4(v4) => format!("listen=YES\nlisten_ipv6=NO\nlisten_address={}", v4.ip()),
        SocketAddr::V6(v6) => format!("listen=NO\nlisten_ipv6=YES\nlisten_address6={}", v6.ip()),
    };
    let (first, last) = (site.ports.passive.start(), site.ports.passive.end());
    let (port, tree) = (address.port(), site.tree.display());
    let directory = site.directory.display();
    let localtime = if site.setup.zone.is_some() {
        "YES"
    } else {
        "NO"
    };
    format!(
        "{listen}
listen_port={port}
background=NO
seccomp_sandbox=NO
isolate=NO
isolate_network=NO
connect_from_port_20=NO
secure_chroot_dir={directory}/empty
nopriv_user=nobody
pam_service_name=vsftpd
local_enable=YES
local_root={tree}
local_umask=022
chroot_local_user=YES
allow_writeable_chroot=YES
anonymous_enable=YES
ftp_username=ftp
anon_root={tree}
write_enable=YES
async_abor_enable=YES
ascii_upload_enable=YES
ascii_download_enable=YES
pasv_min_port={first}
pasv_max_port={last}
max_login_fails=100
max_clients=0
max_per_ip=0
delay_failed_login=0
idle_session_timeout=3600
data_connection_timeout=3600
xferlog_enable=NO
use_localtime={localtime}
"
    )
}

fn tls_configuration(variant: Variant, identity: &Identity) -> String {
    let switch = |on: bool| if on { "YES" } else { "NO" };
    let reuse = switch(variant == Variant::RequireReuse);
    let implicit = switch(variant == Variant::Implicit);
    let file = identity.file.display();
    format!(
        "ssl_enable=YES
allow_anon_ssl=YES
force_local_logins_ssl=NO
force_local_data_ssl=NO
rsa_cert_file={file}
rsa_private_key_file={file}
ssl_ciphers=HIGH
require_ssl_reuse={reuse}
implicit_ssl={implicit}
"
    )
}

//! The mirror that is tested with the real servers.

use std::net::SocketAddr;

use ftp_blocking::proto::driver::MirrorSetup;
use ftp_blocking::{Client, Mirror, Mirrored, Result};
use ftp_testbed::mirrors::Mirrors;
use ftp_testbed::servers::{PASSWORD, USER};

/// Sessions on threads.
pub(crate) struct Threads;

impl Mirrors for Threads {
    fn mirror(server: SocketAddr, setup: MirrorSetup<'static>) -> Result<Mirrored> {
        Mirror::from(setup).run(|| {
            let mut client = Client::builder().connect_to(&[server])?;
            client.login(USER, PASSWORD)?;
            Ok(client)
        })
    }
}

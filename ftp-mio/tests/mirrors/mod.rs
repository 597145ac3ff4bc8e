//! A mirror on one thread, on mio, for the tests.

use std::net::SocketAddr;
use std::time::Instant;

use ftp_mio::mio as glue;
use ftp_mio::proto::driver::MirrorSetup;
use ftp_mio::proto::operation::Login;
use ftp_mio::{Client, Connector, Mirror, Mirrored, Result, Socket, Tcp, Transport};

pub(crate) fn connector(server: SocketAddr, login: Login) -> Connector<Tcp> {
    Client::builder().connector_to([server], login)
}

/// Gives turns until everything is done.
pub(crate) fn drive<T>(mut mirror: Mirror<T>) -> Result<Mirrored>
where
    T: Transport<Source = Socket> + Clone,
{
    let mut poll = mio::Poll::new().unwrap();
    let mut events = mio::Events::with_capacity(64);
    loop {
        mirror.turn(Instant::now(), |session| {
            glue::Registrar::new(poll.registry(), session)
        });
        if mirror.is_over() {
            return mirror.into_result();
        }
        let timeout = mirror.timeout(Instant::now());
        poll.poll(&mut events, timeout).unwrap();
        for event in &events {
            let (session, slot) = glue::slot(event.token());
            mirror.ready(session, slot, glue::ready(event));
        }
    }
}

pub(crate) fn mirror(
    server: SocketAddr,
    login: Login,
    setup: MirrorSetup<'static>,
) -> Result<Mirrored> {
    drive(Mirror::new(connector(server, login), setup)?)
}

//! From a target to a session.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use ftp_proto::driver::{Endpoint, Error, Result};
use ftp_proto::operation::Greet;
use ftp_proto::{After, Config};

use crate::client::Client;
use crate::debug::Debug;
use crate::driver::{Driven, Driver};
use crate::transport::{Stream, Transport};

/// Dials the targets in turn, and awaits the greeting of the first one that answers.
pub(crate) fn connect<T: Transport>(
    mut transport: T,
    config: Config,
    debug: Debug,
    targets: impl IntoIterator<Item = Endpoint>,
) -> Result<Client<T>> {
    let mut tried = Vec::new();
    for to in targets {
        match dial(&mut transport, &config, &to) {
            Ok(stream) => return greet(transport, config, debug, stream, to),
            Err(error) => tried.push((to, error)),
        }
    }
    Err(Error::Connect(Arc::new(tried)))
}

fn dial<T: Transport>(transport: &mut T, config: &Config, to: &Endpoint) -> io::Result<T::Stream> {
    let timeouts = &config.timeouts;
    let mut stream = transport.connect(to, timeouts.connect)?;
    let (limit, begun) = (timeouts.securing, Instant::now());
    while transport.is_secured() {
        let left = limit.saturating_sub(begun.elapsed());
        if stream.handshake(left)? {
            break;
        }
        if left.is_zero() {
            let late = "the TLS handshake took too long";
            return Err(io::Error::new(io::ErrorKind::TimedOut, late));
        }
    }
    Ok(stream)
}

fn greet<T: Transport>(
    transport: T,
    config: Config,
    debug: Debug,
    stream: T::Stream,
    to: Endpoint,
) -> Result<Client<T>> {
    let host = to.address().map(|address| address.ip());
    let mut driver = match Driver::new(transport, stream, host, config, debug) {
        Ok(driver) => driver,
        Err(error) => return Err(Error::Connect(Arc::new(vec![(to, error)]))),
    };
    match driver.drive(&mut Greet) {
        Driven::Ready(welcome) => Ok(Client::new(driver, welcome?)),
        Driven::Moving => Err(Error::Local(
            io::Error::other("payload moves before the greeting"),
            After::Dead,
        )),
    }
}

//! TLS for a network that never waits.

use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use std::io;

use super::{Context, Layer, Purpose, Socket, Wait};
use crate::action::Failure;
use crate::driver::{Connection, Input, Network};

/// Any [`Network`] with TLS by rustls, on the control connection after `AUTH TLS`, and on data
/// connections, which resume its session.
///
/// ```
/// use std::net::IpAddr;
/// use ftp_proto::driver::{Network, Polled};
/// use ftp_proto::tls::{Context, Secured};
/// use ftp_proto::{Config, TlsPolicy};
///
/// fn open<N: Network>(sockets: N, tls: Context, host: IpAddr, local: IpAddr) -> Polled<Secured<N>> {
///     let mut config = Config::default();
///     config.tls = TlsPolicy::Full; // and the operation `Secure` before the login
///     Polled::new(Secured::new(sockets, tls), config, host, local)
/// }
/// ```
pub struct Secured<N> {
    network: N,
    context: Option<Context>,
    control: Option<Layer>,
    data: Option<Layer>,
}

impl<N: Network> Secured<N> {
    /// On an open control connection, to which the context belongs. Without one, TLS is refused.
    pub fn new(network: N, context: impl Into<Option<Context>>) -> Self {
        Self {
            network,
            context: context.into(),
            control: None,
            data: None,
        }
    }

    /// The network below, to wait for it.
    pub const fn network_mut(&mut self) -> &mut N {
        &mut self.network
    }

    const fn layer(&mut self, of: Connection) -> &mut Option<Layer> {
        match of {
            Connection::Control => &mut self.control,
            Connection::Data => &mut self.data,
        }
    }

    /// What a layer does on this connection; in clear that is done at once.
    fn with<T>(
        &mut self,
        on: Connection,
        in_clear: T,
        step: impl FnOnce(&mut Layer, &mut Below<'_, N>) -> io::Result<T>,
    ) -> Result<T, Failure> {
        let layer = match on {
            Connection::Control => self.control.as_mut(),
            Connection::Data => self.data.as_mut(),
        };
        let mut below = Below(&mut self.network, on);
        let done = layer.map_or(Ok(in_clear), |layer| step(layer, &mut below));
        done.map_err(|error| error.kind().into())
    }
}

impl<N: Network> Network for Secured<N> {
    fn now(&self) -> Duration {
        self.network.now()
    }

    fn dial(&mut self, to: SocketAddr) -> Result<(), Failure> {
        self.network.dial(to)
    }

    fn is_connected(&mut self) -> Result<bool, Failure> {
        self.network.is_connected()
    }

    fn listen(&mut self) -> Result<SocketAddr, Failure> {
        self.network.listen()
    }

    fn accept(&mut self) -> Result<Option<IpAddr>, Failure> {
        self.network.accept()
    }

    fn stop_listening(&mut self) {
        self.network.stop_listening();
    }

    fn read(&mut self, from: Connection, buffer: &mut [u8]) -> Result<Option<Input>, Failure> {
        if self.layer(from).is_none() {
            return self.network.read(from, buffer);
        }
        self.with(from, None, |layer, below| layer.read(below, buffer))
    }

    fn write(&mut self, to: Connection, bytes: &[u8]) -> Result<usize, Failure> {
        if self.layer(to).is_none() {
            return self.network.write(to, bytes);
        }
        let taken = self.with(to, None, |layer, below| layer.write(below, bytes))?;
        Ok(taken.unwrap_or_default())
    }

    /// What a layer has taken is not waited for.
    fn sent(&mut self) -> usize {
        match self.control {
            Some(_) => 0,
            None => self.network.sent(),
        }
    }

    fn shut_down(&mut self) -> Result<(), Failure> {
        self.network.shut_down()
    }

    fn close(&mut self, connection: Connection) {
        // What fails here has failed already, or shows nowhere: the peer has ended, too.
        let _ = self.with(connection, true, |layer, below| layer.finish(below));
        *self.layer(connection) = None;
        self.network.close(connection);
    }

    fn reset(&mut self, connection: Connection) {
        let _ = self.with(connection, (), |layer, below| {
            layer.take_tickets(below);
            Ok(())
        });
        *self.layer(connection) = None;
        self.network.reset(connection);
    }

    fn resumptions(&self) -> Option<u32> {
        self.context.as_ref().and_then(Context::resumptions)
    }

    fn secure(&mut self, connection: Connection) -> Result<(), Failure> {
        let context = self.context.as_ref().ok_or(Failure::Local)?;
        let layer = match connection {
            Connection::Control => context.channel(Purpose::Explicit).map(Layer::for_control),
            Connection::Data => context.channel(Purpose::Data).map(Layer::for_data),
        };
        *self.layer(connection) = Some(layer.map_err(|_| Failure::Tls)?);
        Ok(())
    }

    fn handshake(&mut self, on: Connection) -> Result<bool, Failure> {
        self.with(on, true, |layer, below| layer.handshake(below))
    }

    fn flush(&mut self, to: Connection) -> Result<(), Failure> {
        self.with(to, true, |layer, below| layer.flush(below))?;
        self.network.flush(to)
    }

    fn end(&mut self) -> Result<bool, Failure> {
        let data = Connection::Data;
        let is_sent = self.with(data, true, |layer, below| layer.finish(below))?;
        if is_sent && self.data.is_some() {
            self.network.shut_down()?;
        }
        Ok(is_sent)
    }

    fn is_ended(&mut self) -> bool {
        let awaited = self.with(Connection::Data, true, |layer, below| {
            Ok(layer.await_end(below))
        });
        awaited.unwrap_or(true)
    }

    fn unsecure(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        let clear = self.with(Connection::Control, Some(Vec::new()), |layer, below| {
            layer.unsecure(below)
        })?;
        if clear.is_some() {
            self.control = None;
        }
        Ok(clear)
    }
}

impl<N: fmt::Debug> fmt::Debug for Secured<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secured")
            .field("network", &self.network)
            .field("control", &self.control)
            .field("data", &self.data)
            .finish_non_exhaustive()
    }
}

/// A connection of the network, as a layer sees it.
struct Below<'n, N>(&'n mut N, Connection);

impl<N: Network> Socket for Below<'_, N> {
    fn read(&mut self, buffer: &mut [u8], _: Wait) -> io::Result<Option<usize>> {
        let input = self.0.read(self.1, buffer).map_err(io_error)?;
        Ok(input.map(|input| match input {
            Input::Bytes(count) => count,
            Input::End(_) => 0,
        }))
    }

    fn write(&mut self, bytes: &[u8], _: Wait) -> io::Result<Option<usize>> {
        let count = self.0.write(self.1, bytes).map_err(io_error)?;
        Ok((count > 0).then_some(count))
    }
}

/// [`Failure`] is made of these again.
fn io_error(failure: Failure) -> io::Error {
    use io::ErrorKind as Kind;
    let kind = match failure {
        Failure::Refused => Kind::ConnectionRefused,
        Failure::Unreachable => Kind::HostUnreachable,
        Failure::TimedOut => Kind::TimedOut,
        Failure::Reset => Kind::ConnectionReset,
        Failure::Tls | Failure::TlsTimedOut => Kind::InvalidData,
        Failure::Local => Kind::PermissionDenied,
        Failure::Other => Kind::Other,
    };
    io::Error::new(kind, failure)
}

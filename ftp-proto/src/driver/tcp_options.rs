//! Options of TCP connections and of the ports of active mode.

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use std::io;

/// How a driver sets up TCP connections, and where it listens in active mode.
///
/// ```
/// use ftp_proto::driver::TcpOptions;
///
/// let mut options = TcpOptions::default();
/// options.active_ports = Some((50_000, 50_009)); // what the firewall lets in
/// options.announced = Some([192, 0, 2, 9].into()); // our address as servers see it
/// assert_eq!(options.ports().count(), 10);
/// let bound = ([10, 0, 0, 5], 50_000).into();
/// assert_eq!(options.announced_for(bound), ([192, 0, 2, 9], 50_000).into());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct TcpOptions {
    /// TCP keepalive on the control connection after this much silence; `None` for none. 60 s,
    /// because NAT devices forget a silent connection, and the control connection is silent during
    /// a long transfer.
    pub keepalive: Option<Duration>,
    /// The kernel's buffer for data that is sent, in bytes; `None` for the system's choice.
    pub send_buffer: Option<usize>,
    /// The kernel's buffer for data that is received, in bytes; `None` for the system's choice. On
    /// Linux a choice turns the automatic growth off.
    pub receive_buffer: Option<usize>,
    /// The first and the last port to listen at in active mode; `None` for any. The first one that
    /// is free is taken.
    pub active_ports: Option<(u16, u16)>,
    /// The address that PORT and EPRT name, instead of the local one: that of a NAT device, for
    /// instance. It counts only if it is of the local address's family.
    pub announced: Option<IpAddr>,
}

impl Default for TcpOptions {
    fn default() -> Self {
        Self {
            keepalive: Some(Duration::from_secs(60)),
            send_buffer: None,
            receive_buffer: None,
            active_ports: None,
            announced: None,
        }
    }
}

impl TcpOptions {
    /// The ports to try to listen at, in order; 0 for any.
    pub fn ports(&self) -> impl Iterator<Item = u16> + use<> {
        let (first, last) = self.active_ports.unwrap_or((0, 0));
        first..=last
    }

    /// Tries the [ports](Self::ports) in order until `bind` succeeds with one.
    ///
    /// ```
    /// use std::io::{Error, ErrorKind};
    ///
    /// use ftp_proto::driver::TcpOptions;
    ///
    /// let mut options = TcpOptions::default();
    /// options.active_ports = Some((5000, 5002));
    /// let bind = |port| match port {
    ///     5002 => Ok(port),
    ///     _ => Err(Error::from(ErrorKind::AddrInUse)),
    /// };
    /// assert_eq!(options.first_free(bind)?, 5002);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// That of the last port. There is always one, unless the range runs backwards.
    pub fn first_free<T>(&self, mut bind: impl FnMut(u16) -> io::Result<T>) -> io::Result<T> {
        let mut taken = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for port in self.ports() {
            match bind(port) {
                Ok(bound) => return Ok(bound),
                Err(error) => taken = error,
            }
        }
        Err(taken)
    }

    /// What the server is told of a listener that is bound to `bound`.
    pub fn announced_for(&self, bound: SocketAddr) -> SocketAddr {
        match self.announced {
            Some(address) if address.is_ipv4() == bound.is_ipv4() => {
                SocketAddr::new(address, bound.port())
            }
            _ => bound,
        }
    }
}

//! What a device brings: a network chip, and where payload goes to and comes from.

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

use ftp_proto::Failure;

/// What a network chip with two sockets can do. No method waits.
pub(crate) trait Network {
    /// How long the device has been on.
    fn now(&self) -> Duration;
    /// Begins to dial.
    fn dial(&mut self, socket: Socket, to: SocketAddr) -> Result<(), Failure>;
    /// Whether the socket is connected by now.
    fn is_connected(&mut self, socket: Socket) -> Result<bool, Failure>;
    /// Listens for one caller at the control connection's own address, on this port, or any for 0;
    /// yields where.
    fn listen(&mut self, socket: Socket, port: u16) -> Result<SocketAddr, Failure>;
    /// The caller, to whom the socket is connected from then on.
    fn caller(&mut self, socket: Socket) -> Result<Option<IpAddr>, Failure>;
    /// `None` if there is nothing for now; 0 at the end of input.
    fn read(&mut self, socket: Socket, buffer: &mut [u8]) -> Result<Option<usize>, Failure>;
    /// How many bytes were taken; 0 if none for now.
    fn write(&mut self, socket: Socket, bytes: &[u8]) -> Result<usize, Failure>;
    /// Closes in an orderly way.
    fn close(&mut self, socket: Socket);
    /// Drops the connection or listener at once, a connection with a reset.
    fn reset(&mut self, socket: Socket);
}

/// One of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Socket {
    /// The control connection.
    Control,
    /// The data connection of the transfer under way.
    Data,
}

/// Where payload goes to and comes from: a flash memory, a display, a sensor.
pub(crate) trait Storage {
    /// How many bytes it takes now; 0 while it is busy.
    fn room(&self) -> usize;
    /// Takes them, never more than there is room for.
    fn take(&mut self, bytes: &[u8]);
    /// What is to be sent next; `None` while it is busy, and nothing at the end.
    fn next(&self) -> Option<&[u8]>;
    /// So many bytes of that are sent.
    fn sent(&mut self, count: usize);
}

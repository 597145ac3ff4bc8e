//! What a test needs of a reactor, whichever it is.
//!
//! Each implementation is a file of its own here, and each test target names those that it runs on.

use std::io;
use std::time::{Duration, Instant};

use ftp_mio::{Client, Reactor, Ready, Slot, Transport};

/// No test waits longer for anything.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// One reactor for any number of clients.
///
/// Whoever drops a client without closing it drops the reactor first: it must not know sockets that
/// are gone.
pub(crate) trait Reactors: Sized + 'static {
    type Source: ?Sized;
    type Tcp: Transport<Source = Self::Source> + Clone + 'static;

    fn new() -> io::Result<Self>;
    fn tcp() -> Self::Tcp;

    /// What the sockets of a client are registered with.
    fn registrar(&self, number: usize) -> impl Reactor<Self::Source>;

    /// Waits for sockets: which client, which socket, ready for what.
    fn wait(&mut self, limit: Duration) -> io::Result<Vec<(usize, Slot, Ready)>>;

    /// Waits for the only client there is, until it needs a turn or for as long as anything may
    /// take.
    fn wait_for<T: Transport>(&mut self, client: &mut Client<T>) -> io::Result<()> {
        let limit = client.timeout(Instant::now()).unwrap_or(LIMIT);
        for (_, slot, ready) in self.wait(limit.min(LIMIT))? {
            client.ready(slot, ready);
        }
        Ok(())
    }
}

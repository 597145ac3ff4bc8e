//! The drivers, as the tests see them.

use std::io;
use std::net::TcpStream;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use ftp_proto::driver::{Network, Polled};
use ftp_proto::tls::{Context, Secured};
use ftp_proto::{Config, Error, Operation, Session};
use ftp_proto_loops::block::Block;
use ftp_proto_loops::game::{self, Game};
#[cfg(target_os = "linux")]
use ftp_proto_loops::uring;

/// A driver.
pub(crate) trait Driver: Sized + 'static {
    /// How much payload is on its way at once.
    const BLOCK_BYTES: usize = 64 * 1024;

    fn open(control: TcpStream, tls: Option<Context>, config: Config) -> io::Result<Self>;

    fn session(&self) -> &Session;

    /// Runs an operation, and cancels it at the first error of the block, or before it would wait
    /// for the `waits`th time.
    fn run<O: Operation>(
        &mut self,
        operation: O,
        block: &mut Block<'_>,
        waits: usize,
    ) -> io::Result<Result<O::Output, Error>>;
}

/// A game, which draws for a millisecond in each frame.
impl Driver for Game {
    fn open(control: TcpStream, tls: Option<Context>, config: Config) -> io::Result<Self> {
        Self::new(control, tls, config)
    }

    fn session(&self) -> &Session {
        self.client.session()
    }

    fn run<O: Operation>(
        &mut self,
        mut operation: O,
        block: &mut Block<'_>,
        mut waits: usize,
    ) -> io::Result<Result<O::Output, Error>> {
        loop {
            if let Poll::Ready(outcome) = self.frame(block, &mut operation) {
                return Ok(outcome);
            }
            if self.client.deadline() == Some(Duration::ZERO) {
                continue;
            }
            if let Err(error) = attend(block, &mut waits) {
                self.client.cancel();
                return Err(error);
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
}

fn attend(block: &mut Block<'_>, waits: &mut usize) -> io::Result<bool> {
    let attended = block.attend()?;
    match waits.checked_sub(usize::from(!attended)) {
        Some(left) => *waits = left,
        None => return Err(io::Error::other("it is dropped")),
    }
    Ok(attended)
}

#[cfg(target_os = "linux")]
pub(crate) struct Uring(Polled<Secured<uring::Sockets>>);

#[cfg(target_os = "linux")]
impl Driver for Uring {
    fn open(control: TcpStream, tls: Option<Context>, config: Config) -> io::Result<Self> {
        uring::session(control, tls, config).map(Self)
    }

    fn session(&self) -> &Session {
        self.0.session()
    }

    fn run<O: Operation>(
        &mut self,
        operation: O,
        block: &mut Block<'_>,
        mut waits: usize,
    ) -> io::Result<Result<O::Output, Error>> {
        self.0.run(operation, block, |network, block, deadline| {
            if attend(block, &mut waits)? {
                return Ok(());
            }
            network.network_mut().wait(deadline)
        })
    }
}

/// A device's super-loop. Its chip is played by the host's sockets, and its TLS by rustls.
pub(crate) struct Device(Polled<Secured<game::Sockets>>);

impl Driver for Device {
    const BLOCK_BYTES: usize = 256;

    fn open(control: TcpStream, tls: Option<Context>, config: Config) -> io::Result<Self> {
        Ok(Self(Game::new(control, tls, config)?.client))
    }

    fn session(&self) -> &Session {
        self.0.session()
    }

    fn run<O: Operation>(
        &mut self,
        operation: O,
        block: &mut Block<'_>,
        mut waits: usize,
    ) -> io::Result<Result<O::Output, Error>> {
        self.0.run(operation, block, |network, block, deadline| {
            if attend(block, &mut waits)? {
                return Ok(());
            }
            // There are no interrupts here.
            let moment = Duration::from_micros(100);
            let left = deadline.map_or(moment, |at| at.saturating_sub(network.now()));
            thread::sleep(left.min(moment));
            Ok(())
        })
    }
}

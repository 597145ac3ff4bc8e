//! The drivers, as the tests see them.

use std::io;
use std::net::TcpStream;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use ftp_proto::driver::Polled;
use ftp_proto::tls::{Context, Secured};
use ftp_proto::{Config, Error, Operation, Session};
use ftp_proto_loops::block::Block;
use ftp_proto_loops::device::Device;
use ftp_proto_loops::game::{Game, Sockets};
#[cfg(target_os = "linux")]
use ftp_proto_loops::uring;

use crate::payload::Payload;

type Outcome<O> = io::Result<Result<<O as Operation>::Output, Error>>;

/// A driver.
pub(crate) trait Driver: Sized + 'static {
    fn open(control: TcpStream, tls: Option<Context>, config: Config) -> io::Result<Self>;

    fn session(&self) -> &Session;

    /// Runs an operation, and drops it at an error of the payload.
    fn run<O: Operation>(&mut self, operation: O, payload: Payload<'_>) -> Outcome<O>;
}

const BLOCK_BYTES: usize = 64 * 1024;

/// A game, which draws for a millisecond in each frame.
impl Driver for Game {
    fn open(control: TcpStream, tls: Option<Context>, config: Config) -> io::Result<Self> {
        Self::new(control, tls, config)
    }

    fn session(&self) -> &Session {
        self.client.session()
    }

    fn run<O: Operation>(&mut self, mut operation: O, mut payload: Payload<'_>) -> Outcome<O> {
        let mut block = Box::new(Block::<BLOCK_BYTES>::default());
        loop {
            if let Poll::Ready(outcome) = self.frame(&mut *block, &mut operation) {
                while block.attend(&mut payload)? {}
                return Ok(outcome);
            }
            if self.client.deadline() == Some(Duration::ZERO) {
                continue; // there was more to do than one frame does
            }
            let idle = block
                .attend(&mut payload)
                .and_then(|did| if did { Ok(()) } else { payload.wait() });
            if let Err(error) = idle {
                self.client.cancel();
                return Err(error);
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// A device, whose chip is played by the host's sockets, and the chip's TLS by rustls.
impl Driver for Device<Secured<Sockets>, 256> {
    fn open(control: TcpStream, tls: Option<Context>, config: Config) -> io::Result<Self> {
        let (host, local) = (control.peer_addr()?.ip(), control.local_addr()?.ip());
        let chip = Secured::new(Sockets::new(control)?, tls);
        Ok(Self::new(chip, config, host, local))
    }

    fn session(&self) -> &Session {
        self.client.session()
    }

    fn run<O: Operation>(&mut self, operation: O, mut payload: Payload<'_>) -> Outcome<O> {
        Self::run(self, &mut payload, operation)
    }
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

    fn run<O: Operation>(&mut self, operation: O, mut payload: Payload<'_>) -> Outcome<O> {
        let mut block = Box::new(Block::<BLOCK_BYTES>::default());
        let outcome = self.0.run(operation, &mut *block, |network, block, deadline| {
            if block.attend(&mut payload)? {
                return Ok(());
            }
            payload.wait()?;
            network.network_mut().wait(deadline)
        })?;
        while block.attend(&mut payload)? {}
        Ok(outcome)
    }
}

//! A session in the super-loop of a device without an operating system. It needs neither std nor a
//! heap of its own: `.ci/check-no-std` builds this file and `block.rs` into a library without std.
//!
//! The device brings a [`Network`], which is its network chip, and a [`Board`]. rustls needs std.
//! So TLS is the chip's: modems and network processors have sockets with TLS that resume sessions,
//! and the methods of [`Network`] after `resumptions` are theirs. A chip without TLS leaves them
//! out, and the session is in clear.

use core::net::IpAddr;
use core::time::Duration;

use ftp_proto::driver::{Network, Polled};
use ftp_proto::{Config, Error, Operation};

use crate::block::{Block, Memory};

/// What else the device does.
pub trait Board: Memory {
    /// Its other work; then it may sleep for so long, or until an interrupt.
    fn idle(&mut self, limit: Option<Duration>) -> Result<(), Self::Error>;
}

/// A session, and one block of payload.
#[derive(Debug)]
pub struct Device<N, const BYTES: usize> {
    pub client: Polled<N>,
    block: Block<BYTES>,
}

impl<N: Network, const BYTES: usize> Device<N, BYTES> {
    /// On a control connection that is open. The first operation is `Greet`.
    pub fn new(network: N, config: Config, host: IpAddr, local: IpAddr) -> Self {
        Self { client: Polled::new(network, config, host, local), block: Block::default() }
    }

    /// The super-loop, until an operation is over.
    ///
    /// # Errors
    /// Of the board, which cancels the operation; within, the operation's own.
    pub fn run<B: Board, O: Operation>(
        &mut self,
        board: &mut B,
        operation: O,
    ) -> Result<Result<O::Output, Error>, B::Error> {
        self.block.clear();
        let outcome = self.client.run(operation, &mut self.block, |network, block, deadline| {
            if block.attend(board)? {
                return Ok(());
            }
            board.idle(deadline.map(|at| at.saturating_sub(network.now())))
        })?;
        while self.block.attend(board)? {}
        Ok(outcome)
    }
}

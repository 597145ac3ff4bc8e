//! What the cases and the [scenarios](crate::scenarios) need of a client.

use std::fmt;
use std::io::{Read, Write};
use std::net::SocketAddr;

use ftp_proto::trace::Record;
use ftp_proto::{Completed, Config, Operation, Session};

/// What was wrong.
pub type Complaint = Box<dyn std::error::Error + Send + Sync>;

/// A client under test: sockets around a [`Session`].
pub trait Subject: Sized {
    /// Connects and awaits the greeting. With full [`detail`](Config::detail), every record is kept
    /// for [`take_trace`](Self::take_trace).
    ///
    /// # Errors
    /// No connection, or no friendly greeting.
    fn connect(address: SocketAddr, config: Config) -> Result<Self, Failure>;

    /// The machine, to look at.
    fn session(&self) -> &Session;

    /// Runs an operation that moves no payload.
    ///
    /// # Errors
    /// The operation's own.
    fn run<O>(&mut self, operation: O) -> Result<O::Output, Failure>
    where
        O: Operation + Send + 'static,
        O::Output: Send + 'static;

    /// Receives payload into `sink`; in ASCII type as lines that end with LF.
    ///
    /// # Errors
    /// The operation's own, and [`Failure::Other`] when `sink` fails, which ends the transfer.
    fn download<O>(&mut self, operation: O, sink: &mut dyn Write) -> Result<Completed, Failure>
    where
        O: Operation<Output = Completed> + Send + 'static;

    /// Receives each of these files in image type, one after the other, and hands on payload with
    /// the number of its file.
    ///
    /// # Errors
    /// None but the client's own: each file has a result.
    fn retrieve_each(
        &mut self,
        paths: &[String],
        take: &mut dyn FnMut(usize, &[u8]),
    ) -> Result<Vec<Result<Completed, ftp_proto::Error>>, Failure>;

    /// Receives at least `bytes` bytes of payload into `sink` and aborts the transfer, without
    /// waiting for what the server says to that.
    ///
    /// # Errors
    /// The operation's own, as a rule that it was aborted.
    fn abort_download<O>(
        &mut self,
        operation: O,
        bytes: u64,
        sink: &mut dyn Write,
    ) -> Result<Completed, Failure>
    where
        O: Operation<Output = Completed> + Send + 'static;

    /// Sends `source`; in ASCII type its lines may end with LF.
    ///
    /// # Errors
    /// The operation's own, and [`Failure::Other`] when `source` fails, which ends the transfer.
    fn upload<O>(&mut self, operation: O, source: &mut dyn Read) -> Result<Completed, Failure>
    where
        O: Operation<Output = Completed> + Send + 'static;

    /// What the session recorded since this was asked last.
    fn take_trace(&mut self) -> Vec<Record>;
}

/// Why a [`Subject`] did not succeed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Failure {
    /// The session's error.
    Session(ftp_proto::Error),
    /// Anything else, in words: no connection, a failing source or sink.
    Other(String),
}

impl Failure {
    /// The session's error, if it is one.
    #[must_use]
    pub const fn session(&self) -> Option<&ftp_proto::Error> {
        match self {
            Self::Session(error) => Some(error),
            Self::Other(_) => None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session(error) => error.fmt(f),
            Self::Other(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for Failure {}

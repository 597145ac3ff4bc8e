//! The data connection, and payload between turns.

mod files;

use std::io;

#[cfg(all(feature = "splice", any(target_os = "linux", target_os = "android")))]
use ftp_proto::driver::Pipe;
use ftp_proto::driver::{Input, Payload};
use ftp_proto::{Direction, End, Flow, Session};

use crate::data_link::DataLink;
use crate::patience;
use crate::readiness::Watched;
use crate::transport::Stream;

/// What the application does with payload.
#[derive(Default)]
pub(crate) struct Moving {
    /// The application tried and has to wait for the peer.
    pub(crate) asked: bool,
    /// To be handled in the next turn.
    pub(crate) over: Option<Over>,
    /// Made when the kernel first moves payload into a file.
    #[cfg(all(feature = "splice", any(target_os = "linux", target_os = "android")))]
    pipe: Option<Pipe>,
    /// About how much of a file is left to be sent, once the kernel sends it.
    #[cfg(all(feature = "splice", any(target_os = "linux", target_os = "android")))]
    file_left: Option<u64>,
}

/// How the application's part in the payload ended.
pub(crate) enum Over {
    Ended(End),
    Failed(io::Error),
    /// The application has no more to send.
    Sent,
    /// The application takes no more payload.
    Dropped,
}

/// The result of an attempt to move payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "callers have to handle each")]
pub enum Progress {
    /// This many bytes moved.
    Bytes(usize),
    /// No byte can move now: the socket would block, or the budget of this turn is used up. Try
    /// again after the next [`Client::turn`](crate::Client::turn).
    Wait,
    /// No more payload will move. The operation's outcome says why.
    Over,
}

/// The data connection of a session while payload may move; see
/// [`Client::data_mut`](crate::Client::data_mut).
///
/// [`read`](Self::read) and [`write`](Self::write) move bytes directly between the socket and the
/// caller's buffer; [`read_with`](Self::read_with) spares the copy into it under TLS;
/// [`read_to_file`](Self::read_to_file) and [`write_from_file`](Self::write_from_file) move them
/// between the socket and a file. To splice, or to pass the socket on, take
/// [`stream`](Self::stream) and report the results: [`moved`](Self::moved),
/// [`blocked`](Self::blocked), [`ended`](Self::ended),
/// [`failed`](Self::failed).
///
/// Payload in ASCII type has its form on the wire; [`ftp_proto::ascii`] has the codec.
pub struct Data<'c, S> {
    payload: &'c mut Payload,
    socket: &'c mut Watched<S>,
    moving: &'c mut Moving,
    session: &'c mut Session,
    budget: &'c mut usize,
    touched: &'c mut bool,
}

impl<'c, S: Stream> Data<'c, S> {
    pub(crate) fn of<L>(
        link: &'c mut DataLink<S, L>,
        session: &'c mut Session,
        budget: &'c mut usize,
        touched: &'c mut bool,
    ) -> Option<Self> {
        if link.moving.over.is_some() {
            return None;
        }
        Some(Self {
            payload: link.connection.payload_mut()?,
            socket: link.socket.as_mut()?,
            moving: &mut link.moving,
            session,
            budget,
            touched,
        })
    }

    /// What may move.
    pub const fn flow(&self) -> Flow {
        self.payload.flow()
    }

    /// How many bytes have moved.
    pub const fn bytes(&self) -> u64 {
        self.payload.bytes()
    }

    /// Receives some payload. At its end the connection is closed in the next turn.
    ///
    /// Yields [`Progress::Over`] in an upload.
    pub fn read(&mut self, buffer: &mut [u8]) -> Progress {
        let bytes_max = buffer.len();
        self.receive(bytes_max, |stream, bytes| {
            stream.read(buffer.get_mut(..bytes).unwrap_or_default())
        })
    }

    /// As [`read`](Self::read), for payload that is passed on: `take` gets it, in one or more
    /// pieces, at most as much as fits into `block`. Under TLS it comes from where rustls has it,
    /// and `block` stays as it is.
    pub fn read_with(&mut self, block: &mut [u8], mut take: impl FnMut(&[u8])) -> Progress {
        let bytes_max = block.len();
        self.receive(bytes_max, |stream, bytes| {
            stream.read_with(block.get_mut(..bytes).unwrap_or_default(), &mut take)
        })
    }

    /// The same by any way that takes at most so many bytes from the stream.
    fn receive(
        &mut self,
        bytes_max: usize,
        mut take: impl FnMut(&mut S, usize) -> io::Result<Option<Input>>,
    ) -> Progress {
        if self.flow().direction != Direction::Receive || self.moving.over.is_some() {
            return Progress::Over;
        }
        let room = self.payload.room(bytes_max);
        if room == 0 {
            return Progress::Bytes(0);
        }
        let at_limit = self.payload.is_at_limit();
        let bytes = room.min(*self.budget);
        if !self.socket.readable || bytes == 0 && !at_limit {
            return self.wait();
        }
        let stream = &mut self.socket.io;
        // A byte beyond the limit shows that there is more.
        let taken = patience::read(|| match at_limit {
            true => stream.read(&mut [0]),
            false => take(stream, bytes),
        });
        match taken {
            Ok(None) => self.blocked(),
            Ok(Some(Input::Bytes(_))) if at_limit => self.over(Over::Ended(End::Limit)),
            Ok(Some(Input::Bytes(count))) => return self.count(count),
            Ok(Some(Input::End(end))) => self.over(Over::Ended(end)),
            Err(error) => self.over(Over::Failed(error)),
        }
        self.stopped()
    }

    /// Sends some payload: as much of `bytes` as possible.
    ///
    /// Yields [`Progress::Over`] in a download.
    pub fn write(&mut self, bytes: &[u8]) -> Progress {
        self.send(bytes.len(), |stream, count| {
            stream.keep_little_unsent();
            stream.write(bytes.get(..count).unwrap_or(bytes))
        })
    }

    /// The same by any way that gives at most so many bytes to the stream.
    fn send(
        &mut self,
        bytes_max: usize,
        mut give: impl FnMut(&mut S, usize) -> io::Result<Option<usize>>,
    ) -> Progress {
        if self.flow().direction != Direction::Send || self.moving.over.is_some() {
            return Progress::Over;
        }
        if bytes_max == 0 {
            return Progress::Bytes(0);
        }
        let bytes = bytes_max.min(*self.budget);
        if !self.socket.writable || bytes == 0 {
            return self.wait();
        }
        let stream = &mut self.socket.io;
        match patience::wrote(|| give(stream, bytes)) {
            Ok(None) => self.blocked(),
            Ok(Some(count)) => return self.count(count),
            Err(error) => self.over(Over::Failed(error)),
        }
        self.stopped()
    }

    /// Ends the payload of an upload after everything was sent. In a download it drops the rest,
    /// and the transfer fails unless the rest is empty.
    pub fn finish(self) {
        self.moving.over = Some(match self.flow().direction {
            Direction::Send => Over::Sent,
            Direction::Receive => Over::Dropped,
        });
        *self.touched = true;
    }

    /// The connection itself. The caller may move payload on it directly if [`Flow::is_verbatim`]
    /// holds, and no more than [`Flow::limit`] allows.
    pub const fn stream(&mut self) -> &mut S {
        &mut self.socket.io
    }

    /// Says that the caller moved this many bytes on the connection itself.
    pub fn moved(&mut self, bytes: u64) {
        self.moving.asked = false;
        self.session.report(self.payload.moved(bytes));
        *self.touched = true;
    }

    /// Says that a call on the connection would have blocked: the reactor reports it again.
    pub fn blocked(&mut self) {
        match self.flow().direction {
            Direction::Receive => self.socket.readable = false,
            Direction::Send => self.socket.writable = false,
        }
        self.moving.asked = true;
        *self.touched = true;
    }

    /// Says that the caller found the end of input; the connection is closed in the next turn.
    pub fn ended(mut self, end: End) {
        self.over(Over::Ended(end));
    }

    /// Says that the connection, or the application's source or sink, failed; the connection is
    /// closed in the next turn.
    pub fn failed(mut self, error: io::Error) {
        self.over(Over::Failed(error));
    }

    fn count(&mut self, count: usize) -> Progress {
        let cost = self.socket.io.take_received().max(count);
        *self.budget = self.budget.saturating_sub(cost);
        if self.flow().direction == Direction::Receive {
            self.socket.note_drained();
        }
        self.moved(count as u64);
        Progress::Bytes(count)
    }

    /// The socket is blocked, or the budget ended: the next turn has a new one.
    fn wait(&mut self) -> Progress {
        let is_blocked = match self.flow().direction {
            Direction::Receive => !self.socket.readable,
            Direction::Send => !self.socket.writable,
        };
        if is_blocked && !self.moving.asked {
            self.blocked();
        }
        *self.touched |= *self.budget == 0;
        Progress::Wait
    }

    fn over(&mut self, over: Over) {
        self.moving.over = Some(over);
        *self.touched = true;
    }

    const fn stopped(&self) -> Progress {
        if self.moving.over.is_some() {
            Progress::Over
        } else {
            Progress::Wait
        }
    }
}

impl<S> std::fmt::Debug for Data<'_, S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Data")
            .field("flow", &self.payload.flow())
            .field("bytes", &self.payload.bytes())
            .finish_non_exhaustive()
    }
}

//! The data connection: how it is opened, how payload moves on it, how it ends.

use std::io;

use ftp_proto::{DataId, Direction, End, Failure, Flow, Link, Report, Session};

use crate::attempt::{self, tried};
use crate::driver::Driver;
use crate::readiness::{Interest, Reactor, Slot, Watched};
use crate::transport::{Input, Listener, Stream, Transport};

/// A data connection.
pub(crate) struct DataLink<S> {
    pub(crate) id: DataId,
    pub(crate) socket: Watched<S>,
    pub(crate) stage: Stage,
}

pub(crate) enum Stage {
    Connecting,
    /// Nothing may move yet.
    Open,
    Securing,
    Moving(Moving),
}

/// Payload on its way.
pub(crate) struct Moving {
    flow: Flow,
    bytes: u64,
    /// The application has asked and was told to wait: it is the peer's turn.
    asked: bool,
    /// The machine was told that the application gives or takes nothing for now.
    held: bool,
    closing: Closing,
    over: Option<Over>,
}

/// How far the orderly end of an upload has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Closing {
    No,
    /// What is held back has to leave first.
    Wanted,
    /// The peer's end is awaited.
    Begun,
    /// The peer is not waited for any longer.
    AtOnce,
}

enum Over {
    Ended(End),
    Failed(io::Error),
    /// The application takes no more.
    Dropped,
}

/// A listener for one data connection.
pub(crate) struct Port<L> {
    pub(crate) id: DataId,
    pub(crate) socket: Watched<L>,
    accepting: bool,
}

impl<S: Stream> DataLink<S> {
    pub(crate) const fn new(id: DataId, stream: S, stage: Stage) -> Self {
        Self {
            id,
            socket: Watched::new(stream),
            stage,
        }
    }

    pub(crate) fn interest(&self) -> Interest {
        let wants_write = Interest::new(false, self.socket.io.wants_write());
        match &self.stage {
            Stage::Connecting => Interest::WRITE,
            Stage::Open => Interest::NONE,
            Stage::Securing => Interest::READ | wants_write,
            Stage::Moving(moving) if moving.over.is_some() => Interest::NONE,
            Stage::Moving(moving) if moving.closing != Closing::No => Interest::READ | wants_write,
            Stage::Moving(moving) if moving.flow.direction == Direction::Receive => {
                Interest::new(!self.socket.readable, false) | wants_write
            }
            Stage::Moving(_) => Interest::new(false, !self.socket.writable) | wants_write,
        }
    }

    const fn moving(&mut self) -> Option<&mut Moving> {
        match &mut self.stage {
            Stage::Moving(moving) => Some(moving),
            _ => None,
        }
    }
}

impl<L> Port<L> {
    pub(crate) const fn new(id: DataId, listener: L) -> Self {
        Self {
            id,
            socket: Watched::new(listener),
            accepting: false,
        }
    }

    pub(crate) const fn interest(&self) -> Interest {
        Interest::new(self.accepting && !self.socket.readable, false)
    }
}

// -- in a turn ------------------------------------------------------------------------------------------------------------

impl<T: Transport> Driver<T> {
    pub(crate) fn start_accepting(&mut self, data: DataId, reactor: &mut dyn Reactor<T::Source>) {
        // Asked again, it was a stranger who had called.
        self.close_data(reactor);
        if let Some(port) = self.listener.as_mut().filter(|port| port.id == data) {
            port.accepting = true;
        }
    }

    /// Accepts, if that is asked for and somebody calls. The listener stays until the machine goes on with the
    /// connection: it may turn the caller away.
    pub(crate) fn attend_listener(&mut self, reactor: &mut dyn Reactor<T::Source>) -> bool {
        let Some(port) = self.listener.as_mut() else {
            return false;
        };
        let id = port.id;
        while port.accepting && port.socket.readable {
            match tried(|| port.socket.io.accept()) {
                Ok(None) => port.socket.readable = false,
                Ok(Some((stream, peer))) => {
                    port.accepting = false;
                    self.data = Some(DataLink::new(id, stream, Stage::Open));
                    let peer = peer.ip();
                    self.session.report(Report::Accepted { data: id, peer });
                    return true;
                }
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    self.fail(Link::Data(id), error, reactor);
                    return true;
                }
            }
        }
        false
    }

    /// Goes on with whatever the data connection is at.
    pub(crate) fn attend_data(&mut self, reactor: &mut dyn Reactor<T::Source>) -> bool {
        let Some(link) = &mut self.data else {
            return false;
        };
        let id = link.id;
        let stream = &mut link.socket.io;
        let (done, report) = match &link.stage {
            Stage::Open => return false,
            Stage::Moving(_) => return self.attend_payload(reactor),
            Stage::Connecting => {
                let report = Report::Connected { data: id };
                (tried(|| stream.poll_connect()), report)
            }
            Stage::Securing => {
                let link = Link::Data(id);
                (tried(|| stream.handshake()), Report::Secured { link })
            }
        };
        match done {
            Ok(false) => return false,
            Ok(true) => {
                link.stage = Stage::Open;
                link.socket.readable = true;
                link.socket.writable = true;
                // A port that refused before is forgotten, now that another way was found.
                self.source = None;
                self.session.report(report);
            }
            Err(error) => self.fail(Link::Data(id), error, reactor),
        }
        true
    }

    pub(crate) fn start_moving(
        &mut self,
        data: DataId,
        flow: Flow,
        reactor: &mut dyn Reactor<T::Source>,
    ) {
        self.close_listener(reactor);
        if let Some(link) = self.data.as_mut().filter(|link| link.id == data) {
            link.stage = Stage::Moving(Moving {
                flow,
                bytes: 0,
                asked: false,
                held: false,
                closing: Closing::No,
                over: None,
            });
        }
    }

    fn attend_payload(&mut self, reactor: &mut dyn Reactor<T::Source>) -> bool {
        let Some(link) = &mut self.data else {
            return false;
        };
        let (id, readable, writable) = (link.id, link.socket.readable, link.socket.writable);
        let Stage::Moving(moving) = &mut link.stage else {
            return false;
        };
        match moving.over.take() {
            Some(Over::Ended(end)) => {
                self.ended(id, end, reactor);
                return true;
            }
            Some(Over::Failed(error)) => {
                self.fail(Link::Data(id), error, reactor);
                return true;
            }
            Some(Over::Dropped) => {
                self.discard(id, reactor);
                self.session.report(Report::Failed {
                    link: Link::Data(id),
                    failure: Failure::Local,
                });
                return true;
            }
            None => {}
        }
        let ready = match moving.flow.direction {
            Direction::Receive => readable,
            Direction::Send => writable,
        };
        // Whose turn is it? A ready socket waits for the application; one that blocks, for the peer.
        let held = moving.closing == Closing::No && (ready || !moving.asked);
        let changed = held != moving.held;
        if changed {
            moving.held = held;
            self.session.report(Report::Held { data: id, held });
        }
        if moving.closing != Closing::No {
            return self.close_orderly(id, reactor) || changed;
        }
        if let Err(error) = tried(|| link.socket.io.flush()) {
            self.fail(Link::Data(id), error, reactor);
            return true;
        }
        changed
    }

    /// The socket is closed before the final reply is awaited: ProFTPD holds that back until then.
    fn ended(&mut self, data: DataId, end: End, reactor: &mut dyn Reactor<T::Source>) {
        if let Some(link) = self.data.as_mut().filter(|_| end == End::Clean) {
            // Our own side of TLS ends too; whether the peer still hears that does not matter any more.
            let _ = link.socket.io.finish();
        }
        if end == End::Limit {
            self.reset_data(reactor);
        } else {
            self.close_data(reactor);
        }
        self.session.report(Report::Finished { data, end });
    }

    /// The limit for the peer's end begins only when everything has left: what still leaves is payload.
    fn close_orderly(&mut self, data: DataId, reactor: &mut dyn Reactor<T::Source>) -> bool {
        let Some(link) = &mut self.data else {
            return false;
        };
        let Stage::Moving(moving) = &mut link.stage else {
            return false;
        };
        match moving.closing {
            Closing::No => return false,
            Closing::Wanted => match tried(|| link.socket.io.finish()) {
                Ok(false) => return false,
                Ok(true) => {
                    moving.closing = Closing::Begun;
                    self.session.report(Report::Closing { data });
                }
                Err(error) => self.fail(Link::Data(data), error, reactor),
            },
            Closing::Begun if !link.socket.io.await_end() => return false,
            Closing::Begun | Closing::AtOnce => self.ended_sending(data, reactor),
        }
        true
    }

    fn ended_sending(&mut self, data: DataId, reactor: &mut dyn Reactor<T::Source>) {
        self.close_data(reactor);
        let end = End::Clean;
        self.session.report(Report::Finished { data, end });
    }

    pub(crate) fn finish_now(&mut self, data: DataId) {
        let link = self.data.as_mut().filter(|link| link.id == data);
        if let Some(moving) = link.and_then(DataLink::moving) {
            moving.closing = Closing::AtOnce;
        }
    }

    pub(crate) fn discard(&mut self, data: DataId, reactor: &mut dyn Reactor<T::Source>) {
        if self.listener.as_ref().is_some_and(|port| port.id == data) {
            self.close_listener(reactor);
        }
        if self.data.as_ref().is_some_and(|link| link.id == data) {
            self.reset_data(reactor);
        }
    }

    /// A short upload must not pass for a whole file, and a server must not take what we drop for an end of ours.
    pub(crate) fn reset_data(&mut self, reactor: &mut dyn Reactor<T::Source>) {
        if let Some(link) = self.data.take() {
            let stream = link.socket.release(Slot::Data, reactor, Stream::source);
            stream.reset();
        }
    }

    pub(crate) fn close_data(&mut self, reactor: &mut dyn Reactor<T::Source>) {
        if let Some(link) = self.data.take() {
            let stream = link.socket.release(Slot::Data, reactor, Stream::source);
            stream.close();
        }
    }

    pub(crate) fn close_listener(&mut self, reactor: &mut dyn Reactor<T::Source>) {
        if let Some(port) = self.listener.take() {
            let source = Listener::source;
            drop(port.socket.release(Slot::Listener, reactor, source));
        }
    }
}

// -- between turns --------------------------------------------------------------------------------------------------------

/// What became of an attempt to move payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "callers have to handle each")]
pub enum Progress {
    /// So many bytes moved.
    Bytes(usize),
    /// Nothing moves now: the socket would block, or the session has had its share of this turn. Try again after the
    /// next [`Client::turn`](crate::Client::turn).
    Wait,
    /// Nothing moves any more. The operation will tell why.
    Over,
}

/// The data connection of a session while payload may move; see [`Client::data_mut`](crate::Client::data_mut).
///
/// [`read`](Self::read) and [`write`](Self::write) move bytes between the socket and the caller's buffer, nothing in
/// between. Those who would rather splice, or hand the socket on, take [`stream`](Self::stream) and say what came of
/// it: [`moved`](Self::moved), [`blocked`](Self::blocked), [`ended`](Self::ended), [`failed`](Self::failed).
///
/// Payload in ASCII type comes and goes as it is on the wire; [`ftp_proto::ascii`] has the codec.
pub struct Data<'c, S> {
    id: DataId,
    socket: &'c mut Watched<S>,
    moving: &'c mut Moving,
    session: &'c mut Session,
    budget: &'c mut usize,
    touched: &'c mut bool,
}

impl<'c, S: Stream> Data<'c, S> {
    pub(crate) fn of(
        link: &'c mut DataLink<S>,
        session: &'c mut Session,
        budget: &'c mut usize,
        touched: &'c mut bool,
    ) -> Option<Self> {
        let Stage::Moving(moving) = &mut link.stage else {
            return None;
        };
        if moving.over.is_some() || moving.closing != Closing::No {
            return None;
        }
        Some(Self {
            id: link.id,
            socket: &mut link.socket,
            moving,
            session,
            budget,
            touched,
        })
    }

    /// What may move.
    pub const fn flow(&self) -> Flow {
        self.moving.flow
    }

    /// How many bytes have moved.
    pub const fn bytes(&self) -> u64 {
        self.moving.bytes
    }

    /// Receives some payload. At its end the connection is closed in the next turn.
    ///
    /// In an upload there is nothing to receive: [`Progress::Over`].
    pub fn read(&mut self, buffer: &mut [u8]) -> Progress {
        if self.moving.flow.direction != Direction::Receive || self.moving.over.is_some() {
            return Progress::Over;
        }
        let left = self
            .moving
            .flow
            .limit
            .map(|limit| limit.saturating_sub(self.moving.bytes));
        let mut one_more = [0];
        let room = if left == Some(0) {
            &mut one_more[..]
        } else {
            let left = left.map_or(usize::MAX, |left| {
                usize::try_from(left).unwrap_or(usize::MAX)
            });
            let room = buffer.len().min(left).min(*self.budget);
            if buffer.is_empty() {
                return Progress::Bytes(0);
            }
            buffer.get_mut(..room).unwrap_or_default()
        };
        if !self.socket.readable || room.is_empty() {
            return self.wait();
        }
        match attempt::read(|| self.socket.io.read(room)) {
            Ok(None) => self.blocked(),
            Ok(Some(Input::Bytes(_))) if left == Some(0) => self.over(Over::Ended(End::Limit)),
            Ok(Some(Input::Bytes(count))) => return self.count(count),
            Ok(Some(Input::End(end))) => self.over(Over::Ended(end)),
            Err(error) => self.over(Over::Failed(error)),
        }
        self.stopped()
    }

    /// Sends some payload: as much of `bytes` as goes.
    ///
    /// In a download there is nothing to send: [`Progress::Over`].
    pub fn write(&mut self, bytes: &[u8]) -> Progress {
        if self.moving.flow.direction != Direction::Send || self.moving.over.is_some() {
            return Progress::Over;
        }
        if bytes.is_empty() {
            return Progress::Bytes(0);
        }
        let part = bytes.get(..*self.budget).unwrap_or(bytes);
        if !self.socket.writable || part.is_empty() {
            return self.wait();
        }
        match attempt::written(|| self.socket.io.write(part)) {
            Ok(None) => self.blocked(),
            Ok(Some(count)) => return self.count(count),
            Err(error) => self.over(Over::Failed(error)),
        }
        self.stopped()
    }

    /// Everything was sent: ends the payload. In a download: drops what would still come; the transfer then fails
    /// unless that was nothing.
    pub fn finish(self) {
        match self.moving.flow.direction {
            Direction::Send => self.moving.closing = Closing::Wanted,
            Direction::Receive => self.moving.over = Some(Over::Dropped),
        }
        *self.touched = true;
    }

    /// The connection itself. Payload may be moved past the client as long as [`Flow::is_verbatim`] holds; no more
    /// than [`Flow::limit`] allows.
    pub const fn stream(&mut self) -> &mut S {
        &mut self.socket.io
    }

    /// So many bytes were moved past the client.
    pub fn moved(&mut self, bytes: u64) {
        self.moving.asked = false;
        self.moving.bytes = self.moving.bytes.saturating_add(bytes);
        let data = self.id;
        self.session.report(Report::Moved { data, bytes });
        *self.touched = true;
    }

    /// A call on the connection would have blocked: it is reported again when that is no longer so.
    pub fn blocked(&mut self) {
        match self.moving.flow.direction {
            Direction::Receive => self.socket.readable = false,
            Direction::Send => self.socket.writable = false,
        }
        self.moving.asked = true;
        *self.touched = true;
    }

    /// The end of input was found on the connection; it is closed in the next turn.
    pub fn ended(mut self, end: End) {
        self.over(Over::Ended(end));
    }

    /// The connection failed, or the application's own source or sink did; it is closed in the next turn.
    pub fn failed(mut self, error: io::Error) {
        self.over(Over::Failed(error));
    }

    fn count(&mut self, count: usize) -> Progress {
        *self.budget = self.budget.saturating_sub(count);
        self.moved(count as u64);
        Progress::Bytes(count)
    }

    /// If the socket is ready, then it was the budget that ended: the next turn has a new one.
    fn wait(&mut self) -> Progress {
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
            .field("flow", &self.moving.flow)
            .field("bytes", &self.moving.bytes)
            .finish_non_exhaustive()
    }
}

//! The sockets of a data connection, and what is done on them in a turn.

use std::io;

use ftp_proto::driver::{DataConnection, Stage};
use ftp_proto::{Action, DataId, End, Failure, Report, Target};

use crate::data::{Moving, Over};
use crate::interest::{Interest, Ready};
use crate::patience::patient;
use crate::readiness::{Reactor, Slot, Watched};
use crate::transport::{Listener, Stream};

/// A data connection.
pub(crate) struct DataLink<S, L> {
    pub(crate) connection: DataConnection,
    /// In active mode, until payload may move.
    listener: Option<Watched<L>>,
    pub(crate) socket: Option<Watched<S>>,
    pub(crate) moving: Moving,
}

impl<S: Stream, L: Listener<Stream = S, Source = S::Source>> DataLink<S, L> {
    pub(crate) fn connecting(data: DataId, target: Target, stream: S) -> Self {
        let mut connection = DataConnection::new(data);
        connection.begin(Action::Connect { data, target });
        Self {
            socket: Some(Watched::new(stream)),
            ..Self::new(connection, None)
        }
    }

    pub(crate) fn listening(data: DataId, listener: L) -> Self {
        Self::new(DataConnection::new(data), Some(Watched::new(listener)))
    }

    fn new(connection: DataConnection, listener: Option<Watched<L>>) -> Self {
        Self {
            connection,
            listener,
            socket: None,
            moving: Moving::default(),
        }
    }

    // -- what the machine asks for ----------------------------------------------------------------

    pub(crate) fn begin(
        &mut self,
        action: Action,
        reactor: &mut dyn Reactor<S::Source>,
    ) -> Option<Report> {
        match action {
            // A second Accept means that the caller was a stranger.
            Action::Accept { .. } => self.close_stream(S::close, reactor),
            Action::Secure { .. } | Action::Move { .. } => self.close_listener(reactor),
            _ => {}
        }
        self.connection.begin(action)
    }

    pub(crate) fn close(mut self, how: fn(S), reactor: &mut dyn Reactor<S::Source>) {
        self.close_listener(reactor);
        self.close_stream(how, reactor);
    }

    fn close_stream(&mut self, how: fn(S), reactor: &mut dyn Reactor<S::Source>) {
        if let Some(socket) = self.socket.take() {
            how(socket.release(Slot::Data, reactor, S::source));
        }
    }

    fn close_listener(&mut self, reactor: &mut dyn Reactor<S::Source>) {
        if let Some(port) = self.listener.take() {
            drop(port.release(Slot::Listener, reactor, L::source));
        }
    }

    // -- what happens -----------------------------------------------------------------------------

    /// Goes on with the present step.
    pub(crate) fn step(&mut self) -> io::Result<Option<Report>> {
        if let Some(over) = self.moving.over.take() {
            if let Some(report) = self.end(over)? {
                return Ok(Some(report));
            }
        }
        match self.connection.stage() {
            Stage::Idle | Stage::Closed => Ok(None),
            Stage::Accepting => self.accept(),
            Stage::Receiving | Stage::Sending => self.watch_payload(),
            stage => self.finish_step(stage),
        }
    }

    /// The effects of the application's calls.
    fn end(&mut self, over: Over) -> io::Result<Option<Report>> {
        match over {
            Over::Ended(end) => {
                if let Some(socket) = self.socket.as_mut().filter(|_| end == End::Clean) {
                    // The client's side of TLS ends too. Whether the peer still receives that does
                    // not matter.
                    let _ = socket.io.finish();
                }
                Ok(self.connection.ended(end))
            }
            Over::Sent => Ok(self.connection.finish()),
            Over::Dropped => Ok(self.connection.failed(Failure::Local)),
            Over::Failed(error) => Err(error),
        }
    }

    /// The listener stays until the machine goes on with the connection, because the machine may
    /// turn the caller away.
    fn accept(&mut self) -> io::Result<Option<Report>> {
        let Some(port) = &mut self.listener else {
            return Ok(None);
        };
        while port.readable {
            match patient(|| port.io.accept()) {
                Ok(None) => port.readable = false,
                Ok(Some((stream, peer))) => {
                    self.socket = Some(Watched::new(stream));
                    return Ok(self.connection.accepted(peer.ip()));
                }
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// A ready socket waits for the application, and a blocked one for the peer.
    fn watch_payload(&mut self) -> io::Result<Option<Report>> {
        let Some(socket) = &mut self.socket else {
            return Ok(None);
        };
        let is_ready = match self.connection.stage() {
            Stage::Receiving => socket.readable,
            _ => socket.writable,
        };
        if let Some(report) = self.connection.hold(is_ready || !self.moving.asked) {
            return Ok(Some(report));
        }
        patient(|| socket.io.flush())?;
        Ok(None)
    }

    fn finish_step(&mut self, stage: Stage) -> io::Result<Option<Report>> {
        // Without an event since the latest attempt there is nothing to do, nor in a handshake that
        // has written everything and can read nothing.
        let may_do = |it: &&mut Watched<S>| match stage {
            Stage::Securing => it.readable || it.io.wants_write(),
            _ => it.readable || it.writable,
        };
        let Some(socket) = self.socket.as_mut().filter(may_do) else {
            return Ok(None);
        };
        let stream = &mut socket.io;
        let done = match stage {
            Stage::Connecting => patient(|| stream.poll_connect()),
            Stage::Securing => patient(|| stream.handshake()),
            Stage::Ending => patient(|| stream.finish()),
            _ => Ok(stream.await_end()),
        }?;
        socket.readable = done;
        socket.writable = done;
        Ok(if done { self.connection.done() } else { None })
    }

    // -- what to wait for -------------------------------------------------------------------------

    pub(crate) fn mark(&mut self, slot: Slot, ready: Ready) {
        match (slot, &mut self.listener, &mut self.socket) {
            (Slot::Listener, Some(port), _) => port.mark(ready),
            (Slot::Data, _, Some(socket)) => socket.mark(ready),
            _ => {}
        }
    }

    pub(crate) fn watch(&mut self, reactor: &mut dyn Reactor<S::Source>) -> io::Result<()> {
        let connection = &self.connection;
        if let Some(port) = &mut self.listener {
            let reads = connection.wants_read() && connection.stage() == Stage::Accepting;
            let interest = Interest::new(reads && !port.readable, false);
            port.watch(Slot::Listener, interest, reactor, L::source)?;
        }
        if let Some(socket) = &mut self.socket {
            let interest = interest(connection, socket);
            socket.watch(Slot::Data, interest, reactor, S::source)?;
        }
        Ok(())
    }
}

/// Payload is awaited even while it is held: the application may not have asked yet.
fn interest<S: Stream>(connection: &DataConnection, socket: &Watched<S>) -> Interest {
    let (read, write) = match connection.stage() {
        Stage::Idle | Stage::Accepting | Stage::Closed => return Interest::NONE,
        Stage::Connecting => return socket.io.connect_interest(),
        Stage::Receiving => (true, false),
        Stage::Sending => (false, true),
        _ => (connection.wants_read(), connection.wants_write()),
    };
    let write = write && !socket.writable || socket.io.wants_write();
    Interest::new(read && !socket.readable, write)
}

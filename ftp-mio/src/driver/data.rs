//! Data connections: dialling, accepting, dropping.

use std::io;

use ftp_proto::{DataId, Link, Report, Target};

use super::Driver;
use crate::data::{DataLink, Port, Stage};
use crate::patience::{patient, retried};
use crate::readiness::{Reactor, Slot};
use crate::transport::{Listener, Stream, Transport};

impl<T: Transport> Driver<T> {
    pub(super) fn connect(
        &mut self,
        data: DataId,
        target: Target,
        reactor: &mut dyn Reactor<T::Source>,
    ) {
        let Some(control) = &self.control else { return };
        match retried(|| self.transport.connect_data(&control.io, target)) {
            Ok(stream) => self.data = Some(DataLink::new(data, stream, Stage::Connecting)),
            Err(error) => self.fail(Link::Data(data), error, reactor),
        }
    }

    pub(super) fn listen(&mut self, data: DataId, reactor: &mut dyn Reactor<T::Source>) {
        match retried(|| self.transport.listen(self.local)) {
            Ok((listener, local)) => {
                self.listener = Some(Port::new(data, listener));
                self.report(Report::Listening { data, local });
            }
            Err(error) => self.fail(Link::Data(data), error, reactor),
        }
    }

    pub(super) fn start_accepting(&mut self, data: DataId, reactor: &mut dyn Reactor<T::Source>) {
        // A second Accept means that the caller was a stranger.
        self.close_data(reactor);
        if let Some(port) = self.listener.as_mut().filter(|port| port.id == data) {
            port.accepting = true;
        }
    }

    /// Accepts a connection, if the machine wants one. The listener stays until the machine goes on
    /// with the connection, because the machine may turn the caller away.
    pub(super) fn attend_listener(&mut self, reactor: &mut dyn Reactor<T::Source>) -> bool {
        let Some(port) = self.listener.as_mut() else {
            return false;
        };
        let id = port.id;
        while port.accepting && port.socket.readable {
            match patient(|| port.socket.io.accept()) {
                Ok(None) => port.socket.readable = false,
                Ok(Some((stream, peer))) => {
                    port.accepting = false;
                    self.data = Some(DataLink::new(id, stream, Stage::Open));
                    let peer = peer.ip();
                    self.report(Report::Accepted { data: id, peer });
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

    /// Goes on with the present step of the data connection.
    pub(super) fn attend_data(&mut self, reactor: &mut dyn Reactor<T::Source>) -> bool {
        let Some(link) = &mut self.data else {
            return false;
        };
        let id = link.id;
        let stream = &mut link.socket.io;
        let (done, report) = match &link.stage {
            Stage::Open => return false,
            Stage::Moving(_) => return self.attend_payload(reactor),
            // It was asked, and no event has come since.
            Stage::Connecting if !link.socket.readable && !link.socket.writable => return false,
            Stage::Connecting => {
                let report = Report::Connected { data: id };
                (patient(|| stream.poll_connect()), report)
            }
            // The same: it may write, and has written everything.
            Stage::Securing if !link.socket.readable && !stream.wants_write() => return false,
            Stage::Securing => {
                let link = Link::Data(id);
                (patient(|| stream.handshake()), Report::Secured { link })
            }
        };
        match done {
            Ok(false) => {
                link.socket.readable = false;
                link.socket.writable = false;
                return false;
            }
            Ok(true) => {
                link.stage = Stage::Open;
                link.socket.readable = true;
                link.socket.writable = true;
                // Forgets the failure of an earlier port, because the connection was opened another
                // way.
                self.source = None;
                self.report(report);
            }
            Err(error) => self.fail(Link::Data(id), error, reactor),
        }
        true
    }

    pub(super) fn discard(&mut self, data: DataId, reactor: &mut dyn Reactor<T::Source>) {
        if self.listener.as_ref().is_some_and(|port| port.id == data) {
            self.close_listener(reactor);
        }
        if self.data.as_ref().is_some_and(|link| link.id == data) {
            self.reset_data(reactor);
        }
    }

    /// A partial upload must not pass for a whole file, and the server must not take a discarded
    /// connection for an orderly end.
    pub(super) fn reset_data(&mut self, reactor: &mut dyn Reactor<T::Source>) {
        if let Some(link) = self.data.take() {
            let stream = link.socket.release(Slot::Data, reactor, Stream::source);
            stream.reset();
        }
    }

    pub(super) fn close_data(&mut self, reactor: &mut dyn Reactor<T::Source>) {
        if let Some(link) = self.data.take() {
            let stream = link.socket.release(Slot::Data, reactor, Stream::source);
            stream.close();
        }
    }

    pub(super) fn close_listener(&mut self, reactor: &mut dyn Reactor<T::Source>) {
        if let Some(port) = self.listener.take() {
            let source = Listener::source;
            drop(port.socket.release(Slot::Listener, reactor, source));
        }
    }
}

//! Data connections: dialling, accepting, dropping.

use std::io;
use std::net::IpAddr;

use ftp_proto::{DataId, Link, Report, Target};

use super::{Driver, SLICE};
use crate::patience::patient;
use crate::transport::{Stream, Transport};

impl<T: Transport> Driver<T> {
    pub(super) fn connect(&mut self, data: DataId, target: Target) {
        let limit = self.time_left().unwrap_or(SLICE);
        let Some(control) = &self.control else { return };
        match self.transport.connect_data(control, target, limit) {
            Ok(stream) => {
                self.data = Some((data, stream));
                // Forgets the failure of an earlier port, because the connection was opened another
                // way.
                self.source = None;
                self.report(Report::Connected { data });
            }
            // The machine's own deadline is not a failure to report. It fires by itself, at once or
            // after a moment, because the operating system rounds limits.
            Err(error)
                if error.kind() == io::ErrorKind::TimedOut
                    && self.time_left().is_some_and(|left| left <= SLICE) =>
            {
                self.source = Some(error);
            }
            Err(error) => self.fail(Link::Data(data), error),
        }
    }

    pub(super) fn listen(&mut self, data: DataId) {
        match self.transport.listen(self.local) {
            Ok((listener, local)) => {
                self.listener = Some((data, listener));
                self.report(Report::Listening { data, local });
            }
            Err(error) => self.fail(Link::Data(data), error),
        }
    }

    pub(super) fn accept(&mut self, data: DataId) {
        // A second Accept means that the caller was a stranger.
        if let Some((_, stranger)) = self.data.take() {
            stranger.close();
        }
        loop {
            let slice = self.slice();
            let Some((id, listener)) = &mut self.listener else {
                return;
            };
            if *id != data {
                return;
            }
            match patient(self.transport.accept(listener, slice)) {
                Ok(Some((stream, peer))) => return self.accepted(data, stream, peer.ip()),
                Ok(None) => self.look(),
                Err(error) => return self.fail(Link::Data(data), error),
            }
            if self.let_timers_fire() {
                return;
            }
        }
    }

    /// The listener stays until the machine goes on with the connection, because the machine may
    /// turn the caller away.
    fn accepted(&mut self, data: DataId, stream: T::Stream, peer: IpAddr) {
        self.data = Some((data, stream));
        self.report(Report::Accepted { data, peer });
    }

    pub(super) fn discard(&mut self, data: DataId) {
        self.moving.take_if(|moving| moving.data == data);
        self.listener.take_if(|(id, _)| *id == data);
        if let Some((_, stream)) = self.data.take_if(|(id, _)| *id == data) {
            stream.reset();
        }
    }
}

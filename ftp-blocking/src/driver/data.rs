//! Data connections: dialling, accepting, dropping.

use std::io;

use ftp_proto::driver::{Close, DataConnection};
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
                self.data = Some(stream);
                // Forgets the failure of an earlier port, because the connection was opened another
                // way.
                self.source = None;
                self.on_data(DataConnection::done);
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
                self.listener = Some(listener);
                self.report(Report::Listening { data, local });
            }
            Err(error) => self.fail(Link::Data(data), error),
        }
    }

    pub(super) fn accept(&mut self, data: DataId) {
        // A second Accept means that the caller was a stranger.
        if let Some(stranger) = self.data.take() {
            stranger.close();
        }
        loop {
            let slice = self.slice();
            let Some(listener) = &mut self.listener else {
                return;
            };
            match patient(self.transport.accept(listener, slice)) {
                // The listener stays until the machine goes on with the connection, because the
                // machine may turn the caller away.
                Ok(Some((stream, peer))) => {
                    self.data = Some(stream);
                    return self.on_data(|it| it.accepted(peer.ip()));
                }
                Ok(None) => self.look(),
                Err(error) => return self.fail(Link::Data(data), error),
            }
            if self.let_timers_fire() {
                return;
            }
        }
    }

    pub(super) fn discard(&mut self, data: DataId) {
        if self.connection.is_some_and(|it| it.data() == data) {
            self.close_data(T::Stream::reset);
        }
    }

    /// Reports what has happened on the data connection. Its socket is closed before the final
    /// reply is awaited, because ProFTPD holds its reply back until then.
    pub(super) fn on_data(&mut self, event: impl FnOnce(&mut DataConnection) -> Option<Report>) {
        let Some(report) = self.connection.as_mut().and_then(event) else {
            return;
        };
        match Close::before(&report) {
            Some(Close::Orderly) => self.close_data(T::Stream::close),
            Some(Close::Reset) => self.close_data(T::Stream::reset),
            None => {}
        }
        self.report(report);
    }

    fn close_data(&mut self, how: fn(T::Stream)) {
        self.connection = None;
        self.listener = None;
        if let Some(stream) = self.data.take() {
            how(stream);
        }
    }
}

//! The data connection in a turn: it is opened, goes on, and is closed.

use ftp_proto::driver::Close;
use ftp_proto::{Action, DataId, Link, Report, Target};

use super::Driver;
use crate::data::Progress;
use crate::data_link::DataLink;
use crate::patience::retried;
use crate::readiness::Reactor;
use crate::transport::{Stream, Transport};

/// The size of a read for payload that is dropped.
const DROPPED_BYTES: usize = 4096;

impl<T: Transport> Driver<T> {
    pub(super) fn connect(
        &mut self,
        data: DataId,
        target: Target,
        reactor: &mut dyn Reactor<T::Source>,
    ) {
        let Some(control) = &self.control else { return };
        match retried(|| self.transport.connect_data(&control.io, target)) {
            Ok(stream) => self.data = Some(DataLink::connecting(data, target, stream)),
            Err(error) => self.fail(Link::Data(data), error, reactor),
        }
    }

    pub(super) fn listen(&mut self, data: DataId, reactor: &mut dyn Reactor<T::Source>) {
        match retried(|| self.transport.listen(self.local)) {
            Ok((listener, local)) => {
                self.data = Some(DataLink::listening(data, listener));
                self.report(Report::Listening { data, local });
            }
            Err(error) => self.fail(Link::Data(data), error, reactor),
        }
    }

    /// Begins what the machine asks for on a connection that there is.
    pub(super) fn begin(
        &mut self,
        data: DataId,
        action: Action,
        reactor: &mut dyn Reactor<T::Source>,
    ) {
        let link = self.link(data);
        if let Some(report) = link.and_then(|link| link.begin(action, reactor)) {
            self.report_data(report, reactor);
        }
    }

    /// Goes on with the present step.
    pub(super) fn attend_data(&mut self, reactor: &mut dyn Reactor<T::Source>) -> bool {
        self.drop_payload();
        let Some(link) = &mut self.data else {
            return false;
        };
        let id = link.connection.data();
        match link.step() {
            Ok(None) => return false,
            Ok(Some(report)) => self.report_data(report, reactor),
            Err(error) => self.fail(Link::Data(id), error, reactor),
        }
        true
    }

    /// Reads and drops payload, until the socket would block or the turn's budget ends.
    fn drop_payload(&mut self) {
        if let Some(mut data) = self.payload().filter(|data| data.flow().discard) {
            let mut block = [0; DROPPED_BYTES];
            while let Progress::Bytes(_) = data.read_with(&mut block, |_| {}) {}
        }
    }

    /// The socket is closed before the final reply is awaited, because ProFTPD holds its reply back
    /// until then.
    pub(super) fn report_data(&mut self, report: Report, reactor: &mut dyn Reactor<T::Source>) {
        match Close::before(&report) {
            Some(Close::Orderly) => self.close_data(Stream::close, reactor),
            Some(Close::Reset) => self.close_data(Stream::reset, reactor),
            None => {}
        }
        if let Report::Connected { .. } | Report::Secured { .. } = report {
            // Forgets the failure of an earlier port, because the connection was opened another
            // way.
            self.source = None;
        }
        self.report(report);
    }

    /// A partial upload must not pass for a whole file, and the server must not take a discarded
    /// connection for an orderly end.
    pub(super) fn discard(&mut self, data: DataId, reactor: &mut dyn Reactor<T::Source>) {
        if self.link(data).is_some() {
            self.close_data(Stream::reset, reactor);
        }
    }

    pub(super) fn close_data(&mut self, how: fn(T::Stream), reactor: &mut dyn Reactor<T::Source>) {
        if let Some(link) = self.data.take() {
            link.close(how, reactor);
        }
    }

    pub(super) fn link(&mut self, data: DataId) -> Option<&mut DataLink<T::Stream, T::Listener>> {
        let link = self.data.as_mut();
        link.filter(|link| link.connection.data() == data)
    }
}

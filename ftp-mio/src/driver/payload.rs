//! Payload in a turn: the effects of the application's calls, and the end of data connections.

use ftp_proto::{DataId, Direction, End, Failure, Flow, Link, Report};

use super::Driver;
use crate::data::{Closing, DataLink, Moving, Over, Progress, Stage};
use crate::patience::patient;
use crate::readiness::Reactor;
use crate::transport::{Stream, Transport};

/// The size of a read for payload that is dropped.
const DROPPED_BYTES: usize = 4096;

impl<T: Transport> Driver<T> {
    pub(super) fn start_moving(
        &mut self,
        data: DataId,
        flow: Flow,
        reactor: &mut dyn Reactor<T::Source>,
    ) {
        self.close_listener(reactor);
        if let Some(link) = self.data.as_mut().filter(|link| link.id == data) {
            link.stage = Stage::Moving(Moving::new(flow));
        }
    }

    /// Reads and drops payload, until the socket would block or the turn's budget ends.
    fn drop_payload(&mut self) {
        if let Some(mut data) = self.payload().filter(|data| data.flow().discard) {
            let mut block = [0; DROPPED_BYTES];
            while let Progress::Bytes(_) = data.read_with(&mut block, |_| {}) {}
        }
    }

    pub(super) fn attend_payload(&mut self, reactor: &mut dyn Reactor<T::Source>) -> bool {
        self.drop_payload();
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
                self.report(Report::Failed {
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
        // A ready socket waits for the application, and a blocked one for the peer.
        let held = moving.closing == Closing::No && (ready || !moving.asked);
        let changed = held != moving.held;
        if changed {
            moving.held = held;
            self.session.report(Report::Held { data: id, held });
        }
        if moving.closing != Closing::No {
            return self.close_orderly(id, reactor) || changed;
        }
        if let Err(error) = patient(|| link.socket.io.flush()) {
            self.fail(Link::Data(id), error, reactor);
            return true;
        }
        changed
    }

    /// The socket is closed before the final reply is awaited, because ProFTPD holds its reply back
    /// until then.
    pub(super) fn ended(&mut self, data: DataId, end: End, reactor: &mut dyn Reactor<T::Source>) {
        if let Some(link) = self.data.as_mut().filter(|_| end == End::Clean) {
            // The client's side of TLS ends too. Whether the peer still receives that does not
            // matter.
            let _ = link.socket.io.finish();
        }
        if end == End::Limit {
            self.reset_data(reactor);
        } else {
            self.close_data(reactor);
        }
        self.report(Report::Finished { data, end });
    }

    /// The limit for the peer's end begins only when everything is sent: until then bytes still
    /// count as payload.
    pub(super) fn close_orderly(
        &mut self,
        data: DataId,
        reactor: &mut dyn Reactor<T::Source>,
    ) -> bool {
        let Some(link) = &mut self.data else {
            return false;
        };
        let Stage::Moving(moving) = &mut link.stage else {
            return false;
        };
        match moving.closing {
            Closing::No => return false,
            Closing::Wanted => match patient(|| link.socket.io.finish()) {
                Ok(false) => return false,
                Ok(true) => {
                    moving.closing = Closing::Begun;
                    self.report(Report::Closing { data });
                }
                Err(error) => self.fail(Link::Data(data), error, reactor),
            },
            Closing::Begun if !link.socket.io.await_end() => return false,
            Closing::Begun | Closing::AtOnce => self.ended_sending(data, reactor),
        }
        true
    }

    pub(super) fn ended_sending(&mut self, data: DataId, reactor: &mut dyn Reactor<T::Source>) {
        self.close_data(reactor);
        let end = End::Clean;
        self.report(Report::Finished { data, end });
    }

    pub(super) fn finish_now(&mut self, data: DataId) {
        let link = self.data.as_mut().filter(|link| link.id == data);
        if let Some(moving) = link.and_then(DataLink::moving) {
            moving.closing = Closing::AtOnce;
        }
    }
}

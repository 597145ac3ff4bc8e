//! The control connection: bytes in and out.

use std::io;

use ftp_proto::Link;
use ftp_proto::driver::Input;

use super::Driver;
use crate::interest::Interest;
use crate::patience::{self, patient};
use crate::readiness::{Reactor, Slot, Watched};
use crate::transport::{Stream, Transport};

/// What one read of the control connection takes. It is cleared each time, which costs more than a
/// short reply.
const CONTROL_BYTES: usize = 1024;

impl<T: Transport> Driver<T> {
    /// Reads until the socket would block; yields whether any byte came.
    pub(super) fn read_control(&mut self, reactor: &mut dyn Reactor<T::Source>) -> bool {
        let readable = self.control.as_ref().map(|control| control.readable);
        if readable != Some(true) {
            return false;
        }
        let mut any = false;
        let mut buffer = [0; CONTROL_BYTES];
        // Once the session is over, the driver stops reading, even from a peer that never stops
        // talking.
        while self.changing.is_none() && !self.is_dead() {
            if self.control_left == 0 {
                // The rest is for the next turn, after those of other sessions.
                self.touched = true;
                break;
            }
            let Some(control) = self.control.as_mut().filter(|control| control.readable) else {
                break;
            };
            self.looked = true;
            match patience::read(|| control.io.read(&mut buffer)) {
                Ok(None) => {
                    control.readable = false;
                    break;
                }
                Ok(Some(Input::Bytes(count))) => {
                    let cost = control.io.take_received().max(count);
                    self.control_left = self.control_left.saturating_sub(cost);
                    control.note_drained();
                    self.tell_resumptions();
                    self.session
                        .receive(buffer.get(..count).unwrap_or_default());
                }
                // The replies before the end come first: the last one may end TLS and not the
                // connection (CCC).
                Ok(Some(Input::End(_))) if any && self.session.is_secured() => break,
                Ok(Some(Input::End(_))) => {
                    self.close_control(reactor);
                    self.session.receive_eof();
                }
                Err(error) => self.control_failed(error, reactor),
            }
            any = true;
        }
        any
    }

    /// Writes as much as possible; yields whether any byte was written.
    pub(super) fn write_control(&mut self, reactor: &mut dyn Reactor<T::Source>) -> bool {
        let mut any = self.look_before_writing(reactor);
        while let Some(control) = self.control.as_mut().filter(|control| control.writable) {
            if self.changing.is_some() || self.session.transmit().is_empty() {
                break;
            }
            match patience::wrote(|| control.io.write(self.session.transmit())) {
                Ok(None) => control.writable = false,
                Ok(Some(count)) => {
                    self.session.transmitted(count);
                    any = true;
                }
                Err(error) => return self.write_failed(error, reactor),
            }
        }
        any | self.flush_control(reactor)
    }

    /// Bytes that have arrived on an idle connection cannot answer what is written now, so they are
    /// read first, whether the reactor has reported them or not.
    fn look_before_writing(&mut self, reactor: &mut dyn Reactor<T::Source>) -> bool {
        let is_idle = self.session.current_transfer().is_none();
        if self.looked || !is_idle || self.session.transmit().is_empty() {
            return false;
        }
        self.control.iter_mut().for_each(Watched::try_reading);
        self.read_control(reactor)
    }

    /// This is never a change by itself, because the machine does not know of it.
    pub(super) fn flush_control(&mut self, reactor: &mut dyn Reactor<T::Source>) -> bool {
        let Some(control) = self.control.as_mut().filter(|_| self.changing.is_none()) else {
            return false;
        };
        match patient(|| control.io.flush()) {
            Ok(_) => false,
            Err(error) => self.write_failed(error, reactor),
        }
    }

    /// The server may have sent a reason before it closed: that comes first.
    pub(super) fn write_failed(
        &mut self,
        error: io::Error,
        reactor: &mut dyn Reactor<T::Source>,
    ) -> bool {
        self.control.iter_mut().for_each(Watched::try_reading);
        self.read_control(reactor);
        if self.control.is_some() {
            self.control_failed(error, reactor);
        }
        true
    }

    pub(super) fn control_failed(
        &mut self,
        error: io::Error,
        reactor: &mut dyn Reactor<T::Source>,
    ) {
        self.close_control(reactor);
        self.fail(Link::Control, error, reactor);
    }

    pub(super) fn close_control(&mut self, reactor: &mut dyn Reactor<T::Source>) {
        self.changing = None;
        if let Some(control) = self.control.take() {
            let stream = control.release(Slot::Control, reactor, Stream::source);
            stream.close();
        }
    }

    /// Reading always, so that neither side waits for the other to read; writing when it would have
    /// blocked.
    pub(super) fn control_interest(&self) -> Interest {
        let Some(control) = &self.control else {
            return Interest::NONE;
        };
        let blocked = !control.writable && !self.session.transmit().is_empty();
        Interest::READ | Interest::new(false, blocked || control.io.wants_write())
    }
}

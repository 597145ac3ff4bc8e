//! The control connection: bytes in and out.

use std::io;
use std::time::Duration;

use ftp_proto::Link;
use ftp_proto::driver::Input;

use super::{Driver, JUST_NOW, LOOK_BYTES, SLICE};
use crate::patience::{read, wrote};
use crate::transport::{Stream, Transport};

impl<T: Transport> Driver<T> {
    /// Writes and reads as much as is possible without waiting.
    pub(super) fn look(&mut self) {
        self.looked = self.clock.now();
        // Bytes that have arrived are read before new ones are written, because they cannot answer
        // these. Once the session is over, the driver stops reading, even from a peer that never
        // stops talking.
        let mut taken = 0_usize;
        while taken < LOOK_BYTES && !self.is_dead() {
            match self.read_control(Duration::ZERO) {
                Some(count) => taken = taken.saturating_add(count.max(1)),
                None => break,
            }
        }
        self.flush(Duration::ZERO);
    }

    pub(super) fn look_again_after_a_slice(&mut self) {
        self.look_again_after(SLICE);
    }

    /// Between two transfers the last reply has just been read.
    pub(super) fn look_unless_just_now(&mut self) {
        self.look_again_after(JUST_NOW);
    }

    fn look_again_after(&mut self, pause: Duration) {
        if self.clock.now().saturating_since(self.looked) >= pause {
            self.look();
        }
    }

    pub(super) fn wait_for_control(&mut self) {
        let limit = self.time_left().unwrap_or(SLICE);
        if self.session.transmit().is_empty() {
            self.read_control(limit);
        } else if !self.flush(limit.min(SLICE)) {
            self.read_control(Duration::ZERO);
        }
    }

    /// Reads once; yields the number of bytes, or `None` if none can be read now.
    fn read_control(&mut self, limit: Duration) -> Option<usize> {
        match read(self.control.as_mut()?.read(&mut self.heard, limit)) {
            Ok(None) => return None,
            Ok(Some(Input::Bytes(count))) => {
                if count < self.heard.len() {
                    self.looked = self.clock.now();
                }
                self.tell_resumptions();
                self.session
                    .receive(self.heard.get(..count).unwrap_or_default());
                return Some(count);
            }
            Ok(Some(Input::End(_))) => {
                self.control = None;
                self.session.receive_eof();
            }
            Err(error) => self.control_failed(error),
        }
        Some(0)
    }

    /// Writes pending bytes; yields whether any byte was written.
    pub(super) fn flush(&mut self, limit: Duration) -> bool {
        let mut limit = limit;
        let mut any = false;
        while !self.session.transmit().is_empty() {
            let Some(control) = &mut self.control else {
                return any;
            };
            match wrote(control.write(self.session.transmit(), limit)) {
                Ok(None) => return any,
                Ok(Some(count)) => self.session.transmitted(count),
                Err(error) => {
                    self.control_failed(error);
                    return true;
                }
            }
            any = true;
            limit = Duration::ZERO;
        }
        any
    }

    pub(super) fn control_failed(&mut self, error: io::Error) {
        self.control = None;
        self.fail(Link::Control, error);
    }
}

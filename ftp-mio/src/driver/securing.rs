//! Begins and ends TLS on any connection.

use std::io;

use ftp_proto::{Action, Link, Report};

use super::{Change, Driver};
use crate::patience::patient;
use crate::readiness::Reactor;
use crate::transport::{Stream, Transport};

impl<T: Transport> Driver<T> {
    pub(super) fn secure(&mut self, link: Link, reactor: &mut dyn Reactor<T::Source>) {
        let set_up = match (link, &mut self.control, &mut self.data) {
            (Link::Control, Some(control), _) => {
                self.changing = Some(Change::Securing);
                self.transport.secure_control(&mut control.io)
            }
            (Link::Data(id), control, Some(data)) if data.connection.data() == id => {
                data.begin(Action::Secure { link }, reactor);
                match (control, &mut data.socket) {
                    (Some(control), Some(socket)) => {
                        self.transport.secure_data(&control.io, &mut socket.io)
                    }
                    // A handshake that cannot begin has failed.
                    _ => Err(io::ErrorKind::NotConnected.into()),
                }
            }
            _ => return,
        };
        if let Err(error) = set_up {
            self.fail(link, error, reactor);
        }
    }

    /// Goes on with the beginning or the end of TLS on the control connection.
    pub(super) fn change_security(&mut self, reactor: &mut dyn Reactor<T::Source>) -> bool {
        let (Some(change), Some(control)) = (self.changing, &mut self.control) else {
            return false;
        };
        let done = patient(|| match change {
            Change::Securing => control.io.handshake(),
            Change::Unsecuring => control.io.unsecure(),
        });
        match done {
            Ok(false) => return false,
            Ok(true) => {
                self.changing = None;
                // Bytes after the handshake are already in the stream, and no socket will report
                // them again.
                control.readable = true;
                control.writable = true;
                self.report(match change {
                    Change::Securing => Report::Secured {
                        link: Link::Control,
                    },
                    Change::Unsecuring => Report::Unsecured,
                });
            }
            Err(error) => self.control_failed(error, reactor),
        }
        true
    }
}

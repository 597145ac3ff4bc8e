//! Begins and ends TLS on any connection, and checks the control connection meanwhile.

use ftp_proto::driver::DataConnection;
use ftp_proto::{Link, Report};

use super::{Driver, MOMENT};
use crate::patience::patient_end;
use crate::transport::{Stream, Transport};

impl<T: Transport> Driver<T> {
    pub(super) fn secure(&mut self, link: Link) {
        if link != Link::Control {
            // Unread bytes of the control connection may hold the TLS session to resume.
            self.look_unless_just_now();
        }
        let set_up = match (link, &mut self.control, &mut self.data) {
            (Link::Control, Some(control), _) => self.transport.secure_control(control),
            (Link::Data(_), Some(control), Some(data)) => self.transport.secure_data(control, data),
            _ => return,
        };
        match set_up {
            Ok(()) => self.shake_hands(link),
            Err(error) => self.fail_link(link, error),
        }
    }

    fn shake_hands(&mut self, link: Link) {
        loop {
            let slice = match (link, self.session.current_mark()) {
                (Link::Data(_), None) => self.slice().min(MOMENT),
                _ => self.slice(),
            };
            let stream = match link {
                Link::Control => self.control.as_mut(),
                Link::Data(_) => self.data.as_mut(),
            };
            let Some(stream) = stream else { return };
            match patient_end(stream.handshake(slice)) {
                Ok(true) if link == Link::Control => {
                    return self.report(Report::Secured { link });
                }
                Ok(true) => return self.on_data(DataConnection::done),
                Ok(false) => {}
                Err(error) => return self.fail_link(link, error),
            }
            // During its own handshake the control connection carries only TLS. Only a data
            // handshake allows a check of it.
            if link != Link::Control {
                self.look();
            }
            if self.let_timers_fire() {
                return;
            }
        }
    }

    pub(super) fn unsecure(&mut self) {
        loop {
            let slice = self.slice();
            let Some(control) = &mut self.control else {
                return;
            };
            match patient_end(control.unsecure(slice)) {
                Ok(true) => return self.report(Report::Unsecured),
                Ok(false) if self.let_timers_fire() => return,
                Ok(false) => {}
                Err(error) => return self.fail_link(Link::Control, error),
            }
        }
    }
}

//! ABOR, in the manners of different servers.

use super::super::behaviour::AbortStyle;
use super::super::rule::{Next, Step};
use super::running::Asked;
use super::{Answer, Server, answer};

impl Server {
    /// ABOR with no transfer under way: gives up a data connection that was prepared.
    pub(super) fn abort_nothing(&mut self) -> Option<Answer> {
        self.close_opening();
        match self.config.behaviour.abort {
            AbortStyle::Prompt
            | AbortStyle::Vsftpd
            | AbortStyle::Pyftpdlib
            | AbortStyle::Inetutils => answer(225, "No transfer to abort."),
            AbortStyle::ProFtpd | AbortStyle::PureFtpd | AbortStyle::Libunftp => {
                answer(226, "Abort successful.")
            }
        }
    }

    /// Ends the running transfer if the client has asked for it and the server looks. `false` when
    /// it has not.
    pub(super) fn abort_if_asked(&mut self) -> bool {
        if !self
            .waiting
            .iter()
            .any(|received| received.verb() == b"ABOR")
        {
            return false;
        }
        let Some(transfer) = &mut self.transfer else {
            return false;
        };
        match self.config.behaviour.abort {
            AbortStyle::Vsftpd
            | AbortStyle::ProFtpd
            | AbortStyle::Inetutils
            | AbortStyle::Libunftp => false,
            AbortStyle::PureFtpd if transfer.is_sending() => {
                transfer.abort_at_next_read = true;
                false
            }
            AbortStyle::Prompt | AbortStyle::Pyftpdlib | AbortStyle::PureFtpd => {
                self.abort_now();
                true
            }
        }
    }

    /// Takes the ABOR out of the queue and does what it asks.
    pub(super) fn abort_now(&mut self) {
        let Some(at) = self
            .waiting
            .iter()
            .position(|received| received.verb() == b"ABOR")
        else {
            return;
        };
        let Some(received) = self.waiting.remove(at) else {
            return;
        };
        self.current = Asked::of(&received);
        if self.perform(Step::Received) != Next::Usual {
            return;
        }
        let Some(transfer) = self.drop_transfer() else {
            return;
        };
        let of_abort = self.current.clone();
        let style = self.config.behaviour.abort;
        if self.forgotten.is_some() || (style == AbortStyle::Pyftpdlib && transfer.is_upload()) {
            return self.answer(225, "ABOR command successful; data channel closed.");
        }
        self.current = transfer.asked.clone();
        self.answer(426, "Transfer aborted. Data connection closed.");
        self.current = of_abort;
        if style == AbortStyle::PureFtpd && transfer.is_upload() {
            self.answer(451, "Transfer aborted.");
        } else {
            self.answer(226, "Abort successful.");
        }
    }
}

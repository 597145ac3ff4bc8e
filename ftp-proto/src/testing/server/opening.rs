//! Transfer parameters and how the data connection will be opened: RFC 959, 4.1.2; RFC 2428.

use alloc::format;
use core::net::{IpAddr, SocketAddr};

use super::super::address::{
    UnknownProtocol, extended_passive_text, parse_eprt, parse_port, passive_text,
};
use super::super::peer::{Channel, ServerAction};
use super::running::Opening;
use super::{Answer, Condition, Server, answer};

pub(super) fn is_opening(verb: &[u8]) -> bool {
    matches!(verb, b"PASV" | b"EPSV" | b"PORT" | b"EPRT")
}

impl Server {
    /// Commands that prepare a transfer. `None` when it is another one.
    pub(super) fn opening_command(
        &mut self,
        verb: &[u8],
        argument: &[u8],
    ) -> Option<Option<Answer>> {
        Some(match verb {
            b"TYPE" => self.representation(argument),
            b"MODE" if argument.eq_ignore_ascii_case(b"S") => answer(200, "Mode set to S."),
            b"MODE" => answer(504, "Only mode S is supported."),
            b"STRU" if argument.eq_ignore_ascii_case(b"F") => answer(200, "Structure set to F."),
            b"STRU" => answer(504, "Only structure F is supported."),
            b"EPSV" => self.extended_passive(argument),
            _ if self.private.only_epsv && is_opening(verb) => {
                answer(501, "EPSV ALL is in effect.")
            }
            b"PASV" if self.config.local.is_ipv6() => answer(425, "Use EPSV on IPv6."),
            b"PASV" => self.listen(false),
            b"PORT" => self.announced_address(parse_port(argument)),
            b"EPRT" => match parse_eprt(argument) {
                Err(UnknownProtocol) => self.wrong_protocol(),
                Ok(to) => self.announced_address(to),
            },
            _ => return None,
        })
    }

    fn representation(&mut self, argument: &[u8]) -> Option<Answer> {
        match argument.to_ascii_uppercase().as_slice() {
            b"A" | b"A N" => {
                self.state.ascii = true;
                answer(200, "Type set to A.")
            }
            b"I" | b"L 8" => {
                self.state.ascii = false;
                answer(200, "Type set to I.")
            }
            b"" => answer(501, "Which type?"),
            _ => answer(504, "Only types A and I are supported."),
        }
    }

    fn extended_passive(&mut self, argument: &[u8]) -> Option<Answer> {
        match (argument.to_ascii_uppercase().as_slice(), self.config.local) {
            (b"", _) | (b"1", IpAddr::V4(_)) | (b"2", IpAddr::V6(_)) => self.listen(true),
            (b"ALL", _) => {
                self.private.only_epsv = true;
                answer(200, "EPSV ALL is in effect.")
            }
            (digits, _) if digits.iter().all(u8::is_ascii_digit) => self.wrong_protocol(),
            _ => answer(501, "Not a network protocol."),
        }
    }

    fn wrong_protocol(&self) -> Option<Answer> {
        let number = if self.config.local.is_ipv4() { 1 } else { 2 };
        answer(
            522,
            format!("Network protocol not supported, use ({number})"),
        )
    }

    fn listen(&mut self, extended: bool) -> Option<Answer> {
        self.close_opening();
        let channel = self.new_channel();
        self.opening = Opening::Binding { channel, extended };
        self.await_report(ServerAction::Listen { channel });
        None
    }

    pub(super) fn listening(&mut self, channel: Channel, local: SocketAddr) {
        let extended = match self.opening {
            Opening::Binding {
                channel: bound,
                extended,
            } if bound == channel => extended,
            _ => return,
        };
        self.opening = Opening::Passive { channel };
        self.resume();
        let port = local.port();
        match (extended, self.config.local) {
            (false, IpAddr::V4(own)) => {
                let told = self.config.behaviour.passive_address.unwrap_or(own);
                self.answer(227, passive_text(told, port));
            }
            _ => self.answer(229, extended_passive_text(port)),
        }
    }

    /// The listener could not be bound. `false` when it is no matter of this listener.
    pub(super) fn listening_failed(&mut self, channel: Channel) -> bool {
        let is_this =
            matches!(self.opening, Opening::Binding { channel: bound, .. } if bound == channel);
        if is_this {
            self.opening = Opening::None;
            self.resume();
            self.answer(425, "Cannot listen.");
        }
        is_this
    }

    fn resume(&mut self) {
        if self.condition == Condition::Awaiting {
            self.condition = Condition::Serving;
        }
    }

    /// PORT or EPRT named this address; `None` is one that was not understood.
    fn announced_address(&mut self, to: Option<SocketAddr>) -> Option<Answer> {
        let Some(to) = to.filter(|to| to.port() != 0) else {
            return answer(501, "Not an address.");
        };
        if to.is_ipv4() != self.config.local.is_ipv4() {
            return self.wrong_protocol();
        }
        if self.config.peer.is_some_and(|peer| peer != to.ip()) {
            return answer(500, "That is not your address.");
        }
        self.close_opening();
        let channel = self.new_channel();
        self.opening = Opening::Active { channel, to };
        answer(200, "Address taken.")
    }

    /// Where the client listens, in active mode.
    pub(super) fn announced(&self) -> Option<SocketAddr> {
        match (&self.transfer, &self.opening) {
            (Some(transfer), _) => transfer.to,
            (None, Opening::Active { to, .. }) => Some(*to),
            _ => None,
        }
    }

    /// Gives up a listener that no transfer has used.
    pub(super) fn close_opening(&mut self) {
        let close = self
            .opening
            .channel()
            .map(|channel| ServerAction::Close { channel });
        self.actions.extend(close);
        self.opening = Opening::None;
    }
}

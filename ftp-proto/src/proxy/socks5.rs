//! SOCKS5 (RFC 1928), with user and password (RFC 1929).

use alloc::vec;
use alloc::vec::Vec;
use core::net::IpAddr;

use super::step::Step;
use super::{Credentials, Host, ProxyError, Refusal};

const VERSION: u8 = 5;
const LOGIN_VERSION: u8 = 1;
const SUCCEEDED: u8 = 0;

/// Methods of authentication.
const NO_LOGIN: u8 = 0;
const USER_AND_PASSWORD: u8 = 2;
const NONE_ACCEPTABLE: u8 = 0xff;

const CONNECT: u8 = 1;

/// Types of addresses.
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

/// VER, CMD or REP, RSV and ATYP.
const HEAD_BYTES: usize = 4;
const PORT_BYTES: usize = 2;

/// Offers no login, and a login if there is one.
pub(super) fn greeting(has_credentials: bool) -> Vec<u8> {
    if has_credentials {
        vec![VERSION, 2, NO_LOGIN, USER_AND_PASSWORD]
    } else {
        vec![VERSION, 1, NO_LOGIN]
    }
}

pub(super) fn request(host: &Host, port: u16) -> Vec<u8> {
    let mut request = vec![VERSION, CONNECT, 0];
    match host {
        Host::Address(IpAddr::V4(address)) => {
            request.push(IPV4);
            request.extend(address.octets());
        }
        Host::Address(IpAddr::V6(address)) => {
            request.push(IPV6);
            request.extend(address.octets());
        }
        Host::Name(name) => {
            request.push(NAME);
            push_text(&mut request, name.as_bytes());
        }
    }
    request.extend(port.to_be_bytes());
    request
}

fn login(credentials: &Credentials) -> Vec<u8> {
    let mut login = vec![LOGIN_VERSION];
    push_text(&mut login, &credentials.user);
    push_text(&mut login, &credentials.password);
    login
}

/// A text behind its length. It has at most 255 bytes, since a longer one was refused.
fn push_text(to: &mut Vec<u8>, text: &[u8]) {
    to.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
    to.extend_from_slice(text);
}

/// The answer that comes next.
pub(super) struct Dialogue {
    awaited: Awaited,
    request: Vec<u8>,
    credentials: Option<Credentials>,
}

#[derive(Clone, Copy)]
enum Awaited {
    Method,
    Login,
    Reply,
}

impl Dialogue {
    pub(super) const fn new(request: Vec<u8>, credentials: Option<Credentials>) -> Self {
        Self {
            awaited: Awaited::Method,
            request,
            credentials,
        }
    }

    /// Takes one answer, if all of it is there.
    pub(super) fn next(&mut self, bytes: &[u8]) -> Result<Option<Step>, ProxyError> {
        match self.awaited {
            Awaited::Method => self.method(bytes),
            Awaited::Login => self.logged_in(bytes),
            Awaited::Reply => reply(bytes),
        }
    }

    fn method(&mut self, bytes: &[u8]) -> Result<Option<Step>, ProxyError> {
        match (bytes, &self.credentials) {
            ([] | [VERSION], _) => Ok(None),
            ([VERSION, NO_LOGIN, ..], _) => Ok(Some(self.send_request())),
            ([VERSION, USER_AND_PASSWORD, ..], Some(credentials)) => {
                self.awaited = Awaited::Login;
                Ok(Some(Step::send(2, login(credentials))))
            }
            ([VERSION, NONE_ACCEPTABLE, ..], _) => Err(ProxyError::NoMethod),
            _ => Err(ProxyError::Malformed),
        }
    }

    /// The version is ignored, because some proxies give that of SOCKS.
    fn logged_in(&mut self, bytes: &[u8]) -> Result<Option<Step>, ProxyError> {
        match bytes {
            [] | [_] => Ok(None),
            [_, SUCCEEDED, ..] => Ok(Some(self.send_request())),
            [_, status, ..] => Err(refused(*status, b"user or password refused")),
        }
    }

    fn send_request(&mut self) -> Step {
        self.awaited = Awaited::Reply;
        Step::send(2, core::mem::take(&mut self.request))
    }
}

/// The address in the reply is the proxy's own, and means nothing to a client.
fn reply(bytes: &[u8]) -> Result<Option<Step>, ProxyError> {
    let address_bytes = match bytes {
        [] | [VERSION] => return Ok(None),
        [VERSION, SUCCEEDED] | [VERSION, SUCCEEDED, _] => return Ok(None),
        [VERSION, SUCCEEDED, _, IPV4, ..] => 4,
        [VERSION, SUCCEEDED, _, IPV6, ..] => 16,
        [VERSION, SUCCEEDED, _, NAME] => return Ok(None),
        [VERSION, SUCCEEDED, _, NAME, length, ..] => usize::from(*length).saturating_add(1),
        [VERSION, SUCCEEDED, ..] => return Err(ProxyError::Malformed),
        // Some proxies send no more than these two bytes with a refusal.
        [VERSION, code, ..] => return Err(refused(*code, meaning(*code))),
        _ => return Err(ProxyError::Malformed),
    };
    let length = HEAD_BYTES
        .saturating_add(address_bytes)
        .saturating_add(PORT_BYTES);
    Ok((bytes.len() >= length).then_some(Step::open(length)))
}

fn refused(code: u8, text: &[u8]) -> ProxyError {
    ProxyError::Refused(Refusal::new(code.into(), text))
}

/// RFC 1928 section 6.
const fn meaning(code: u8) -> &'static [u8] {
    match code {
        1 => b"general SOCKS server failure",
        2 => b"connection not allowed by ruleset",
        3 => b"network unreachable",
        4 => b"host unreachable",
        5 => b"connection refused",
        6 => b"TTL expired",
        7 => b"command not supported",
        8 => b"address type not supported",
        _ => b"unassigned code",
    }
}

//! HTTP CONNECT (RFC 9110 section 9.3.6), HTTP/1.1 (RFC 9112) and Basic (RFC 7617).

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::step::Step;
use super::{Credentials, Host, ProxyError, Refusal};

pub(super) fn request(host: &Host, port: u16, credentials: Option<&Credentials>) -> Vec<u8> {
    let authority = match host {
        Host::Name(name) => format!("{name}:{port}"),
        Host::Address(address) => core::net::SocketAddr::new(*address, port).to_string(),
    };
    let login = credentials.map_or_else(String::new, |credentials| {
        let Credentials { user, password } = credentials;
        let pair = base64(&[user, &b":"[..], password].concat());
        format!("Proxy-Authorization: Basic {pair}\r\n")
    });
    format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n{login}\r\n").into_bytes()
}

/// The part of the answer that comes next.
pub(super) enum Answer {
    /// The status line.
    Status,
    /// A header field of a success, or the empty line at its end.
    Fields,
    /// The same of an interim answer (1xx), behind which the real one comes.
    InterimFields,
}

impl Answer {
    /// Takes one line, if it is there.
    pub(super) fn next(&mut self, bytes: &[u8]) -> Result<Option<Step>, ProxyError> {
        let Some(end) = memchr::memchr(b'\n', bytes) else {
            return Ok(None);
        };
        let (line, _) = bytes.split_at(end);
        // A line may end with LF alone (RFC 9112 section 2.2).
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let used = end.saturating_add(1);
        match self {
            Self::Status => *self = status(line)?,
            Self::Fields if line.is_empty() => return Ok(Some(Step::open(used))),
            Self::InterimFields if line.is_empty() => *self = Self::Status,
            Self::Fields | Self::InterimFields => {}
        }
        Ok(Some(Step::go_on(used)))
    }
}

/// Every 2xx opens the connection, and no answer to CONNECT has a body then.
fn status(line: &[u8]) -> Result<Answer, ProxyError> {
    let (code, reason) = parse_status(line).ok_or(ProxyError::Malformed)?;
    match code {
        200..=299 => Ok(Answer::Fields),
        100 | 102..=199 => Ok(Answer::InterimFields),
        _ => Err(ProxyError::Refused(Refusal::new(code, reason))),
    }
}

fn parse_status(line: &[u8]) -> Option<(u16, &[u8])> {
    let [minor, b' ', rest @ ..] = line.strip_prefix(b"HTTP/1.")? else {
        return None;
    };
    let (digits, reason) = rest.split_at_checked(3)?;
    let is_status = minor.is_ascii_digit() && digits.iter().all(u8::is_ascii_digit);
    // Proxies leave out the blank before an empty reason.
    let reason = match reason {
        [] => reason,
        [b' ', reason @ ..] => reason,
        _ => return None,
    };
    let code = core::str::from_utf8(digits).ok()?.parse().ok()?;
    (is_status && code >= 100).then_some((code, reason))
}

/// RFC 4648 section 4.
fn base64(bytes: &[u8]) -> String {
    bytes.chunks(3).flat_map(four_letters).collect()
}

fn four_letters(chunk: &[u8]) -> [char; 4] {
    let byte = |at: usize| chunk.get(at).copied().unwrap_or(0);
    let (a, b, c) = (byte(0), byte(1), byte(2));
    let mut letters = [
        letter(a >> 2),
        letter((a & 0x03) << 4 | b >> 4),
        letter((b & 0x0f) << 2 | c >> 6),
        letter(c & 0x3f),
    ];
    for (at, letter) in letters.iter_mut().enumerate() {
        if at > chunk.len() {
            *letter = '=';
        }
    }
    letters
}

fn letter(six_bits: u8) -> char {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    LETTERS
        .get(usize::from(six_bits))
        .map_or('=', |&byte| char::from(byte))
}

#[cfg(test)]
mod tests {
    use super::base64;

    /// RFC 4648 section 10, and the letters beyond.
    #[test]
    fn base64_is_that_of_the_rfc() {
        for (bytes, text) in [
            (&b""[..], ""),
            (b"f", "Zg=="),
            (b"fo", "Zm8="),
            (b"foo", "Zm9v"),
            (b"foob", "Zm9vYg=="),
            (b"fooba", "Zm9vYmE="),
            (b"foobar", "Zm9vYmFy"),
            (b"\xfb\xff\xfe", "+//+"),
            (b"Aladdin:open sesame", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
        ] {
            assert_eq!(base64(bytes), text);
        }
    }
}

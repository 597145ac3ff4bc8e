//! Addresses of data connections: the replies 227 and 229, the arguments of PORT and EPRT, and the
//! choice of the host to dial.

mod policy;

pub use policy::{DataHost, ForeignHost, HostPolicy};

use alloc::format;
use alloc::string::String;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4};
use core::str::{self, FromStr};

use crate::reply::{Reply, ReplyCode};

/// Why a reply or an argument gives no address.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// The reply has another code than the one that carries the address.
    #[error("the reply carries no address")]
    Code,
    /// Text of the reply is missing, so that a number may be incomplete.
    #[error("the reply is truncated")]
    Truncated,
    /// No address in the form that the standard prescribes.
    #[error("no address in the expected form")]
    Form,
    /// A number exceeds its range: 255 for PASV and PORT, 65,535 for EPSV and EPRT.
    #[error("a number of the address is out of range")]
    Range,
    /// Port zero, which cannot be dialled.
    #[error("port zero")]
    PortZero,
    /// PORT with an IPv6 address, or EPRT with a family that is neither 1 (IPv4) nor 2 (IPv6).
    #[error("address family not supported")]
    Family,
}

/// The address in a reply to PASV (RFC 959: `227 Entering Passive Mode (h1,h2,h3,h4,p1,p2)`).
///
/// The text around the six numbers differs between servers, and not all send the parentheses (RFC
/// 1123 section 4.1.2.6), so the numbers are searched for. Blanks between them are accepted and
/// leading zeros are decimal. [`HostPolicy`] decides whether to dial the address.
///
/// # Errors
///
/// A code other than 227; not exactly six numbers joined by commas; a number above 255; port zero.
///
/// ```
/// use ftp_proto::address::{AddressError, passive};
/// use ftp_proto::reply::{Reply, ReplyCode};
///
/// let reply = Reply::new(ReplyCode::PASSIVE, b"Entering Passive Mode (192,168,1,2,195,80).");
/// assert_eq!(passive(&reply), Ok("192.168.1.2:50000".parse().unwrap()));
/// let reply = Reply::new(ReplyCode::PASSIVE, b"Entering Passive Mode (192,168,1,256,195,80).");
/// assert_eq!(passive(&reply), Err(AddressError::Range));
/// ```
pub fn passive(reply: &Reply) -> Result<SocketAddrV4, AddressError> {
    let mut text = carried(reply, ReplyCode::PASSIVE)?;
    let mut before = b' ';
    while let Some((&byte, rest)) = text.split_first() {
        if !byte.is_ascii_digit() {
            before = byte;
            text = rest;
            continue;
        }
        let list = NumberList::parse(text);
        if let Some(numbers) = list.numbers.filter(|_| stands_alone(before, list.rest)) {
            return host_port(numbers);
        }
        text = list.rest;
    }
    Err(AddressError::Form)
}

/// The port in a reply to EPSV (RFC 2428: `229 Entering Extended Passive Mode (|||port|)`).
///
/// The delimiter may be any printable ASCII character but a digit. An address and its family
/// between the delimiters are ignored, because the standard demands the host of the control
/// connection. A reply without an opening parenthesis is accepted if it holds three equal
/// punctuation characters, a port and the same character again.
///
/// # Errors
///
/// A code other than 229; another form; a port above 65,535; port zero.
///
/// ```
/// use ftp_proto::address::{AddressError, extended_passive};
/// use ftp_proto::reply::{Reply, ReplyCode};
///
/// let reply = Reply::new(ReplyCode::EXTENDED_PASSIVE, b"Entering Extended Passive Mode (|||50123|)");
/// assert_eq!(extended_passive(&reply), Ok(50123));
/// let reply = Reply::new(ReplyCode::EXTENDED_PASSIVE, b"Entering Extended Passive Mode (|||0|)");
/// assert_eq!(extended_passive(&reply), Err(AddressError::PortZero));
/// ```
pub fn extended_passive(reply: &Reply) -> Result<u16, AddressError> {
    let text = carried(reply, ReplyCode::EXTENDED_PASSIVE)?;
    let port = if text.contains(&b'(') {
        memchr::memchr_iter(b'(', text).find_map(|at| parenthesised_port(text.get(at..)?))
    } else {
        (0..text.len()).find_map(|at| bare_port(text.get(at..)?))
    };
    non_zero(decimal(port.ok_or(AddressError::Form)?)?)
}

/// The argument of PORT (RFC 959: `h1,h2,h3,h4,p1,p2`).
///
/// # Errors
///
/// [`AddressError::Family`] for an IPv6 address that is not a mapped IPv4 address;
/// [`AddressError::PortZero`].
///
/// ```
/// use ftp_proto::address::{AddressError, encode_port};
///
/// assert_eq!(encode_port("192.168.1.2:50000".parse().unwrap()).unwrap(), "192,168,1,2,195,80");
/// assert_eq!(encode_port("[::1]:50000".parse().unwrap()), Err(AddressError::Family));
/// ```
pub fn encode_port(address: SocketAddr) -> Result<String, AddressError> {
    let IpAddr::V4(ip) = address.ip().to_canonical() else {
        return Err(AddressError::Family);
    };
    let [a, b, c, d] = ip.octets();
    let [high, low] = non_zero(address.port())?.to_be_bytes();
    Ok(format!("{a},{b},{c},{d},{high},{low}"))
}

/// Reads the argument of PORT, for servers.
///
/// # Errors
///
/// Anything but six numbers joined by commas; a number above 255; port zero.
///
/// ```
/// assert_eq!(
///     ftp_proto::address::decode_port(b"192,168,1,2,195,80"),
///     Ok("192.168.1.2:50000".parse().unwrap()),
/// );
/// ```
pub fn decode_port(argument: &[u8]) -> Result<SocketAddrV4, AddressError> {
    let mut parts = argument.split(|&byte| byte == b',');
    let mut numbers: [&[u8]; 6] = [&[]; 6];
    for number in &mut numbers {
        *number = parts.next().ok_or(AddressError::Form)?;
    }
    if parts.next().is_some() {
        return Err(AddressError::Form);
    }
    host_port(numbers)
}

/// The argument of EPRT (RFC 2428: `|family|address|port|`). A mapped IPv4 address counts as IPv4.
///
/// # Errors
///
/// [`AddressError::PortZero`].
///
/// ```
/// use ftp_proto::address::encode_eprt;
///
/// assert_eq!(encode_eprt("192.168.1.2:50000".parse().unwrap()).unwrap(), "|1|192.168.1.2|50000|");
/// assert_eq!(encode_eprt("[2001:db8::1]:50000".parse().unwrap()).unwrap(), "|2|2001:db8::1|50000|");
/// ```
pub fn encode_eprt(address: SocketAddr) -> Result<String, AddressError> {
    let port = non_zero(address.port())?;
    Ok(match address.ip().to_canonical() {
        IpAddr::V4(ip) => format!("|1|{ip}|{port}|"),
        IpAddr::V6(ip) => format!("|2|{ip}|{port}|"),
    })
}

/// Reads the argument of EPRT, for servers. The delimiter may be any printable ASCII character but
/// a digit.
///
/// # Errors
///
/// [`AddressError::Family`] for an unknown family, another form, a port above 65,535, port zero.
///
/// ```
/// assert_eq!(
///     ftp_proto::address::decode_eprt(b"|2|2001:db8::1|50000|"),
///     Ok("[2001:db8::1]:50000".parse().unwrap()),
/// );
/// ```
pub fn decode_eprt(argument: &[u8]) -> Result<SocketAddr, AddressError> {
    let fields = Fields::parse(argument).filter(|fields| fields.rest.is_empty());
    let fields = fields.ok_or(AddressError::Form)?;
    let ip = match decimal(fields.family)? {
        1 => IpAddr::V4(from_ascii::<Ipv4Addr>(fields.address)?),
        2 => IpAddr::V6(from_ascii::<Ipv6Addr>(fields.address)?),
        _ => return Err(AddressError::Family),
    };
    Ok(SocketAddr::new(ip, non_zero(decimal(fields.port)?)?))
}

fn carried(reply: &Reply, code: ReplyCode) -> Result<&[u8], AddressError> {
    if reply.code() != code {
        return Err(AddressError::Code);
    }
    if reply.is_truncated() {
        return Err(AddressError::Truncated);
    }
    Ok(reply.text())
}

/// All numbers that are joined by commas.
struct NumberList<'a> {
    /// The six numbers, if there are exactly six.
    numbers: Option<[&'a [u8]; 6]>,
    rest: &'a [u8],
}

impl<'a> NumberList<'a> {
    /// `text` begins with a digit.
    fn parse(text: &'a [u8]) -> Self {
        let mut numbers: [&[u8]; 6] = [&[]; 6];
        let mut places = numbers.iter_mut();
        let mut rest = text;
        let mut surplus = false;
        loop {
            let (number, after) = split_digits(rest);
            match places.next() {
                Some(place) => *place = number,
                None => surplus = true,
            }
            rest = after;
            let Some((b',', after)) = skip_blanks(after).split_first() else {
                break;
            };
            let after = skip_blanks(after);
            if !after.first().is_some_and(u8::is_ascii_digit) {
                break;
            }
            rest = after;
        }
        let complete = places.next().is_none() && !surplus;
        Self {
            numbers: complete.then_some(numbers),
            rest,
        }
    }
}

/// Whether the list between these stands alone, and is not part of a negative number, a dotted
/// number, a longer list or a word.
fn stands_alone(before: u8, after: &[u8]) -> bool {
    let joins =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b',' | b'.');
    if joins(before) {
        return false;
    }
    match skip_blanks(after) {
        [b',', ..] => false,
        [b'.', next, ..] => !next.is_ascii_digit(),
        _ => !after.first().is_some_and(u8::is_ascii_alphanumeric),
    }
}

fn host_port(numbers: [&[u8]; 6]) -> Result<SocketAddrV4, AddressError> {
    let mut octets = [0_u8; 6];
    for (octet, number) in octets.iter_mut().zip(numbers) {
        *octet = u8::try_from(decimal(number)?).map_err(|_| AddressError::Range)?;
    }
    let [a, b, c, d, high, low] = octets;
    let port = non_zero(u16::from_be_bytes([high, low]))?;
    Ok(SocketAddrV4::new(Ipv4Addr::new(a, b, c, d), port))
}

/// What RFC 2428 puts between four delimiters.
struct Fields<'a> {
    family: &'a [u8],
    address: &'a [u8],
    port: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    fn parse(text: &'a [u8]) -> Option<Self> {
        let (&delimiter, text) = text.split_first()?;
        if !delimiter.is_ascii_graphic() || delimiter.is_ascii_digit() {
            return None;
        }
        let mut parts = text.splitn(4, |&byte| byte == delimiter);
        Some(Self {
            family: parts.next()?,
            address: parts.next()?,
            port: parts.next()?,
            rest: parts.next()?,
        })
    }
}

/// The port in `(|||port|)`, if the text begins so.
fn parenthesised_port(text: &[u8]) -> Option<&[u8]> {
    let fields = Fields::parse(text.strip_prefix(b"(")?)?;
    let is_address = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':');
    let fits = fields.family.iter().all(u8::is_ascii_digit)
        && fields.address.iter().all(is_address)
        && is_number(fields.port)
        && fields.rest.first() == Some(&b')');
    fits.then_some(fields.port)
}

/// The port in `|||port|`, if the text begins so.
fn bare_port(text: &[u8]) -> Option<&[u8]> {
    let (&[first, second, third], text) = text.split_first_chunk()?;
    let (port, text) = split_digits(text);
    let fits = first.is_ascii_punctuation()
        && [second, third] == [first; 2]
        && !port.is_empty()
        && text.first() == Some(&first);
    fits.then_some(port)
}

fn non_zero(port: u16) -> Result<u16, AddressError> {
    if port == 0 {
        Err(AddressError::PortZero)
    } else {
        Ok(port)
    }
}

/// A decimal number; leading zeros do not make it octal.
fn decimal(digits: &[u8]) -> Result<u16, AddressError> {
    if !is_number(digits) {
        return Err(AddressError::Form);
    }
    digits
        .iter()
        .try_fold(0_u16, |number, digit| {
            let digit = u16::from(digit.saturating_sub(b'0'));
            number.checked_mul(10)?.checked_add(digit)
        })
        .ok_or(AddressError::Range)
}

fn is_number(digits: &[u8]) -> bool {
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

fn from_ascii<T: FromStr>(text: &[u8]) -> Result<T, AddressError> {
    let text = str::from_utf8(text).map_err(|_| AddressError::Form)?;
    text.parse().map_err(|_| AddressError::Form)
}

fn split_digits(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| !byte.is_ascii_digit());
    end.and_then(|at| text.split_at_checked(at))
        .unwrap_or((text, &[]))
}

fn skip_blanks(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|byte| !matches!(byte, b' ' | b'\t'));
    start.and_then(|at| text.get(at..)).unwrap_or_default()
}

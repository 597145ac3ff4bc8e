//! Addresses in PORT, EPRT and the replies to PASV and EPSV, as the server's side needs them.

use alloc::format;
use alloc::string::String;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The text of a 227 (RFC 959, 4.1.2).
pub(super) fn passive_text(host: Ipv4Addr, port: u16) -> String {
    let [a, b, c, d] = host.octets();
    let [high, low] = port.to_be_bytes();
    format!("Entering Passive Mode ({a},{b},{c},{d},{high},{low}).")
}

/// The text of a 229 (RFC 2428, 3).
pub(super) fn extended_passive_text(port: u16) -> String {
    format!("Entering Extended Passive Mode (|||{port}|)")
}

/// `h1,h2,h3,h4,p1,p2`
pub(super) fn parse_port(argument: &[u8]) -> Option<SocketAddr> {
    let mut numbers = core::str::from_utf8(argument)
        .ok()?
        .split(',')
        .map(|number| number.parse::<u8>().ok());
    let mut next = || numbers.next().flatten();
    let host = Ipv4Addr::new(next()?, next()?, next()?, next()?);
    let port = u16::from_be_bytes([next()?, next()?]);
    if numbers.next().is_some() {
        return None;
    }
    Some(SocketAddr::from((host, port)))
}

pub(super) struct UnknownProtocol;

/// `|protocol|host|port|` with any delimiter (RFC 2428, 2).
pub(super) fn parse_eprt(argument: &[u8]) -> Result<Option<SocketAddr>, UnknownProtocol> {
    let fields = core::str::from_utf8(argument).ok().and_then(|text| {
        let delimiter = text.chars().next()?;
        let mut fields = text.split(delimiter).skip(1);
        let (protocol, host, port) = (fields.next()?, fields.next()?, fields.next()?);
        (fields.next() == Some("") && fields.next().is_none()).then_some((protocol, host, port))
    });
    let Some((protocol, host, port)) = fields else {
        return Ok(None);
    };
    let host: Option<IpAddr> = match protocol {
        "1" => host.parse().ok().map(IpAddr::V4),
        "2" => host.parse().ok().map(IpAddr::V6),
        _ => return Err(UnknownProtocol),
    };
    Ok(host.zip(port.parse().ok()).map(SocketAddr::from))
}

//! Addresses of data connections, and the policy that keeps foreign hosts out.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4};

use ftp_proto::address::{
    AddressError, DataHost, HostPolicy, decode_eprt, decode_port, encode_eprt, encode_port,
    extended_passive, passive,
};
use ftp_proto::reply::{Reply, ReplyCode};

/// The input is the text of a 227 or 229 reply, the argument of PORT or EPRT, and the bytes of an
/// address.
pub fn check(input: &[u8]) {
    assert_eq!(decode_port(input), plain_port(input));
    if let Ok(address) = passive(&Reply::new(ReplyCode::PASSIVE, input)) {
        assert!(
            names_address(input, address),
            "{address} is not in the text"
        );
        ipv4_round_trip(address);
        policy_holds(address);
    }
    if let Ok(port) = extended_passive(&Reply::new(ReplyCode::EXTENDED_PASSIVE, input)) {
        assert!(names_port(input, port), "{port} is not in the text");
        port_round_trip(port);
    }
    if let Ok(address) = decode_eprt(input) {
        any_round_trip(address);
    }
    codes_are_told_apart(input);
    for address in addresses(input) {
        any_round_trip(address);
    }
}

fn codes_are_told_apart(text: &[u8]) {
    let other = Reply::new(ReplyCode::OKAY, text);
    assert_eq!(passive(&other), Err(AddressError::Code));
    assert_eq!(extended_passive(&other), Err(AddressError::Code));
}

/// Addresses made of the input's bytes.
fn addresses(input: &[u8]) -> Vec<SocketAddr> {
    let mut addresses = Vec::new();
    if let Some(([a, b, c, d, high, low], rest)) = input.split_first_chunk::<6>() {
        let port = u16::from_be_bytes([*high, *low]);
        let ip = Ipv4Addr::new(*a, *b, *c, *d);
        addresses.push(SocketAddr::new(ip.into(), port));
        addresses.push(SocketAddr::new(ip.to_ipv6_mapped().into(), port));
        if let Some(octets) = rest.first_chunk::<16>() {
            addresses.push(SocketAddr::new(Ipv6Addr::from(*octets).into(), port));
        }
    }
    addresses
}

fn any_round_trip(address: SocketAddr) {
    let canonical = SocketAddr::new(address.ip().to_canonical(), address.port());
    match encode_eprt(address) {
        Ok(argument) => assert_eq!(decode_eprt(argument.as_bytes()), Ok(canonical)),
        Err(error) => assert_eq!((error, address.port()), (AddressError::PortZero, 0)),
    }
    match encode_port(address) {
        Ok(argument) => {
            let decoded = decode_port(argument.as_bytes()).map(SocketAddr::from);
            assert_eq!(decoded, Ok(canonical));
        }
        Err(AddressError::Family) => assert!(canonical.is_ipv6()),
        Err(error) => assert_eq!((error, address.port()), (AddressError::PortZero, 0)),
    }
}

fn ipv4_round_trip(address: SocketAddrV4) {
    let Ok(argument) = encode_port(address.into()) else {
        panic!("{address} was read and cannot be written");
    };
    assert_eq!(decode_port(argument.as_bytes()), Ok(address));
    for text in [
        format!("Entering Passive Mode ({argument})."),
        format!("={argument}"),
    ] {
        let reply = Reply::new(ReplyCode::PASSIVE, text.as_bytes());
        assert_eq!(passive(&reply), Ok(address), "{text}");
    }
}

fn port_round_trip(port: u16) {
    for text in [
        format!("Extended Passive Mode (|||{port}|)"),
        format!("!!!{port}!"),
    ] {
        let reply = Reply::new(ReplyCode::EXTENDED_PASSIVE, text.as_bytes());
        assert_eq!(extended_passive(&reply), Ok(port), "{text}");
    }
}

/// The argument of PORT, by the letter of RFC 959; leading zeros are let pass.
fn plain_port(argument: &[u8]) -> Result<SocketAddrV4, AddressError> {
    let numbers: Vec<&[u8]> = argument.split(|&byte| byte == b',').collect();
    if numbers.len() != 6 {
        return Err(AddressError::Form);
    }
    let mut octets = [0; 6];
    for (octet, number) in octets.iter_mut().zip(numbers) {
        if number.is_empty() || !number.iter().all(u8::is_ascii_digit) {
            return Err(AddressError::Form);
        }
        let digits = without_zeros(number);
        let value = String::from_utf8_lossy(digits).parse::<u8>();
        *octet = if digits.is_empty() {
            0
        } else {
            value.map_err(|_| AddressError::Range)?
        };
    }
    let [a, b, c, d, high, low] = octets;
    if high == 0 && low == 0 {
        return Err(AddressError::PortZero);
    }
    let port = u16::from_be_bytes([high, low]);
    Ok(SocketAddrV4::new(Ipv4Addr::new(a, b, c, d), port))
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let start = number.iter().position(|&digit| digit != b'0');
    start.map_or(&[], |at| &number[at..])
}

/// Whether the six numbers stand in the text one after the other, blanks and leading zeros aside.
fn names_address(text: &[u8], address: SocketAddrV4) -> bool {
    let [high, low] = address.port().to_be_bytes();
    let [a, b, c, d] = address.ip().octets();
    let wanted = [a, b, c, d, high, low];
    (0..text.len()).any(|at| six_numbers(&text[at..]).is_some_and(|found| found == wanted))
}

/// The numbers that the text begins with.
fn six_numbers(text: &[u8]) -> Option<[u8; 6]> {
    let text = String::from_utf8_lossy(text);
    let mut parts = text.split(',');
    let mut numbers = [0; 6];
    for (at, number) in numbers.iter_mut().enumerate() {
        let part = parts.next()?.trim_matches([' ', '\t']);
        let end = part
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(part.len());
        if end < part.len() && at < 5 {
            return None;
        }
        *number = part[..end].parse().ok()?;
        if at == 5 && end == part.len() && parts.next().is_some() {
            return None;
        }
    }
    Some(numbers)
}

/// Whether the text holds the port between two equal characters, and in parentheses if it has any.
fn names_port(text: &[u8], port: u16) -> bool {
    let is_port = |number: &[u8]| {
        let number = String::from_utf8_lossy(number);
        number.parse::<u16>() == Ok(port)
    };
    text.iter().enumerate().any(|(at, delimiter)| {
        let rest = &text[at + 1..];
        let end = rest.iter().position(|byte| byte == delimiter);
        let closes = |end: usize| !text.contains(&b'(') || rest.get(end + 1) == Some(&b')');
        end.is_some_and(|end| is_port(&rest[..end]) && closes(end))
    })
}

fn policy_holds(reported: SocketAddrV4) {
    let ip = IpAddr::from(*reported.ip());
    let foreign = IpAddr::from([8, 8, 4, 4]);
    let controls = [
        None,
        Some(ip),
        Some(reported.ip().to_ipv6_mapped().into()),
        Some(foreign),
        Some(IpAddr::from(Ipv6Addr::LOCALHOST)),
    ];
    for control in controls {
        let same = control.is_some_and(|control| control.to_canonical() == ip);
        let own = same || ip.is_unspecified();
        let chosen = |policy: HostPolicy| policy.choose(reported, control);
        let by_control = Ok(DataHost::Control {
            port: reported.port(),
            ignored: (!own).then_some(*reported.ip()),
        });
        assert_eq!(
            chosen(HostPolicy::ControlHost),
            by_control,
            "never a foreign host"
        );
        assert_eq!(
            chosen(HostPolicy::RejectMismatch).ok(),
            by_control.ok().filter(|_| own)
        );
        match chosen(HostPolicy::AsReportedIfPublicOrSame) {
            Ok(DataHost::Reported(address)) => {
                assert_eq!(address, reported);
                assert!(!inside(*address.ip()), "{address} is not public");
            }
            choice => assert_eq!(choice, by_control),
        }
        let as_reported = Ok(DataHost::Reported(reported));
        let expected = if ip.is_unspecified() {
            by_control
        } else {
            as_reported
        };
        assert_eq!(chosen(HostPolicy::AsReported), expected);
    }
}

/// Networks that nobody on the outside should be able to make us call.
fn inside(ip: Ipv4Addr) -> bool {
    let [a, b, ..] = ip.octets();
    let private = a == 10 || (a == 172 && b & 0xF0 == 16) || (a == 192 && b == 168);
    private
        || a == 127
        || a == 0
        || a >= 224
        || (a == 169 && b == 254)
        || (a == 100 && b & 0xC0 == 64)
}

//! Replies to PASV and EPSV, arguments of PORT and EPRT.

use std::net::{IpAddr, SocketAddr, SocketAddrV4};

use ftp_proto::address::AddressError::{self, Code, Family, Form, PortZero, Range, Truncated};
use ftp_proto::address::{
    decode_eprt, decode_port, encode_eprt, encode_port, extended_passive, passive,
};
use proptest::prelude::*;

use crate::{cut_reply, reply};

#[track_caller]
fn check_passive(cases: &[(&str, Result<&str, AddressError>)]) {
    for &(line, expected) in cases {
        let expected = expected.map(|address| address.parse::<SocketAddrV4>().unwrap());
        assert_eq!(passive(&reply(line)), expected, "{line}");
    }
}

#[track_caller]
fn check_extended(cases: &[(&str, Result<u16, AddressError>)]) {
    for &(line, expected) in cases {
        assert_eq!(extended_passive(&reply(line)), expected, "{line}");
    }
}

#[test]
fn passive_with_any_text_around_the_numbers() {
    let address = Ok("10.20.30.40:50000");
    check_passive(&[
        ("227 Entering Passive Mode (10,20,30,40,195,80).", address),
        ("227 Entering Passive Mode (10,20,30,40,195,80)", address),
        ("227 Entering Passive Mode 10,20,30,40,195,80", address),
        ("227 Entering Passive Mode. 10,20,30,40,195,80.", address),
        ("227 =10,20,30,40,195,80", address),
        ("227 10,20,30,40,195,80", address),
        ("227 Entering Passive Mode [10,20,30,40,195,80]", address),
        ("227 Entering Passive Mode (10,20,30,40,195,80", address),
        ("227 Mode 2 passive (10,20,30,40,195,80)", address),
        ("227 Modes 1,2 and 3 (10,20,30,40,195,80), 4,5", address),
        ("227-Entering\n227 (10,20,30,40,195,80)", address),
    ]);
}

#[test]
fn passive_with_blanks_and_leading_zeros() {
    let address = Ok("10.20.30.40:50000");
    check_passive(&[
        (
            "227 Entering Passive Mode ( 10, 20, 30, 40, 195, 80 )",
            address,
        ),
        (
            "227 Entering Passive Mode (10 ,20 ,\t30,40,195,80)",
            address,
        ),
        (
            "227 Entering Passive Mode (010,020,030,040,195,080)",
            address,
        ),
    ]);
}

#[test]
fn passive_at_the_ends_of_the_ranges() {
    check_passive(&[
        (
            "227 Entering Passive Mode (0,0,0,0,195,80)",
            Ok("0.0.0.0:50000"),
        ),
        (
            "227 Entering Passive Mode (255,255,255,255,0,1)",
            Ok("255.255.255.255:1"),
        ),
        (
            "227 Entering Passive Mode (10,20,30,40,0,21)",
            Ok("10.20.30.40:21"),
        ),
        (
            "227 Entering Passive Mode (10,20,30,40,255,255)",
            Ok("10.20.30.40:65535"),
        ),
        ("227 Entering Passive Mode (10,20,30,40,0,0)", Err(PortZero)),
        (
            "227 Entering Passive Mode (256,20,30,40,195,80)",
            Err(Range),
        ),
        ("227 Entering Passive Mode (10,20,30,40,256,80)", Err(Range)),
        (
            "227 Entering Passive Mode (10,20,30,40,195,65616)",
            Err(Range),
        ),
        (
            "227 Entering Passive Mode (10,20,30,40,195,99999999999999999999)",
            Err(Range),
        ),
    ]);
}

#[test]
fn passive_without_six_numbers() {
    for line in [
        "227 Entering Passive Mode (10,20,30,40,195)",
        "227 Entering Passive Mode (10,20,30,40,195,80,7)",
        "227 Entering Passive Mode (10,20,30,40,195,80,)",
        "227 Entering Passive Mode (,10,20,30,40,195,80)",
        "227 Entering Passive Mode (1,195,80)",
        "227 Entering Passive Mode",
        "227",
        "227 Entering Passive Mode (-10,20,30,40,195,80)",
        "227 Entering Passive Mode (10,20,30,-40,195,80)",
        "227 Entering Passive Mode (10.20.30.40.195.80)",
        "227 Entering Passive Mode (1.10,20,30,40,195,80)",
        "227 Entering Passive Mode (10,20,30,40,195,80.5)",
        "227 Entering Passive Mode (a,b,c,d,e,f)",
        "227 Entering Passive Mode (0x10,20,30,40,195,80)",
        "227 Entering Passive Mode (10,20,30,40,195,80h)",
        "227 Entering Passive Mode (10,,20,30,40,195,80)",
        "227-Entering 10,20,30,\n227 40,195,80",
    ] {
        check_passive(&[(line, Err(Form))]);
    }
}

#[test]
fn passive_from_other_or_truncated_replies() {
    check_passive(&[
        ("500 PASV not understood", Err(Code)),
        ("200 Entering Passive Mode (10,20,30,40,195,80)", Err(Code)),
        (
            "228 Entering Long Passive Mode (4,4,10,20,30,40,2,195,80)",
            Err(Code),
        ),
    ]);
    // What is left would be another port.
    let line = "227 Entering Passive Mode (10,20,30,40,195,80)";
    assert_eq!(passive(&cut_reply(line, line.len() - 2)), Err(Truncated));
}

#[test]
fn extended_passive_with_any_delimiter() {
    let port = Ok(50123);
    check_extended(&[
        ("229 Entering Extended Passive Mode (|||50123|)", port),
        ("229 Entering Extended Passive Mode (|||50123|).", port),
        ("229 Extended Passive Mode OK (!!!50123!)", port),
        ("229 Entering Extended Passive Mode (###50123#)", port),
        ("229 Entering Extended Passive Mode ((((50123()", port),
        ("229 Entering Extended Passive Mode ()))50123))", port),
        ("229 (really) (|||50123|)", port),
        ("229 (|||x|) (|||50123|)", port),
        ("229-Entering\n229 (|||50123|)", port),
    ]);
    for delimiter in (33..127_u8)
        .filter(|byte| !byte.is_ascii_digit())
        .map(char::from)
    {
        check_extended(&[(&format!("229 ({0}{0}{0}50123{0})", delimiter), port)]);
    }
    for delimiter in ['1', ' ', '\t', '\x7f', '\u{e9}'] {
        check_extended(&[(&format!("229 ({0}{0}{0}50123{0})", delimiter), Err(Form))]);
    }
}

#[test]
fn extended_passive_without_parentheses() {
    check_extended(&[
        ("229 Entering Extended Passive Mode |||50123|", Ok(50123)),
        (
            "229 Entering... Extended Passive Mode [|||50123|]",
            Ok(50123),
        ),
        ("229 Entering Extended Passive Mode |||50123", Err(Form)),
        ("229 Entering Extended Passive Mode ||50123|", Err(Form)),
        ("229 Entering Extended Passive Mode ||||", Err(Form)),
        ("229 Entering Extended Passive Mode |||0|", Err(PortZero)),
    ]);
}

#[test]
fn extended_passive_ignores_an_address() {
    check_extended(&[
        (
            "229 Entering Extended Passive Mode (|1|10.20.30.40|50123|)",
            Ok(50123),
        ),
        (
            "229 Entering Extended Passive Mode (|2|2001:db8::1|50123|)",
            Ok(50123),
        ),
        (
            "229 Entering Extended Passive Mode (|x|10.20.30.40|50123|)",
            Err(Form),
        ),
        (
            "229 Entering Extended Passive Mode (|1|ftp host|50123|)",
            Err(Form),
        ),
    ]);
}

#[test]
fn extended_passive_at_the_ends_of_the_range() {
    check_extended(&[
        ("229 Entering Extended Passive Mode (|||1|)", Ok(1)),
        ("229 Entering Extended Passive Mode (|||65535|)", Ok(65535)),
        ("229 Entering Extended Passive Mode (|||00021|)", Ok(21)),
        ("229 Entering Extended Passive Mode (|||0|)", Err(PortZero)),
        ("229 Entering Extended Passive Mode (|||65536|)", Err(Range)),
        (
            "229 Entering Extended Passive Mode (|||99999999999999999999|)",
            Err(Range),
        ),
    ]);
}

#[test]
fn extended_passive_in_another_form() {
    for line in [
        "229 Entering Extended Passive Mode (||||)",
        "229 Entering Extended Passive Mode (|||-21|)",
        "229 Entering Extended Passive Mode (|||+21|)",
        "229 Entering Extended Passive Mode (||| 21|)",
        "229 Entering Extended Passive Mode (|||50123)",
        "229 Entering Extended Passive Mode (|||50123|",
        "229 Entering Extended Passive Mode (||50123|)",
        "229 Entering Extended Passive Mode (||||50123|)",
        "229 Entering Extended Passive Mode (|!|50123|)",
        "229 Entering Extended Passive Mode (|||50123!)",
        "229 Entering Extended Passive Mode (|||5o123|)",
        "229 Entering Extended Passive Mode (",
        "229 Entering Extended Passive Mode",
        "229",
    ] {
        check_extended(&[(line, Err(Form))]);
    }
}

#[test]
fn extended_passive_from_other_or_truncated_replies() {
    check_extended(&[
        ("500 EPSV not understood", Err(Code)),
        ("200 (|||50123|)", Err(Code)),
        ("227 (10,20,30,40,195,80)", Err(Code)),
    ]);
    assert_eq!(
        extended_passive(&cut_reply("229 (|||50123|).", 15)),
        Err(Truncated)
    );
}

#[test]
fn ports_that_cannot_be_announced() {
    let parse = |text: &str| text.parse::<SocketAddr>().unwrap();
    assert_eq!(encode_port(parse("10.20.30.40:0")), Err(PortZero));
    assert_eq!(encode_port(parse("[2001:db8::1]:5")), Err(Family));
    assert_eq!(encode_eprt(parse("10.20.30.40:0")), Err(PortZero));
    assert_eq!(encode_eprt(parse("[::1]:0")), Err(PortZero));
}

#[test]
fn mapped_addresses_are_announced_as_ipv4() {
    let mapped = "[::ffff:10.20.30.40]:50000".parse().unwrap();
    assert_eq!(encode_port(mapped).unwrap(), "10,20,30,40,195,80");
    assert_eq!(encode_eprt(mapped).unwrap(), "|1|10.20.30.40|50000|");
}

#[test]
fn a_zone_is_not_announced() {
    let zoned = std::net::SocketAddrV6::new("fe80::1".parse().unwrap(), 50000, 0, 3);
    assert_eq!(encode_eprt(zoned.into()).unwrap(), "|2|fe80::1|50000|");
}

#[test]
fn arguments_of_port_that_are_refused() {
    for (argument, error) in [
        ("", Form),
        ("1,2,3,4,5", Form),
        ("1,2,3,4,5,6,7", Form),
        ("1,2,3,4,5,", Form),
        ("1,2,3, 4,5,6", Form),
        ("1,2,3,4,5,+6", Form),
        ("1,2,3,4,5,256", Range),
        ("1,2,3,4,0,0", PortZero),
    ] {
        assert_eq!(decode_port(argument.as_bytes()), Err(error), "{argument}");
    }
}

#[test]
fn arguments_of_eprt() {
    let parse = |text: &str| Ok(text.parse::<SocketAddr>().unwrap());
    for (argument, expected) in [
        ("|1|10.20.30.40|50000|", parse("10.20.30.40:50000")),
        ("!2!2001:db8::1!50000!", parse("[2001:db8::1]:50000")),
        ("", Err(Form)),
        ("|1|10.20.30.40|50000", Err(Form)),
        ("|1|10.20.30.40|50000||", Err(Form)),
        ("|1|10.20.30|50000|", Err(Form)),
        ("|1|2001:db8::1|50000|", Err(Form)),
        ("|2|10.20.30.40|50000|", Err(Form)),
        ("|1|10.20.30.40||", Err(Form)),
        ("|||50000|", Err(Form)),
        ("|1|\u{e9}|50000|", Err(Form)),
        ("111110.20.30.401500001", Err(Form)),
        ("|3|10.20.30.40|50000|", Err(Family)),
        ("|1|10.20.30.40|65536|", Err(Range)),
        ("|1|10.20.30.40|0|", Err(PortZero)),
    ] {
        assert_eq!(decode_eprt(argument.as_bytes()), expected, "{argument}");
    }
}

proptest! {
    #[test]
    fn passive_round_trip(
        octets: [u8; 4],
        port in 1_u16..,
        before in "[a-zA-Z (]{0,9}[ (=]",
        after in "([ ).][^0-9,\n\0]{0,9})?",
    ) {
        let address = SocketAddr::new(IpAddr::from(octets), port);
        let argument = encode_port(address).unwrap();
        prop_assert_eq!(decode_port(argument.as_bytes()).map(SocketAddr::V4), Ok(address));
        let text = format!("{before}{argument}{after}");
        prop_assert_eq!(passive(&reply(format!("227 {text}"))).map(SocketAddr::V4), Ok(address));
    }

    #[test]
    fn extended_round_trip(ip: IpAddr, port in 1_u16..) {
        let address = SocketAddr::new(ip.to_canonical(), port);
        prop_assert_eq!(decode_eprt(encode_eprt(address).unwrap().as_bytes()), Ok(address));
    }

    /// An address is found only where the text holds its numbers.
    #[test]
    fn passive_invents_nothing(text in "[0-9,.() -]{0,30}") {
        if let Ok(address) = passive(&reply(format!("227 {text}"))) {
            let argument = encode_port(SocketAddr::V4(address)).unwrap();
            let found = without_zeros(&text.replace(' ', "")).contains(&argument);
            prop_assert!(found, "{} from {}", address, text);
        }
    }
}

/// The text without leading zeros of its numbers.
fn without_zeros(text: &str) -> String {
    let mut out = String::new();
    for part in text.split_inclusive(|character: char| !character.is_ascii_digit()) {
        let digits = part.trim_start_matches('0');
        if !digits.starts_with(|character: char| character.is_ascii_digit())
            && part.starts_with('0')
        {
            out.push('0');
        }
        out.push_str(digits);
    }
    out
}

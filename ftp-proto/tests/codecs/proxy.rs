//! The handshakes with SOCKS5 and HTTP CONNECT proxies: what is sent, and what every answer means,
//! however it is cut.

use ftp_proto::proxy::ProxyError::{
    self, Credentials, Host, Malformed, NoMethod, Refused, TooLong,
};
use ftp_proto::proxy::{ANSWER_BYTES_MAX, Handshake, Proxy};

fn login(proxy: Proxy) -> Proxy {
    proxy.credentials("ann", "secret").unwrap()
}

/// What a client has sent, and what came of an answer: early bytes, an error, or nothing yet.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Course {
    sent: Vec<u8>,
    end: Result<Option<Vec<u8>>, ProxyError>,
}

fn play<'a>(proxy: &Proxy, pieces: impl IntoIterator<Item = &'a [u8]>) -> Course {
    let mut handshake = proxy.ask("ftp.example.org", 21).unwrap();
    let mut sent = Vec::new();
    write(&mut handshake, &mut sent);
    for piece in pieces {
        if let Err(error) = handshake.receive(piece) {
            // What was sent by then depends on when the answer came.
            let (sent, end) = (Vec::new(), Err(error));
            return Course { sent, end };
        }
        write(&mut handshake, &mut sent);
    }
    let end = Ok(handshake.is_open().then(|| early(&mut handshake)));
    Course { sent, end }
}

/// As a socket would that takes three bytes at a time.
fn write(handshake: &mut Handshake, sent: &mut Vec<u8>) {
    while !handshake.transmit().is_empty() {
        let count = handshake.transmit().len().min(3);
        sent.extend_from_slice(&handshake.transmit()[..count]);
        handshake.transmitted(count);
    }
}

fn early(handshake: &mut Handshake) -> Vec<u8> {
    let mut all = Vec::new();
    let mut buffer = [0; 5];
    assert_eq!(handshake.read(&mut []), 0);
    loop {
        match handshake.read(&mut buffer) {
            0 => return all,
            count => all.extend_from_slice(&buffer[..count]),
        }
    }
}

/// Whole, cut in two at every place, and byte by byte.
#[track_caller]
fn course(proxy: &Proxy, answer: &[u8]) -> Course {
    let whole = play(proxy, [answer]);
    let by_byte = play(proxy, answer.chunks(1));
    assert_eq!(by_byte, whole, "byte by byte: {}", answer.escape_ascii());
    for at in 0..=answer.len() {
        let (one, two) = answer.split_at(at);
        assert_eq!(play(proxy, [one, two]), whole, "cut at {at}");
    }
    whole
}

fn refusal(course: Course) -> String {
    match course.end {
        Err(Refused(refusal)) => refusal.to_string(),
        end => panic!("{end:?}"),
    }
}

const GREETING: &[u8] = b"\x05\x01\x00";
const GREETING_WITH_LOGIN: &[u8] = b"\x05\x02\x00\x02";
const LOGIN: &[u8] = b"\x01\x03ann\x06secret";
const REQUEST: &[u8] = b"\x05\x01\x00\x03\x0fftp.example.org\x00\x15";

#[test]
fn socks5_without_and_with_a_login() {
    let plain = Proxy::socks5();
    let with_login = login(Proxy::socks5());
    for (proxy, answer, sent) in [
        (&plain, &b"\x05\x00"[..], vec![GREETING, REQUEST]),
        (&with_login, b"\x05\x00", vec![GREETING_WITH_LOGIN, REQUEST]),
        (
            &with_login,
            b"\x05\x02\x01\x00",
            vec![GREETING_WITH_LOGIN, LOGIN, REQUEST],
        ),
        // Some proxies give the version of SOCKS.
        (
            &with_login,
            b"\x05\x02\x05\x00",
            vec![GREETING_WITH_LOGIN, LOGIN, REQUEST],
        ),
    ] {
        for reply in [
            &b"\x05\x00\x00\x01\x7f\x00\x00\x01\x10\x00"[..],
            b"\x05\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x10\x00",
            b"\x05\x00\x00\x03\x05proxy\x10\x00",
            b"\x05\x00\x00\x03\x00\x10\x00",
        ] {
            for early in [&b""[..], b"220 ready\r\n", b"\x05\x01"] {
                let course = course(proxy, &[answer, reply, early].concat());
                assert_eq!(course.sent, sent.concat());
                assert_eq!(course.end, Ok(Some(early.to_vec())));
            }
            let incomplete = [answer, &reply[..reply.len() - 1]].concat();
            assert_eq!(course(proxy, &incomplete).end, Ok(None));
        }
    }
}

#[test]
fn socks5_refusals_have_the_words_of_the_rfc() {
    for (code, words) in [
        (1, "1 general SOCKS server failure"),
        (2, "2 connection not allowed by ruleset"),
        (3, "3 network unreachable"),
        (4, "4 host unreachable"),
        (5, "5 connection refused"),
        (6, "6 TTL expired"),
        (7, "7 command not supported"),
        (8, "8 address type not supported"),
        (255, "255 unassigned code"),
    ] {
        let short = course(&Proxy::socks5(), &[5, 0, 5, code]);
        assert_eq!(refusal(short), words);
        let whole = [5, 0, 5, code, 0, 1, 0, 0, 0, 0, 0, 0];
        assert_eq!(refusal(course(&Proxy::socks5(), &whole)), words);
    }
    let course = course(&login(Proxy::socks5()), &[5, 2, 1, 7]);
    assert_eq!(refusal(course), "7 user or password refused");
}

#[test]
fn socks5_answers_that_are_not_of_the_protocol() {
    let with_login = login(Proxy::socks5());
    for (proxy, answer, error) in [
        (Proxy::socks5(), &b"\x05\xff"[..], NoMethod),
        (with_login.clone(), b"\x05\xff", NoMethod),
        // What was not offered.
        (Proxy::socks5(), b"\x05\x02", Malformed),
        (with_login.clone(), b"\x05\x01", Malformed),
        (Proxy::socks5(), b"\x04\x00", Malformed),
        (Proxy::socks5(), b"HTTP/1.1 400 Bad Request\r\n", Malformed),
        (Proxy::socks5(), b"\x05\x00\x04\x00", Malformed),
        (Proxy::socks5(), b"\x05\x00\x05\x00\x00\x02", Malformed),
        (with_login, b"\x05\x02\x01\x00\x01", Malformed),
    ] {
        assert_eq!(course(&proxy, answer).end, Err(error), "{answer:?}");
    }
}

#[test]
fn what_came_of_an_answer_is_not_of_the_host() {
    let mut handshake = Proxy::socks5().ask("ftp.example.org", 21).unwrap();
    let mut buffer = [0; 8];
    handshake.receive(&[5]).unwrap();
    assert_eq!(handshake.read(&mut buffer), 0);
    handshake.receive(&[0]).unwrap();
    assert_eq!(handshake.read(&mut buffer), 0);
    handshake.receive(b"\x05\x00\x00\x01\x7f\x00").unwrap();
    assert_eq!(handshake.read(&mut buffer), 0);
    handshake.receive(b"\x00\x01\x10\x00220").unwrap();
    assert_eq!(handshake.read(&mut buffer), 3);
    assert_eq!(&buffer[..3], b"220");
}

#[test]
fn a_refusal_has_a_code_and_a_text() {
    let refused = |proxy: Proxy, answer: &[u8]| match course(&proxy, answer).end {
        Err(Refused(refusal)) => (refusal.code(), refusal.text().to_vec()),
        end => panic!("{end:?}"),
    };
    assert_eq!(
        refused(Proxy::socks5(), &[5, 0, 5, 4]),
        (4, b"host unreachable".to_vec())
    );
    assert_eq!(
        refused(Proxy::http_connect(), b"HTTP/1.1 403 No\x1b[2J\r\n"),
        (403, b"No\x1b[2J".to_vec())
    );
}

#[cfg(feature = "std")]
#[test]
fn errors_of_a_proxy_as_those_of_std() {
    use std::io::{Error, ErrorKind};
    let refused = |code| match course(&Proxy::socks5(), &[5, 0, 5, code]).end {
        Err(error) => error,
        end => panic!("{end:?}"),
    };
    for (error, kind) in [
        (Host, ErrorKind::InvalidInput),
        (Credentials, ErrorKind::InvalidInput),
        (ProxyError::ActiveMode, ErrorKind::Unsupported),
        (refused(2), ErrorKind::ConnectionRefused),
        (refused(3), ErrorKind::NetworkUnreachable),
        (refused(4), ErrorKind::HostUnreachable),
        (refused(5), ErrorKind::ConnectionRefused),
        (refused(6), ErrorKind::HostUnreachable),
        (NoMethod, ErrorKind::ConnectionRefused),
        (Malformed, ErrorKind::Other),
        (TooLong, ErrorKind::Other),
        (ProxyError::Closed, ErrorKind::ConnectionAborted),
    ] {
        let text = error.to_string();
        let error = Error::from(error);
        assert_eq!((error.kind(), error.to_string()), (kind, text));
    }
}

#[test]
fn addresses_go_to_a_proxy_as_addresses() {
    for (host, request, authority) in [
        (
            "192.0.2.1",
            &b"\x05\x01\x00\x01\xc0\x00\x02\x01\x08\x49"[..],
            "192.0.2.1:2121",
        ),
        (
            "2001:db8::1",
            b"\x05\x01\x00\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x08\x49",
            "[2001:db8::1]:2121",
        ),
    ] {
        let mut handshake = Proxy::socks5().ask(host, 2121).unwrap();
        handshake.transmitted(3);
        handshake.receive(&[5, 0]).unwrap();
        assert_eq!(handshake.transmit(), request);
        let handshake = Proxy::http_connect().ask(host, 2121).unwrap();
        let expected = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n");
        assert_eq!(handshake.transmit(), expected.as_bytes());
    }
}

const CONNECT: &str = "CONNECT ftp.example.org:21 HTTP/1.1\r\nHost: ftp.example.org:21\r\n";

#[test]
fn connect_without_and_with_a_login() {
    let authorization = "Proxy-Authorization: Basic YW5uOnNlY3JldA==\r\n";
    for (proxy, sent) in [
        (Proxy::http_connect(), format!("{CONNECT}\r\n")),
        (
            login(Proxy::http_connect()),
            format!("{CONNECT}{authorization}\r\n"),
        ),
    ] {
        for answer in [
            "HTTP/1.1 200 Connection established\r\n\r\n",
            "HTTP/1.0 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 204 \r\n\r\n",
            "HTTP/1.1 200\r\n\r\n",
            "HTTP/1.1 200 OK\n\n",
            "HTTP/1.1 100 Continue\r\nA: b\r\n\r\nHTTP/1.1 103 Soon\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        ] {
            for early in ["", "220 ready\r\n", "\r\n", "HTTP/1.1 403 No\r\n"] {
                let course = course(&proxy, format!("{answer}{early}").as_bytes());
                assert_eq!(course.sent, sent.as_bytes());
                assert_eq!(course.end, Ok(Some(early.into())), "{answer}");
            }
            let incomplete = answer.as_bytes().split_last().unwrap().1;
            assert_eq!(course(&proxy, incomplete).end, Ok(None));
        }
    }
}

#[test]
fn connect_refusals_have_the_words_of_the_proxy() {
    for (answer, words) in [
        (
            "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n<p>",
            "407 Proxy Authentication Required",
        ),
        ("HTTP/1.0 403 No\x1b[2J\r\n", "403 No\\u{1b}[2J"),
        ("HTTP/1.1 502 a\rb\r\n", "502 a\\rb"),
        ("HTTP/1.1 503\r\n", "503 "),
        ("HTTP/1.1 301 Moved\n", "301 Moved"),
        (
            "HTTP/1.1 101 Switching Protocols\r\n",
            "101 Switching Protocols",
        ),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 504 Late\r\n",
            "504 Late",
        ),
    ] {
        assert_eq!(
            refusal(course(&Proxy::http_connect(), answer.as_bytes())),
            words
        );
    }
}

#[test]
fn connect_answers_that_are_not_of_the_protocol() {
    for answer in [
        "220 ready\r\n",
        "\r\nHTTP/1.1 200 OK\r\n",
        "HTTP/2 200\r\n",
        "HTTP/1.x 200 OK\r\n",
        "HTTP/1.1  200 OK\r\n",
        "HTTP/1.1 20 OK\r\n",
        "HTTP/1.1 2000 OK\r\n",
        "HTTP/1.1 +20 OK\r\n",
        "HTTP/1.1 099 OK\r\n",
        "http/1.1 200 OK\r\n",
        "\n",
    ] {
        let course = course(&Proxy::http_connect(), answer.as_bytes());
        assert_eq!(course.end, Err(Malformed), "{answer}");
    }
}

#[test]
fn an_answer_has_at_most_8_kib() {
    let proxy = Proxy::http_connect();
    let answer = |bytes: usize| {
        let start = "HTTP/1.1 200 OK\r\nX: ";
        let padding = "x".repeat(bytes - start.len() - 4);
        format!("{start}{padding}\r\n\r\n").into_bytes()
    };
    let fits = [&answer(ANSWER_BYTES_MAX)[..], b"220 ready"].concat();
    let too_long = [&answer(ANSWER_BYTES_MAX + 1)[..], b"220 ready"].concat();
    let interim = b"HTTP/1.1 100 Continue\r\n\r\n".repeat(1000);
    for (answer, end) in [
        (fits, Ok(Some(b"220 ready".to_vec()))),
        (too_long, Err(TooLong)),
        (interim, Err(TooLong)),
        (vec![b'x'; ANSWER_BYTES_MAX], Ok(None)),
        (vec![b'x'; ANSWER_BYTES_MAX + 1], Err(TooLong)),
    ] {
        for size in [answer.len(), 1, 1000] {
            let course = play(&proxy, answer.chunks(size));
            assert_eq!(course.end, end, "{size} at a time");
        }
    }
    // Early bytes are not part of it.
    let early = vec![b'y'; 3 * ANSWER_BYTES_MAX];
    let answer = [&b"HTTP/1.1 200 OK\r\n\r\n"[..], &early].concat();
    assert_eq!(play(&proxy, [&answer[..]]).end, Ok(Some(early)));
}

#[test]
fn hosts_that_no_proxy_can_be_asked_for() {
    let long = "a".repeat(255);
    let too_long = "a".repeat(256);
    for proxy in [Proxy::socks5(), Proxy::http_connect()] {
        for host in [
            "", "a b", "a\r\nb", "a\nb", "a\0b", "a/b", "a:b", "a@b", "[::1]", "\u{e9}",
        ] {
            assert_eq!(proxy.ask(host, 21).unwrap_err(), Host, "{host:?}");
        }
        assert_eq!(proxy.ask(&too_long, 21).unwrap_err(), Host);
        proxy.ask(&long, 21).unwrap();
        proxy.ask("A-b_c.example.", 21).unwrap();
    }
}

#[test]
fn credentials_that_no_proxy_can_be_sent() {
    let long = "a".repeat(255);
    let too_long = "a".repeat(256);
    for proxy in [Proxy::socks5, Proxy::http_connect] {
        for bad in ["a\rb", "a\nb", "a\0b", &too_long] {
            assert_eq!(proxy().credentials(bad, "b").unwrap_err(), Credentials);
            assert_eq!(proxy().credentials("a", bad).unwrap_err(), Credentials);
        }
        assert_eq!(proxy().credentials("", "b").unwrap_err(), Credentials);
        proxy().credentials(&long, &long).unwrap();
        proxy().credentials("a", "").unwrap();
        proxy().credentials("a", "b:c").unwrap();
        proxy().credentials(b"\xff\xfe", b"\xff").unwrap();
    }
    Proxy::socks5().credentials("a:b", "c").unwrap();
    let error = Proxy::http_connect().credentials("a:b", "c").unwrap_err();
    assert_eq!(error, Credentials);
}

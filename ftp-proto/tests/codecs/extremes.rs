//! Zero, the largest values, and ranges that run backwards, given to everything that takes a number
//! and belongs to no session. `session/deadlines.rs` and `session/face.rs` do the same to a session.

use std::num::NonZeroU64;
use std::time::Duration;

use ftp_proto::address::{encode_eprt, encode_port};
#[cfg(feature = "std")]
use ftp_proto::driver::Endpoint;
use ftp_proto::driver::Payload;
use ftp_proto::lines::Lines;
use ftp_proto::listing::{Options, Reader};
use ftp_proto::proxy::Proxy;
use ftp_proto::rate::RateLimit;
use ftp_proto::reply::{Grammar, Limits, Parser};
use ftp_proto::retry::{Next, Retry, upload_offset};
use ftp_proto::timestamp::{Timestamp, Zone};
use ftp_proto::tree::{Listing, Mirror, MirrorOptions, PartName, Removal, Task, TreeLimits, Walk};
use ftp_proto::{
    Action, Argument, Config, Control, DataId, Flow, Instant, Pipeline, Report, Session, Transfer,
};

const TIMES: [Duration; 3] = [Duration::ZERO, Duration::from_secs(1), Duration::MAX];
const COUNTS: [usize; 3] = [0, 1, usize::MAX];

#[test]
fn rates_of_one_byte_and_of_all() {
    for rate in [1, u64::MAX] {
        let mut limit = RateLimit::new(NonZeroU64::new(rate).unwrap());
        for time in TIMES.into_iter().chain(TIMES.into_iter().rev()) {
            for bytes in COUNTS {
                let now = Instant::from_epoch(time);
                limit.moved(now, bytes);
                let paused = limit.pause(now);
                assert!(
                    limit.room(now) > 0 || paused > Duration::ZERO,
                    "{rate} {time:?}"
                );
            }
        }
    }
}

#[test]
fn retries_of_any_number_and_delay() {
    for tries in [0, 1, u32::MAX] {
        for delay in TIMES {
            for delay_max in TIMES {
                let mut retry = Retry::default();
                (retry.tries_max, retry.delay, retry.delay_max) = (tries, delay, delay_max);
                for failures in [0, 1, 64, u32::MAX] {
                    for random in [0, u32::MAX] {
                        if let Next::Again(delay) = retry.again(failures, random) {
                            assert!(delay <= delay_max && failures < tries);
                        }
                    }
                }
            }
        }
    }
    for sent in [0, 1, u64::MAX] {
        for size in [None, Some(0), Some(u64::MAX)] {
            let offset = upload_offset(size, sent);
            assert!(offset.unwrap_or(0) <= size.unwrap_or(0).min(sent));
        }
    }
}

#[test]
fn trees_of_no_depth_and_of_any() {
    for depth_max in COUNTS {
        for entries_max in [0, u64::MAX] {
            let limits = TreeLimits {
                depth_max,
                entries_max,
                bytes_max: entries_max,
            };
            let mut walk = Walk::new(limits);
            let place = walk.next_place().unwrap();
            // What is told twice counts once.
            walk.read(&place, Ok(&Listing::complete([])));
            walk.read(&place, Ok(&Listing::complete([])));
            assert!(walk.is_over());
            assert!(Removal::new(limits).next_task().is_some());
            let mut mirror = Mirror::new(MirrorOptions::down().limits(limits));
            let Some(Task::Read(place)) = mirror.next_task() else {
                panic!("a mirror reads first");
            };
            mirror.read(&place, Ok(Listing::complete([])), Ok(Listing::complete([])));
        }
    }
    for size in [None, Some(0), Some(u64::MAX)] {
        assert!(PartName::is_one(PartName::new(b"", size, None).as_bytes()));
    }
}

#[test]
fn a_proxy_is_told_of_more_bytes_than_there_are() {
    let mut handshake = Proxy::socks5().ask("ftp.example.org", u16::MAX).unwrap();
    handshake.transmitted(usize::MAX);
    handshake.transmitted(usize::MAX);
    assert_eq!(handshake.transmit(), b"");
    assert_eq!(handshake.read(&mut []), 0);
    assert_eq!(handshake.receive(&[]), Ok(()));
    let _ = Proxy::http_connect().ask("ftp.example.org", 0);
}

#[test]
fn decoders_whose_limits_are_zero_or_without_end() {
    let text = b"220-a\r\n220 b\r\n-rw-r--r-- 1 u g 5 Jan 1 2020 a\r\n".repeat(3);
    for max in COUNTS {
        let mut lines = Lines::new(max);
        let mut input = &text[..];
        while lines.next_line(&mut input).is_some() {}
        let mut parser = Parser::new(
            Limits {
                line_bytes_max: max,
                reply_bytes_max: max,
                reply_lines_max: max,
                discard_bytes_max: max,
            },
            Grammar::default(),
        );
        let mut input = &text[..];
        while parser.parse(&mut input).is_some() {}
        let mut reader = Reader::new(&Options::new().line_max(max));
        reader.feed(&text, |_| {});
        reader.finish(|_| {});
    }
    let _ = (Pipeline::window(0), Pipeline::window(u16::MAX));
}

#[test]
fn times_and_ports_at_both_ends() {
    for seconds in [i64::MIN, -1, 0, i64::MAX] {
        let _ = Timestamp::from_unix_time(seconds);
    }
    for (year, part) in [(0, 0), (u16::MAX, u8::MAX), (9999, 12), (0, 1)] {
        let Ok(time) = Timestamp::date(year, part, part) else {
            continue;
        };
        for offset in [i16::MIN, -1439, 1439, i16::MAX] {
            let _ = time.unix_time_at(offset);
            if let Ok(time) = time.in_zone(Zone::Offset(offset)) {
                let _ = (time.to_utc(), time.time_val(), time.to_string());
            }
        }
        let _ = time.with_nanos(u32::MAX);
        let _ = time.at_second(u8::MAX, u8::MAX, u8::MAX);
    }
    for port in [0, u16::MAX] {
        let address = ([255; 4], port).into();
        assert_eq!(encode_port(address).is_ok(), port > 0);
        assert_eq!(encode_eprt(address).is_ok(), port > 0);
    }
}

/// What a driver tells of sockets, in numbers.
#[test]
fn payload_of_no_bytes_and_of_all() {
    for limit in [None, Some(0), Some(u64::MAX)] {
        let (data, mut flow) = moving();
        flow.limit = limit;
        let mut payload = Payload::new(data, flow);
        for count in COUNTS {
            assert!(payload.room(count) <= count.max(1));
            let _ = (payload.received(count), payload.sent(count));
        }
    }
}

/// Of a session whose transfer moves.
fn moving() -> (DataId, Flow) {
    let mut session = Session::new(Config::default(), Control::default());
    session.set_resumptions(Some(u32::MAX));
    session.set_resumptions(Some(0));
    session.receive(b"220 a\r\n");
    let transfer = Transfer::retrieve(Argument::new("a").unwrap());
    let transfer = transfer.resume_at(u64::MAX).expecting(u64::MAX);
    session.begin(transfer.limited_to(u64::MAX)).unwrap();
    for reply in [
        "200 a\r\n",
        "229 a (|||65535|)\r\n",
        "",
        "350 a\r\n",
        "150 a\r\n",
    ] {
        session.transmitted(usize::MAX);
        session.receive(reply.as_bytes());
        while let Some(action) = session.poll_action(Instant::EPOCH) {
            match action {
                Action::Connect { data, .. } => session.report(Report::Connected { data }),
                Action::Move { data, flow } => return (data, flow),
                _ => {}
            }
        }
    }
    panic!("{session:?}");
}

#[cfg(feature = "std")]
#[test]
fn endpoints_of_any_port() {
    for port in [0, u16::MAX] {
        for text in ["a", "a:1", "a:65535", "[::1]:1", "[::1]"] {
            let endpoint = Endpoint::parse(text, port).unwrap();
            assert_eq!(endpoint.clone().at_port(port).port(), port);
            assert!(!Endpoint::name(text, port).to_string().is_empty());
        }
    }
    for text in ["a:", ":", "", ":0", "[", "[]:"] {
        let _ = Endpoint::parse(text, u16::MAX);
    }
    for port in ["0", "65536", "-1", "99999999999999999999"] {
        assert!(Endpoint::parse(&format!("a:{port}"), 21).is_err(), "{port}");
        #[cfg(feature = "url")]
        assert!(
            format!("ftp://a:{port}/")
                .parse::<ftp_proto::driver::FtpUrl>()
                .is_err()
        );
    }
}

/// A kernel that is asked for no byte answers as at the end.
#[cfg(all(feature = "splice", target_os = "linux"))]
#[test]
fn splices_of_no_bytes_and_of_all() {
    use std::io::{Read, Seek, Write};
    use std::net::{TcpListener, TcpStream};

    use ftp_proto::driver::{Input, Pipe, Sent, send_file};

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut server = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (mut socket, _) = listener.accept().unwrap();
    server.write_all(b"0123456789").unwrap();
    let mut file = tempfile::tempfile().unwrap();
    let pipe = Pipe::new().unwrap();
    assert_eq!(pipe.fill(&socket, 0).unwrap(), Some(Input::Bytes(0)));
    assert_eq!(
        pipe.fill(&socket, usize::MAX).unwrap(),
        Some(Input::Bytes(10))
    );
    for more in [11, usize::MAX] {
        let kind = pipe.empty(&file, more).unwrap_err().kind();
        assert_eq!(kind, std::io::ErrorKind::InvalidInput);
    }
    pipe.empty(&file, 0).unwrap();
    pipe.empty(&file, 10).unwrap();
    file.rewind().unwrap();
    assert_eq!(send_file(&server, &file, 0).unwrap(), Some(Sent::Bytes(0)));
    assert_eq!(
        send_file(&server, &file, usize::MAX).unwrap(),
        Some(Sent::Bytes(10))
    );
    let mut got = [0; 10];
    socket.read_exact(&mut got).unwrap();
    assert_eq!(&got, b"0123456789");
}

/// The kernel does not splice to a file that is open for appending.
#[cfg(all(feature = "splice", target_os = "linux"))]
#[test]
fn a_file_for_appending_gets_the_payload_too() {
    use std::fs::OpenOptions;
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};

    use ftp_proto::driver::{Input, Pipe};

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut server = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (socket, _) = listener.accept().unwrap();
    server.write_all(b"0123456789").unwrap();
    let place = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(place.path(), "before ").unwrap();
    let file = OpenOptions::new().append(true).open(place.path()).unwrap();
    let pipe = Pipe::new().unwrap();
    assert_eq!(pipe.fill(&socket, 10).unwrap(), Some(Input::Bytes(10)));
    pipe.empty(&file, 4).unwrap();
    pipe.empty(&file, 6).unwrap();
    let found = std::fs::read_to_string(place.path()).unwrap();
    assert_eq!(found, "before 0123456789");
}

#[test]
fn an_announced_address_counts_for_its_own_family() {
    let mut options = ftp_proto::driver::TcpOptions::default();
    let bound = |text: &str| -> std::net::SocketAddr { text.parse().unwrap() };
    let (old, new) = (bound("10.0.0.5:50000"), bound("[fd00::5]:50000"));
    assert_eq!(options.announced_for(old), old);
    options.announced = Some([192, 0, 2, 9].into());
    assert_eq!(options.announced_for(old), bound("192.0.2.9:50000"));
    assert_eq!(options.announced_for(new), new);
}

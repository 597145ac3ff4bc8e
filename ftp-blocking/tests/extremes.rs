//! Zero, the largest values and ranges that run backwards, given to everything of this crate that
//! takes a number or a time. `tests/codecs/extremes.rs` of ftp-proto does the same to the codecs.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::io::Cursor;
use std::num::NonZeroU64;
use std::time::Duration;

use ftp_blocking::proto::driver::TcpOptions;
use ftp_blocking::proto::operation::{AskChecksum, Login, Retrieve, Store};
use ftp_blocking::proto::retry::Retry;
use ftp_blocking::proto::timestamp::Timestamp;
use ftp_blocking::proto::{Argument, Config, DataMode, Limits, Pipeline, Timeouts};
use ftp_blocking::testing::{Files, Loopback, ServerConfig};
use ftp_blocking::{Builder, Client, Tcp};

const CONTENT: &[u8] = b"0123456789";

fn server() -> Loopback {
    let files = Files::new().file("/a", CONTENT);
    Loopback::start(ServerConfig::new(), files).unwrap()
}

/// Everything that moves payload, so that each option has its say. `Err` is an answer like any.
fn use_it(builder: Builder<Tcp>) -> ftp_blocking::Result<Vec<u8>> {
    let server = server();
    let mut client = builder.connect_to(&[server.address()])?;
    client.login_anonymous()?;
    let mut got = Vec::new();
    client.retrieve_to("a", &mut got)?;
    client.store_from("b", &mut Cursor::new(CONTENT))?;
    client.list("/")?;
    client.quit()?;
    Ok(got)
}

fn active(options: TcpOptions) -> Builder<Tcp> {
    Client::builder()
        .transport(Tcp::new().options(options))
        .data_mode(DataMode::AnyActive)
}

#[test]
fn times_without_end_and_of_no_length() {
    let mut config = Config::default();
    config.timeouts = Timeouts::all(Duration::MAX);
    for every in [Duration::ZERO, Duration::MAX] {
        config.keepalive = Some(every);
        config.idle_keepalive = Some(every);
        for mode in [DataMode::Auto, DataMode::AnyActive] {
            let got = use_it(Client::builder().config(config).data_mode(mode));
            assert_eq!(got.unwrap(), CONTENT);
        }
    }
    let error = use_it(Client::builder().timeouts(Timeouts::all(Duration::ZERO))).unwrap_err();
    assert!(error.is_transient(), "{error}");
}

#[test]
fn limits_of_nothing_and_of_everything() {
    for max in [0, u16::MAX] {
        let mut config = Config::default();
        let limits: &mut Limits = &mut config.limits;
        limits.in_flight_max = max;
        limits.unsolicited_replies_max = max;
        limits.preliminary_replies_max = max;
        limits.strangers_max = max;
        limits.keepalives_max = max;
        limits.trace_records_max = max;
        limits.data_progress_min = u64::from(max).saturating_mul(u64::MAX);
        limits.listing_bytes_max = u32::from(max).saturating_mul(u32::MAX);
        limits.listing_entries_max = u32::from(max).saturating_mul(u32::MAX);
        config.pipeline = Pipeline::window(max);
        let outcome = use_it(Client::builder().config(config));
        assert!(max == 0 || outcome.is_ok(), "{outcome:?}");
        for bytes in [0, usize::MAX] {
            config.limits.reply.line_bytes_max = bytes;
            config.limits.reply.reply_bytes_max = bytes;
            config.limits.reply.reply_lines_max = bytes;
            config.limits.reply.discard_bytes_max = bytes;
            let outcome = use_it(Client::builder().config(config));
            assert!(bytes == 0 || max == 0 || outcome.is_ok(), "{outcome:?}");
        }
    }
}

#[test]
fn options_of_sockets_at_both_ends() {
    for bytes in [0, usize::MAX] {
        let mut options = TcpOptions::default();
        options.send_buffer = Some(bytes);
        options.receive_buffer = Some(bytes);
        // The system may refuse; it may not bring the client down.
        let _ = use_it(active(options));
    }
    for every in [Duration::ZERO, Duration::MAX] {
        let mut options = TcpOptions::default();
        options.keepalive = Some(every);
        let _ = use_it(active(options));
    }
    for (first, last, works) in [(u16::MAX, 0, false), (9, 8, false), (0, 0, true)] {
        let mut options = TcpOptions::default();
        options.active_ports = Some((first, last));
        assert_eq!(use_it(active(options)).is_ok(), works, "{first} to {last}");
    }
}

#[test]
fn rates_of_one_byte_and_of_all() {
    for rate in [10_000_000, u64::MAX] {
        let got = use_it(Client::builder().rate_limit(NonZeroU64::new(rate)));
        assert_eq!(got.unwrap(), CONTENT);
    }
    // A second for each byte: the limit of the operation ends the wait.
    let mut timeouts = Timeouts::default();
    timeouts.operation = Some(Duration::from_millis(50));
    let slow = Client::builder()
        .rate_limit(NonZeroU64::new(1))
        .timeouts(timeouts);
    assert!(use_it(slow).is_err());
}

#[test]
fn offsets_ranges_and_times_at_both_ends() {
    let server = server();
    let mut client = Client::builder().connect_to(&[server.address()]).unwrap();
    client.login_anonymous().unwrap();
    let name = || Argument::new("a").unwrap();
    for offset in [0, 10, 11, u64::MAX] {
        let ours = usize::try_from(offset).unwrap_or(usize::MAX);
        let rest = CONTENT.get(ours..).unwrap_or_default();
        for limit in [0, u64::MAX] {
            let mut got = Vec::new();
            let retrieve = Retrieve::new(name()).resume_at(offset).limited_to(limit);
            let outcome = client
                .download(retrieve)
                .and_then(|it| it.copy_to(&mut got));
            match limit {
                0 => assert!(got.is_empty()),
                _ => assert_eq!((outcome.is_ok(), &got[..]), (offset <= 10, rest)),
            }
            assert_eq!(client.pwd().unwrap().as_bytes(), b"/", "{offset} {limit}");
        }
        let store = Store::new(Argument::new("c").unwrap()).resume_at(offset);
        let _ = client
            .upload(store)
            .map(|upload| upload.copy_from(&mut &b"x"[..], 0, |_| {}));
        let _ = client.store_at("c", offset).map(|upload| upload.finish());
        let _ = client
            .retrieve_at("a", offset)
            .map(|download| download.abort());
        assert_eq!(client.pwd().unwrap().as_bytes(), b"/", "{offset}");
    }
    let algorithm = ftp_blocking::proto::checksum::Algorithm::Sha256;
    #[allow(clippy::reversed_empty_ranges, reason = "that is what is tried")]
    for range in [0..0, 5..4, u64::MAX..0, 0..u64::MAX, u64::MAX..u64::MAX] {
        let ask = AskChecksum::new(name(), algorithm).range(range.clone());
        let outcome = client.run(ask);
        assert!(range.start < range.end || outcome.unwrap_err().is_misuse());
    }
    for (year, month, day) in [(1, 1, 1), (1601, 1, 1), (9999, 12, 31)] {
        let _ = client.set_modified("a", Timestamp::date(year, month, day).unwrap());
    }
    assert_eq!(client.pwd().unwrap().as_bytes(), b"/");
}

#[test]
fn tries_of_no_number() {
    let nobody = ([127, 0, 0, 1], 1).into();
    for tries in [0, 1] {
        for delay in [Duration::ZERO, Duration::MAX] {
            let mut retry = Retry::default();
            (retry.tries_max, retry.delay, retry.delay_max) = (tries, delay, delay);
            let connector = Client::builder().connector_to(&[nobody], Login::anonymous());
            assert!(connector.retrying(retry).list("/").is_err());
            assert!(connector.retrying(retry).into_client().is_err());
        }
    }
    assert!(
        Client::builder()
            .connector_to(&[], Login::anonymous())
            .connect()
            .is_err()
    );
}

#[cfg(feature = "mirror")]
#[test]
fn mirrors_of_no_session_and_of_any_number() {
    use ftp_blocking::Mirror;
    use ftp_blocking::proto::tree::{MirrorOptions, TreeLimits};

    let server = server();
    let connect = || {
        let mut client = Client::builder().connect_to(&[server.address()])?;
        client.login_anonymous()?;
        Ok(client)
    };
    for sessions in [0, usize::MAX] {
        for max in [0, u64::MAX] {
            let folder = tempfile::tempdir().unwrap();
            let limits = TreeLimits {
                depth_max: usize::try_from(max).unwrap_or(usize::MAX),
                entries_max: max,
                bytes_max: max,
            };
            let options = MirrorOptions::down().limits(limits);
            let mirror = Mirror::new("/", folder.path(), options).sessions(sessions);
            let mirrored = mirror.run(connect).unwrap();
            assert_eq!(mirrored.copied > 0, max > 0, "{mirrored:?}");
        }
    }
}

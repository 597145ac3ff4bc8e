//! Ways that only some applications take: payload where it lies, checksums, and the keepalive of an
//! idle session.

use std::task::Poll;
use std::time::Duration;

use ftp_blocking::testing::Loopback;
use ftp_mio::proto::checksum::Algorithm;
use ftp_mio::proto::operation::{AskChecksum, Exchange, Retrieve, Store};
use ftp_mio::proto::testing::{Behaviour, Files, ServerConfig, Step};
use ftp_mio::proto::{Closed, Config, ErrorKind, Policy, State};
use ftp_mio::{Progress, Transport};
use libtest_mimic::Trial;

use crate::loops::{Alone, argument};
use crate::reactors::Reactors;

pub(crate) fn trials<R: Reactors>() -> Vec<Trial> {
    let tests: [(&str, fn()); 7] = [
        ("payload_is_passed_on_where_it_lies", passed_on::<R>),
        ("an_upload_passes_nothing_on", nothing_passed_on::<R>),
        ("a_sink_that_fails_is_told", sink_fails::<R>),
        ("the_server_tells_checksums", checksums::<R>),
        ("an_idle_session_is_kept_alive", kept_alive::<R>),
        (
            "a_keepalive_shows_that_the_session_is_over",
            shown_over::<R>,
        ),
        ("an_idle_session_waits_for_nothing_by_default", silent::<R>),
    ];
    let trial = |(name, test): (&str, fn())| {
        Trial::test(format!("others::{name}"), move || {
            test();
            Ok(())
        })
    };
    tests.map(trial).into()
}

fn large() -> Vec<u8> {
    (0..2_000_000_u32).map(|n| n.to_le_bytes()[1]).collect()
}

fn start(config: ServerConfig) -> Loopback {
    let files = Files::new().file("/large", large());
    Loopback::start(config, files).unwrap()
}

/// Downloads a file with [`Data::read_with`](ftp_mio::Data::read_with), through a small block.
pub(crate) fn read_with<R: Reactors, T: Transport<Source = R::Source>>(
    alone: &mut Alone<R, T>,
    path: &str,
) -> Vec<u8> {
    let download = alone.client.start(Retrieve::new(argument(path)));
    let (mut received, mut block) = (Vec::new(), [0; 5000]);
    let completed = alone.until(|client| {
        if let Some(mut data) = client.data_mut() {
            loop {
                let before = received.len();
                let progress = data.read_with(&mut block, |piece| {
                    assert!(!piece.is_empty());
                    received.extend_from_slice(piece);
                });
                let count = received.len() - before;
                match progress {
                    Progress::Bytes(told) => assert!(told == count && count <= 5000, "{count}"),
                    Progress::Wait | Progress::Over => {
                        assert_eq!(count, 0);
                        break;
                    }
                }
            }
            assert_eq!(data.bytes(), received.len() as u64);
        }
        match client.poll(download) {
            Poll::Ready(outcome) => Some(outcome.unwrap()),
            Poll::Pending => None,
        }
    });
    assert_eq!(completed.bytes, received.len() as u64);
    received
}

fn passed_on<R: Reactors>() {
    let server = start(ServerConfig::new());
    let mut alone = Alone::<R>::logged_in(server.address(), Config::default());
    assert!(read_with(&mut alone, "large") == large());
    alone.close();
}

fn nothing_passed_on<R: Reactors>() {
    let server = start(ServerConfig::new());
    let mut alone = Alone::<R>::logged_in(server.address(), Config::default());
    let upload = alone.client.start(Store::new(argument("new")));
    alone.until(|client| {
        let mut data = client.data_mut()?;
        let progress = data.read_with(&mut [0; 10], |_| panic!("there is nothing to read"));
        assert_eq!(progress, Progress::Over);
        data.finish();
        Some(())
    });
    alone.until(|client| client.poll(upload).is_ready().then_some(()));
    alone.close();
}

fn sink_fails<R: Reactors>() {
    let server = start(ServerConfig::new());
    let mut alone = Alone::<R>::logged_in(server.address(), Config::default());
    let download = alone.client.start(Retrieve::new(argument("large")));
    alone.until(|client| {
        let data = client.data_mut()?;
        data.failed(std::io::Error::other("the disk is gone"));
        Some(())
    });
    let error = alone.until(|client| match client.poll(download) {
        Poll::Ready(outcome) => Some(outcome.unwrap_err()),
        Poll::Pending => None,
    });
    assert!(error.to_string().contains("the disk is gone"), "{error}");
    alone.run(Exchange::noop()).unwrap();
    alone.close();
}

fn checksums<R: Reactors>() {
    let sum = |content: &[u8]| {
        let sum: u32 = content.iter().map(|byte| u32::from(*byte)).sum();
        sum.to_be_bytes().to_vec()
    };
    let server = start(ServerConfig::new().checksum(Algorithm::Crc32, sum));
    let mut alone = Alone::<R>::logged_in(server.address(), Config::default());
    let ask = || AskChecksum::new(argument("large"), Algorithm::Crc32);
    let told = alone.run(ask()).unwrap();
    assert_eq!(told.as_bytes(), sum(&large()));
    let part = alone.run(ask().range(300..1000)).unwrap();
    assert_eq!(part.as_bytes(), sum(&large()[300..1000]));
    let other = AskChecksum::new(argument("large"), Algorithm::Sha256);
    let error = alone.run(other).unwrap_err();
    assert!(
        matches!(error.kind(), Some(ErrorKind::Policy(Policy::NoChecksum))),
        "{error}"
    );
    alone.run(Exchange::noop()).unwrap();
    alone.close();
}

fn idle() -> Config {
    let mut config = Config::default();
    config.idle_keepalive = Some(Duration::ZERO); // counts as the shortest pause there is
    config
}

fn noops(server: &Loopback) -> usize {
    let commands = server.commands(0);
    commands.iter().filter(|line| *line == "NOOP").count()
}

fn kept_alive<R: Reactors>() {
    let server = start(ServerConfig::new());
    let mut alone = Alone::<R>::logged_in(server.address(), idle());
    assert!(alone.client.deadline().is_some());
    alone.until(|_| (noops(&server) >= 3).then_some(()));
    // The application's commands and payload are not disturbed by them.
    assert!(read_with(&mut alone, "large") == large());
    alone.run(Exchange::working_directory()).unwrap();
    alone.close();
}

fn shown_over<R: Reactors>() {
    let closes = Behaviour::new().close_at(Step::Received, "NOOP");
    let server = start(ServerConfig::new().behaviour(closes));
    let mut alone = Alone::<R>::logged_in(server.address(), idle());
    alone.until(|client| client.is_over().then_some(()));
    let state = alone.client.session().map(|session| session.state());
    assert_eq!(state, Some(State::Dead(Closed::Eof)));
    alone.close();
}

fn silent<R: Reactors>() {
    let server = start(ServerConfig::new());
    let mut alone = Alone::<R>::logged_in(server.address(), Config::default());
    alone.until(|client| (!client.needs_turn()).then_some(()));
    assert_eq!(alone.client.deadline(), None);
    assert_eq!(noops(&server), 0);
    alone.close();
}

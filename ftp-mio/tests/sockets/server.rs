//! Against the loopback server.

use std::task::Poll;

use ftp_blocking::testing::Loopback;
use ftp_mio::proto::operation::{Exchange, Login, OneTransfer, Retrieve, Store};
use ftp_mio::proto::testing::{Behaviour, Files, ServerConfig};
use ftp_mio::proto::{Config, DataMode, Detail, Direction, End, ErrorKind, Interruption, Transfer};
use ftp_mio::{Progress, Stream as _};
use libtest_mimic::Trial;

use crate::loops::{Alone, argument};
use crate::reactors::Reactors;

fn large() -> Vec<u8> {
    (0..3_000_000_u32).map(|n| n.to_le_bytes()[1]).collect()
}

fn files() -> Files {
    Files::new()
        .file("/hello.txt", "hello\n")
        .file("/large", large())
}

fn start(behaviour: Behaviour) -> Loopback {
    Loopback::start(ServerConfig::new().behaviour(behaviour), files()).unwrap()
}

fn config(mode: DataMode) -> Config {
    let mut config = Config::default();
    config.data_mode = mode;
    config
}

pub(crate) fn trials<R: Reactors>() -> Vec<Trial> {
    let modes = [
        DataMode::Auto,
        DataMode::Passive,
        DataMode::ExtendedActive,
        DataMode::Active,
    ];
    let mut trials: Vec<Trial> = modes
        .into_iter()
        .map(|mode| {
            Trial::test(format!("server::everything::{mode:?}"), move || {
                everything::<R>(mode);
                Ok(())
            })
        })
        .collect();
    let others: [(&str, fn()); 7] = [
        ("ipv6", ipv6::<R>),
        ("an_abort_leaves_a_usable_session", abort::<R>),
        ("an_upload_that_is_aborted_is_reset", abort_upload::<R>),
        ("a_limit_is_kept", limit::<R>),
        ("payload_moves_past_the_client", direct::<R>),
        ("a_download_that_is_not_wanted", unwanted::<R>),
        ("nothing_tells_a_password", secrets::<R>),
    ];
    trials.extend(others.map(|(name, test)| {
        Trial::test(format!("server::{name}"), move || {
            test();
            Ok(())
        })
    }));
    trials
}

fn everything<R: Reactors>(mode: DataMode) {
    let server = start(Behaviour::new());
    let mut alone = Alone::<R>::logged_in(server.address(), config(mode));
    let completed = alone.run(Retrieve::new(argument("large"))).unwrap();
    assert!(alone.received == large());
    assert_eq!(completed.bytes, 3_000_000);
    alone.content = large();
    alone.run(Store::new(argument("copy"))).unwrap();
    assert!(server.files().content("/copy").unwrap() == large());
    alone.received.clear();
    alone.run(OneTransfer::new(Transfer::names(None))).unwrap();
    assert_eq!(alone.received, b"copy\r\nhello.txt\r\nlarge\r\n");
    alone.run(Exchange::quit()).unwrap();
    alone.until(|client| client.is_over().then_some(()));
    alone.close();
}

fn ipv6<R: Reactors>() {
    let server = Loopback::builder(ServerConfig::new(), files())
        .ipv6()
        .start();
    let Ok(server) = server else {
        return println!("this machine has no IPv6");
    };
    for mode in [DataMode::Auto, DataMode::AnyActive] {
        let mut alone = Alone::<R>::logged_in(server.address(), config(mode));
        alone.run(Retrieve::new(argument("hello.txt"))).unwrap();
        assert_eq!(alone.received, b"hello\n");
        alone.close();
    }
}

fn abort<R: Reactors>() {
    let server = start(Behaviour::new());
    let mut alone = Alone::<R>::logged_in(server.address(), Config::default());
    let download = alone.client.start(Retrieve::new(argument("large")));
    alone.until(|client| client.data_mut().map(|_| ()));
    alone.client.abort();
    let verdict = alone.until(|client| match client.poll(download) {
        Poll::Ready(outcome) => Some(outcome),
        Poll::Pending => None,
    });
    let error = verdict.unwrap_err();
    let interrupted = error.session().unwrap().interrupted().unwrap();
    assert_eq!(interrupted.cause, Interruption::Aborted);
    alone.received.clear();
    alone.run(Retrieve::new(argument("hello.txt"))).unwrap();
    assert_eq!(alone.received, b"hello\n");
    alone.close();
}

fn abort_upload<R: Reactors>() {
    let server = start(Behaviour::new());
    let mut alone = Alone::<R>::logged_in(server.address(), Config::default());
    let upload = alone.client.start(Store::new(argument("part")));
    alone.content = large();
    // Until both kernels are full or all is written, and never finished.
    alone.until(|client| {
        let mut data = client.data_mut()?;
        assert_eq!(data.flow().direction, Direction::Send);
        matches!(data.write(&[7; 1000]), Progress::Bytes(_)).then_some(())
    });
    alone.client.cancel(upload);
    alone.run(Exchange::noop()).unwrap();
    assert!(
        server.commands(0).contains(&"ABOR".to_owned()),
        "{:?}",
        server.commands(0)
    );
    alone.close();
}

fn limit<R: Reactors>() {
    let server = start(Behaviour::new());
    let mut alone = Alone::<R>::logged_in(server.address(), Config::default());
    let head = Retrieve::new(argument("large")).limited_to(100_001);
    let completed = alone.run(head).unwrap();
    assert_eq!((completed.bytes, completed.end), (100_001, End::Limit));
    assert!(alone.received == large()[..100_001]);
    alone.received.clear();
    let whole = Retrieve::new(argument("hello.txt")).limited_to(6);
    assert_eq!(alone.run(whole).unwrap().end, End::Clean);
    alone.close();
}

/// The application reads the socket by itself and says what came of it.
fn direct<R: Reactors>() {
    let server = start(Behaviour::new());
    let mut alone = Alone::<R>::logged_in(server.address(), Config::default());
    let download = alone.client.start(Retrieve::new(argument("large")));
    let mut taken = 0;
    let completed = alone.until(|client| {
        let mut block = [0; 100_000];
        while let Some(mut data) = client.data_mut() {
            assert!(data.flow().is_verbatim());
            match data.stream().read(&mut block).unwrap() {
                Some(ftp_mio::Input::Bytes(count)) => {
                    taken += count;
                    data.moved(count as u64);
                }
                Some(ftp_mio::Input::End(end)) => data.ended(end),
                None => {
                    data.blocked();
                    break;
                }
            }
        }
        match client.poll(download) {
            Poll::Ready(outcome) => Some(outcome),
            Poll::Pending => None,
        }
    });
    assert_eq!(completed.unwrap().bytes, 3_000_000);
    assert_eq!(taken, 3_000_000);
    alone.close();
}

fn unwanted<R: Reactors>() {
    let server = start(Behaviour::new());
    let mut alone = Alone::<R>::logged_in(server.address(), Config::default());
    let download = alone.client.start(Retrieve::new(argument("large")));
    alone.until(|client| client.data_mut().map(|data| data.finish()));
    let verdict = alone.until(|client| match client.poll(download) {
        Poll::Ready(outcome) => Some(outcome),
        Poll::Pending => None,
    });
    let error = verdict.unwrap_err();
    assert!(
        matches!(error.session().unwrap().kind(), ErrorKind::Interrupted(_)),
        "{error}"
    );
    alone.run(Exchange::noop()).unwrap();
    alone.close();
}

/// Whatever is printed, at whatever time.
fn secrets<R: Reactors>() {
    const SECRET: &str = "canary-0451";
    let server = Loopback::start(ServerConfig::new().user("ann", SECRET), files()).unwrap();
    let mut config = Config::default();
    config.detail = Detail::Everything;
    let mut told = format!("{config:?}");
    let mut alone = Alone::<R>::connect(&[server.address()], config);
    for (password, welcome) in [("guess", false), (SECRET, true)] {
        let login = Login::new(argument("ann")).password(argument(password));
        told += &format!("{login:?}");
        let login = alone.client.start(login);
        let outcome = alone.until(|client| {
            told += &format!("{login:?} {client:?} {:?}", client.session());
            while let Some(record) = client.poll_trace() {
                told += &format!("{record:?} {record}");
            }
            match client.poll(login) {
                Poll::Ready(outcome) => Some(outcome),
                Poll::Pending => None,
            }
        });
        told += &format!("{outcome:?}");
        assert_eq!(outcome.is_ok(), welcome);
    }
    alone.run(Retrieve::new(argument("hello.txt"))).unwrap();
    told += &format!("{:?}", alone.client);
    assert!(told.contains("PASS *"), "{told}");
    assert!(!told.contains(SECRET), "{told}");
    alone.close();
}

//! Against peers that do what a script says.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;

use ftp_mio::proto::operation::{Exchange, Retrieve, Store};
use ftp_mio::proto::{Closed, Config, ErrorKind, Failure, Interruption, Timeouts};
use ftp_mio::{Error, proto};
use ftp_testbed::scripted::{Passive, Peer, Port, Script};
use libtest_mimic::Trial;

use crate::reactors::{Alone, Reactors, argument};

pub(crate) fn trials<R: Reactors>() -> Vec<Trial> {
    let tests: [(&str, fn()); 11] = [
        ("addresses_are_tried_in_turn", addresses::<R>),
        ("no_address_answers", no_address::<R>),
        ("a_greeting_that_is_a_refusal", unfriendly::<R>),
        ("a_reply_byte_by_byte", byte_by_byte::<R>),
        ("a_stray_reply_answers_nothing", stray::<R>),
        ("a_refused_port_is_tried_otherwise", refused_port::<R>),
        ("a_reset_of_the_data_connection", data_reset::<R>),
        (
            "a_failure_while_sending_is_seen_at_once",
            failure_while_sending::<R>,
        ),
        ("what_the_server_said_before_it_went", goodbye::<R>),
        ("a_reply_that_never_comes", silence::<R>),
        ("a_server_that_leaves_in_the_midst", leaves::<R>),
    ];
    tests
        .map(|(name, test)| {
            Trial::test(format!("scripted::{name}"), move || {
                test();
                Ok(())
            })
        })
        .into()
}

fn data_port(script: Script) -> Script {
    script
        .answer("TYPE I", "200 image\r\n")
        .expect("EPSV")
        .passive(Port::Open, Passive::Extended)
}

fn cause(error: &Error) -> &ErrorKind {
    error.session().expect("an error of the session").kind()
}

fn interruption(error: &Error) -> Interruption {
    error
        .session()
        .and_then(proto::Error::interrupted)
        .unwrap_or_else(|| panic!("{error}"))
        .cause
}

/// A port where nobody listens any more.
fn closed_port() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap()
}

fn addresses<R: Reactors>() {
    let peer = Peer::start(Script::new().login().expect_close()).unwrap();
    let to = [closed_port(), closed_port(), peer.address()];
    let mut alone = Alone::<R>::connect(&to, Config::default());
    alone.run(proto::operation::Login::anonymous()).unwrap();
    assert!(alone.client.welcome().is_some());
    alone.close();
    peer.finish().unwrap();
}

fn no_address<R: Reactors>() {
    let to = [closed_port(), closed_port()];
    let mut alone = Alone::<R>::connect(&to, Config::default());
    let Err(Error::Connect(tried)) = alone.run(Exchange::noop()) else {
        panic!("it cannot connect");
    };
    let addresses: Vec<SocketAddr> = tried.iter().map(|(address, _)| *address).collect();
    assert_eq!(addresses, to);
    for (_, error) in tried.iter() {
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
    }
    assert!(alone.client.is_over());
    alone.run(Exchange::noop()).unwrap_err();
}

fn unfriendly<R: Reactors>() {
    let peer = Peer::start(Script::new().send("530 full\r\n").expect_close()).unwrap();
    let mut alone = Alone::<R>::connect(&[peer.address()], Config::default());
    for _ in 0..2 {
        let error = alone.run(Exchange::noop()).unwrap_err();
        assert_eq!(error.reply().unwrap().code().get(), 530);
    }
    assert!(alone.client.is_over());
    assert_eq!(peer.finish().unwrap().lines(), [""; 0]);
}

fn byte_by_byte<R: Reactors>() {
    let script = Script::new()
        .send_pieces("220-one\r\n220-two\r\n220 three\r\n", 1)
        .expect("NOOP")
        .send_pieces("200 yes\r\n", 1)
        .expect_close();
    let peer = Peer::start(script).unwrap();
    let mut alone = Alone::<R>::connect(&[peer.address()], Config::default());
    alone.run(Exchange::noop()).unwrap();
    alone.close();
    peer.finish().unwrap();
}

/// A reply that lies in the kernel before the command is written is not the answer to it.
fn stray<R: Reactors>() {
    let script = Script::new()
        .login()
        .answer("NOOP", "200 first\r\n")
        .wait("idle")
        .send("500 nobody asked\r\n")
        .settle()
        .mark("sent")
        .answer("PWD", "257 \"/\" is here\r\n")
        .expect_close();
    let peer = Peer::start(script).unwrap();
    let mut alone = Alone::<R>::logged_in(peer.address(), Config::default());
    alone.run(Exchange::noop()).unwrap();
    peer.release("idle");
    assert!(peer.reached("sent"));
    // No event was told in between: the client has to look by itself.
    let path = alone.run(Exchange::working_directory()).unwrap();
    assert_eq!(path.as_bytes(), b"/");
    alone.close();
    peer.finish().unwrap();
}

fn refused_port<R: Reactors>() {
    let script = Script::new()
        .login()
        .answer("TYPE I", "200 image\r\n")
        .expect("EPSV")
        .passive(Port::Refused, Passive::Extended)
        .expect("PASV")
        .passive(Port::Open, Passive::Classic)
        .expect("RETR a")
        .accept()
        .send("150 here\r\n")
        .send_pattern(100_000)
        .close_data()
        .send("226 done\r\n")
        .expect_close();
    let peer = Peer::start(script).unwrap();
    let mut alone = Alone::<R>::logged_in(peer.address(), Config::default());
    alone.run(Retrieve::new(argument("a"))).unwrap();
    let mut expected = vec![0; 100_000];
    ftp_testbed::tree::fill(0, &mut expected);
    assert!(alone.received == expected);
    alone.close();
    peer.finish().unwrap();
}

fn data_reset<R: Reactors>() {
    let script = data_port(Script::new().login())
        .expect("RETR a")
        .accept()
        .send("150 here\r\n")
        .send_pattern(1000)
        .wait("taken")
        .reset_data()
        .send("426 broken\r\n")
        .answer("NOOP", "200 well\r\n")
        .expect_close();
    let peer = Peer::start(script).unwrap();
    let mut alone = Alone::<R>::logged_in(peer.address(), Config::default());
    let download = alone.client.start(Retrieve::new(argument("a")));
    let mut received = Vec::new();
    alone.until(|client| {
        super::reactors::move_payload(client, &[], &mut 0, &mut received);
        (received.len() == 1000).then_some(())
    });
    peer.release("taken");
    let error = alone
        .until(|client| match client.poll(download) {
            std::task::Poll::Ready(outcome) => Some(outcome),
            std::task::Poll::Pending => None,
        })
        .unwrap_err();
    assert!(
        matches!(
            interruption(&error),
            Interruption::Data(Failure::Reset) | Interruption::Reply
        ),
        "{error}"
    );
    alone.run(Exchange::noop()).unwrap();
    alone.close();
    peer.finish().unwrap();
}

/// The disk is full, and the server reads no more: the client must not wait for its own socket.
fn failure_while_sending<R: Reactors>() {
    let script = data_port(Script::new().login())
        .expect("STOR a")
        .accept()
        .send("150 give\r\n")
        .read_data(1000)
        .send("552 full\r\n")
        .answer("NOOP", "200 well\r\n")
        .expect_close();
    let peer = Peer::start(script).unwrap();
    let mut alone = Alone::<R>::logged_in(peer.address(), Config::default());
    alone.content = vec![7; 50_000_000];
    let error = alone.run(Store::new(argument("a"))).unwrap_err();
    assert_eq!(error.reply().unwrap().code().get(), 552);
    assert!(alone.sent < alone.content.len());
    alone.run(Exchange::noop()).unwrap();
    alone.close();
    peer.finish().unwrap();
}

fn goodbye<R: Reactors>() {
    let script = Script::new()
        .login()
        .wait("idle")
        .send("421 too long\r\n")
        .settle()
        .mark("sent")
        .reset();
    let peer = Peer::start(script).unwrap();
    let mut alone = Alone::<R>::logged_in(peer.address(), Config::default());
    peer.release("idle");
    assert!(peer.reached("sent"));
    peer.finish().unwrap();
    let error = alone.run(Exchange::noop()).unwrap_err();
    assert!(
        matches!(cause(&error), ErrorKind::Closed(Closed::Service, _)),
        "{error}"
    );
    assert!(alone.client.is_over());
}

fn silence<R: Reactors>() {
    let peer = Peer::start(Script::new().login().expect("NOOP").expect_close()).unwrap();
    let mut config = Config::default();
    config.timeouts = Timeouts::all(Duration::from_secs(20));
    config.timeouts.reply = Duration::from_millis(50);
    let mut alone = Alone::<R>::connect(&[peer.address()], Config::default());
    alone.run(proto::operation::Login::anonymous()).unwrap();
    alone.close();
    drop(peer);
    let peer = Peer::start(
        Script::new()
            .send("220 hi\r\n")
            .expect("NOOP")
            .expect_close(),
    )
    .unwrap();
    let mut alone = Alone::<R>::connect(&[peer.address()], config);
    let error = alone.run(Exchange::noop()).unwrap_err();
    assert!(
        matches!(cause(&error), ErrorKind::Timeout(proto::Reason::Reply)),
        "{error}"
    );
    peer.finish().unwrap();
}

/// After a 421 the download may still end, but a server that just stops is not waited for until the idle limit.
fn leaves<R: Reactors>() {
    let script = data_port(Script::new().login())
        .expect("RETR a")
        .accept()
        .send("150 here\r\n")
        .send_pattern(1000)
        .send("421 going down\r\n")
        .wait("over");
    let peer = Peer::start(script).unwrap();
    let mut alone = Alone::<R>::logged_in(peer.address(), Config::default());
    let error = alone.run(Retrieve::new(argument("a"))).unwrap_err();
    assert_eq!(interruption(&error), Interruption::ControlLost);
    assert_eq!(alone.received.len(), 1000);
    assert!(alone.client.is_over());
    peer.release("over");
    peer.finish().unwrap();
}

//! Connecting, to peers that do what a script says. What such peers do afterwards is in the table
//! of the testbed.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use ftp_mio::Error;
use ftp_mio::proto::Config;
use ftp_mio::proto::operation::{Exchange, Login};
use ftp_testbed::scripted::{Peer, Script};
use libtest_mimic::Trial;

use crate::loops::Alone;
use crate::reactors::Reactors;

pub(crate) fn trials<R: Reactors>() -> Vec<Trial> {
    let tests: [(&str, fn()); 3] = [
        ("addresses_are_tried_in_turn", addresses::<R>),
        ("no_address_answers", no_address::<R>),
        ("a_greeting_that_is_a_refusal", unfriendly::<R>),
    ];
    tests
        .map(|(name, test)| {
            Trial::test(format!("connecting::{name}"), move || {
                test();
                Ok(())
            })
        })
        .into()
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
    alone.run(Login::anonymous()).unwrap();
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
    let addresses: Vec<SocketAddr> = tried.iter().filter_map(|(to, _)| to.address()).collect();
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

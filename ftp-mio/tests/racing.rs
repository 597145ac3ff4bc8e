//! Several addresses of one host, on the loop's time: no test waits for the clock.
#![cfg(feature = "mio")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use ftp_blocking::testing::{Files, Loopback, ServerConfig};
use ftp_mio::{Client, Interest, Reactor, Slot, Socket};
use socket2::{Domain, Type};

/// The slots that are watched.
#[derive(Default)]
struct Slots(Vec<Slot>);

impl Reactor<Socket> for Slots {
    fn add(&mut self, slot: Slot, _: &mut Socket, _: Interest) -> io::Result<()> {
        assert!(!self.0.contains(&slot), "{slot:?} is watched already");
        self.0.push(slot);
        Ok(())
    }

    fn change(&mut self, slot: Slot, _: &mut Socket, _: Interest) -> io::Result<()> {
        assert!(self.0.contains(&slot));
        Ok(())
    }

    fn remove(&mut self, slot: Slot, _: &mut Socket) {
        self.0.retain(|known| *known != slot);
    }
}

/// An address that takes no connection and refuses none: its queue is full.
struct Hole {
    address: SocketAddr,
    _listener: socket2::Socket,
    _queue: Vec<TcpStream>,
}

fn hole() -> Hole {
    let listener = socket2::Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let any: SocketAddr = ([127, 0, 0, 1], 0).into();
    listener.bind(&any.into()).unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap().as_socket().unwrap();
    let mut queue = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(100)) {
        queue.push(stream);
    }
    Hole {
        address,
        _listener: listener,
        _queue: queue,
    }
}

/// Nobody listens there.
fn closed() -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

fn open(client: &mut Client, now: Instant, slots: &mut Slots) {
    while client.control_stream().is_none() {
        assert!(!client.is_over(), "{client:?}");
        client.turn(now, slots);
    }
}

#[test]
fn the_next_address_is_tried_after_a_quarter_of_a_second() {
    let server = Loopback::start(ServerConfig::new(), Files::new()).unwrap();
    let (hole, other) = (hole(), hole());
    let begun = Instant::now();
    let (mut slots, after) = (Slots::default(), |millis| {
        begun + Duration::from_millis(millis)
    });
    let addresses = [hole.address, other.address, server.address()];
    let mut client = Client::connect_to(addresses, begun);

    client.turn(begun, &mut slots);
    assert_eq!(slots.0, [Slot::Control]);
    assert_eq!(client.deadline(), Some(after(250)));
    client.turn(after(249), &mut slots);
    assert_eq!(slots.0, [Slot::Control]);
    client.turn(after(250), &mut slots);
    assert_eq!(slots.0, [Slot::Control, Slot::Data]);
    open(&mut client, after(500), &mut slots);
    client.turn(after(500), &mut slots);
    assert_eq!(slots.0, [Slot::Control], "the others are given up");
    client.close(&mut slots);
    assert!(slots.0.is_empty());
}

#[test]
fn a_refusal_does_not_wait() {
    let server = Loopback::start(ServerConfig::new(), Files::new()).unwrap();
    let (now, mut slots) = (Instant::now(), Slots::default());
    let mut client = Client::connect_to([closed(), closed(), server.address()], now);
    open(&mut client, now, &mut slots);
}

#[test]
fn each_address_that_failed_is_told() {
    let hole = hole();
    let (now, mut slots) = (Instant::now(), Slots::default());
    let mut client = Client::connect_to([hole.address, closed()], now);
    let outcome = client.start(ftp_mio::proto::operation::Login::anonymous());
    client.turn(now, &mut slots);
    let later = now + Duration::from_secs(3600);
    while !client.is_over() {
        client.turn(later, &mut slots);
    }
    let std::task::Poll::Ready(Err(ftp_mio::Error::Connect(tried))) = client.poll(outcome) else {
        panic!("no error");
    };
    assert_eq!(tried.len(), 2);
    assert!(slots.0.is_empty());
}

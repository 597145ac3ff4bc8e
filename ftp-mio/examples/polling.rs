//! The client without mio: a listing under the `polling` crate, which reports single events.
//!
//! `polling [ADDRESS:PORT]`, or a server of its own.
#![allow(
    unsafe_code,
    reason = "polling asks its users to remove a socket before it is closed, and calls that unsafe"
)]

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::task::Poll;
use std::time::Instant;

use ftp_blocking::testing::Loopback;
use ftp_mio::proto::Transfer;
use ftp_mio::proto::operation::{Exchange, Login, OneTransfer};
use ftp_mio::proto::testing::{Files, ServerConfig};
use ftp_mio::{Client, Interest, Progress, Reactor, Ready, Slot, Socket};
use polling::{Event, Events, Poller};

/// Registers the sockets of the only client: a socket's slot is its key.
struct Registrar<'p>(&'p Poller);

fn event(slot: Slot, interest: Interest) -> Event {
    Event::new(slot.index(), interest.is_read(), interest.is_write())
}

impl Reactor<Socket> for Registrar<'_> {
    fn add(&mut self, slot: Slot, source: &mut Socket, interest: Interest) -> io::Result<()> {
        // SAFETY: a client removes every socket that it has added before it closes it.
        unsafe { self.0.add(&*source, event(slot, interest)) }
    }

    fn change(&mut self, slot: Slot, source: &mut Socket, interest: Interest) -> io::Result<()> {
        self.0.modify(source.as_fd(), event(slot, interest))
    }

    fn remove(&mut self, _: Slot, source: &mut Socket) {
        // A socket that cannot be removed is not known to the poller.
        let _ = self.0.delete(source.as_fd());
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    if let Some(address) = std::env::args().nth(1) {
        return list(address.parse()?);
    }
    let files = Files::new().file("/hello.txt", "hello\n").directory("/pub");
    let server = Loopback::start(ServerConfig::new(), files)?;
    list(server.address())
}

fn list(address: SocketAddr) -> Result<(), Box<dyn Error>> {
    let poller = Poller::new()?;
    let mut events = Events::new();
    let mut client = Client::connect_to([address], Instant::now());
    client.start(Login::anonymous());
    let listing = client.start(OneTransfer::new(Transfer::list(None)));
    let quit = client.start(Exchange::quit());
    let mut block = [0; 4096];
    let outcome = loop {
        client.turn(Instant::now(), &mut Registrar(&poller));
        if let Some(mut data) = client.data_mut() {
            while let Progress::Bytes(count) = data.read(&mut block) {
                let text = block.get(..count).unwrap_or_default();
                print!("{}", String::from_utf8_lossy(text));
            }
        }
        if client.poll(quit).is_ready() {
            break client.poll(listing);
        }
        events.clear();
        poller.wait(&mut events, client.timeout(Instant::now()))?;
        for event in events.iter() {
            if let Some(slot) = Slot::ALL.get(event.key) {
                client.ready(*slot, Ready::new(event.readable, event.writable));
            }
        }
    };
    client.close(&mut Registrar(&poller));
    match outcome {
        Poll::Ready(outcome) => println!("{} bytes", outcome?.bytes),
        Poll::Pending => println!("the listing is not over"),
    }
    Ok(())
}

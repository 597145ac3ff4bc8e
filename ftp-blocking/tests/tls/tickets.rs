//! Servers whose tickets run out. Both drivers store files on each, `STORED` in every one.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

use ftp_blocking::proto::tls::rustls::{HandshakeKind, ServerConfig};

use crate::peer::{Peer, Secured, Shown, config, serve};

pub(crate) const STORED: &[u8] = b"stored";

type Served = (SocketAddr, JoinHandle<Vec<String>>);

/// Two tickets come with the login and with each listing, which it refuses since it resumes
/// nothing; none with uploads. So does ProFTPD.
pub(crate) fn refuses_listings(uploads: usize) -> Served {
    serve_with(2, move |peer, generous, miserly| {
        for number in 0..uploads {
            if number > 0 && number % 2 == 0 {
                let mut listing = open(peer, generous, "NLST", HandshakeKind::Full);
                listing.flush().unwrap();
                drop(listing);
                peer.say("425 session reuse required\r\n");
            }
            take_file(peer, miserly, HandshakeKind::Resumed);
        }
        peer.listen_to_the_end();
    })
}

/// One ticket comes with the login and none ever after, not even with the listing that it refuses.
pub(crate) fn gives_nothing(uploads: usize) -> Served {
    serve_with(1, move |peer, _, miserly| {
        take_file(peer, miserly, HandshakeKind::Resumed);
        for _ in 1..uploads {
            drop(open(peer, miserly, "NLST", HandshakeKind::Full));
            peer.say("425 session reuse required\r\n");
        }
        peer.listen_to_the_end();
    })
}

/// One ticket comes with the login and none ever after; nothing is demanded. It is asked for a
/// listing once.
pub(crate) fn demands_nothing(uploads: usize) -> Served {
    serve_with(1, move |peer, _, miserly| {
        take_file(peer, miserly, HandshakeKind::Resumed);
        close(open(peer, miserly, "NLST", HandshakeKind::Full));
        peer.say("226 done\r\n");
        for _ in 1..uploads {
            take_file(peer, miserly, HandshakeKind::Full);
        }
        peer.listen_to_the_end();
    })
}

/// The listing that it is asked for behind the first upload has no end.
pub(crate) fn lists_for_ever() -> Served {
    serve_with(1, |peer, generous, miserly| {
        take_file(peer, miserly, HandshakeKind::Resumed);
        let mut listing = open(peer, generous, "NLST", HandshakeKind::Full);
        while listing.write_all(&[b'n'; 1000]).is_ok() {}
        peer.serve_until("ABOR");
        peer.say("426 cut\r\n226 aborted\r\n");
        take_file(peer, miserly, HandshakeKind::Resumed);
        peer.listen_to_the_end();
    })
}

/// A server that hands out so many tickets with the login; its play is given configurations that
/// hand out as many, and none.
fn serve_with(
    tickets: usize,
    play: impl FnOnce(&mut Peer, &Arc<ServerConfig>, &Arc<ServerConfig>) + Send + 'static,
) -> Served {
    let mut generous = config(Shown::Good);
    generous.send_tls13_tickets = tickets;
    let mut miserly = generous.clone();
    miserly.send_tls13_tickets = 0;
    serve(generous, move |peer| {
        peer.agree();
        peer.secure().unwrap();
        let generous = Arc::clone(&peer.config);
        play(peer, &generous, &Arc::new(miserly));
    })
}

fn open(
    peer: &mut Peer,
    config: &Arc<ServerConfig>,
    verb: &str,
    expected: HandshakeKind,
) -> Secured {
    peer.config = Arc::clone(config);
    let data = peer.open_secured(verb);
    assert_eq!(data.conn.handshake_kind(), Some(expected), "{verb}");
    data
}

fn take_file(peer: &mut Peer, config: &Arc<ServerConfig>, expected: HandshakeKind) {
    let mut upload = open(peer, config, "STOR", expected);
    let mut received = Vec::new();
    upload.read_to_end(&mut received).unwrap();
    assert_eq!(received, STORED);
    close(upload);
    peer.say("226 done\r\n");
}

fn close(mut data: Secured) {
    data.conn.send_close_notify();
    data.flush().unwrap();
}

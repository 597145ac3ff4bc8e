//! Control connections that lead to one server after the other.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;

/// An address that leads the first control connection to the first server, the second one to the
/// second, and all others to the last.
pub(crate) fn one_after_the_other(servers: Vec<SocketAddr>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let last = servers.len().saturating_sub(1);
        for (number, near) in listener.incoming().enumerate() {
            let (Some(server), Ok(near)) = (servers.get(number.min(last)), near) else {
                return;
            };
            let far = TcpStream::connect(server).unwrap();
            relay(near.try_clone().unwrap(), far.try_clone().unwrap());
            relay(far, near);
        }
    });
    address
}

fn relay(mut from: TcpStream, mut to: TcpStream) {
    thread::spawn(move || {
        // A reset goes on as an end.
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
}

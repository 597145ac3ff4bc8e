//! A long way to a server on this machine.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// How long a byte takes.
const ONE_WAY: Duration = Duration::from_millis(25);

/// A way to `to` on which everything takes its time; the ports that EPSV tells lead over it too.
pub(super) fn delayed(to: SocketAddr, is_control: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        while let Ok((near, _)) = listener.accept() {
            // The handshake of TCP takes a round trip.
            thread::spawn(move || {
                thread::sleep(ONE_WAY);
                let far = TcpStream::connect(to).unwrap();
                relay(
                    near.try_clone().unwrap(),
                    far.try_clone().unwrap(),
                    false,
                    to,
                );
                relay(far, near, is_control, to);
            });
            if !is_control {
                return;
            }
        }
    });
    address
}

fn relay(mut from: TcpStream, mut to: TcpStream, rewrites: bool, server: SocketAddr) {
    let (sender, receiver) = mpsc::channel::<(Instant, Vec<u8>)>();
    to.set_nodelay(true).unwrap();
    thread::spawn(move || {
        let mut block = [0; 64 * 1024];
        while let Ok(count @ 1..) = from.read(&mut block) {
            let mut bytes = block[..count].to_vec();
            if rewrites {
                bytes = rewritten(bytes, server);
            }
            sender.send((Instant::now() + ONE_WAY, bytes)).unwrap();
        }
    });
    thread::spawn(move || {
        for (due, bytes) in receiver {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                return;
            }
        }
        thread::sleep(ONE_WAY);
        let _ = to.shutdown(Shutdown::Write);
    });
}

fn rewritten(bytes: Vec<u8>, server: SocketAddr) -> Vec<u8> {
    let text = String::from_utf8_lossy(&bytes);
    let Some(port) = text
        .split_once("(|||")
        .and_then(|(_, rest)| rest.split('|').next())
    else {
        return bytes;
    };
    let data = SocketAddr::new(server.ip(), port.parse().unwrap());
    let far = delayed(data, false).port().to_string();
    text.replace(port, &far).into_bytes()
}

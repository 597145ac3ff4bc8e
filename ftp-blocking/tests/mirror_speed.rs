//! How long a mirror takes over a long way: 500 files of 1 KiB, 50 ms of round trip, 8 sessions,
//! from a server with MLSD and from one with LIST alone. A note and not a limit: it prints the
//! times, and only `FTP_TESTBED_RUN=full` runs it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use ftp_blocking::proto::tree::MirrorOptions;
use ftp_blocking::{Client, Mirror};
use ftp_testbed::servers::{Family, Kind, PASSWORD, Server, Setup, USER, in_full};
use libtest_mimic::{Arguments, Completion, Trial};
use tempfile::TempDir;

const FILES: usize = 500;
const ONE_WAY: Duration = Duration::from_millis(25);

fn main() -> ExitCode {
    let trials = [Kind::Vsftpd, Kind::Proftpd, Kind::Pyftpdlib].map(|kind| {
        Trial::ignorable_test(format!("{kind}::over_a_long_way"), move || {
            if !in_full() {
                return Ok(Completion::ignored_with("it takes long"));
            }
            match Setup::new(kind).start() {
                Ok(server) => measure(&server),
                Err(unavailable) => return unavailable.verdict(),
            }
            Ok(Completion::Completed)
        })
    });
    libtest_mimic::run(&Arguments::from_args(), trials.into()).exit_code()
}

fn measure(server: &Server) {
    let directory = server.tree().root().join("speed");
    fs::create_dir(&directory).unwrap();
    for number in 0..FILES {
        fs::write(directory.join(format!("{number}")), [7; 1024]).unwrap();
    }
    let near = server.address(Family::V4).unwrap();
    let far = delayed(near, true);
    let local = TempDir::new().unwrap();
    for (run, expected) in [("first", FILES as u64), ("again", 0)] {
        let begun = Instant::now();
        let mirror = Mirror::new("speed", local.path(), MirrorOptions::down()).sessions(8);
        let mirrored = mirror
            .run(|| {
                let mut client = Client::builder().connect_to(&[far])?;
                client.login(USER, PASSWORD)?;
                Ok(client)
            })
            .unwrap();
        let took = begun.elapsed().as_secs_f64();
        println!("{} {run}: {took:.2} s", server.kind());
        assert!(mirrored.failed.is_empty(), "{:?}", mirrored.failed);
        assert_eq!(mirrored.copied, expected);
    }
}

/// A way to `to` on which everything takes its time; the ports that EPSV tells lead over it too.
fn delayed(to: SocketAddr, is_control: bool) -> SocketAddr {
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

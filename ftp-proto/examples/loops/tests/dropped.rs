//! A driver that is dropped in the midst of an upload resets the data connection: half a file must
//! not look like a whole one. On io_uring a send is under way then, from a buffer that the kernel
//! still reads.

use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use ftp_proto::driver::{Network, Polled, Storage};
use ftp_proto::operation::{Greet, Login, Store};
use ftp_proto::{Argument, Config, Operation};
use ftp_proto_loops::game::Game;

#[test]
fn a_game_resets() {
    let (control, end) = serve();
    drop_in_the_midst(Game::new(control, None, Config::default()).unwrap().client);
    assert_eq!(end.join().unwrap(), Some(ErrorKind::ConnectionReset));
}

#[cfg(target_os = "linux")]
#[test]
fn a_ring_resets() {
    use ftp_proto_loops::uring;

    if let Err(why) = uring::is_there() {
        println!("skipped: dropping a ring (this kernel refuses it: {why})");
        return;
    }
    let (control, end) = serve();
    drop_in_the_midst(uring::session(control, None, Config::default()).unwrap());
    assert_eq!(end.join().unwrap(), Some(ErrorKind::ConnectionReset));
}

fn drop_in_the_midst<N: Network>(mut client: Polled<N>) {
    run(&mut client, Greet);
    run(&mut client, Login::anonymous());
    let (mut storage, mut store) = (Endless::new(), Store::new(Argument::new("half").unwrap()));
    // Until the sockets take no more, because the server reads nothing.
    while storage.sent == 0 || client.deadline() == Some(Duration::ZERO) {
        assert!(client.turn(&mut storage, &mut store).is_pending());
    }
}

fn run<O: Operation>(client: &mut Polled<impl Network>, mut operation: O) {
    while client.turn(&mut Endless::new(), &mut operation).is_pending() {
        thread::yield_now();
    }
}

/// A server that looks at the data connection when the control connection has gone, and how it has
/// ended then.
fn serve() -> (TcpStream, JoinHandle<Option<ErrorKind>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let served = thread::spawn(move || {
        let (mut control, _) = listener.accept().unwrap();
        let passive = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = passive.local_addr().unwrap().port();
        control.write_all(b"220 ready\r\n").unwrap();
        let lines = BufReader::new(control.try_clone().unwrap()).lines();
        for line in lines.map_while(Result::ok) {
            let reply = match line.split(' ').next() {
                Some("USER") => "230 in\r\n".into(),
                Some("EPSV") => format!("229 here (|||{port}|)\r\n"),
                Some("STOR") => "150 go on\r\n".into(),
                _ => "200 yes\r\n".into(),
            };
            control.write_all(reply.as_bytes()).unwrap();
        }
        let (mut data, _) = passive.accept().unwrap();
        io::copy(&mut data, &mut io::sink()).err().map(|error| error.kind())
    });
    (TcpStream::connect(address).unwrap(), served)
}

/// Always has more to send.
struct Endless {
    bytes: Vec<u8>,
    sent: usize,
}

impl Endless {
    fn new() -> Self {
        Self { bytes: vec![b'x'; 1 << 20], sent: 0 }
    }
}

impl Storage for Endless {
    fn room(&mut self) -> &mut [u8] {
        &mut []
    }

    fn received(&mut self, _: usize) {}

    fn next(&mut self) -> Option<&[u8]> {
        Some(&self.bytes)
    }

    fn sent(&mut self, count: usize) {
        self.sent += count;
    }
}

//! An FTP server on readiness: as much of the protocol as fetching a small file takes, for as many
//! sessions as descriptors allow.
//!
//! Each session keeps one passive port, so that a file costs no port of its own. Several addresses
//! of loopback share them.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Registry, Token};

const ADDRESSES: usize = 4;
const FILE: [u8; 1024] = [b'x'; 1024];

/// Of each session: the control connection and the passive port.
const TOKENS: usize = 2;

struct Session {
    control: TcpStream,
    passive: Option<TcpListener>,
    line: Vec<u8>,
    /// A file was asked for, and the data connection has not come.
    asked: bool,
}

/// Prints the addresses, and serves until it is ended.
pub fn serve() -> Result<(), Box<dyn Error>> {
    let mut poll = Poll::new()?;
    let mut listeners = Vec::new();
    let mut addresses = String::new();
    for number in 0..ADDRESSES {
        let address = SocketAddr::from((Ipv4Addr::new(127, 0, 0, u8::try_from(number + 1)?), 0));
        let mut listener = TcpListener::bind(address)?;
        poll.registry()
            .register(&mut listener, Token(number), Interest::READABLE)?;
        addresses = format!("{addresses}{} ", listener.local_addr()?);
        listeners.push(listener);
    }
    println!("{addresses}");
    let mut sessions: BTreeMap<usize, Session> = BTreeMap::new();
    let mut next = ADDRESSES.div_ceil(TOKENS);
    let mut events = Events::with_capacity(1024);
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            if let Some(listener) = listeners.get(event.token().0) {
                while let Ok((control, _)) = listener.accept() {
                    if let Ok(session) = Session::greet(control, poll.registry(), next) {
                        sessions.insert(next, session);
                        next += 1;
                    }
                }
                continue;
            }
            let (number, of_control) = (event.token().0 / TOKENS, event.token().0 % TOKENS == 0);
            let Some(session) = sessions.get_mut(&number) else {
                continue;
            };
            let goes_on = if of_control {
                session.read(poll.registry(), number)
            } else {
                session.send_file()
            };
            if !goes_on.unwrap_or(false) {
                sessions.remove(&number);
            }
        }
    }
}

impl Session {
    fn greet(mut control: TcpStream, registry: &Registry, number: usize) -> io::Result<Self> {
        control.set_nodelay(true)?;
        registry.register(&mut control, Token(number * TOKENS), Interest::READABLE)?;
        control.write_all(b"220 Ready.\r\n")?;
        Ok(Self {
            control,
            passive: None,
            line: Vec::new(),
            asked: false,
        })
    }

    /// Takes what the client sent; whether the session goes on.
    fn read(&mut self, registry: &Registry, number: usize) -> io::Result<bool> {
        let mut block = [0; 512];
        loop {
            match self.control.read(&mut block) {
                Ok(0) => return Ok(false),
                Ok(count) => self
                    .line
                    .extend_from_slice(block.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
                Err(error) => return Err(error),
            }
            while let Some(end) = self.line.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.line.drain(..=end).collect();
                if !self.answer(&line, registry, number)? {
                    return Ok(false);
                }
            }
        }
    }

    /// A reply of this length always fits into the socket.
    fn answer(&mut self, line: &[u8], registry: &Registry, number: usize) -> io::Result<bool> {
        let reply: &[u8] = match line.get(..4).unwrap_or_default() {
            b"USER" => b"331 Password?\r\n",
            b"PASS" => b"230 Logged in.\r\n",
            b"TYPE" => b"200 Done.\r\n",
            b"QUIT" => {
                self.control.write_all(b"221 Bye.\r\n")?;
                return Ok(false);
            }
            b"EPSV" => {
                let port = self.port(registry, number)?;
                self.control
                    .write_all(format!("229 Ready (|||{port}|)\r\n").as_bytes())?;
                return Ok(true);
            }
            b"RETR" => {
                self.asked = true;
                return self.send_file();
            }
            _ => b"502 No.\r\n",
        };
        self.control.write_all(reply)?;
        Ok(true)
    }

    fn port(&mut self, registry: &Registry, number: usize) -> io::Result<u16> {
        if self.passive.is_none() {
            let mut listener = TcpListener::bind((self.control.local_addr()?.ip(), 0).into())?;
            registry.register(
                &mut listener,
                Token(number * TOKENS + 1),
                Interest::READABLE,
            )?;
            self.passive = Some(listener);
        }
        let listener = self.passive.as_ref().ok_or(io::ErrorKind::NotConnected)?;
        listener.local_addr().map(|address| address.port())
    }

    /// Sends the file if it was asked for and the data connection is there. A new socket takes a
    /// kibibyte at once.
    fn send_file(&mut self) -> io::Result<bool> {
        let Some(listener) = self.passive.as_ref().filter(|_| self.asked) else {
            return Ok(true);
        };
        match listener.accept() {
            Ok((mut data, _)) => {
                self.asked = false;
                self.control.write_all(b"150 Here it comes.\r\n")?;
                data.write_all(&FILE)?;
                drop(data);
                self.control.write_all(b"226 Done.\r\n")?;
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(true),
            Err(error) => Err(error),
        }
    }
}

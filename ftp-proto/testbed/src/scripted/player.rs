//! Plays a script.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use socket2::{Domain, SockAddr, Socket, Type};

use super::script::{Passive, Port, Script, Step};
use super::sockets::{Bound, is_disconnect, prepare, reset};
use super::{Failure, Received, Record};
use crate::large;

const CONNECT_MAX: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct Player {
    entrance: TcpListener,
    bound: Bound,
    record: Record,
    control: Option<TcpStream>,
    /// What was read and is not a whole line yet, or was not asked for yet.
    input: Vec<u8>,
    flight: usize,
    listener: Option<TcpListener>,
    /// A port at which nobody listens, kept so that nobody else comes to listen there.
    unattended: Option<Socket>,
    /// Connections that occupy a silent listener.
    fillers: Vec<TcpStream>,
    data: Option<TcpStream>,
}

impl Player {
    pub(super) const fn new(entrance: TcpListener, bound: Bound) -> Self {
        Self {
            entrance,
            bound,
            record: Record {
                commands: Vec::new(),
                data: Vec::new(),
            },
            control: None,
            input: Vec::new(),
            flight: 0,
            listener: None,
            unattended: None,
            fillers: Vec::new(),
            data: None,
        }
    }

    pub(super) fn play(mut self, script: &Script) -> Result<Record, Failure> {
        let result = self.play_steps(script);
        self.bound.gates.end();
        match result {
            Ok(()) => Ok(self.record),
            Err((step, reason)) => Err(Failure {
                step,
                reason,
                record: self.record,
            }),
        }
    }

    fn play_steps(&mut self, script: &Script) -> Result<(), (usize, String)> {
        self.next_client()
            .map_err(|error| (0, format!("no client: {error}")))?;
        for (index, step) in script.steps.iter().enumerate() {
            self.step(step)
                .map_err(|error| (index, format!("{step:?}: {error}")))?;
        }
        Ok(())
    }

    fn step(&mut self, step: &Step) -> io::Result<()> {
        match step {
            Step::Send { bytes, piece } => self.send(bytes, *piece),
            Step::Drip { bytes, every } => self.drip(bytes, *every),
            Step::Expect(line) => self.expect(line),
            Step::ExpectVerb(verb) => self.expect_verb(verb),
            Step::ExpectClose => self.expect_close(),
            Step::IgnoreRest => self.ignore_rest(),
            Step::Settle => self.bound.settle(self.control()?),
            Step::HalfClose => self.control()?.shutdown(Shutdown::Write),
            Step::Close => self.close(),
            Step::Reset => self.control.take().map_or_else(not_connected, reset),
            Step::NextClient => self.next_client(),
            Step::Mark(name) => {
                self.bound.gates.mark(name);
                Ok(())
            }
            Step::Wait(name) => self.wait(name),
            data => self.data_step(data),
        }
    }

    fn data_step(&mut self, step: &Step) -> io::Result<()> {
        match step {
            Step::Passive { port, announce } => self.passive(*port, *announce),
            Step::CloseListener => {
                self.listener = None;
                Ok(())
            }
            Step::Accept => self.accept(),
            Step::Connect { from } => self.connect(*from),
            Step::SendData(bytes) => self.bound.write_all(self.data()?, bytes),
            Step::SendPattern(count) => self.send_pattern(*count),
            Step::ReadData(count) => self.read_data(Some(*count)),
            Step::ReadDataToEnd => self.read_data(None),
            Step::ReadDataToReset => match self.read_data(None) {
                Err(error) if is_disconnect(&error) => Ok(()),
                Ok(()) => Err(io::Error::other("the data ended in good order")),
                failed => failed,
            },
            Step::ShutDownData => self.data()?.shutdown(Shutdown::Write),
            Step::CloseData => self.data.take().map_or_else(not_connected, |_| Ok(())),
            Step::ResetData => self.data.take().map_or_else(not_connected, reset),
            other => Err(io::Error::other(format!("not a data step: {other:?}"))),
        }
    }

    // -- control connection -----------------------------------------------------------------------

    fn next_client(&mut self) -> io::Result<()> {
        self.control = None;
        self.data = None;
        self.listener = None;
        self.input.clear();
        self.control = Some(self.bound.accept(&self.entrance)?.0);
        Ok(())
    }

    fn control(&self) -> io::Result<&TcpStream> {
        self.control.as_ref().map_or_else(not_connected, Ok)
    }

    fn send(&self, bytes: &[u8], piece: usize) -> io::Result<()> {
        let control = self.control()?;
        bytes
            .chunks(piece)
            .try_for_each(|piece| self.bound.write_all(control, piece))
    }

    fn drip(&self, bytes: &[u8], every: Duration) -> io::Result<()> {
        let control = self.control()?;
        for byte in bytes {
            match self.bound.write_all(control, &[*byte]) {
                Err(error) if is_disconnect(&error) => return Ok(()),
                result => result?,
            }
            self.bound.pause(every)?;
        }
        Ok(())
    }

    fn expect(&mut self, wanted: &[u8]) -> io::Result<()> {
        let line = self.require_line()?;
        if line == wanted {
            return Ok(());
        }
        Err(unexpected(&line))
    }

    fn expect_verb(&mut self, verb: &str) -> io::Result<()> {
        let line = self.require_line()?;
        if line.split(|byte| *byte == b' ').next() == Some(verb.as_bytes()) {
            return Ok(());
        }
        Err(unexpected(&line))
    }

    fn expect_close(&mut self) -> io::Result<()> {
        match self.line()? {
            None => Ok(()),
            Some(line) => Err(unexpected(&line)),
        }
    }

    fn ignore_rest(&mut self) -> io::Result<()> {
        while self.line()?.is_some() {}
        Ok(())
    }

    fn close(&mut self) -> io::Result<()> {
        let control = self.control()?;
        control.shutdown(Shutdown::Write)?;
        self.bound.settle(control)?;
        self.control = None;
        Ok(())
    }

    fn wait(&self, name: &str) -> io::Result<()> {
        if self.bound.gates.await_gate(name, self.bound.deadline) {
            return Ok(());
        }
        Err(io::Error::other("not released"))
    }

    fn require_line(&mut self) -> io::Result<Vec<u8>> {
        self.line()?
            .ok_or_else(|| io::Error::other("the client closed the control connection"))
    }

    /// The next line, recorded; `None` at the end of the connection.
    fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(line) = self.buffered_line() {
                self.record.commands.push(Received {
                    line: line.clone(),
                    flight: self.flight,
                });
                return Ok(Some(line));
            }
            let mut block = [0; 4096];
            let count = match self.bound.read(self.control()?, &mut block) {
                Err(error) if is_disconnect(&error) => 0,
                result => result?,
            };
            if count == 0 && self.input.is_empty() {
                return Ok(None);
            }
            if count == 0 {
                return Err(io::Error::other(format!(
                    "closed within the line \"{}\"",
                    self.input.escape_ascii()
                )));
            }
            self.flight += 1;
            self.input.extend(block.iter().take(count));
        }
    }

    fn buffered_line(&mut self) -> Option<Vec<u8>> {
        let end = self.input.windows(2).position(|pair| pair == b"\r\n")?;
        let rest = self.input.split_off(end + 2);
        let mut line = std::mem::replace(&mut self.input, rest);
        line.truncate(end);
        Some(line)
    }

    // -- data connection --------------------------------------------------------------------------

    fn data(&self) -> io::Result<&TcpStream> {
        self.data.as_ref().map_or_else(not_connected, Ok)
    }

    fn passive(&mut self, port: Port, announce: Passive) -> io::Result<()> {
        self.listener = None;
        self.unattended = None;
        self.fillers.clear();
        let host = self.control()?.local_addr()?.ip();
        let socket = bound(host)?;
        let address = socket
            .local_addr()?
            .as_socket()
            .map_or_else(not_connected, Ok)?;
        match port {
            Port::Refused => self.unattended = Some(socket),
            Port::Open => self.listener = Some(listen(socket, 16)?),
            Port::Silent => {
                self.listener = Some(listen(socket, 0)?);
                // Once its queue is full, the kernel leaves further attempts without an answer.
                self.fillers.push(TcpStream::connect(address)?);
            }
        }
        self.send(announcement(address, announce).as_bytes(), usize::MAX)
    }

    fn accept(&mut self) -> io::Result<()> {
        let listener = self.listener.as_ref().map_or_else(not_connected, Ok)?;
        let (stream, from) = self.bound.accept(listener)?;
        self.begin_data(stream, from);
        Ok(())
    }

    fn connect(&mut self, from: Option<IpAddr>) -> io::Result<()> {
        let target = self
            .record
            .commands
            .iter()
            .rev()
            .find_map(|received| port_argument(&received.line))
            .ok_or_else(|| io::Error::other("the client has sent no usable PORT or EPRT"))?;
        let socket = Socket::new(Domain::for_address(target), Type::STREAM, None)?;
        if let Some(from) = from {
            socket.bind(&SockAddr::from(SocketAddr::new(from, 0)))?;
        }
        socket.connect_timeout(&SockAddr::from(target), CONNECT_MAX)?;
        let stream = TcpStream::from(socket);
        prepare(&stream)?;
        self.begin_data(stream, target);
        Ok(())
    }

    fn begin_data(&mut self, stream: TcpStream, client: SocketAddr) {
        self.data = Some(stream);
        self.record.data.push((client, Vec::new()));
    }

    fn send_pattern(&self, count: u64) -> io::Result<()> {
        let data = self.data()?;
        let mut block = vec![0; 1 << 16];
        let mut offset = 0;
        while offset < count {
            let size =
                usize::try_from(count - offset).map_or(block.len(), |left| left.min(block.len()));
            let now = block.split_at_mut(size).0;
            large::fill(offset, now);
            self.bound.write_all(data, now)?;
            offset += size as u64;
        }
        Ok(())
    }

    /// Reads `count` bytes, or all.
    fn read_data(&mut self, count: Option<u64>) -> io::Result<()> {
        let mut left = count.unwrap_or(u64::MAX);
        let mut block = vec![0; 1 << 16];
        while left > 0 {
            let size = usize::try_from(left).map_or(block.len(), |left| left.min(block.len()));
            let got = self.bound.read(self.data()?, block.split_at_mut(size).0)?;
            if got == 0 && count.is_none() {
                return Ok(());
            }
            if got == 0 {
                return Err(io::Error::other(format!(
                    "the data ended {left} bytes early"
                )));
            }
            left -= got as u64;
            if let Some((_, bytes)) = self.record.data.last_mut() {
                bytes.extend(block.iter().take(got));
            }
        }
        Ok(())
    }
}

fn bound(host: IpAddr) -> io::Result<Socket> {
    let address = SocketAddr::new(host, 0);
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.bind(&SockAddr::from(address))?;
    Ok(socket)
}

fn listen(socket: Socket, backlog: i32) -> io::Result<TcpListener> {
    socket.listen(backlog)?;
    Ok(TcpListener::from(socket))
}

fn announcement(address: SocketAddr, announce: Passive) -> String {
    let classic = |host: Ipv4Addr| {
        let [a, b, c, d] = host.octets();
        let [high, low] = address.port().to_be_bytes();
        format!("227 Entering Passive Mode ({a},{b},{c},{d},{high},{low})\r\n")
    };
    match announce {
        Passive::Extended => {
            let port = address.port();
            format!("229 Entering Extended Passive Mode (|||{port}|)\r\n")
        }
        Passive::Classic => match address.ip() {
            IpAddr::V4(host) => classic(host),
            IpAddr::V6(_) => classic(Ipv4Addr::UNSPECIFIED),
        },
        Passive::ClassicAt(host) => classic(host),
        Passive::Custom(line) => line(address),
    }
}

/// The address in a `PORT h1,h2,h3,h4,p1,p2` or `EPRT |family|address|port|` line.
fn port_argument(line: &[u8]) -> Option<SocketAddr> {
    let (verb, argument) = std::str::from_utf8(line).ok()?.split_once(' ')?;
    match verb {
        "PORT" => {
            let numbers: Vec<u8> = argument
                .split(',')
                .map_while(|number| number.parse().ok())
                .collect();
            let [a, b, c, d, high, low] = numbers.try_into().ok()?;
            let port = u16::from_be_bytes([high, low]);
            Some(SocketAddr::from(([a, b, c, d], port)))
        }
        "EPRT" => {
            let mut parts = argument.split('|').skip(2);
            let host: IpAddr = parts.next()?.parse().ok()?;
            Some(SocketAddr::new(host, parts.next()?.parse().ok()?))
        }
        _ => None,
    }
}

fn unexpected(line: &[u8]) -> io::Error {
    io::Error::other(format!("the client sent \"{}\"", line.escape_ascii()))
}

fn not_connected<T>() -> io::Result<T> {
    Err(io::ErrorKind::NotConnected.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_active_mode_are_read() {
        let cases: [(&[u8], Option<&str>); 7] = [
            (b"PORT 127,0,0,1,4,1", Some("127.0.0.1:1025")),
            (b"PORT 127,0,0,1,4,256", None),
            (b"PORT 127,0,0,1,4", None),
            (b"EPRT |1|127.0.0.2|65535|", Some("127.0.0.2:65535")),
            (b"EPRT |2|::1|21|", Some("[::1]:21")),
            (b"EPRT |2||21|", None),
            (b"RETR 127,0,0,1,4,1", None),
        ];
        for (line, expected) in cases {
            let expected = expected.map(|address| address.parse().unwrap());
            assert_eq!(port_argument(line), expected, "{}", line.escape_ascii());
        }
    }
}

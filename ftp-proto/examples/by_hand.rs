//! The whole contract on std's sockets, without another crate: logs in and retrieves a file.
//!
//! `cargo run -p ftp-proto --example by_hand -- 127.0.0.1:21 pub/README`
//!
//! It polls both connections in turn, which is simple and not thrifty; `ftp-blocking` shows how to wait.

#![allow(
    clippy::indexing_slicing,
    reason = "a read says how much of the buffer it filled"
)]

use std::collections::HashMap;
use std::error::Error;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::task::Poll;
use std::time::{Duration, Instant as Clock};

use ftp_proto::operation::{Exchange, Greet, Login, Retrieve};
use ftp_proto::{
    Action, Argument, Config, Control, DataId, End, Failure, Instant, Link, Operation, Report,
    Session, Target,
};

struct Driver {
    session: Session,
    control: TcpStream,
    data: HashMap<DataId, TcpStream>,
    moving: Option<DataId>,
    started: Clock,
}

impl Driver {
    fn run<O: Operation>(&mut self, mut operation: O) -> Result<O::Output, ftp_proto::Error> {
        loop {
            if let Poll::Ready(result) = operation.poll(&mut self.session) {
                return result;
            }
            let now = Instant::from_epoch(self.started.elapsed());
            match self.session.poll_action(now) {
                Some(action) => self.perform(action),
                None => self.pass_bytes(),
            }
        }
    }

    fn perform(&mut self, action: Action) {
        match action {
            Action::Connect { data, target } => {
                let report = self.dial(data, target).unwrap_or(Report::Failed {
                    link: Link::Data(data),
                    failure: Failure::Other,
                });
                self.session.report(report);
            }
            Action::Move { data, .. } => self.moving = Some(data),
            Action::Discard { data } => drop(self.data.remove(&data)),
            // Passive mode in clear has no other duties.
            _ => {}
        }
    }

    fn dial(&mut self, data: DataId, target: Target) -> std::io::Result<Report> {
        let to = match target {
            Target::ControlHost { port } => SocketAddr::new(self.control.peer_addr()?.ip(), port),
            Target::Address(address) => address,
        };
        let stream = TcpStream::connect_timeout(&to, Duration::from_secs(10))?;
        stream.set_nonblocking(true)?;
        self.data.insert(data, stream);
        Ok(Report::Connected { data })
    }

    fn pass_bytes(&mut self) {
        let mut buffer = [0; 16 * 1024];
        match self.control.read(&mut buffer) {
            Ok(0) => self.session.receive_eof(),
            Ok(count) => self.session.receive(&buffer[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => self.session.receive_eof(),
        }
        if let Ok(count) = self.control.write(self.session.transmit()) {
            self.session.transmitted(count);
        }
        let Some(data) = self.moving else { return };
        match self
            .data
            .get_mut(&data)
            .map(|stream| stream.read(&mut buffer))
        {
            Some(Ok(0)) => {
                self.moving = None;
                self.data.remove(&data); // closed first, then reported
                self.session.report(Report::Finished {
                    data,
                    end: End::Clean,
                });
            }
            Some(Ok(count)) => {
                print!("{}", String::from_utf8_lossy(&buffer[..count]));
                self.session.report(Report::Moved {
                    data,
                    bytes: count as u64,
                });
            }
            _ => std::thread::sleep(Duration::from_millis(1)),
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: by_hand ADDRESS:PORT FILE";
    let (address, file) = (
        arguments.next().ok_or(usage)?,
        arguments.next().ok_or(usage)?,
    );
    let control = TcpStream::connect(address)?;
    let known = Control::new(control.peer_addr()?.ip(), control.local_addr()?.ip());
    control.set_nonblocking(true)?;
    let session = Session::new(Config::default(), known);
    let (data, started) = (HashMap::new(), Clock::now());
    let mut driver = Driver {
        session,
        control,
        data,
        moving: None,
        started,
    };
    driver.run(Greet)?;
    driver.run(Login::anonymous())?;
    let completed = driver.run(Retrieve::new(Argument::new(file)?))?;
    eprintln!("{} bytes", completed.bytes);
    driver.run(Exchange::quit())?;
    Ok(())
}

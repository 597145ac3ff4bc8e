//! No client: the commands of one transfer, and the system calls that move its payload. What this
//! costs is the limit for those that do more.

use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};

use ftp_testbed::servers::{PASSWORD, USER};
use nix::fcntl::{FcntlArg, SpliceFFlags, fcntl, splice};
use nix::sys::sendfile::sendfile;
use nix::unistd::pipe;

use super::Job;
use crate::works::{Task, UPLOADED, sized};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

const PIPE_BYTES: usize = 1024 * 1024;
const SENT_BYTES: usize = 1024 * 1024;

pub(super) fn run(job: &Job) -> Outcome {
    let mut control = Control::open(job.address)?;
    match job.task {
        Task::GetFile(size) => {
            let data = control.begin(&format!("RETR {}", sized(size)))?;
            receive(&data, &File::create(job.local.join("downloaded"))?)?;
        }
        Task::Put(size) => {
            let data = control.begin(&format!("STOR {UPLOADED}"))?;
            send(&data, &File::open(job.local.join(sized(size)))?)?;
        }
        _ => return Err("only files in clear".into()),
    }
    control.reply()?;
    Ok(())
}

fn receive(data: &TcpStream, file: &File) -> Outcome {
    let (outlet, inlet) = pipe()?;
    let size = i32::try_from(PIPE_BYTES)?;
    fcntl(&inlet, FcntlArg::F_SETPIPE_SZ(size))?;
    loop {
        let flags = SpliceFFlags::SPLICE_F_MOVE;
        let mut left = splice(data, None, &inlet, None, PIPE_BYTES, flags)?;
        if left == 0 {
            return Ok(());
        }
        while left > 0 {
            left -= splice(&outlet, None, file, None, left, flags)?;
        }
    }
}

fn send(data: &TcpStream, file: &File) -> Outcome {
    while sendfile(data, file, None, SENT_BYTES)? > 0 {}
    Ok(())
}

struct Control {
    socket: BufReader<TcpStream>,
    address: SocketAddr,
}

impl Control {
    fn open(address: SocketAddr) -> Outcome<Self> {
        let socket = BufReader::new(TcpStream::connect(address)?);
        let mut control = Self { socket, address };
        control.reply()?;
        for command in [format!("USER {USER}"), format!("PASS {PASSWORD}")] {
            control.command(&command)?;
        }
        control.command("TYPE I")?;
        Ok(control)
    }

    /// The data connection of a transfer that has begun.
    fn begin(&mut self, command: &str) -> Outcome<TcpStream> {
        let reply = self.command("EPSV")?;
        let port = reply.split('|').nth(3).ok_or("no port")?.parse()?;
        let data = TcpStream::connect(SocketAddr::new(self.address.ip(), port))?;
        self.command(command)?;
        Ok(data)
    }

    fn command(&mut self, command: &str) -> Outcome<String> {
        self.socket
            .get_mut()
            .write_all(format!("{command}\r\n").as_bytes())?;
        self.reply()
    }

    /// The last line of a reply.
    fn reply(&mut self) -> Outcome<String> {
        loop {
            let mut line = String::new();
            if self.socket.read_line(&mut line)? == 0 {
                return Err("the server has gone".into());
            }
            match line.as_bytes() {
                [b'1'..=b'3', _, _, b' ', ..] => return Ok(line),
                [b'4' | b'5', _, _, b' ', ..] => return Err(line.into()),
                _ => {}
            }
        }
    }
}

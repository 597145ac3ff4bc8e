//! Fetches one file on mio.
//!
//! `get ftp://[USER:PASSWORD@]ADDRESS[:PORT]/PATH [FILE]`, or without arguments a file from a
//! server of its own. A host is an address or a name.

use std::error::Error;
use std::fs::File;
use std::io::{self, Write};
use std::net::{SocketAddr, ToSocketAddrs};
use std::task::Poll;
use std::time::Instant;

use ftp_blocking::testing::Loopback;
use ftp_mio::mio as glue;
use ftp_mio::proto::operation::{Exchange, Login, Retrieve};
use ftp_mio::proto::testing::{Files, ServerConfig};
use ftp_mio::proto::{Argument, Completed};
use ftp_mio::{Client, Progress};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

struct Job {
    addresses: Vec<SocketAddr>,
    login: Login,
    path: Argument,
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let completed = match arguments.next() {
        Some(url) => match arguments.next() {
            Some(file) => fetch(Job::parse(&url)?, &mut Late::Wanted(file))?,
            None => fetch(Job::parse(&url)?, &mut io::stdout().lock())?,
        },
        None => {
            let files = Files::new().file("/hello.txt", "Hello, whoever you are.\n");
            let server = Loopback::start(ServerConfig::new(), files)?;
            let url = format!("{}hello.txt", server.url());
            fetch(Job::parse(&url)?, &mut io::stdout().lock())?
        }
    };
    eprintln!("{} bytes", completed.bytes);
    Ok(())
}

/// A file that is made no earlier than its payload comes: one that exists stays as it is if nothing
/// can be fetched.
enum Late {
    Wanted(String),
    Made(File),
}

impl Late {
    fn file(&mut self) -> io::Result<&mut File> {
        if let Self::Wanted(path) = self {
            *self = Self::Made(File::create(path)?);
        }
        match self {
            Self::Made(file) => Ok(file),
            Self::Wanted(_) => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

impl Write for Late {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file()?.write(bytes)
    }

    /// A file without a byte is made here.
    fn flush(&mut self) -> io::Result<()> {
        self.file()?.flush()
    }
}

fn fetch(job: Job, sink: &mut dyn Write) -> Result<Completed> {
    let mut poll = mio::Poll::new()?;
    let mut events = mio::Events::with_capacity(64);
    let mut client = Client::connect_to(job.addresses, Instant::now());
    // All of them now: each begins when the one before is over.
    let login = client.start(job.login);
    let download = client.start(Retrieve::new(job.path));
    let quit = client.start(Exchange::quit());
    let mut block = vec![0; 64 * 1024];
    loop {
        client.turn(
            Instant::now(),
            &mut glue::Registrar::new(poll.registry(), 0),
        );
        if let Some(mut data) = client.data_mut() {
            while let Progress::Bytes(count) = data.read(&mut block) {
                sink.write_all(block.get(..count).unwrap_or_default())?;
            }
        }
        if let Poll::Ready(Err(error)) = client.poll(login) {
            if !error.is_misuse() {
                return Err(error.into());
            }
        }
        if client.poll(quit).is_ready() {
            break;
        }
        poll.poll(&mut events, client.timeout(Instant::now()))?;
        for event in &events {
            let (_, slot) = glue::slot(event.token());
            client.ready(slot, glue::ready(event));
        }
    }
    let outcome = client.poll(download);
    client.close(&mut glue::Registrar::new(poll.registry(), 0));
    match outcome {
        Poll::Ready(outcome) => {
            let completed = outcome?;
            sink.flush()?;
            Ok(completed)
        }
        Poll::Pending => Err("the download is not over".into()),
    }
}

impl Job {
    fn parse(url: &str) -> Result<Self> {
        let rest = url.strip_prefix("ftp://").ok_or("not an FTP URL")?;
        let (authority, path) = rest.split_once('/').ok_or("the URL has no path")?;
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority),
        };
        let login = match user.map(|user| user.split_once(':').unwrap_or((user, ""))) {
            Some((user, password)) => {
                Login::new(Argument::new(user)?).password(Argument::new(password)?)
            }
            None => Login::anonymous(),
        };
        let addresses = host
            .to_socket_addrs()
            .or_else(|_| (host, 21).to_socket_addrs())?;
        Ok(Self {
            addresses: addresses.collect(),
            login,
            path: Argument::new(path)?,
        })
    }
}

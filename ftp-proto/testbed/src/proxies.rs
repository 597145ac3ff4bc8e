//! Small proxies on loopback: SOCKS5 (RFC 1928 and 1929) and HTTP CONNECT, by themselves or as a
//! script of bytes.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use socket2::SockRef;

/// Nothing on loopback takes as long, so that a test that hangs fails.
const LIMIT: Duration = Duration::from_secs(30);

/// What a proxy speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaks {
    /// SOCKS5.
    Socks5,
    /// HTTP CONNECT.
    Http,
}

/// How a proxy behaves.
#[derive(Clone, Debug)]
pub struct Behaviour {
    /// What it speaks.
    pub speaks: Speaks,
    /// The address of loopback that it listens at.
    pub at: IpAddr,
    /// The user and the password that it demands.
    pub login: Option<(&'static str, &'static str)>,
    /// It knows one name, and every port of it leads to the same port of this machine.
    pub name: &'static str,
    /// It makes this many connections and refuses the rest.
    pub connections: usize,
    /// It writes its answers a byte at a time.
    pub hesitates: bool,
}

impl Behaviour {
    /// A proxy that knows `ftp.example.test`, without a login.
    pub const fn new(speaks: Speaks) -> Self {
        Self {
            speaks,
            at: IpAddr::V4(Ipv4Addr::LOCALHOST),
            login: None,
            name: "ftp.example.test",
            connections: usize::MAX,
            hesitates: false,
        }
    }
}

/// A proxy in threads of its own. They end with the connections.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// Starts one.
    ///
    /// # Errors
    /// Of the operating system.
    pub fn start(behaviour: Behaviour) -> io::Result<Self> {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        let address = serve(behaviour.at, move |client| {
            serve_one(client, &behaviour, &log)
        })?;
        Ok(Self { address, asked })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The hosts and ports that it was asked for, in turn.
    pub fn asked(&self) -> Vec<String> {
        let asked = self.asked.lock();
        asked.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Starts a peer that takes the first bytes of every client, answers these bytes over and over, and
/// then stays silent until the client has gone.
///
/// # Errors
/// Of the operating system.
pub fn answering(answer: &'static [u8], times: usize) -> io::Result<SocketAddr> {
    serve(Ipv4Addr::LOCALHOST.into(), move |mut client| {
        let mut bytes = [0; 1024];
        if client.read(&mut bytes)? > 0 {
            for _ in 0..times {
                client.write_all(answer)?;
            }
        }
        while client.read(&mut bytes)? > 0 {}
        Ok(())
    })
}

fn serve(
    at: IpAddr,
    one: impl Fn(TcpStream) -> io::Result<()> + Send + Clone + 'static,
) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((at, 0))?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for client in listener.incoming() {
            let (one, client) = (one.clone(), client?);
            client.set_read_timeout(Some(LIMIT))?;
            client.set_write_timeout(Some(LIMIT))?;
            // A client that gives up is part of many tests.
            thread::spawn(move || drop(one(client)));
        }
        io::Result::Ok(())
    });
    Ok(address)
}

fn serve_one(
    mut client: TcpStream,
    behaviour: &Behaviour,
    log: &Mutex<Vec<String>>,
) -> io::Result<()> {
    let asked = match behaviour.speaks {
        Speaks::Socks5 => socks5_request(&mut client, behaviour)?,
        Speaks::Http => http_request(&mut client, behaviour)?,
    };
    let Some((host, port)) = asked else {
        return Ok(());
    };
    let count = {
        let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
        log.push(format!("{host}:{port}"));
        log.len()
    };
    let is_known = host == behaviour.name || host == "127.0.0.1";
    let server = if is_known && count <= behaviour.connections {
        TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()
    } else {
        None
    };
    let answer: &[u8] = match (behaviour.speaks, &server) {
        (Speaks::Socks5, Some(_)) => b"\x05\x00\x00\x01\x7f\x00\x00\x01\x12\x34",
        (Speaks::Socks5, None) => b"\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00",
        (Speaks::Http, Some(_)) => b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n",
        (Speaks::Http, None) => {
            b"HTTP/1.1 403 Not \x1b[2J through here\r\nContent-Length: 0\r\n\r\n"
        }
    };
    say(&mut client, answer, behaviour)?;
    match server {
        Some(server) => relay(client, server),
        None => Ok(()),
    }
}

fn say(client: &mut TcpStream, answer: &[u8], behaviour: &Behaviour) -> io::Result<()> {
    if !behaviour.hesitates {
        return client.write_all(answer);
    }
    client.set_nodelay(true)?;
    answer.chunks(1).try_for_each(|byte| client.write_all(byte))
}

/// Both ways, each to its end or to its failure, which ends the other side too. A reset is passed on.
fn relay(client: TcpStream, server: TcpStream) -> io::Result<()> {
    let back = (server.try_clone()?, client.try_clone()?);
    thread::spawn(move || pump(back.0, back.1));
    pump(client, server);
    Ok(())
}

fn pump(mut from: TcpStream, mut to: TcpStream) {
    let ended = io::copy(&mut from, &mut to);
    let _ = to.shutdown(match ended {
        Ok(_) => Shutdown::Write,
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {
            let _ = SockRef::from(&to).set_linger(Some(Duration::ZERO));
            // That ends the other way, and closes the connection.
            Shutdown::Read
        }
        Err(_) => Shutdown::Both,
    });
}

fn take<const N: usize>(client: &mut TcpStream) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    client.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn text(client: &mut TcpStream) -> io::Result<String> {
    let [length] = take(client)?;
    let mut text = vec![0; length.into()];
    client.read_exact(&mut text)?;
    String::from_utf8(text).map_err(io::Error::other)
}

fn socks5_request(
    client: &mut TcpStream,
    behaviour: &Behaviour,
) -> io::Result<Option<(String, u16)>> {
    let [_version, count] = take(client)?;
    let mut methods = vec![0; count.into()];
    client.read_exact(&mut methods)?;
    let wanted = if behaviour.login.is_some() { 2 } else { 0 };
    if !methods.contains(&wanted) {
        say(client, &[5, 0xff], behaviour)?;
        return Ok(None);
    }
    say(client, &[5, wanted], behaviour)?;
    if let Some(login) = behaviour.login {
        let [_version] = take(client)?;
        let is_right = (&*text(client)?, &*text(client)?) == login;
        say(client, &[1, u8::from(!is_right)], behaviour)?;
        if !is_right {
            return Ok(None);
        }
    }
    let [_version, _command, _reserved, kind] = take(client)?;
    let host = match kind {
        1 => Ipv4Addr::from(take::<4>(client)?).to_string(),
        4 => Ipv6Addr::from(take::<16>(client)?).to_string(),
        _ => text(client)?,
    };
    Ok(Some((host, u16::from_be_bytes(take(client)?))))
}

fn http_request(
    client: &mut TcpStream,
    behaviour: &Behaviour,
) -> io::Result<Option<(String, u16)>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.extend(take::<1>(client)?);
    }
    let head = String::from_utf8(head).map_err(io::Error::other)?;
    // `ann:secret`, the one login that tests use.
    let is_logged_in = head.contains("\r\nProxy-Authorization: Basic YW5uOnNlY3JldA==\r\n");
    if behaviour.login.is_some() && !is_logged_in {
        let answer = b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n";
        say(client, answer, behaviour)?;
        return Ok(None);
    }
    let authority = head.split(' ').nth(1).unwrap_or_default();
    let asked = authority.rsplit_once(':').and_then(|(host, port)| {
        let host = host.trim_matches(['[', ']']).to_owned();
        Some((host, port.parse().ok()?))
    });
    Ok(asked)
}

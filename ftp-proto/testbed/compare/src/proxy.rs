//! A proxy for FTP in clear that holds every byte for a while, and counts commands and flights.
//!
//! It reads the server's replies to EPSV and PASV, opens a port of its own for each, and announces
//! that one instead. So control and data take the same long way, and no privilege is needed. Active
//! mode and TLS are not looked into.
//!
//! A proxy cannot hold the handshake of TCP: the kernel answers the client's SYN at once. The reply
//! that announces a port, and the greeting, are held for one round trip more instead, which is when
//! a client that connects and then speaks would have got that far.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// A running proxy. It ends with the process.
pub struct Proxy {
    pub address: SocketAddr,
    counts: Arc<Counts>,
}

/// What the control connections carried.
#[derive(Debug, Default)]
struct Counts {
    commands: AtomicU64,
    flights: AtomicU64,
}

impl Proxy {
    /// Listens on a free port of 127.0.0.1. `delay` is for one direction: half of a round trip.
    pub fn start(server: SocketAddr, delay: Duration) -> io::Result<Self> {
        Self::listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), server, delay)
    }

    pub fn listen(on: SocketAddr, server: SocketAddr, delay: Duration) -> io::Result<Self> {
        let listener = TcpListener::bind(on)?;
        let address = listener.local_addr()?;
        let counts = Arc::new(Counts::default());
        let shared = Arc::clone(&counts);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let counts = Arc::clone(&shared);
                thread::spawn(move || control(client, server, delay, counts));
            }
        });
        Ok(Self { address, counts })
    }

    /// Commands and flights since the last call. A flight is what the client sends after it has
    /// heard something.
    pub fn take_counts(&self) -> (u64, u64) {
        let take = |count: &AtomicU64| count.swap(0, Ordering::SeqCst);
        (take(&self.counts.commands), take(&self.counts.flights))
    }
}

/// Bytes, and when they are due at the other end.
type Due = (Instant, Vec<u8>);

fn control(client: TcpStream, server: SocketAddr, delay: Duration, counts: Arc<Counts>) {
    let Ok(upstream) = connect(server) else {
        return;
    };
    let _ = client.set_nodelay(true);
    // Whether the client was told something since it last spoke.
    let heard = Arc::new(Mutex::new(true));
    let told = Arc::clone(&heard);
    let commands = move |bytes: &mut Vec<u8>| {
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
        counts.commands.fetch_add(lines as u64, Ordering::SeqCst);
        let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
        counts
            .flights
            .fetch_add(u64::from(*heard), Ordering::SeqCst);
        *heard = false;
        Duration::ZERO
    };
    let mut greeted = false;
    let replies = move |bytes: &mut Vec<u8>| {
        *told.lock().unwrap_or_else(PoisonError::into_inner) = true;
        let announces = announce(bytes, server.ip(), delay).unwrap_or(false);
        let connects = announces || !std::mem::replace(&mut greeted, true);
        if connects { 2 * delay } else { Duration::ZERO }
    };
    join(client, upstream, delay, commands, replies);
}

fn connect(server: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(server)?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Carries bytes both ways until both ends have ended. The closures see them as they are sent, and
/// say for how much longer they are to be held.
fn join(
    client: TcpStream,
    server: TcpStream,
    delay: Duration,
    up: impl FnMut(&mut Vec<u8>) -> Duration + Send + 'static,
    down: impl FnMut(&mut Vec<u8>) -> Duration + Send + 'static,
) {
    let (Ok(client_again), Ok(server_again)) = (client.try_clone(), server.try_clone()) else {
        return;
    };
    thread::spawn(move || carry(client, server, delay, up));
    carry(server_again, client_again, delay, down);
}

fn carry(
    mut from: TcpStream,
    to: TcpStream,
    delay: Duration,
    mut see: impl FnMut(&mut Vec<u8>) -> Duration,
) {
    let (sender, receiver): (Sender<Due>, Receiver<Due>) = channel();
    thread::spawn(move || deliver(to, receiver));
    let mut block = vec![0; 64 * 1024];
    while let Ok(count) = from.read(&mut block) {
        let mut bytes = block.get(..count).unwrap_or_default().to_vec();
        let extra = if count > 0 {
            see(&mut bytes)
        } else {
            Duration::ZERO
        };
        // An empty one is the end of the stream, which takes its time too.
        if sender
            .send((Instant::now() + delay + extra, bytes))
            .is_err()
            || count == 0
        {
            return;
        }
    }
}

fn deliver(mut to: TcpStream, receiver: Receiver<Due>) {
    for (due, bytes) in receiver {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        if bytes.is_empty() || to.write_all(&bytes).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

/// Replaces the port that a whole reply to EPSV or PASV announces by one that leads there.
fn announce(bytes: &mut Vec<u8>, server: IpAddr, delay: Duration) -> Option<bool> {
    let text = String::from_utf8(bytes.clone()).ok()?;
    let line = text
        .lines()
        .find(|line| line.starts_with("229 ") || line.starts_with("227 "))?;
    let open = line.find('(')?;
    let close = line.rfind(')')?;
    let inside = line.get(open + 1..close)?;
    let extended = line.starts_with("229");
    let port = if extended {
        inside.trim_matches('|').parse().ok()?
    } else {
        let fields: Vec<u16> = inside
            .split(',')
            .filter_map(|field| field.parse().ok())
            .collect();
        let [.., high, low] = fields.as_slice() else {
            return None;
        };
        high.checked_mul(256)?.checked_add(*low)?
    };
    let ours = data_port(SocketAddr::new(server, port), delay).ok()?;
    let changed = if extended {
        format!("|||{ours}|")
    } else {
        format!("127,0,0,1,{},{}", ours / 256, ours % 256)
    };
    *bytes = text.replace(inside, &changed).into_bytes();
    Some(true)
}

/// A port for one data connection.
fn data_port(server: SocketAddr, delay: Duration) -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    thread::spawn(move || {
        let Ok((client, _)) = listener.accept() else {
            return;
        };
        // The server hears of the connection when its last segment has come.
        thread::sleep(delay);
        if let Ok(upstream) = connect(server) {
            join(
                client,
                upstream,
                delay,
                |_| Duration::ZERO,
                |_| Duration::ZERO,
            );
        }
    });
    Ok(port)
}

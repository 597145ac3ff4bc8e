//! A server whose segments are always the same: one for each reply, one for a file.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use ftp_testbed::servers::Certificate;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// What every file holds.
const FILE: [u8; 1024] = [b'x'; 1024];

/// Serves one session after the other, until the process ends.
pub(crate) fn start() -> Outcome<SocketAddr> {
    let config = config()?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for control in listener.incoming().flatten() {
            // A session that breaks off fails its client, which tells why.
            let _ = serve(control, &config);
        }
    });
    Ok(address)
}

fn config() -> Outcome<Arc<ServerConfig>> {
    let chain = CertificateDer::from_pem_slice(Certificate::Good.pem().as_bytes())?;
    let key = PrivateKeyDer::from_pem_slice(Certificate::Good.key().as_bytes())?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![chain], key)?;
    Ok(Arc::new(config))
}

fn serve(control: TcpStream, config: &Arc<ServerConfig>) -> Outcome<()> {
    control.set_nodelay(true)?;
    let mut control = Control::Clear(Pieces::from(control));
    let mut listener = TcpListener::bind("127.0.0.1:0")?;
    control.say("220 ready")?;
    loop {
        let line = control.hear()?;
        match line.split(' ').next().unwrap_or_default() {
            "AUTH" => {
                control.say("234 go")?;
                control = control.secured(config)?;
            }
            "USER" => control.say("331 password")?,
            "PASS" => control.say("230 in")?,
            "TYPE" | "PBSZ" | "PROT" => control.say("200 well")?,
            "EPSV" => {
                listener = TcpListener::bind("127.0.0.1:0")?;
                let port = listener.local_addr()?.port();
                control.say(&format!("229 Entering (|||{port}|)"))?;
            }
            "RETR" => {
                let (data, _) = listener.accept()?;
                match control {
                    Control::Clear(_) => send_in_clear(data, &mut control)?,
                    Control::Secured(_) => send_secured(data, &mut control, config)?,
                }
                control.say("226 sent")?;
            }
            "QUIT" => return control.say("221 bye"),
            _ => control.say("502 no")?,
        }
    }
}

/// The payload and its end are there before the mark. The final reply comes when the client has
/// closed.
fn send_in_clear(mut data: TcpStream, control: &mut Control) -> Outcome<()> {
    data.write_all(&FILE)?;
    data.shutdown(Shutdown::Write)?;
    control.say("150 here")?;
    await_close(&data)
}

/// Tickets, payload and close_notify come in one piece.
fn send_secured(data: TcpStream, control: &mut Control, config: &Arc<ServerConfig>) -> Outcome<()> {
    control.say("150 here")?;
    let mut data = handshake(Pieces::from(data), config)?;
    data.write_all(&FILE)?;
    data.conn.send_close_notify();
    data.conn.write_tls(&mut data.sock)?;
    data.sock.send()?;
    await_close(&data.sock.stream)
}

fn await_close(mut data: &TcpStream) -> Outcome<()> {
    io::copy(&mut data, &mut io::sink())?;
    Ok(())
}

fn handshake(
    mut pieces: Pieces,
    config: &Arc<ServerConfig>,
) -> Outcome<StreamOwned<ServerConnection, Pieces>> {
    let mut connection = ServerConnection::new(Arc::clone(config))?;
    while connection.is_handshaking() {
        connection.complete_io(&mut pieces)?;
    }
    Ok(StreamOwned::new(connection, pieces))
}

enum Control {
    Clear(Pieces),
    Secured(Box<StreamOwned<ServerConnection, Pieces>>),
}

impl Control {
    fn secured(self, config: &Arc<ServerConfig>) -> Outcome<Self> {
        match self {
            Self::Clear(pieces) => Ok(Self::Secured(Box::new(handshake(pieces, config)?))),
            Self::Secured(_) => Err("AUTH came twice".into()),
        }
    }

    fn say(&mut self, reply: &str) -> Outcome<()> {
        let reply = format!("{reply}\r\n");
        match self {
            Self::Clear(pieces) => {
                pieces.write_all(reply.as_bytes())?;
                pieces.send()?;
            }
            Self::Secured(stream) => {
                stream.write_all(reply.as_bytes())?;
                stream.sock.send()?;
            }
        }
        Ok(())
    }

    fn hear(&mut self) -> Outcome<String> {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            let mut byte = [0];
            match self {
                Self::Clear(pieces) => pieces.read_exact(&mut byte)?,
                Self::Secured(stream) => stream.read_exact(&mut byte)?,
            }
            line.extend(byte);
        }
        Ok(String::from_utf8(line)?.trim_end().to_owned())
    }
}

/// A connection that sends what was written in one piece.
struct Pieces {
    stream: TcpStream,
    held: Vec<u8>,
}

impl From<TcpStream> for Pieces {
    fn from(stream: TcpStream) -> Self {
        let held = Vec::new();
        Self { stream, held }
    }
}

impl Pieces {
    fn send(&mut self) -> io::Result<()> {
        self.stream.write_all(&self.held)?;
        self.held.clear();
        Ok(())
    }
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.send()?;
        self.stream.read(buffer)
    }
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held.extend(bytes);
        Ok(bytes.len())
    }

    /// rustls flushes after each step of a handshake.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

//! Explicit FTPS over OpenSSL. Data connections resume the newest session.

use std::io::{self, ErrorKind::WouldBlock, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ftp_blocking::proto::{End, Target};
use ftp_blocking::{Endpoint, Input, Stream, Tcp, TcpLink, TcpPort, Transport};
use openssl::ssl::{ErrorCode, SslConnector, SslMethod, SslSession, SslSessionCacheMode, SslStream};

pub struct OpenSsl {
    tcp: Tcp,
    connector: SslConnector,
    newest: Arc<Mutex<Option<SslSession>>>,
    host: String,
}

pub struct Link {
    tcp: TcpLink,
    tls: Option<SslStream<TcpStream>>,
}

impl OpenSsl {
    pub fn new(authority: Option<&str>) -> Result<Self, openssl::error::ErrorStack> {
        let newest = Arc::new(Mutex::new(None));
        let store = Arc::clone(&newest);
        let mut builder = SslConnector::builder(SslMethod::tls_client())?;
        builder.set_session_cache_mode(SslSessionCacheMode::CLIENT | SslSessionCacheMode::NO_INTERNAL);
        builder.set_new_session_callback(move |_, session| *store.lock().unwrap() = Some(session));
        authority.map_or(Ok(()), |file| builder.set_ca_file(file))?;
        Ok(Self { tcp: Tcp::new(), connector: builder.build(), newest, host: String::new() })
    }
    fn secure(&self, link: &mut Link) -> io::Result<()> {
        let mut ssl = self.connector.configure()?.into_ssl(&self.host)?; // verifies the name
        if let Some(session) = &*self.newest.lock().unwrap() {
            // SAFETY: the session comes from the one context of this connector.
            unsafe { ssl.set_session(session)? };
        }
        link.tls = Some(SslStream::new(ssl, link.tcp.socket().try_clone()?)?);
        Ok(())
    }
}

impl Transport for OpenSsl {
    type Stream = Link;
    type Listener = TcpPort;
    fn connect(&mut self, to: &Endpoint, limit: Duration) -> io::Result<Link> {
        self.host = to.host().into_owned();
        self.tcp.connect(to, limit).map(Link::plain)
    }
    fn connect_data(&mut self, control: &Link, to: Target, limit: Duration) -> io::Result<Link> {
        self.tcp.connect_data(&control.tcp, to, limit).map(Link::plain)
    }
    fn listen(&mut self, local: IpAddr) -> io::Result<(TcpPort, SocketAddr)> {
        self.tcp.listen(local)
    }
    fn accept(&mut self, port: &mut TcpPort, limit: Duration) -> io::Result<Option<(Link, SocketAddr)>> {
        Ok(self.tcp.accept(port, limit)?.map(|(tcp, peer)| (Link::plain(tcp), peer)))
    }
    fn is_for_tls(&self) -> bool {
        true
    }
    fn secure_control(&mut self, link: &mut Link) -> io::Result<()> {
        self.secure(link)
    }
    fn secure_data(&mut self, _: &Link, data: &mut Link) -> io::Result<()> {
        self.secure(data)
    }
}

impl Link {
    fn plain(tcp: TcpLink) -> Self {
        Self { tcp, tls: None }
    }

    /// Runs a call on the TLS stream, whose socket waits as long as the limit says.
    fn within<T>(
        &mut self,
        limit: Duration,
        call: impl FnOnce(&mut SslStream<TcpStream>) -> io::Result<T>,
    ) -> io::Result<Option<T>> {
        let tls = self.tls.as_mut().ok_or(io::ErrorKind::Unsupported)?;
        tls.get_ref().set_nonblocking(limit.is_zero())?;
        if !limit.is_zero() {
            tls.get_ref().set_read_timeout(Some(limit))?;
            tls.get_ref().set_write_timeout(Some(limit))?;
        }
        match call(tls) {
            Ok(value) => Ok(Some(value)),
            Err(error) if matches!(error.kind(), WouldBlock | io::ErrorKind::TimedOut) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn is_cut(error: &openssl::ssl::Error) -> bool {
    let silent = error.code() == ErrorCode::SYSCALL && error.io_error().is_none();
    let unexpected = |error: &openssl::error::Error| error.reason() == Some("unexpected eof while reading");
    silent || error.ssl_error().is_some_and(|stack| stack.errors().iter().any(unexpected))
}

fn io_error(error: openssl::ssl::Error) -> io::Error {
    error.into_io_error().unwrap_or_else(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

impl Stream for Link {
    fn addresses(&self) -> io::Result<(SocketAddr, SocketAddr)> {
        self.tcp.addresses()
    }
    fn read(&mut self, buffer: &mut [u8], limit: Duration) -> io::Result<Option<Input>> {
        if self.tls.is_none() {
            return self.tcp.read(buffer, limit);
        }
        // `SslStream::read` says 0 for several ends; only ZERO_RETURN is a close_notify. OpenSSL 3
        // reports an end without it as a protocol error, OpenSSL 1.1 and LibreSSL as a system call
        // that failed without an error.
        self.within(limit, |tls| match tls.ssl_read(buffer) {
            Ok(count) => Ok(Input::Bytes(count)),
            Err(error) if error.code() == ErrorCode::ZERO_RETURN => Ok(Input::End(End::Clean)),
            Err(error) if is_cut(&error) => Ok(Input::End(End::Truncated)),
            Err(error) => Err(io_error(error)),
        })
    }
    fn write(&mut self, bytes: &[u8], limit: Duration) -> io::Result<Option<usize>> {
        if self.tls.is_none() {
            return self.tcp.write(bytes, limit);
        }
        self.within(limit, |tls| tls.write(bytes))
    }
    fn handshake(&mut self, limit: Duration) -> io::Result<bool> {
        Ok(self.within(limit, |tls| tls.connect().map_err(io_error))?.is_some())
    }
    fn unsecure(&mut self, _: Duration) -> io::Result<bool> {
        Err(io::ErrorKind::Unsupported.into())
    }
    fn finish(&mut self, limit: Duration) -> io::Result<bool> {
        if self.tls.is_none() {
            return Ok(true);
        }
        Ok(self.within(limit, |tls| tls.shutdown().map_err(io_error))?.is_some())
    }
    fn await_end(&mut self, limit: Duration) -> bool {
        !matches!(self.read(&mut [0; 1024], limit), Ok(None | Some(Input::Bytes(_))))
    }
    fn reset(self) {
        self.tcp.reset();
    }
}

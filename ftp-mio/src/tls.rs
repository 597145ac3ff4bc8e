//! FTPS over any other transport, by rustls (feature `rustls`).

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
#[cfg(unix)]
use std::os::fd::BorrowedFd;
use std::sync::Arc;

use ftp_proto::Target;
use ftp_proto::driver::{Endpoint, Input};
use ftp_proto::tls::rustls::ClientConfig;
use ftp_proto::tls::rustls::pki_types::ServerName;
use ftp_proto::tls::{Channel, Context, Layer, Purpose, Socket, TlsError, Wait};

use crate::interest::Interest;
use crate::transport::{Listener, Stream, Transport};

/// The transport for FTPS: explicit (`AUTH TLS`, RFC 4217) unless it is made
/// [`implicit`](Self::implicit).
///
/// Every control connection has its own store of TLS sessions, which its data connections resume.
/// It is not shared, and ends with the connection. The certificate is checked against the name
/// given to [`Builder::host`](crate::Builder::host), on the control connection and on every data
/// connection.
///
/// It [is for TLS](Transport::is_for_tls): a client that is built with it has
/// [`TlsPolicy::Full`](ftp_proto::TlsPolicy::Full), so that no password or payload is sent in
/// clear, whatever the server says. Start [`Secure`](ftp_proto::operation::Secure) before the
/// login.
///
/// ```no_run
/// use std::{sync::Arc, time::Instant};
/// use ftp_mio::proto::operation::{Login, Secure};
/// use ftp_mio::proto::tls::rustls::ClientConfig;
/// use ftp_mio::{Client, Tcp, Tls};
///
/// # fn example(trust: Arc<ClientConfig>) {
/// let mut client = Client::builder()
///     .tls(Tls::over(Tcp::new(), trust))
///     .host("ftp.example.org")
///     .connect_to([([192, 0, 2, 1], 21).into()], Instant::now());
/// client.start(Secure::new());
/// client.start(Login::anonymous());
/// # }
/// ```
///
/// A self-signed certificate, or one without a name, is pinned by its fingerprint; each control and
/// data connection must then show it:
///
/// ```
/// use std::sync::Arc;
/// use ftp_mio::proto::tls::rustls::{ClientConfig, crypto::CryptoProvider};
/// use ftp_mio::proto::tls::{Fingerprint, Verifier};
/// use ftp_mio::{Tcp, Tls};
///
/// # fn example(provider: Arc<CryptoProvider>) -> Result<(), Box<dyn std::error::Error>> {
/// let pin: Fingerprint =
///     "06d19b62785e2a2740b9abad2a15871794fc4c8ae0936b5f26d0e27bd5995e34".parse()?;
/// let verifier = Verifier::pinned(&provider, [pin])?;
/// let config = ClientConfig::builder_with_provider(provider)
///     .with_safe_default_protocol_versions()?
///     .dangerous()
///     .with_custom_certificate_verifier(Arc::new(verifier))
///     .with_no_client_auth();
/// let tls = Tls::over(Tcp::new(), config);
/// # Ok(())
/// # }
/// ```
pub struct Tls<T> {
    inner: T,
    config: Arc<ClientConfig>,
    implicit: bool,
    context: Option<Context>,
}

impl<T> Tls<T> {
    /// TLS over connections of `inner`, with any cryptography, roots, verifier, versions and client
    /// certificate. The configuration's store of sessions is replaced by one for each control
    /// connection.
    pub fn over(inner: T, config: impl Into<Arc<ClientConfig>>) -> Self {
        Self {
            inner,
            config: config.into(),
            implicit: false,
            context: None,
        }
    }

    /// Uses TLS from the first byte (implicit FTPS), usually on port 990.
    #[must_use]
    pub fn implicit(self) -> Self {
        Self {
            implicit: true,
            ..self
        }
    }

    pub(crate) const fn inner_mut(&mut self) -> &mut T {
        &mut self.inner
    }

    fn channel(&self, purpose: Purpose) -> io::Result<Channel> {
        let context = self.context.as_ref().ok_or_else(without_session)?;
        Ok(context.channel(purpose)?)
    }
}

impl<T: Transport> Transport for Tls<T> {
    type Source = T::Source;
    type Stream = TlsLink<T::Stream>;
    type Listener = TlsPort<T::Listener>;

    fn connect(&mut self, to: &Endpoint) -> io::Result<Self::Stream> {
        let name = ServerName::try_from(to.host().into_owned()).map_err(|_| TlsError::Host)?;
        self.context = Some(Context::new(&self.config, name));
        let mut link = TlsLink::clear(self.inner.connect(to)?);
        if self.implicit {
            link.layer = Some(Layer::for_control(self.channel(Purpose::Implicit)?));
        }
        Ok(link)
    }

    fn connect_data(&mut self, control: &Self::Stream, to: Target) -> io::Result<Self::Stream> {
        let stream = self.inner.connect_data(&control.stream, to)?;
        Ok(TlsLink::clear(stream))
    }

    fn listen(&mut self, local: IpAddr) -> io::Result<(Self::Listener, SocketAddr)> {
        let (listener, bound) = self.inner.listen(local)?;
        Ok((TlsPort(listener), bound))
    }

    fn is_for_tls(&self) -> bool {
        true
    }

    fn is_secured(&self) -> bool {
        self.implicit
    }

    fn secure_control(&mut self, stream: &mut Self::Stream) -> io::Result<()> {
        stream.layer = Some(Layer::for_control(self.channel(Purpose::Explicit)?));
        Ok(())
    }

    fn secure_data(&mut self, _: &Self::Stream, data: &mut Self::Stream) -> io::Result<()> {
        data.layer = Some(Layer::for_data(self.channel(Purpose::Data)?));
        Ok(())
    }

    fn resumptions(&self) -> Option<u32> {
        self.context.as_ref().and_then(Context::resumptions)
    }
}

/// A clone shares the configuration, and no state of a session.
impl<T: Clone> Clone for Tls<T> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            config: Arc::clone(&self.config),
            implicit: self.implicit,
            context: None,
        }
    }
}

/// Shows neither keys nor certificates.
impl<T: fmt::Debug> fmt::Debug for Tls<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("inner", &self.inner)
            .field("implicit", &self.implicit)
            .field("context", &self.context)
            .finish_non_exhaustive()
    }
}

/// A listener of [`Tls`].
#[derive(Debug)]
pub struct TlsPort<L>(L);

impl<L: Listener<Stream: Stream>> Listener for TlsPort<L> {
    type Source = L::Source;
    type Stream = TlsLink<L::Stream>;

    fn source(&mut self) -> &mut L::Source {
        self.0.source()
    }

    fn accept(&mut self) -> io::Result<Option<(Self::Stream, SocketAddr)>> {
        let accepted = self.0.accept()?;
        Ok(accepted.map(|(stream, peer)| (TlsLink::clear(stream), peer)))
    }
}

/// A connection of [`Tls`]: control or data, with or without TLS at the moment.
#[derive(Debug)]
pub struct TlsLink<S> {
    stream: S,
    layer: Option<Layer>,
    /// Clear bytes that came after the end of TLS (CCC).
    remainder: Vec<u8>,
    /// Whether the latest read has read the socket, and not only what had come before.
    has_asked: bool,
}

impl<S> TlsLink<S> {
    pub(crate) const fn clear(stream: S) -> Self {
        Self {
            stream,
            layer: None,
            remainder: Vec::new(),
            has_asked: false,
        }
    }

    /// The TLS on it, if there is any: version, cipher suite, whether a session was resumed, the
    /// server's certificates.
    pub fn channel(&self) -> Option<&Channel> {
        self.layer.as_ref().map(Layer::channel)
    }

    /// The connection underneath.
    pub const fn stream(&self) -> &S {
        &self.stream
    }
}

impl<S: Stream> TlsLink<S> {
    /// The TLS, and the connection under it.
    fn both(&mut self) -> io::Result<(&mut Layer, Unwaiting<'_, S>)> {
        let layer = self.layer.as_mut().ok_or_else(without_session)?;
        self.has_asked = false;
        let socket = Unwaiting {
            stream: &mut self.stream,
            has_asked: &mut self.has_asked,
        };
        Ok((layer, socket))
    }

    fn take_tickets(&mut self) {
        if let Ok((layer, mut socket)) = self.both() {
            layer.take_tickets(&mut socket);
        }
    }
}

impl<S: Stream> Stream for TlsLink<S> {
    type Source = S::Source;

    fn source(&mut self) -> &mut S::Source {
        self.stream.source()
    }

    fn poll_connect(&mut self) -> io::Result<bool> {
        self.stream.poll_connect()
    }

    fn connect_interest(&self) -> Interest {
        self.stream.connect_interest()
    }

    fn addresses(&self) -> io::Result<(SocketAddr, SocketAddr)> {
        self.stream.addresses()
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<Input>> {
        if let Ok((layer, mut socket)) = self.both() {
            return layer.read(&mut socket, buffer);
        }
        self.has_asked = self.remainder.is_empty();
        if self.has_asked {
            return self.stream.read(buffer);
        }
        let count = self.remainder.len().min(buffer.len());
        for (to, from) in buffer.iter_mut().zip(self.remainder.drain(..count)) {
            *to = from;
        }
        Ok(Some(Input::Bytes(count)))
    }

    fn read_with(
        &mut self,
        block: &mut [u8],
        take: &mut dyn FnMut(&[u8]),
    ) -> io::Result<Option<Input>> {
        match self.both() {
            Ok((layer, mut socket)) => layer.read_with(&mut socket, block.len(), take),
            Err(_) => {
                self.has_asked = true;
                self.stream.read_with(block, take)
            }
        }
    }

    /// Accepted bytes may still wait to be encrypted and written; [`flush`](Self::flush) goes on
    /// with that.
    fn write(&mut self, bytes: &[u8]) -> io::Result<Option<usize>> {
        match self.both() {
            Ok((layer, mut socket)) => layer.write(&mut socket, bytes),
            Err(_) => self.stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<bool> {
        match self.both() {
            Ok((layer, mut socket)) => layer.flush(&mut socket),
            Err(_) => self.stream.flush(),
        }
    }

    fn handshake(&mut self) -> io::Result<bool> {
        let (layer, mut socket) = self.both()?;
        layer.handshake(&mut socket)
    }

    fn unsecure(&mut self) -> io::Result<bool> {
        let (layer, mut socket) = self.both()?;
        let Some(remainder) = layer.unsecure(&mut socket)? else {
            return Ok(false);
        };
        self.remainder = remainder;
        self.layer = None;
        Ok(true)
    }

    fn finish(&mut self) -> io::Result<bool> {
        let Ok((layer, mut socket)) = self.both() else {
            return self.stream.finish();
        };
        let gone = layer.finish(&mut socket)?;
        if gone && !layer.channel().is_ended_by_peer() {
            self.stream.shut_down();
        }
        Ok(gone)
    }

    fn await_end(&mut self) -> bool {
        match self.both() {
            Ok((layer, mut socket)) => layer.await_end(&mut socket),
            Err(_) => self.stream.await_end(),
        }
    }

    fn wants_write(&self) -> bool {
        self.layer.as_ref().is_some_and(Layer::wants_write) || self.stream.wants_write()
    }

    fn take_received(&mut self) -> usize {
        match &mut self.layer {
            Some(layer) => layer.take_received(),
            None => self.stream.take_received(),
        }
    }

    /// What came before may have been enough for the latest read, and more may have come since.
    fn is_drained(&self) -> bool {
        let is_readable = match &self.layer {
            Some(layer) => layer.channel().is_readable(),
            None => !self.remainder.is_empty(),
        };
        self.has_asked && !is_readable && self.stream.is_drained()
    }

    #[cfg(unix)]
    fn bare_socket(&mut self) -> Option<BorrowedFd<'_>> {
        match self.layer {
            Some(_) => None,
            None => self.stream.bare_socket(),
        }
    }

    fn keep_little_unsent(&mut self) {
        self.stream.keep_little_unsent();
    }

    fn shut_down(&mut self) {
        self.stream.shut_down();
    }

    fn close(mut self) {
        self.take_tickets();
        self.stream.close();
    }

    fn reset(mut self) {
        self.take_tickets();
        self.stream.reset();
    }
}

/// A connection for the layer on it.
struct Unwaiting<'s, S> {
    stream: &'s mut S,
    has_asked: &'s mut bool,
}

impl<S: Stream> Socket for Unwaiting<'_, S> {
    fn read(&mut self, buffer: &mut [u8], _: Wait) -> io::Result<Option<usize>> {
        *self.has_asked = true;
        let input = self.stream.read(buffer)?;
        Ok(input.map(|input| match input {
            Input::Bytes(count) => count,
            Input::End(_) => 0,
        }))
    }

    fn write(&mut self, bytes: &[u8], _: Wait) -> io::Result<Option<usize>> {
        self.stream.write(bytes)
    }
}

fn without_session() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "TLS has not been begun here")
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};

    use super::*;
    use crate::tcp::Socket as TcpSocket;

    #[test]
    fn a_read_of_what_came_before_says_nothing_about_the_socket() -> io::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let near = TcpStream::connect(listener.local_addr()?)?;
        let (mut far, _) = listener.accept()?;
        let mut link = TlsLink::clear(TcpSocket::try_from(near)?);
        let mut block = [0; 8];
        far.write_all(b"abc")?;
        while link.read(&mut block)?.is_none() {}
        assert!(link.is_drained());
        link.remainder = b"d".to_vec();
        far.write_all(b"e")?;
        assert_eq!(link.read(&mut block)?, Some(Input::Bytes(1)));
        assert!(!link.is_drained());
        Ok(())
    }
}
